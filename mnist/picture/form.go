package picture

import (
	"math"

	"zoo/mnist"
)

const (
	digitSide = 20 // MNIST's digits fit into as many pixels

	// digitEdge and articleEdge are the shares of the range at which a digit and an
	// article begin: paper is noisy, and digits are stretched to the full range.
	digitEdge   = 0.1
	articleEdge = 0.05
)

// digit places the picture's digit as MNIST's makers did.
func (p plane) digit(b background) (plane, error) {
	p.stretch(b.floor, b.ceiling)
	p, err := p.trimmed(digitEdge * 255)
	if err != nil {
		return plane{}, err
	}
	p = p.resized(fit(p.width, p.height, digitSide))
	var peak float32
	for _, v := range p.values {
		peak = max(peak, v)
	}
	p.stretch(0, peak)
	x, y := p.centre()
	const centre = mnist.Side / 2
	return p.placed(centre-int(math.Floor(x+0.5)), centre-int(math.Floor(y+0.5))), nil
}

// article places the picture's article as Fashion-MNIST's makers did.
func (p plane) article(b background) (plane, error) {
	p.stretch(b.floor, 255)
	p, err := p.trimmed(articleEdge * 255)
	if err != nil {
		return plane{}, err
	}
	p = p.resized(fit(p.width, p.height, mnist.Side)).sharpened()
	return p.placed((mnist.Side-p.width)/2, (mnist.Side-p.height)/2), nil
}

// stretch maps low..high to 0..255 and what lies outside to the ends.
func (p plane) stretch(low, high float32) {
	for i, v := range p.values {
		p.values[i] = max(0, min((v-low)/(high-low)*255, 255))
	}
}

// trimmed is the picture without the edges that have nothing above the threshold. It
// fails where nothing is.
func (p plane) trimmed(threshold float32) (plane, error) {
	left, right, top, bottom := p.width, 0, p.height, 0
	for y := range p.height {
		for x, v := range p.row(y) {
			if v > threshold {
				left, right = min(left, x), max(right, x+1)
				top, bottom = min(top, y), max(bottom, y+1)
			}
		}
	}
	if left >= right {
		return plane{}, errEmpty
	}
	out := newPlane(right-left, bottom-top)
	for y := range out.height {
		copy(out.row(y), p.row(top + y)[left:right])
	}
	return out, nil
}

// centre is the centre of mass, in pixels from the middle of the first.
func (p plane) centre() (x, y float64) {
	var sum, sumX, sumY float64
	for i, v := range p.values {
		sum += float64(v)
		sumX += float64(v) * float64(i%p.width)
		sumY += float64(v) * float64(i/p.width)
	}
	return sumX / sum, sumY / sum
}

// placed is the picture on a black field of the sets' size with its corner at (left, top);
// what would lie outside is cut off.
func (p plane) placed(left, top int) plane {
	out := newPlane(mnist.Side, mnist.Side)
	for y := range p.height {
		for x, v := range p.row(y) {
			if x, y := x+left, y+top; x >= 0 && x < mnist.Side && y >= 0 && y < mnist.Side {
				out.row(y)[x] = v
			}
		}
	}
	return out
}

// sharpened makes each pixel stand out from the 8 around it. These weigh as a Gaussian
// of standard deviation 1 but negatively, the pixel itself twice the Gaussian's sum,
// and the whole is scaled to weigh 1. Beyond the edges lie the edges' pixels again.
func (p plane) sharpened() plane {
	beside, across := float32(math.Exp(-0.5)), float32(math.Exp(-1))
	total := 1 + 4*beside + 4*across
	scale := 1 / (2*total - 4*beside - 4*across) // the weights' sum becomes 1
	out := newPlane(p.width, p.height)
	for y := range p.height {
		above, here, below := p.row(max(y-1, 0)), p.row(y), p.row(min(y+1, p.height-1))
		for x, v := range here {
			left, right := max(x-1, 0), min(x+1, p.width-1)
			blur := beside*(above[x]+below[x]+here[left]+here[right]) +
				across*(above[left]+above[right]+below[left]+below[right])
			out.row(y)[x] = max(0, min((2*total*v-blur)*scale, 255))
		}
	}
	return out
}
