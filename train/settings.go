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

	Seed    uint64 `json:"seed"`
	Kernels string `json:"kernels"` // the tier of package kernel
	Workers int    `json:"workers"`
}

// Difference says in which setting those asked for differ from s, those of a
// run that is there: "batch 32 there, 64 asked". It is the first in the order
// of the fields, and "" when all are equal.
func (s Settings) Difference(asked Settings) string {
	there, wanted := reflect.ValueOf(s), reflect.ValueOf(asked)
	for i := range there.NumField() {
		if there.Field(i).Equal(wanted.Field(i)) {
			continue
		}
		name := strings.ReplaceAll(there.Type().Field(i).Tag.Get("json"), "_", " ")
		return fmt.Sprintf("%s %v there, %v asked", name, there.Field(i), wanted.Field(i))
	}
	return ""
}
