package train

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var someEpoch = Epoch{Epoch: 1, Loss: .5, Accuracy: .75, ValLoss: .625, ValAccuracy: .875, LearningRate: .01}

func TestMonitor(t *testing.T) {
	for _, c := range []struct {
		monitor Monitor
		mode    Mode
		value   float64
		up      bool
	}{
		{"", "", .625, false},
		{"loss", ModeAuto, .5, false},
		{"accuracy", "", .75, true},
		{"val_loss", "", .625, false},
		{"val_accuracy", ModeAuto, .875, true},
		{"val_accuracy", ModeMin, .875, false},
		{"loss", ModeMax, .5, true},
	} {
		w, err := c.monitor.watch(c.mode, 0)
		if err != nil {
			t.Errorf("%q, mode %q: %v", c.monitor, c.mode, err)
			continue
		}
		if got := w.value(&someEpoch); got != c.value || w.up != c.up {
			t.Errorf("%q, mode %q: %v, up %v; want %v, %v", c.monitor, c.mode, got, w.up, c.value, c.up)
		}
	}
}

func TestMonitorRefuses(t *testing.T) {
	for _, c := range []struct {
		monitor  Monitor
		mode     Mode
		minDelta float64
		want     string
	}{
		{"val_acc", "", 0, `no metric "val_acc" to monitor, want one of loss, accuracy, val_loss, val_accuracy`},
		{"loss", "down", 0, `mode "down", want auto, min or max`},
		{"loss", "", math.NaN(), "min_delta NaN"},
		{"loss", "", math.Inf(-1), "min_delta -Inf"},
	} {
		if _, err := c.monitor.watch(c.mode, c.minDelta); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q, %q, %v: error %v, want %q", c.monitor, c.mode, c.minDelta, err, c.want)
		}
	}
}

func TestImproves(t *testing.T) {
	down, _ := Monitor("loss").watch("", -.25)
	up, _ := Monitor("accuracy").watch("", .25)
	nan := math.NaN()
	for _, c := range []struct {
		w         watched
		value, on float64
		want      bool
	}{
		{down, .5, 1, true}, {down, .75, 1, false}, {down, .7499, 1, true}, {down, 1, .5, false},
		{up, 1, .5, true}, {up, .75, .5, false}, {up, .7501, .5, true}, {up, .5, 1, false},
		{down, nan, 1, false}, {down, 0, nan, false}, {up, nan, 0, false}, {up, 1, nan, false},
		{down, .75 - 1e-12, 1, false}, // a tie of float32
		{down, 1, math.Inf(1), true},
	} {
		if got := c.w.improves(c.value, c.on); got != c.want {
			t.Errorf("%s: %v improves on %v: %v, want %v", c.w.name, c.value, c.on, got, c.want)
		}
	}
}

func TestBest(t *testing.T) {
	w, _ := Monitor("loss").watch("", 0)
	var b best
	for i, c := range []struct {
		value float64
		want  bool
	}{{3, true}, {3, false}, {2, true}, {math.NaN(), false}, {2.5, false}, {1, true}} {
		if got := b.take(w, c.value); got != c.want {
			t.Errorf("value %d, %v: taken %v, want %v", i, c.value, got, c.want)
		}
	}
	if b.Value != 1 {
		t.Errorf("best %v, want 1", b.Value)
	}
}

func TestExactKeepsEveryBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if rapid.Bool().Draw(t, "special") {
			x = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}).Draw(t, "x")
		}
		text, err := json.Marshal(best{Value: exact(x), Known: true})
		if err != nil {
			t.Fatal(err)
		}
		var got best
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if y := float64(got.Value); math.Float64bits(y) != math.Float64bits(x) && !(math.IsNaN(x) && math.IsNaN(y)) {
			t.Errorf("%v became %v", x, y)
		}
	})
}
