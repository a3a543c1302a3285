package train

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// dots shows a training in DotStyle:
//
//	Epoch0............Val acc: 0.9313
type dots struct {
	NopCallback
	out      printer
	estimate estimate
	foretold string // the estimate, which waits for the end of the line
	open     bool   // whether the line is unfinished
}

func (d *dots) EpochBegin(p *Training) error {
	d.out.print(fmt.Sprintf("Epoch%d.", p.Epoch-1))
	d.open = true
	return nil
}

func (d *dots) BatchEnd(p *Training) error {
	if (p.Step-1)%max(p.Steps/10, 1) == 0 {
		d.out.print(".")
	}
	d.foretold += d.estimate.line(&p.Progress)
	return nil
}

func (d *dots) EpochEnd(_ *Training, e Epoch) error {
	d.out.print("Val acc: " + shortest(e.ValAccuracy) + "\n" + d.foretold)
	d.foretold = ""
	d.open = false
	return nil
}

func (d *dots) TrainEnd(*Training) error {
	if d.open {
		d.out.print("\n")
		d.open = false
	}
	return nil
}

// shortest is a number as the report's Python prints it, of four decimals at
// most: 0.9313, 0.93, 1.0.
func shortest(value float64) string {
	text := strconv.FormatFloat(math.Round(value*1e4)/1e4, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
