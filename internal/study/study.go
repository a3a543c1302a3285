// Package study makes statistics of runs: each model trained several times with
// different seeds, its mean and spread by epoch and at the end, and the answers
// to what the lab report claims.
package study

import (
	"zoo/models"
	"zoo/train"
)

// Run is a finished training.
type Run struct {
	Result     train.Result
	History    train.History
	Assessment *train.Assessment // nil when there is none
}

// Model is a model with its runs: equal settings but for the seed, by rising
// seed, at least one.
type Model struct {
	Entry models.Entry
	Runs  []Run
}

// Estimate is the mean of a quantity over seeds.
type Estimate struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"` // standard deviation of the sample (n-1); 0 when N is 1
	N    int     `json:"n"`
}

// EpochEstimate is one epoch over all seeds.
type EpochEstimate struct {
	Epoch       int      `json:"epoch"`
	Loss        Estimate `json:"loss"`
	Accuracy    Estimate `json:"accuracy"`
	ValLoss     Estimate `json:"val_loss"`
	ValAccuracy Estimate `json:"val_accuracy"`
}

// Summary is what OUT/NAME/summary.json holds: a model over its seeds.
type Summary struct {
	Model  string          `json:"model"`
	Seeds  []uint64        `json:"seeds"`
	Epochs []EpochEstimate `json:"epochs"`

	Final        Estimate  `json:"final_val_accuracy"`
	Best         Estimate  `json:"best_val_accuracy"`
	Gap          Estimate  `json:"final_gap"`               // val_loss - loss after the last epoch
	TestAccuracy *Estimate `json:"test_accuracy,omitempty"` // nil where the test images validate

	MsPerStep Estimate `json:"ms_per_step"` // of the runs' medians
	Seconds   Estimate `json:"seconds"`     // of the whole training
	Fastest   float64  `json:"fastest"`     // seconds of the quickest run
}

// Verdict is the answer to a claim.
type Verdict string

const (
	Confirmed Verdict = "confirmed"
	Refuted   Verdict = "refuted"
	Undecided Verdict = "undecided"
	Untested  Verdict = "cannot be tested"
)

// Finding is one measurement that answers a claim; a claim may need several.
type Finding struct {
	What   string  `json:"what"`   // "final val_accuracy, mnist-seq less mnist-seq-nobn, same seeds"
	Effect float64 `json:"effect"` // the measured difference or value, in Unit
	// Low and High are the 95% interval of Effect, and equal to it when no spread
	// is known: then Verdict is Undecided.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Unit is "accuracy" (a share of 1), "points" (hundredths of an accuracy, for
	// differences), "nats" (for losses), "s", "ms" or "ln" (of a ratio).
	Unit    string  `json:"unit"`
	N       int     `json:"n"`    // how many Of
	Of      string  `json:"of"`   // "runs", "pairs" of equal seeds, "runs, 1 and 5" of two models
	Test    string  `json:"test"` // "paired t test, two-sided"
	P       float64 `json:"p"`    // of the null hypothesis that the test names; 1 without a test
	Verdict Verdict `json:"verdict"`
	// Beside: measured besides; the claim's verdict does not rest on it.
	Beside bool `json:"beside"`
	// Needed is how many seeds would decide it at 80% power if the effect is as
	// measured; 0 when it is decided, -1 when it cannot be told.
	Needed int `json:"needed"`
}

// Claim is one claim of the report with its answer.
type Claim struct {
	Number   int       `json:"number"`
	Text     string    `json:"text"` // the claim, in a sentence
	Verdict  Verdict   `json:"verdict"`
	Findings []Finding `json:"findings"` // may be empty, never nil
	Sentence string    `json:"sentence"` // the answer with its numbers, in a sentence or two; commands between backticks
}
