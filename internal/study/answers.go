package study

import (
	"fmt"
	"io"
	"math"

	"zoo/train"
)

// WriteClaims writes claims as indented JSON. It refuses what ReadClaims would.
func WriteClaims(w io.Writer, claims []Claim) error {
	if err := checkClaims(claims); err != nil {
		return fmt.Errorf("answers to claims: %w", err)
	}
	return writeJSON(w, claims)
}

// ReadClaims reads what WriteClaims writes. Unknown and missing fields, values
// that cannot be and text after the end are refused.
func ReadClaims(r io.Reader) ([]Claim, error) {
	var claims []Claim
	if err := train.ReadJSON(r, &claims); err != nil {
		return nil, fmt.Errorf("not answers to claims: %w", err)
	}
	if err := checkClaims(claims); err != nil {
		return nil, fmt.Errorf("not answers to claims: %w", err)
	}
	return claims, nil
}

// checkClaims refuses what Claims cannot have answered.
func checkClaims(claims []Claim) error {
	if len(claims) == 0 {
		return fmt.Errorf("there are none")
	}
	for i, c := range claims {
		if c.Number != i+1 {
			return fmt.Errorf("claim %d has number %d", i+1, c.Number)
		}
		if err := c.check(); err != nil {
			return fmt.Errorf("claim %d: %w", c.Number, err)
		}
	}
	return nil
}

func (c Claim) check() error {
	switch {
	case c.Text == "" || c.Sentence == "":
		return fmt.Errorf("no text or no sentence")
	case c.Findings == nil:
		return fmt.Errorf("findings is null instead of a list")
	case c.Verdict == Untested && len(c.Findings) > 0:
		return fmt.Errorf("%q, but it has findings", c.Verdict)
	case c.Verdict != Untested && !known(c.Verdict):
		return fmt.Errorf("unknown verdict %q", c.Verdict)
	}
	for _, f := range c.Findings {
		if err := f.check(); err != nil {
			return fmt.Errorf("finding %q: %w", f.What, err)
		}
	}
	return nil
}

func known(v Verdict) bool { return v == Confirmed || v == Refuted || v == Undecided }

// check refuses a finding that no runs can have.
func (f Finding) check() error {
	slack := 1e-9 * max(1, math.Abs(f.Effect))
	switch {
	case f.What == "" || f.Test == "" || f.Of == "":
		return fmt.Errorf("what, test or of is empty")
	case !units[f.Unit]:
		return fmt.Errorf("unknown unit %q", f.Unit)
	case !(f.Low <= f.Effect+slack && f.High >= f.Effect-slack) || math.IsInf(f.Low, 0) || math.IsInf(f.High, 0):
		return fmt.Errorf("interval %v to %v of effect %v", f.Low, f.High, f.Effect)
	case f.N < 1:
		return fmt.Errorf("n is %d", f.N)
	case !(f.P >= 0 && f.P <= 1):
		return fmt.Errorf("p is %v", f.P)
	case !known(f.Verdict):
		return fmt.Errorf("unknown verdict %q", f.Verdict)
	case f.Needed < -1 || f.Verdict != Undecided && f.Needed != 0 || f.Verdict == Undecided && f.Needed == 0:
		return fmt.Errorf("%s, but it needs %d seeds", f.Verdict, f.Needed)
	}
	return nil
}
