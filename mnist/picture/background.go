package picture

const (
	// leastContrast is what something has to differ from the background to be seen:
	// the 5% that Fashion-MNIST's makers took for background.
	leastContrast = 0.05 * 255

	// specks is the share of the pixels that may be lighter than the ceiling.
	specks = 0.0002
)

// background is where a picture's values begin and end.
type background struct {
	lighter        bool    // it is lighter than the mean of the whole
	floor, ceiling float32 // of what is not background, when that is light
}

// backgroundOf looks at the picture's border, 1/28 of the shorter side wide.
func backgroundOf(p plane) background {
	width := max(1, min(p.width, p.height)/28)
	var all, border histogram
	var sum float64
	for y := range p.height {
		for x, v := range p.row(y) {
			sum += float64(v)
			all.add(v)
			if min(x, y, p.width-1-x, p.height-1-y) < width {
				border.add(v)
			}
		}
	}
	median := border.level(0.5)
	var deviation histogram
	for level, count := range border.counts {
		away := max(level-median, median-level)
		deviation.counts[away] += count
		deviation.total += count
	}
	ceiling := all.level(1 - specks)
	// What reaches the border is not the border's noise: half of the range is left to it.
	floor := min(median+3*deviation.level(0.5), median+max(0, ceiling-median)/2)
	return background{
		lighter: float64(median) > sum/float64(len(p.values)),
		floor:   float32(floor),
		ceiling: float32(ceiling),
	}
}

// histogram counts values, rounded.
type histogram struct {
	counts [256]int
	total  int
}

func (h *histogram) add(v float32) {
	h.counts[max(0, min(int(v+0.5), 255))]++
	h.total++
}

// level is the least value that at least this share of all does not exceed.
func (h *histogram) level(share float64) int {
	below := 0
	for level, count := range h.counts {
		if below += count; float64(below) >= share*float64(h.total) {
			return level
		}
	}
	return len(h.counts) - 1
}
