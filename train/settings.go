package train

import (
	"fmt"
	"reflect"
	"strings"
)

// Settings is everything that decides what a run computes: runs with equal
// settings, on equal versions, give the same bits. It is comparable.
type Settings struct {
	Model       string `json:"model"`
	Dataset     string `json:"dataset"`     // its name
	Fingerprint string `json:"fingerprint"` // a hash of the data set's contents
	Limit       int    `json:"limit"`       // pictures used of each part of the data set; 0: all

	Epochs       int     `json:"epochs"`
	Batch        int     `json:"batch"`
	LearningRate float64 `json:"learning_rate"`
	Momentum     float64 `json:"momentum"`
	Decay        float64 `json:"decay"`
	InOrder      bool    `json:"in_order"`

	Init      string `json:"init,omitempty"`      // a hash of the weights that the training began with; "": random ones
	Callbacks string `json:"callbacks,omitempty"` // those that change what is trained, in words

	Seed    uint64 `json:"seed"`
	Kernels string `json:"kernels"` // the tier of package kernel
	Workers int    `json:"workers"`
}

// Difference says in which setting those asked for differ from s, those of a
// run that is there: "batch 32 there, 64 asked". It is the first in the order
// of the fields, and "" when all are equal.
func (s Settings) Difference(asked Settings) string {
	name, there, wanted := s.FirstDifference(asked)
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%s %v there, %v asked", name, orNone(there), orNone(wanted))
}

// orNone is the value of a setting as it is read.
func orNone(value any) any {
	if value == "" {
		return "none"
	}
	return value
}

// FirstDifference returns the name of the first setting, in the order of the
// fields, in which other differs from s, and its values in both; "" when all are
// equal.
func (s Settings) FirstDifference(other Settings) (name string, value, others any) {
	mine, theirs := reflect.ValueOf(s), reflect.ValueOf(other)
	for i := range mine.NumField() {
		if !mine.Field(i).Equal(theirs.Field(i)) {
			name := strings.ReplaceAll(mine.Type().Field(i).Tag.Get("json"), "_", " ")
			name, _, _ = strings.Cut(name, ",")
			return name, mine.Field(i).Interface(), theirs.Field(i).Interface()
		}
	}
	return "", nil, nil
}
