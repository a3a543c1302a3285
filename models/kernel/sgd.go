package kernel

// SGD makes one step of gradient descent with momentum, as Keras does:
// v = momentum*v - lr*g, then w += v. v is the velocity, as long as w, zero
// before the first step; with momentum 0 it may be nil: w -= lr*g.
func SGD(w, v, g []float32, lr, momentum float32) {
	if v == nil && momentum == 0 {
		elementwise(vectorTiers[active].descend, w, g, nil, lr, 0)
		return
	}
	elementwise(vectorTiers[active].momentum, w, v, g, lr, momentum)
}

// The conversions keep compilers from fusing what the other tiers do in two steps.
func descendVector(w, g, _ []float32, lr, _ float32) {
	g = g[:len(w)]
	for i, d := range g {
		w[i] -= float32(lr * d)
	}
}

func momentumVector(w, v, g []float32, lr, momentum float32) {
	v, g = v[:len(w)], g[:len(w)]
	for i, d := range g {
		step := float32(momentum*v[i]) - float32(lr*d)
		v[i] = step
		w[i] += step
	}
}
