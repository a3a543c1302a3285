package kernel

// Winograd's F(4x4, 3x3) computes 4x4 outputs Y of a 3x3 convolution from the 6x6
// inputs D under them and the filter F with 36 products instead of 144:
//
//	Y = A' ((G F G') . (B' D B)) A
//
// where . multiplies value by value and is summed over the input channels: 36 small
// matrix products over tiles. Its adjoints give the gradients from one transform
// Z = A dY A' of the outputs' gradient:
//
//	dD = B ((G F G') . Z) B'        dF = G' ((B' D B) . Z) G
//
// The tiles of an image are 4 apart, so the inputs of neighbours overlap by 2 and
// their gradients are added up. See Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2015. The points are 0, 1, -1, 2, -2, infinity.

// Sides of the tiles.
const (
	outputSide = 4
	inputSide  = 6
	filterSide = 3
	// frequencies is the number of values of a transformed tile.
	frequencies = inputSide * inputSide
)

var (
	inputMatrix = [][]float32{ // B'
		{4, 0, -5, 0, 1, 0},
		{0, -4, -4, 1, 1, 0},
		{0, 4, -4, -1, 1, 0},
		{0, -2, -1, 2, 1, 0},
		{0, 2, -1, -2, 1, 0},
		{0, 4, 0, -5, 0, 1},
	}
	filterMatrix = [][]float32{ // G
		{1. / 4, 0, 0},
		{-1. / 6, -1. / 6, -1. / 6},
		{-1. / 6, 1. / 6, -1. / 6},
		{1. / 24, 1. / 12, 1. / 6},
		{1. / 24, -1. / 12, 1. / 6},
		{0, 0, 1},
	}
	outputMatrix = [][]float32{ // A'
		{1, 1, 1, 1, 1, 0},
		{0, 1, -1, 2, -2, 0},
		{0, 1, 1, 4, 4, 0},
		{0, 1, -1, 8, -8, 1},
	}

	inputGradMatrix  = transposed(inputMatrix)  // B
	filterGradMatrix = transposed(filterMatrix) // G'
	outputGradMatrix = transposed(outputMatrix) // A
)

func transposed(m [][]float32) [][]float32 {
	t := make([][]float32, len(m[0]))
	for j := range t {
		t[j] = make([]float32, len(m))
		for i := range m {
			t[j][i] = m[i][j]
		}
	}
	return t
}

// tile is a square of at most 6x6 values.
type tile [inputSide][inputSide]float32

// transform returns m x m', of len(m) x len(m) values.
func (x *tile) transform(m [][]float32) (y tile) {
	var half tile // m x
	side := len(m[0])
	for i, line := range m {
		for j := range side {
			for k, v := range line {
				half[i][j] += v * x[k][j]
			}
		}
	}
	for i := range m {
		for j, line := range m {
			for k, v := range line {
				y[i][j] += half[i][k] * v
			}
		}
	}
	return y
}

// winogradArgs are the arguments of the kernels that transform a row of tiles
// between an image [.., .., channels] and the 36 matrices [tiles, channels] of its
// tiles.
type winogradArgs struct {
	tiles []float32 // from the row's first tile
	image []float32 // from the first pixel of the row's first tile
	y     []float32 // as image: the activation's results, where its derivative is needed

	count           int // tiles in the row; the kernels count it down
	channels        int // a multiple of the vector's
	imageStride     int // floats between the rows of the image
	frequencyStride int // floats between the matrices
	slope           Activation
	floor           float32 // slope.floor()
}

// each calls f for every tile and channel of the row, with the indices of its
// first value in the image and in the matrices.
func (a *winogradArgs) each(f func(image, tiles int)) {
	for t := range a.count {
		for c := range a.channels {
			f(t*outputSide*a.channels+c, t*a.channels+c)
		}
	}
}

// readImage returns side x side pixels of one channel.
func (a *winogradArgs) readImage(image []float32, at, side int) (x tile) {
	for i := range side {
		for j := range side {
			x[i][j] = image[at+i*a.imageStride+j*a.channels]
		}
	}
	return x
}

func (a *winogradArgs) readTiles(at int) (x tile) {
	for f := range frequencies {
		x[f/inputSide][f%inputSide] = a.tiles[at+f*a.frequencyStride]
	}
	return x
}

func (a *winogradArgs) writeTiles(at int, x tile) {
	for f := range frequencies {
		a.tiles[at+f*a.frequencyStride] = x[f/inputSide][f%inputSide]
	}
}

// winogradInputGeneric is the meaning of winogradInputAVX512: tiles = B' image B.
func winogradInputGeneric(a *winogradArgs) {
	a.each(func(image, tiles int) {
		x := a.readImage(a.image, image, inputSide)
		a.writeTiles(tiles, x.transform(inputMatrix))
	})
}

// winogradOutputGeneric is the meaning of winogradOutputAVX512:
// image = act(A' tiles A).
func winogradOutputGeneric(a *winogradArgs) {
	a.each(func(image, tiles int) {
		x := a.readTiles(tiles)
		y := x.transform(outputMatrix)
		for i := range outputSide {
			for j := range outputSide {
				a.image[image+i*a.imageStride+j*a.channels] = a.slope.of(y[i][j])
			}
		}
	})
}

// winogradOutputGradGeneric is the meaning of winogradOutputGradAVX512:
// tiles = A (image * act'(y)) A'.
func winogradOutputGradGeneric(a *winogradArgs) {
	a.each(func(image, tiles int) {
		dy, y := a.readImage(a.image, image, outputSide), a.readImage(a.y, image, outputSide)
		for i := range outputSide {
			for j := range outputSide {
				if !(y[i][j] > 0) {
					dy[i][j] *= float32(a.slope)
				}
			}
		}
		a.writeTiles(tiles, dy.transform(outputGradMatrix))
	})
}

// winogradInputGradGeneric is the meaning of winogradInputGradAVX512:
// image += B tiles B'.
func winogradInputGradGeneric(a *winogradArgs) {
	a.each(func(image, tiles int) {
		x := a.readTiles(tiles)
		d := x.transform(inputGradMatrix)
		for i := range inputSide {
			for j := range inputSide {
				a.image[image+i*a.imageStride+j*a.channels] += d[i][j]
			}
		}
	})
}

// winogradFilterArgs are the arguments of the kernels that transform rows of filters
// [3, 3, rows, columns] to or from 36 matrices [rows, columns].
type winogradFilterArgs struct {
	filter, tiles []float32

	rows, columns   int // columns are a multiple of the vector's
	filterStride    int // floats between rows of the filter; those of the matrices are consecutive
	tapStride       int // floats between the filter's 9 values
	frequencyStride int // floats between the matrices
}

// each calls f for every filter with its index in filter and in tiles.
func (a *winogradFilterArgs) each(f func(filter, tiles int)) {
	for r := range a.rows {
		for c := range a.columns {
			f(r*a.filterStride+c, r*a.columns+c)
		}
	}
}

// winogradFilterGeneric is the meaning of winogradFilterAVX512: tiles = G filter G'.
func winogradFilterGeneric(a *winogradFilterArgs) {
	a.each(func(filter, tiles int) {
		var x tile
		for i := range filterSide * filterSide {
			x[i/filterSide][i%filterSide] = a.filter[filter+i*a.tapStride]
		}
		u := x.transform(filterMatrix)
		for f := range frequencies {
			a.tiles[tiles+f*a.frequencyStride] = u[f/inputSide][f%inputSide]
		}
	})
}

// winogradFilterGradGeneric is the meaning of winogradFilterGradAVX512:
// filter = G' tiles G.
func winogradFilterGradGeneric(a *winogradFilterArgs) {
	a.each(func(filter, tiles int) {
		var x tile
		for f := range frequencies {
			x[f/inputSide][f%inputSide] = a.tiles[tiles+f*a.frequencyStride]
		}
		d := x.transform(filterGradMatrix)
		for i := range filterSide * filterSide {
			a.filter[filter+i*a.tapStride] = d[i/filterSide][i%filterSide]
		}
	})
}
