package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// referenceCrossEntropy returns softmax(logits), the cross-entropy of each row and
// how many rows have their first maximum at the label.
func referenceCrossEntropy(n, classes int, logits []float64, labels []int32) (p, losses []float64, correct int) {
	p = make([]float64, n*classes)
	for r := range n {
		row := logits[r*classes:][:classes]
		best, total := 0, 0.0
		for i, v := range row {
			if v > row[best] {
				best = i
			}
		}
		for i, v := range row {
			p[r*classes+i] = math.Exp(v - row[best])
			total += p[r*classes+i]
		}
		for i := range row {
			p[r*classes+i] /= total
		}
		losses = append(losses, math.Log(total)-(row[labels[r]]-row[best]))
		if best == int(labels[r]) {
			correct++
		}
	}
	return p, losses, correct
}

func drawLabels(rng *rand.Rand, n, classes int) []int32 {
	labels := make([]int32, n)
	for i := range labels {
		labels[i] = int32(rng.IntN(classes))
	}
	return labels
}

func TestSoftmaxCrossEntropy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng, g := newRand(t), newGuards(t)
		classes := rapid.SampledFrom([]int{1, 2, 3, 7, 8, 10, 10, 17, 1000}).Draw(t, "classes")
		n := rapid.IntRange(1, 20000/classes).Draw(t, "rows")
		spread := rapid.SampledFrom([]float32{.1, 1, 10, 5000}).Draw(t, "spread")
		logits, labels := g.normal(rng, n*classes), drawLabels(rng, n, classes)
		offset := float32(rapid.IntRange(-3000, 3000).Draw(t, "offset"))
		for i := range logits {
			logits[i] = logits[i]*spread + offset
		}
		p := g.floats(n * classes)
		loss, correct := SoftmaxCrossEntropy(n, classes, p, logits, labels)

		wantP, losses, wantCorrect := referenceCrossEntropy(n, classes, float64s(logits), labels)
		wantLoss := 0.0
		for _, l := range losses {
			wantLoss += l
		}
		if math.Abs(loss-wantLoss) > 1e-12*max(1, wantLoss) || correct != wantCorrect {
			t.Fatalf("loss %v with %d correct, want %v with %d", loss, correct, wantLoss, wantCorrect)
		}
		compareFloats(t, "p", p, wantP, 3e-7)
		inPlace := g.copyOf(logits)
		if again, _ := SoftmaxCrossEntropy(n, classes, inPlace, inPlace, labels); again != loss {
			t.Fatalf("loss in place %v, want %v", again, loss)
		}
		compareBits(t, "p in place", inPlace, p)
		g.check()
	})
}

func TestSoftmaxCrossEntropyBackward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng, g := newRand(t), newGuards(t)
		classes := rapid.IntRange(1, 20).Draw(t, "classes")
		n := rapid.IntRange(1, 500).Draw(t, "rows")
		scale := float32(rapid.Float64Range(-2, 2).Draw(t, "scale"))
		p, labels := g.normal(rng, n*classes), drawLabels(rng, n, classes)
		SoftmaxCrossEntropy(n, classes, p, p, labels)
		gradient := g.floats(n * classes)
		SoftmaxCrossEntropyBackward(n, classes, gradient, p, labels, scale)
		want := float64s(p)
		for r, label := range labels {
			want[r*classes+int(label)]--
		}
		for i := range want {
			want[i] *= float64(scale)
		}
		compareFloats(t, "gradient", gradient, want, 2e-7)
		SoftmaxCrossEntropyBackward(n, classes, p, p, labels, scale)
		compareBits(t, "in place", p, gradient)
		g.check()
	})
}

// The gradient against finite differences of the float64 loss.
func TestSoftmaxCrossEntropyFiniteDifferences(t *testing.T) {
	const n, classes, step, scale = 6, 10, 1e-5, .25
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, n*classes)
	fillNormal(rng, logits)
	labels := drawLabels(rng, n, classes)
	p, gradient := make([]float32, n*classes), make([]float32, n*classes)
	SoftmaxCrossEntropy(n, classes, p, logits, labels)
	SoftmaxCrossEntropyBackward(n, classes, gradient, p, labels, scale)

	x, want := float64s(logits), make([]float64, n*classes)
	loss := func(row int) float64 {
		_, losses, _ := referenceCrossEntropy(n, classes, x, labels)
		return losses[row]
	}
	for i, v := range x {
		x[i] = v + step
		up := loss(i / classes)
		x[i] = v - step
		want[i] = scale * (up - loss(i/classes)) / (2 * step)
		x[i] = v
	}
	compareFloats(t, "gradient", gradient, want, 1e-7)
}

func TestSoftmaxCrossEntropySpecialLogits(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, test := range []struct {
		name    string
		logits  []float32
		label   int32
		loss    float64
		correct int
	}{
		{"a tie goes to the first", []float32{1, 2, 2}, 1, math.Log(2 + math.Exp(-1)), 1},
		{"a tie is not the second's", []float32{1, 2, 2}, 2, math.Log(2 + math.Exp(-1)), 0},
		{"far below the largest", []float32{-40000, 30000, 0}, 0, 70000, 0},
		{"far above the others", []float32{-40000, 30000, 0}, 1, 0, 1},
		{"the largest float32", []float32{math.MaxFloat32, 0, -math.MaxFloat32}, 2, 2 * math.MaxFloat32, 0},
		{"an impossible class", []float32{0, -inf, 0}, 0, math.Log(2), 1},
		{"an impossible label", []float32{0, -inf, 0}, 1, math.Inf(1), 0},
		{"NaN at the label", []float32{nan, 1, 2}, 0, math.NaN(), 0},
		{"NaN elsewhere", []float32{1, 5, nan}, 1, math.NaN(), 0},
		{"+Inf", []float32{1, inf, 2}, 0, math.NaN(), 0},
		{"all -Inf", []float32{-inf, -inf, -inf}, 1, math.NaN(), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := make([]float32, len(test.logits))
			loss, correct := SoftmaxCrossEntropy(1, len(p), p, test.logits, []int32{test.label})
			same := loss == test.loss || math.Abs(loss-test.loss) <= 1e-15 || loss != loss && test.loss != test.loss
			if !same || correct != test.correct {
				t.Errorf("loss %v with %d correct, want %v with %d", loss, correct, test.loss, test.correct)
			}
			if lossIsNaN := test.loss != test.loss; lossIsNaN != (p[0] != p[0]) {
				t.Errorf("p = %v, loss %v", p, loss)
			}
		})
	}
}

func TestSoftmaxCrossEntropyWorkers(t *testing.T) {
	const n, classes = 20_000, 10 // more rows than one block for each partial loss
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, n*classes)
	fillNormal(rng, logits)
	labels := drawLabels(rng, n, classes)
	var firstLoss float64
	var first []float32
	forWorkers(func(workers int) {
		p, gradient := make([]float32, n*classes), make([]float32, n*classes)
		loss, _ := SoftmaxCrossEntropy(n, classes, p, logits, labels)
		SoftmaxCrossEntropyBackward(n, classes, gradient, p, labels, 1./n)
		if workers == 1 {
			firstLoss, first = loss, gradient
		}
		if loss != firstLoss {
			t.Errorf("%d workers: loss %v, want %v", workers, loss, firstLoss)
		}
		compareBits(t, "gradient", gradient, first)
	})
}

func BenchmarkSoftmaxCrossEntropy(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{64, 256} {
		logits, p := make([]float32, n*10), make([]float32, n*10)
		fillNormal(rng, logits)
		labels := drawLabels(rng, n, 10)
		b.Run(fmt.Sprintf("%dx10", n), func(b *testing.B) {
			for b.Loop() {
				SoftmaxCrossEntropy(n, 10, p, logits, labels)
			}
			reportBandwidth(b, 2*4*len(p))
		})
	}
}
