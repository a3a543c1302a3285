package kernel

// frame is a picture [height, width, channels] with rows and columns of zeros
// around it. A negative count takes rows or columns of the picture away.
type frame struct {
	height, width, channels  int
	top, bottom, left, right int
}

// padded reports whether the framed picture differs from the picture.
func (f frame) padded() bool {
	return f.top != 0 || f.bottom != 0 || f.left != 0 || f.right != 0
}

// rows returns the height of the framed picture.
func (f frame) rows() int { return f.top + f.height + f.bottom }

// columns returns the width of the framed picture.
func (f frame) columns() int { return f.left + f.width + f.right }

// rowSize returns the floats in a row of the framed picture.
func (f frame) rowSize() int { return f.columns() * f.channels }

// size returns the floats in the framed picture.
func (f frame) size() int { return f.rows() * f.rowSize() }

// copy writes rows [from, from+rows) of the framed picture to dst.
func (f frame) copy(dst, picture []float32, from, rows int) {
	firstColumn := max(0, -f.left)
	columns := min(f.width, f.width+f.right) - firstColumn
	start := max(0, f.left) * f.channels
	end := start + columns*f.channels
	for i := range rows {
		line := dst[i*f.rowSize() : (i+1)*f.rowSize()]
		row := from + i - f.top
		if row < 0 || row >= f.height {
			clear(line)
			continue
		}
		clear(line[:start])
		copy(line[start:end], picture[(row*f.width+firstColumn)*f.channels:])
		clear(line[end:])
	}
}
