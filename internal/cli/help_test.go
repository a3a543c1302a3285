package cli

import (
	"flag"
	"regexp"
	"slices"
	"testing"
)

// The help is written by hand; it has to name every flag, and no other.
func TestHelpNamesEveryFlag(t *testing.T) {
	var opts options
	var want []string
	opts.flags().VisitAll(func(f *flag.Flag) {
		if f.Name != "help" { // -h by its long name
			want = append(want, f.Name)
		}
	})
	var got []string
	for _, match := range regexp.MustCompile(`(?m)^  -([a-z-]+)`).FindAllStringSubmatch(help, -1) {
		got = append(got, match[1])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the help has the flags %q, want %q", got, want)
	}
}
