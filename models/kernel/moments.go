package kernel

// Moments are the sums over a tensor [rows, channels] from which BatchNorm takes the
// mean and variance of each channel. The kernel that writes the tensor leaves them for
// the BatchNorm that reads it next, which saves that a pass over the tensor: see
// [BatchNorm.Moments].
//
// They are kept for blocks of rows that depend on the sizes alone. A block's float32
// sums are those of deviations from about its mean, so they lose nothing where the
// mean is far larger than the deviation; the blocks are merged in float64 in their order.
type Moments struct {
	channels              int
	pictures, pictureRows int
	blockRows             int       // the last block of a picture may have fewer
	sums                  []float32 // [blocks, momentSums, channels]
}

const (
	// momentSums is the number of sums of a block for a channel: the center, and the
	// sums of d = x - center and of d*d.
	momentSums = 3
	// centerRows is how many of a block's first rows have the block's center as their
	// mean. Then the center is close enough: with k of n rows, the sum of d*d is at
	// most 1 + n/k times what it is around the mean of all, whatever the rows are.
	centerRows = 16
	// More rows in a block, and the rounding errors of its float32 sums grow.
	maxBlockRows = 256
)

// NewMoments returns room for the moments of a tensor with that many channels.
func NewMoments(channels int) *Moments { return &Moments{channels: channels} }

// begin makes room for a tensor of pictures with rows rows each. Every call of add
// will be for whole bands: band rows of a picture from a multiple of band on, or what
// the picture has left there.
func (m *Moments) begin(pictures, rows, band int) {
	m.pictures, m.pictureRows, m.blockRows = pictures, rows, min(band, rows)
	if band >= rows {
		m.blockRows = blockCount(rows, blockCount(rows, maxBlockRows))
	}
	for divisor := 2; m.blockRows > maxBlockRows; divisor++ {
		if band%divisor == 0 {
			m.blockRows = band / divisor
		}
	}
	if size := m.blocks() * momentSums * m.channels; size > len(m.sums) {
		m.sums = alignedFloats(size)
	}
}

// add takes the moments of rows [from, to) of the tensor y, counted through all
// pictures. Tasks may add different rows at once.
func (m *Moments) add(y []float32, from, to int) {
	kernels := rowTiers[active]
	for from < to {
		picture, row := from/m.pictureRows, from%m.pictureRows
		block := row / m.blockRows
		end := from + min(m.blockRows, m.pictureRows-row)
		center, sum, squares := m.block(picture*m.perPicture() + block)
		clear(center)
		clear(sum)
		clear(squares)
		x := y[from*m.channels : end*m.channels]
		first := x[:min(centerRows, end-from)*m.channels]
		kernels.sum(center, first)
		share := float32(m.channels) / float32(len(first))
		for c := range center {
			center[c] *= share
		}
		kernels.deviation(sum, squares, x, center)
		from = end
	}
}

func (m *Moments) perPicture() int { return blockCount(m.pictureRows, m.blockRows) }
func (m *Moments) blocks() int     { return m.pictures * m.perPicture() }

// block returns the sums of a block.
func (m *Moments) block(i int) (center, sum, squares []float32) {
	n := m.channels
	s := m.sums[i*momentSums*n:][:momentSums*n]
	return s[:n], s[n : 2*n], s[2*n:]
}

// merge returns the mean and the population variance of channels [from, from+len(mean)),
// by Chan's formula.
func (m *Moments) merge(from int, mean, variance []float64) {
	clear(mean)
	clear(variance)
	merged := 0.0
	for i := range m.blocks() {
		first, end := blockRange(i%m.perPicture(), m.blockRows, m.pictureRows)
		size := float64(end - first)
		before := merged
		merged += size
		inverse, share := 1/size, size/merged
		center, sum, squares := m.block(i)
		center, sum, squares = center[from:][:len(mean)], sum[from:][:len(mean)], squares[from:][:len(mean)]
		for c := range mean {
			s := float64(sum[c])
			offset := s * inverse // of the block's mean from its center
			delta := float64(center[c]) + offset - mean[c]
			mean[c] += delta * share
			variance[c] += float64(squares[c]) - s*offset + delta*delta*before*share
		}
	}
	for c := range variance {
		// Rounding could take the sum of squares of a constant channel below 0.
		variance[c] = max(variance[c], 0) / merged
	}
}
