package keras

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"time"

	"zoo/models/exchange/hdf5"
	"zoo/models/layer"
)

// Version is the version of Keras whose files these are.
const Version = "3.15.1"

// Members of a .keras file.
const (
	metadataMember = "metadata.json"
	configMember   = "config.json"
	weightsMember  = "model.weights.h5"
)

// Bounds on what is read. The zoo's largest config.json has 40 kB. Weights hardly
// compress, but before the first step an optimizer's state is zeros, of Adam's twice
// their size: all in all they shrink to a third. What is small may shrink to less.
const (
	maxText      = 1 << 20
	maxInflation = 8
	small        = 1 << 20
)

// Settings are what a .keras file tells beside the model and its weights.
type Settings struct {
	Optimizer Optimizer
	Metadata  map[string]string // texts of the zoo's own
	Saved     time.Time         // zero: the file does not tell
}

// metadata is metadata.json. Keras does not look at it when it loads.
type metadata struct {
	Version string            `json:"keras_version"`
	Saved   string            `json:"date_saved,omitempty"`
	Zoo     map[string]string `json:"zoo,omitempty"`
}

// WriteModel writes the model as a .keras file that Keras's load_model takes,
// compiled with the settings' optimizer in its state, sparse categorical cross-entropy
// and accuracy. The same arguments give the same bytes.
func WriteModel(w io.Writer, s Settings, m *layer.Model) error {
	if err := s.Optimizer.check(m); err != nil {
		return err
	}
	config, err := modelConfig(m, s.Optimizer)
	if err != nil {
		return err
	}
	about := metadata{Version: Version, Zoo: s.Metadata}
	saved := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // the first that a zip file can say
	if !s.Saved.IsZero() {
		saved = s.Saved
		about.Saved = saved.Format("2006-01-02@15:04:05")
	}
	aboutText, err := textOf(metadataMember, about)
	if err != nil {
		return err
	}
	configText, err := textOf(configMember, config)
	if err != nil {
		return err
	}
	weights := weightsFile(m)
	s.Optimizer.addTo(weights, m)

	z := zip.NewWriter(w)
	member := func(name string, write func(io.Writer) error) {
		if err == nil {
			var out io.Writer
			if out, err = z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: saved}); err == nil {
				err = write(out)
			}
		}
	}
	writing := func(text []byte) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		}
	}
	member(metadataMember, writing(aboutText))
	member(configMember, writing(configText))
	member(weightsMember, func(w io.Writer) error { return hdf5.Write(w, weights) })
	if err != nil {
		return err
	}
	return z.Close()
}

// textOf is the content of a member that is JSON. It refuses what would not be read.
func textOf(member string, value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", member, err)
	}
	text = append(text, '\n')
	return text, checkSize(member, uint64(len(text)), maxText)
}

func checkSize(member string, size uint64, limit int) error {
	if size > uint64(limit) {
		return fmt.Errorf("%s: it has %d bytes, want at most %d", member, size, limit)
	}
	return nil
}

// ReadModel reads the weights of a .keras file's content into the model, which must
// compute what the file's model does. Errors name the tensor and the shapes, or the layer
// and its setting, and the model is as it was.
func ReadModel(content []byte, m *layer.Model) error {
	f, err := ParseModel(content)
	if err != nil {
		return err
	}
	return f.LoadInto(m)
}

// ParseModel parses the content of a .keras file. Compressed weights may be 8 times
// as large as the file, or a megabyte; what Keras writes is not compressed.
func ParseModel(content []byte) (*File, error) {
	members, err := membersOf(content)
	if err != nil {
		return nil, err
	}
	text, err := read(content, members[configMember], maxText)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", configMember, err)
	}
	inflated := maxInflation * min(len(content), math.MaxInt32/maxInflation)
	data, err := read(content, members[weightsMember], max(len(content), inflated, small))
	if err != nil {
		return nil, err
	}
	f, err := ParseWeights(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsMember, err)
	}
	f.config, f.Name = config, config.Config.Name
	f.Metadata, err = metadataOf(content, members[metadataMember])
	return f, err
}

// metadataOf is the zoo's texts, nil if there are none.
func metadataOf(content []byte, member *zip.File) (map[string]string, error) {
	if member == nil {
		return nil, nil
	}
	text, err := read(content, member, maxText)
	if err != nil {
		return nil, err
	}
	var about metadata
	if err := json.Unmarshal(text, &about); err != nil {
		return nil, fmt.Errorf("%s: %w", metadataMember, err)
	}
	return maps.Clone(about.Zoo), nil
}

// membersOf are the parts of the zip file.
func membersOf(content []byte) (map[string]*zip.File, error) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // nothing is unpacked
		return nil, fmt.Errorf("%w, or damaged: %w", ErrForeign, err)
	}
	members := map[string]*zip.File{}
	for _, f := range z.File {
		if _, ok := members[f.Name]; ok {
			return nil, fmt.Errorf("%w: member %.50q comes twice", ErrForeign, f.Name)
		}
		members[f.Name] = f
	}
	for _, name := range []string{configMember, weightsMember} {
		if members[name] == nil {
			return nil, fmt.Errorf("%w: no member %s", ErrForeign, name)
		}
	}
	return members, nil
}

// read is the content of a member of at most limit bytes, checked against its
// checksum. What is stored as it is is not copied.
func read(content []byte, member *zip.File, limit int) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("%s: damaged: %w", member.Name, err) }
	if err := checkSize(member.Name, member.UncompressedSize64, limit); err != nil {
		return nil, err
	}
	size := int(member.UncompressedSize64)
	if member.Method == zip.Store {
		offset, err := member.DataOffset()
		if err != nil {
			return fail(err)
		}
		if offset < 0 || offset > int64(len(content)-size) || member.CompressedSize64 != member.UncompressedSize64 {
			return fail(io.ErrUnexpectedEOF)
		}
		data := content[offset : int(offset)+size : int(offset)+size]
		if crc32.ChecksumIEEE(data) != member.CRC32 {
			return fail(zip.ErrChecksum)
		}
		return data, nil
	}
	in, err := member.Open()
	if err != nil {
		return fail(err)
	}
	// It grows with what is there, whatever size is said.
	data, err := io.ReadAll(io.LimitReader(in, int64(size)+1))
	if err != nil {
		return fail(err)
	}
	if len(data) != size {
		return fail(fmt.Errorf("it has not the %d bytes that it says", size))
	}
	return data, in.Close()
}
