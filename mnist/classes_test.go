package mnist

import (
	"slices"
	"testing"
)

func TestClasses(t *testing.T) {
	for _, name := range Names() {
		set, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Classes(name); len(got) != classCount || !slices.Equal(got, set.Classes) {
			t.Errorf("%s: %v, the set has %v", name, got, set.Classes)
		}
	}
	if got := Classes("cifar"); got != nil {
		t.Errorf("of no set: %v", got)
	}
}
