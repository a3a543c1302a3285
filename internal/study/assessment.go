package study

import (
	"math"
	"slices"

	"zoo/train"
)

// Assessment puts the assessments of all runs that have one together: every
// picture counts once for each run. The mistakes and the filters are those of
// the first of these runs, whose seed comes with them; an assessment with other
// classes or bins than the first is left out. It is nil without any.
func (m Model) Assessment() (a *train.Assessment, first uint64) {
	n := 0
	for _, run := range m.Runs {
		switch {
		case run.Assessment == nil || a != nil && !alike(a, run.Assessment):
			continue
		case a == nil:
			a, first = copyOf(run.Assessment), run.Result.Settings.Seed
		default:
			add(a, run.Assessment)
		}
		n++
	}
	if a == nil {
		return nil, 0
	}
	a.Loss /= float64(n)
	correct := 0
	for label, row := range a.Confusion {
		correct += row[label]
	}
	a.Accuracy = float64(correct) / float64(a.Samples)
	a.CalibrationError = 0
	for _, b := range a.Calibration {
		a.CalibrationError += float64(b.Samples) / float64(a.Samples) * math.Abs(b.Accuracy-b.Confidence)
	}
	return a, first
}

func alike(a, b *train.Assessment) bool {
	return slices.Equal(a.Classes, b.Classes) && len(a.Calibration) == len(b.Calibration)
}

// copyOf copies what add changes.
func copyOf(a *train.Assessment) *train.Assessment {
	c := *a
	c.Confusion = make([][]int, len(a.Confusion))
	for i, row := range a.Confusion {
		c.Confusion[i] = append([]int(nil), row...)
	}
	c.Calibration = append([]train.Bin(nil), a.Calibration...)
	return &c
}

// add adds the pictures of b to a; Loss becomes the sum.
func add(a, b *train.Assessment) {
	a.Samples += b.Samples
	a.Loss += b.Loss
	for i, row := range b.Confusion {
		for j, n := range row {
			a.Confusion[i][j] += n
		}
	}
	for i, more := range b.Calibration {
		bin := &a.Calibration[i]
		n, m := float64(bin.Samples), float64(more.Samples)
		if m > 0 {
			bin.Confidence = (n*bin.Confidence + m*more.Confidence) / (n + m)
			bin.Accuracy = (n*bin.Accuracy + m*more.Accuracy) / (n + m)
			bin.Samples += more.Samples
		}
	}
}
