package study

// EffectText is the effect with its unit, in as many digits as mean something:
// "+0.31 points".
func (f Finding) EffectText() string { return f.number(f.Effect, true) + f.unit() }

// IntervalText is the 95% interval in the effect's unit, "0.12 to 0.50"; "" where
// one run has none.
func (f Finding) IntervalText() string {
	if f.Test == noSpread || f.N < 2 {
		return ""
	}
	return f.number(f.Low, false) + " to " + f.number(f.High, false) + f.percent()
}
