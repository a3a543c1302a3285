package study

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/stat"

	"zoo/train"
)

// Summarize makes statistics of the model's runs. It refuses what Group refuses.
// Where runs were stopped after different numbers of epochs, those by epoch end
// with the shortest run; the final ones are of each run's own last epoch.
func Summarize(m Model) (Summary, error) {
	m, err := Group(m.Entry, m.Runs)
	if err != nil {
		return Summary{}, fmt.Errorf("statistics of runs: %w", err)
	}
	s := Summary{
		Model:     m.Entry.Name,
		Final:     m.estimate(finalValAccuracy),
		Best:      m.estimate(func(r Run) float64 { return r.History.Best().ValAccuracy }),
		Gap:       m.estimate(finalGap),
		MsPerStep: m.estimate(func(r Run) float64 { return r.Result.MsPerStep }),
		Seconds:   m.estimate(seconds),
		Fastest:   slices.Min(m.values(seconds)),
	}
	var tested []float64
	for _, r := range m.Runs {
		s.Seeds = append(s.Seeds, r.seed())
		if r.Result.Test != nil {
			tested = append(tested, r.Result.Test.Accuracy)
		}
	}
	if len(tested) > 0 {
		e := estimate(tested)
		s.TestAccuracy = &e
	}
	for i := range m.shortest() {
		e := EpochEstimate{Epoch: i + 1}
		for _, c := range curves {
			*c.estimate(&e) = m.estimate(func(r Run) float64 { return *c.value(&r.History[i]) })
		}
		s.Epochs = append(s.Epochs, e)
	}
	return s, nil
}

// shortest is the number of epochs that every run has.
func (m Model) shortest() int {
	n := len(m.Runs[0].History)
	for _, r := range m.Runs {
		n = min(n, len(r.History))
	}
	return n
}

// measure is a number of a run that Check has passed.
type measure func(Run) float64

func last(r Run) train.Epoch { return r.History[len(r.History)-1] }

func gap(e train.Epoch) float64             { return e.ValLoss - e.Loss }
func finalGap(r Run) float64                { return gap(last(r)) }
func finalValAccuracy(r Run) float64        { return last(r).ValAccuracy }
func finalValLoss(r Run) float64            { return last(r).ValLoss }
func seconds(r Run) float64                 { return r.Result.Seconds }
func milliseconds(r Run) float64            { return r.Result.MsPerStep }
func (m Model) estimate(f measure) Estimate { return estimate(m.values(f)) }

// values are the measures of the runs in their order.
func (m Model) values(f measure) []float64 {
	values := make([]float64, len(m.Runs))
	for i, r := range m.Runs {
		values[i] = f(r)
	}
	return values
}

// estimate is that of at least one value.
func estimate(values []float64) Estimate {
	if len(values) == 1 {
		return Estimate{Mean: values[0], N: 1}
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return Estimate{Mean: mean, SD: sd, N: len(values)}
}

// WriteJSON writes the summary as indented JSON. It refuses what ReadSummary
// would.
func (s Summary) WriteJSON(w io.Writer) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("statistics of %s: %w", s.Model, err)
	}
	return writeJSON(w, s)
}

func writeJSON(w io.Writer, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// ReadSummary reads what WriteJSON writes. Unknown and missing fields, values
// that cannot be and text after the end are refused.
func ReadSummary(r io.Reader) (Summary, error) {
	var s Summary
	if err := train.ReadJSON(r, &s); err != nil {
		return Summary{}, fmt.Errorf("not statistics of runs: %w", err)
	}
	if err := s.check(); err != nil {
		return Summary{}, fmt.Errorf("not statistics of runs: %w", err)
	}
	return s, nil
}

// check refuses a summary that no runs can have.
func (s Summary) check() error {
	n := len(s.Seeds)
	switch {
	case s.Model == "":
		return fmt.Errorf("no name of a model")
	case n == 0:
		return fmt.Errorf("no seeds")
	case len(s.Epochs) == 0:
		return fmt.Errorf("no epochs")
	case !(s.Fastest >= 0 && s.Fastest <= s.Seconds.Mean*(1+1e-9)):
		return fmt.Errorf("the fastest run took %v s, the mean %v s", s.Fastest, s.Seconds.Mean)
	}
	for i := range s.Seeds[1:] {
		if s.Seeds[i] >= s.Seeds[i+1] {
			return fmt.Errorf("seed %d comes before seed %d", s.Seeds[i], s.Seeds[i+1])
		}
	}
	for i, e := range s.Epochs {
		if e.Epoch != i+1 {
			return fmt.Errorf("epoch %d is numbered %d", i+1, e.Epoch)
		}
		for _, c := range curves {
			if err := c.estimate(&e).check(n, 0, c.most); err != nil {
				return fmt.Errorf("%s of epoch %d: %w", c.name, e.Epoch, err)
			}
		}
	}
	return s.checkWhole(n)
}

// checkWhole looks at the numbers of whole runs.
func (s Summary) checkWhole(n int) error {
	for _, v := range []struct {
		name        string
		e           Estimate
		least, most float64
	}{
		{"final_val_accuracy", s.Final, 0, 1},
		{"best_val_accuracy", s.Best, 0, 1},
		{"final_gap", s.Gap, -most, most},
		{"ms_per_step", s.MsPerStep, 0, most},
		{"seconds", s.Seconds, 0, most},
	} {
		if err := v.e.check(n, v.least, v.most); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	if t := s.TestAccuracy; t != nil {
		if t.N < 1 || t.N > n {
			return fmt.Errorf("test_accuracy: of %d runs, there are %d", t.N, n)
		}
		if err := t.check(t.N, 0, 1); err != nil {
			return fmt.Errorf("test_accuracy: %w", err)
		}
	}
	return nil
}

// check refuses an estimate that n values between least and most cannot have. A
// mean may lie beyond them by rounding.
func (e Estimate) check(n int, least, most float64) error {
	slack := 1e-9 * max(1, -least, most)
	switch {
	case e.N != n:
		return fmt.Errorf("of %d runs, there are %d", e.N, n)
	case !(e.Mean >= least-slack && e.Mean <= most+slack):
		return fmt.Errorf("the mean is %v, which is no number from %g to %g", e.Mean, least, most)
	case !(e.SD >= 0 && e.SD <= 2*(most-least)) || n == 1 && e.SD != 0:
		return fmt.Errorf("the standard deviation of %d runs is %v", n, e.SD)
	}
	return nil
}

// WriteCSV writes the epochs, one line each: epoch; the mean and the standard
// deviation over the seeds of each metric as loss_mean, loss_sd, accuracy_mean,
// ..., val_accuracy_sd; and n, the number of seeds.
func (s Summary) WriteCSV(w io.Writer) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("statistics of %s: %w", s.Model, err)
	}
	out := csv.NewWriter(w)
	record := []string{"epoch"}
	for _, c := range curves {
		record = append(record, c.name+"_mean", c.name+"_sd")
	}
	if err := out.Write(append(record, "n")); err != nil {
		return err
	}
	for _, e := range s.Epochs {
		record = append(record[:0], strconv.Itoa(e.Epoch))
		for _, c := range curves {
			of := c.estimate(&e)
			record = append(record, decimal(of.Mean), decimal(of.SD))
		}
		if err := out.Write(append(record, strconv.Itoa(len(s.Seeds)))); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
