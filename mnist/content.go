package mnist

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
)

// gzipMagic begins a gzip file. No IDX file begins so: its first bytes are zeros.
const gzipMagic = "\x1f\x8b"

// maxRatio is the most bytes that deflate packs into one: its longest match is 258
// bytes, and the shortest code for a match two bits.
const maxRatio = 258 * 8 / 2

// content is what an IDX file holds, unpacked.
type content struct {
	io.Reader
	least, most int64 // bounds of its length in bytes, known without reading it
}

// unpack returns the content of a file of size bytes.
func unpack(file io.Reader, size int64) (content, error) {
	buffered := bufio.NewReader(file)
	start, err := buffered.Peek(len(gzipMagic))
	if err != nil && err != io.EOF {
		return content{}, err
	}
	if string(start) != gzipMagic {
		return content{buffered, size, size}, nil
	}
	unzipped, err := gzip.NewReader(buffered)
	if err != nil {
		return content{}, gzipError(err)
	}
	return content{gzipReader{unzipped}, 0, size * maxRatio}, nil
}

// gzipReader tells damage of the gzip data, such as its early end, from the end of
// what is packed in it.
type gzipReader struct{ *gzip.Reader }

func (r gzipReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = gzipError(err)
	}
	return n, err
}

func gzipError(err error) error { return fmt.Errorf("damaged gzip data: %w", err) }
