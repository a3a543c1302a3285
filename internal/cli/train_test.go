package cli

import (
	"errors"
	"syscall"
	"testing"

	"zoo/models"
)

// What a user reads when a training ends early, by where and why.
func TestEnded(t *testing.T) {
	var plans []*plan
	for _, name := range []string{"mnist-dense", "mnist-seq", "mnist-func"} {
		plans = append(plans, &plan{entry: models.Entry{Name: name}})
	}
	failure, signal := errors.New("no space"), stopped{syscall.SIGINT}
	for _, test := range []struct {
		at    int
		force bool
		err   error
		want  string
	}{
		{0, false, failure, "mnist-dense: no space"},
		{2, false, failure, "mnist-func: no space; finished and kept: mnist-dense, mnist-seq"},
		{0, true, signal, "mnist-dense: interrupted; the same command with -resume in place of -force goes on"},
		{1, false, signal, "mnist-seq: interrupted; the same command with -resume keeps mnist-dense and goes on with mnist-seq"},
		{2, true, signal, "mnist-func: interrupted; the same command with -resume and without -force keeps mnist-dense, mnist-seq and goes on with mnist-func"},
	} {
		err := options{force: test.force}.ended(plans, test.at, test.err)
		if err.Error() != test.want {
			t.Errorf("at %d, force %v: %q, want %q", test.at, test.force, err, test.want)
		}
		if !errors.Is(err, test.err) {
			t.Errorf("at %d, force %v: %q does not wrap its cause", test.at, test.force, err)
		}
	}
}
