package train

import (
	"fmt"
	"strings"
)

// cells is the length of the bar in the finished line, and most of the live one.
const cells = 30

// finishedLine is what remains of an epoch on the screen, as Keras wrote it at
// the time of the report:
//
//	938/938 [====...====] - 208s 219ms/step - loss: 0.4837 - accuracy: 0.8305 - val_loss: ...
func finishedLine(e Epoch, steps int) string {
	return fmt.Sprintf("%d/%d [%s] - %.0fs %s/step - loss: %s - accuracy: %s - val_loss: %s - val_accuracy: %s",
		steps, steps, strings.Repeat("=", cells), e.Seconds, stepTime(e.MsPerStep),
		metric(e.Loss), metric(e.Accuracy), metric(e.ValLoss), metric(e.ValAccuracy))
}

// stepTime is a step's time in whole seconds, milliseconds or microseconds.
func stepTime(ms float64) string {
	switch {
	case ms >= 1000 || ms == 0:
		return fmt.Sprintf("%.0fs", ms/1000)
	case ms >= 1:
		return fmt.Sprintf("%.0fms", ms)
	default:
		return fmt.Sprintf("%.0fus", ms*1000)
	}
}

// metric is a loss or accuracy with four decimals, or with an exponent where
// they would not show it.
func metric(value float64) string {
	if value > 1e-3 {
		return fmt.Sprintf("%.4f", value)
	}
	return fmt.Sprintf("%.4e", value)
}
