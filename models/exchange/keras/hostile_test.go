package keras_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models/exchange/keras"
	"zoo/models/layer"
)

// part is a member of a zip file.
type part struct {
	name    string
	content []byte
	method  uint16
}

func zipped(t testing.TB, parts ...part) []byte {
	t.Helper()
	return written(t, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, p := range parts {
			out, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: p.method})
			if err != nil {
				return err
			}
			if _, err := out.Write(p.content); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

// A file that another program has packed again, compressed, with more in it.
func TestPackedAgain(t *testing.T) {
	scrambled, zeros := small(t), small(t)
	scramble(scrambled, 1)
	for _, first := range []*layer.Model{scrambled, zeros} {
		second := small(t)
		scramble(second, 2)
		content := modelOf(t, smallSettings, first)
		var parts []part
		for _, name := range []string{"model.weights.h5", "config.json"} {
			parts = append(parts, part{name, member(t, content, name), zip.Deflate})
		}
		parts = append(parts, part{name: "assets/../readme"})
		if err := keras.ReadModel(zipped(t, parts...), second); err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(all(first), all(second)) {
			t.Error("not loaded")
		}
	}
}

// Settings that make a layer compute something else, with weights of the same
// shapes; and those that do not.
func TestConfigIsCompared(t *testing.T) {
	content := modelOf(t, smallSettings, small(t))
	config, h5 := string(member(t, content, "config.json")), member(t, content, "model.weights.h5")
	const tensor = `{"class_name":"__keras_tensor__","config":{"keras_history":["input_layer",0,0]}},`
	for _, tt := range []struct{ from, to, want string }{
		{`"rate":0.5`, `"rate":0.1`, ""},
		{`"GlorotUniform"`, `"HeNormal"`, ""},
		{`"momentum":0.99`, `"momentum":0.9`, ""},
		{`"leaky_re_lu"`, `"leaky_re_lu_17"`, ""},                                          // counted up in a session
		{`"axis":-1`, `"axis":3`, `"concatenate", has axis 3, want the -1 of concatenate`}, // 3 is right for the BatchNormalization
		{`"negative_slope":0.5`, `"negative_slope":0.3`, `layer 2 of the file, "leaky_re_lu", has negative_slope 0.3, want the 0.5 of leaky_re_lu of model small`},
		{`"epsilon":0.001`, `"epsilon":0.002`, `"batch_normalization", has epsilon 0.002, want the 0.001 of batch_normalization`},
		{`"padding":"valid"`, `"padding":"same"`, `"conv2d", has padding "same", want the "valid" of conv2d`},
		{`"pool_size":[2,2]`, `"pool_size":[2,1]`, `"max_pooling2d", has pool_size [2,1], want the [2,2]`},
		{`"activation":"softmax"`, `"activation":"relu"`, `has activation "relu", want the "softmax"`},
		{`"use_bias":true`, `"use_bias":null`, `has use_bias null, want the true`},
		{`"target_shape"`, `"shape"`, `has target_shape null, want the [44]`},
		{`[null,6,6,1]`, `[null,6,6]`, `has batch_shape [null,6,6], want the [null] + [6,6,1]`},
		{`"class_name":"LeakyReLU"`, `"class_name":"ReLU"`, `"leaky_re_lu", is a "ReLU", want the LeakyReLU leaky_re_lu of model small`},
		{`"class_name":"LeakyReLU"`, `"class_name":"\nReLU"`, `"leaky_re_lu", is a "\nReLU", want`},
		{`"inbound_nodes":[{"args":[`, `"inbound_nodes":[{"args":[` + strings.Repeat(tensor, 500), `has the layers [0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 as inputs, want the [0]`},
		{`"keras_history":["flatten",0,0]`, `"keras_history":["flatten_1",0,0]`, `"concatenate", has the layers [6 6] as inputs, want the [`},
		{`"keras_history":["dense",0,0]`, `"keras_history":["dense",1,0]`, `its input is not the output of a layer`},
		{`"keras_history":["dense",0,0]`, `"keras_history":["other",0,0]`, `its input is of "other", which is no layer before it`},
		{`"output_layers":["activation",0,0]`, `"output_layers":["dense",0,0]`, `does not end with its last layer, "activation"`},
		{`"class_name":"Functional"`, `"class_name":"Model"`, `config.json: not a file of Keras 3: its model is a "Model"`},
		{`{`, `[`, `config.json: not a file of Keras 3: `},
	} {
		if !strings.Contains(config, tt.from) {
			t.Errorf("config.json has no %s: %s", tt.from, config)
			continue
		}
		changed := zipped(t, part{name: "config.json", content: []byte(strings.ReplaceAll(config, tt.from, tt.to))}, part{name: "model.weights.h5", content: h5})
		if tt.want == "" {
			if err := keras.ReadModel(changed, small(t)); err != nil {
				t.Errorf("%s: %v", tt.to, err)
			}
			continue
		}
		refuses(t, tt.to, tt.want, small(t), func(m *layer.Model) error { return keras.ReadModel(changed, m) })
	}
}

func TestHostileZip(t *testing.T) {
	content := modelOf(t, smallSettings, small(t))
	config := part{name: "config.json", content: member(t, content, "config.json")}
	h5 := part{name: "model.weights.h5", content: member(t, content, "model.weights.h5")}
	bomb := part{name: h5.name, content: make([]byte, 20<<20), method: zip.Deflate}
	wrong := bytes.Clone(zipped(t, config, h5))
	wrong[bytes.Index(wrong, []byte("\x89HDF"))+3000] ^= 1
	for name, tt := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":           {nil, "not a file of Keras 3, or damaged: zip: not a valid zip file"},
		"text":              {[]byte("{}"), "not a valid zip file"},
		"weights alone":     {h5.content, "not a valid zip file"},
		"no config":         {zipped(t, h5), "not a file of Keras 3: no member config.json"},
		"no weights":        {zipped(t, config), "not a file of Keras 3: no member model.weights.h5"},
		"twice":             {zipped(t, config, config, h5), `member "config.json" comes twice`},
		"bomb":              {zipped(t, config, bomb), "model.weights.h5: it has 20971520 bytes, want at most"},
		"bomb in config":    {zipped(t, part{name: "config.json", content: bomb.content, method: zip.Deflate}, h5), "config.json: it has 20971520 bytes, want at most 1048576"},
		"bomb that lies":    {lying(t, config, bomb.content), "model.weights.h5: damaged: "},
		"flipped bit":       {wrong, "model.weights.h5: damaged: zip: checksum error"},
		"weights cut off":   {zipped(t, config, part{name: h5.name, content: h5.content[:len(h5.content)/2]}), "model.weights.h5: not a sound HDF5 file"},
		"other compression": {methodOf(zipped(t, part{name: config.name, content: config.content, method: zip.Deflate}, h5), 12), "config.json: damaged: zip: unsupported compression algorithm"},
		"metadata":          {zipped(t, config, h5, part{name: "metadata.json", content: []byte("[")}), "metadata.json: unexpected end"},
	} {
		refuses(t, name, tt.want, small(t), func(m *layer.Model) error { return keras.ReadModel(tt.content, m) })
	}
	for n := range content {
		if n%97 == 0 || n > len(content)-100 {
			if err := keras.ReadModel(content[:n], small(t)); err == nil {
				t.Errorf("the first %d of %d bytes are read", n, len(content))
			}
		}
	}
}

// lying is a file whose weights inflate to more than they say.
func lying(t *testing.T, config part, content []byte) []byte {
	return written(t, func(w io.Writer) error {
		z := zip.NewWriter(w)
		out, err := z.Create(config.name)
		if err == nil {
			_, err = out.Write(config.content)
		}
		if err != nil {
			return err
		}
		var b bytes.Buffer
		deflate, err := flate.NewWriter(&b, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := deflate.Write(content); err != nil {
			return err
		}
		if err := deflate.Close(); err != nil {
			return err
		}
		out, err = z.CreateRaw(&zip.FileHeader{Name: "model.weights.h5", Method: zip.Deflate,
			CompressedSize64: uint64(b.Len()), UncompressedSize64: 1000})
		if err != nil {
			return err
		}
		if _, err := out.Write(b.Bytes()); err != nil {
			return err
		}
		return z.Close()
	})
}

// methodOf replaces the deflated members' method.
func methodOf(content []byte, method byte) []byte {
	for _, header := range []struct {
		mark string
		at   int
	}{{"PK\x03\x04", 8}, {"PK\x01\x02", 10}} {
		i := bytes.Index(content, []byte(header.mark))
		content[i+header.at] = method
	}
	return content
}

// A small config.json can make much of what JSON's lists take in memory, once.
func TestMemoryOfHostileConfig(t *testing.T) {
	h5 := part{name: "model.weights.h5", content: member(t, modelOf(t, smallSettings, small(t)), "model.weights.h5")}
	text := `{"class_name":"Functional","config":{"layers":[` + strings.Repeat("{},", 340_000) + `{}]}}`
	content := zipped(t, part{"config.json", []byte(text), zip.Deflate}, h5)
	refuses(t, "layers", `layer 0 of the file, "", is a "", want the InputLayer`, small(t), func(m *layer.Model) error {
		return boundedRead(t, content, func() error { return keras.ReadModel(content, m) })
	})
}

// boundedRead checks what the read allocates: a constant for the texts, and
// a multiple of the file's size.
func boundedRead(t *testing.T, content []byte, read func() error) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := read()
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-before.TotalAlloc, uint64(128<<20+200*len(content)); used > most {
		t.Errorf("%d bytes allocated for a file of %d, want at most %d", used, len(content), most)
	}
	return err
}

// Whatever a file holds, reading it ends with an error or with a model read.
func FuzzReadModel(f *testing.F) {
	m := small(f)
	scramble(m, 1)
	content := modelOf(f, smallSettings, m)
	f.Add(content)
	f.Add(content[:len(content)/2])
	config := part{"config.json", member(f, content, "config.json"), zip.Deflate}
	h5 := part{"model.weights.h5", member(f, content, "model.weights.h5"), zip.Deflate}
	f.Add(zipped(f, config, h5))
	f.Add(zipped(f, config, part{h5.name, make([]byte, 100_000), zip.Deflate}))
	f.Fuzz(func(t *testing.T, content []byte) {
		readOrRefuse(t, content, keras.ReadModel)
	})
}

// config.json alone, so that no checksum stops what is tried.
func FuzzConfig(f *testing.F) {
	content := modelOf(f, smallSettings, small(f))
	h5 := part{name: "model.weights.h5", content: member(f, content, "model.weights.h5")}
	f.Add(string(member(f, content, "config.json")))
	f.Add(`{"class_name":"Functional","config":{"layers":[{"class_name":"InputLayer","config":{"name":1},"inbound_nodes":[[]]}]}}`)
	f.Add(`{"class_name":"Sequential","config":{}}`)
	f.Fuzz(func(t *testing.T, config string) {
		changed := zipped(t, part{name: "config.json", content: []byte(config)}, h5)
		readOrRefuse(t, changed, keras.ReadModel)
	})
}

// model.weights.h5 alone, for the same reason.
func FuzzReadWeights(f *testing.F) {
	m := small(f)
	scramble(m, 1)
	content := weightsOf(f, m)
	f.Add(content)
	f.Add(content[:len(content)/2])
	f.Fuzz(func(t *testing.T, content []byte) { readOrRefuse(t, content, keras.ReadWeights) })
}

func readOrRefuse(t *testing.T, content []byte, read func([]byte, *layer.Model) error) {
	m := small(t)
	scramble(m, 2)
	before := fmt.Sprint(all(m))
	if err := boundedRead(t, content, func() error { return read(content, m) }); err != nil {
		if strings.Contains(err.Error(), "\n") || len(err.Error()) > 8000 {
			t.Fatalf("an error of %d bytes: %v", len(err.Error()), err)
		}
		if after := fmt.Sprint(all(m)); after != before {
			t.Fatalf("changed in spite of %v", err)
		}
		return
	}
	again := small(t)
	if err := keras.ReadModel(modelOf(t, smallSettings, m), again); err != nil || fmt.Sprint(all(m)) != fmt.Sprint(all(again)) {
		t.Fatalf("read, but not written again: %v", err)
	}
}
