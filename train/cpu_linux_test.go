package train

import "testing"

func TestModelName(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nmodel\t\t: 143\nmodel name\t: A Processor @ 2.70GHz\n\nprocessor\t: 1\nmodel name\t: Another\n": "A Processor @ 2.70GHz",
		"processor\t: 0\nBogoMIPS\t: 50.00\n": "", // many ARM systems
		"model name":                          "",
		"":                                    "",
	} {
		if got := modelName(text); got != want {
			t.Errorf("modelName(%q) = %q, want %q", text, got, want)
		}
	}
}
