package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"zoo/train"
)

// Report is everything that a benchmark found.
type Report struct {
	Started  time.Time         `json:"started"`
	Machine  train.Machine     `json:"machine"`
	Workers  int               `json:"workers"`  // threads that compute
	Kernels  string            `json:"kernels"`  // the tier of package kernel: portable, avx2, avx512
	Versions map[string]string `json:"versions"` // of the frameworks and what they stand on

	Steps     int      `json:"steps"`     // timed of each training, and batches of each inference
	Training  []Case   `json:"training"`  // a case is a step
	Inference []Case   `json:"inference"` // a case is the classification of a batch
	Notes     []string `json:"notes"`     // what could not be measured, and why
}

// Case is one model at one batch.
type Case struct {
	Model string `json:"model"`
	Batch int    `json:"batch"`

	GFLOP   float64  `json:"gflop"`   // multiplications and additions by the layers' definitions
	Results []Result `json:"results"` // zoo's, then the others'
	Profile *Profile `json:"profile,omitempty"`

	// What all workers together reach in registers alone, and what they copy in
	// memory, read and written, measured beside the case.
	PeakGFLOPS float64 `json:"peak_gflops"`
	PeakGBs    float64 `json:"peak_gb_s"`
}

// Result is one framework's measurement of a case.
type Result struct {
	Framework string  `json:"framework"`
	Ms        Summary `json:"ms"`
	Ratio     *Ratio  `json:"ratio,omitempty"` // zoo's time to this; nil for zoo itself

	ImagesPerSecond float64 `json:"images_per_second"`
	GFLOPS          float64 `json:"gflops"`
	PeakShare       float64 `json:"peak_share"` // of PeakGFLOPS; above 1 where fewer operations do than the definition has

	// Of training alone: the time from the start of the process to the end of
	// its first step, and the most memory it has had resident after all steps, 0
	// where the system does not tell.
	FirstStepSeconds float64 `json:"first_step_seconds,omitempty"`
	PeakMemory       int64   `json:"peak_memory_bytes,omitempty"`

	MsByRound Rounds `json:"ms_by_round"`
}

// add adds a framework's times to the case; zoo's come first.
func (c *Case) add(framework string, times Rounds) *Result {
	r := Result{Framework: framework, Ms: times.Summary(), MsByRound: times}
	seconds := r.Ms.Median / 1000
	r.ImagesPerSecond = float64(c.Batch) / seconds
	r.GFLOPS = c.GFLOP / seconds
	r.PeakShare = r.GFLOPS / c.PeakGFLOPS
	if len(c.Results) > 0 {
		ratio := newRatio(c.Results[0].MsByRound, times)
		r.Ratio = &ratio
	}
	c.Results = append(c.Results, r)
	return &c.Results[len(c.Results)-1]
}

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// ReadReport reads what WriteJSON writes. Unknown fields and times that cannot be
// are refused.
func ReadReport(in io.Reader) (*Report, error) {
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	r := &Report{}
	if err := decoder.Decode(r); err != nil {
		return nil, fmt.Errorf("not a report of bench -json: %w", err)
	}
	for _, c := range append(slices.Clone(r.Training), r.Inference...) {
		for _, result := range c.Results {
			if !(result.Ms.Median > 0) {
				return nil, fmt.Errorf("not a report of bench -json: %s at batch %d takes %s %v ms", c.Model, c.Batch, result.Framework, result.Ms.Median)
			}
		}
	}
	return r, nil
}

func newReport(cfg Config) *Report {
	return &Report{
		Started:   time.Now().Round(time.Second).UTC(),
		Machine:   train.ThisMachine(),
		Workers:   cfg.Workers,
		Versions:  map[string]string{},
		Steps:     cfg.Steps,
		Training:  []Case{},
		Inference: []Case{},
		Notes:     []string{},
	}
}
