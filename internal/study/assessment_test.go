package study

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/train"
)

func assessed(seed uint64, right, wrong int, confidence float64) Run {
	n := right + wrong
	accuracy := float64(right) / float64(n)
	return Run{
		Result: train.Result{Settings: train.Settings{Seed: seed}},
		Assessment: &train.Assessment{
			Classes: []string{"a", "b"}, Samples: n, Loss: float64(seed), Accuracy: accuracy,
			Confusion:        [][]int{{right, wrong}, {0, 0}},
			Calibration:      []train.Bin{{High: .5}, {Low: .5, High: 1, Samples: n, Confidence: confidence, Accuracy: accuracy}},
			CalibrationError: math.Abs(accuracy - confidence),
			Mistakes:         []train.Mistake{{Index: int(seed), Predicted: 1, Probability: confidence}},
		},
	}
}

// 3 of 4 right with confidence 0.8 and 5 of 12 right with 0.6: 8 of 16, 0.65.
func TestAssessmentOfSeveralRuns(t *testing.T) {
	other := assessed(3, 9, 9, .5)
	other.Assessment.Calibration = other.Assessment.Calibration[:1]
	m := Model{Runs: []Run{{}, assessed(2, 3, 1, .8), other, assessed(5, 5, 7, .6)}}
	before := *m.Runs[1].Assessment
	got, seed := m.Assessment()
	want := &train.Assessment{
		Classes: []string{"a", "b"}, Samples: 16, Loss: 3.5, Accuracy: .5,
		Confusion:        [][]int{{8, 8}, {0, 0}},
		Calibration:      []train.Bin{{High: .5}, {Low: .5, High: 1, Samples: 16, Confidence: .65, Accuracy: .5}},
		CalibrationError: .15,
		Mistakes:         []train.Mistake{{Index: 2, Predicted: 1, Probability: .8}},
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
	if diff := cmp.Diff(want, got, near); diff != "" || seed != 2 {
		t.Errorf("seed %d (-want +got)\n%s", seed, diff)
	}
	if diff := cmp.Diff(before, *m.Runs[1].Assessment); diff != "" {
		t.Errorf("the run's own assessment was changed\n%s", diff)
	}
	if a, _ := (Model{Runs: []Run{{}}}).Assessment(); a != nil {
		t.Errorf("without assessments: %+v", a)
	}
}
