package kernel

import (
	"strings"
	"testing"
)

func TestChooseTier(t *testing.T) {
	for _, c := range []struct {
		name      string
		supported []tier
		want      tier
		err       string
	}{
		{"", []tier{portable}, portable, ""},
		{"", []tier{portable, avx2, avx512}, avx512, ""},
		{"avx2", []tier{portable, avx2, avx512}, avx2, ""},
		{"portable", []tier{portable, avx2}, portable, ""},
		{"avx512", []tier{portable, avx2}, portable, "has no avx512 kernels: use one of [portable avx2]"},
		{"sse", []tier{portable, avx2}, portable, `ZOO_KERNEL="sse" is unknown: use one of portable, avx2, avx512`},
	} {
		got, err := chooseTier(c.name, c.supported)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("chooseTier(%q, %v) = %v, %v; want %v, %q", c.name, c.supported, got, err, c.want, c.err)
		}
	}
}

// A misspelt ZOO_KERNEL must not test the portable kernels instead.
func TestTierOfTheseTests(t *testing.T) {
	if _, err := Tier(); err != nil {
		t.Fatal(err)
	}
}
