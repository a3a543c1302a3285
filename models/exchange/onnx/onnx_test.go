package onnx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"zoo/models"
	"zoo/models/layer"
)

var update = flag.Bool("update", false, "write the golden files again")

func all() []models.Entry { return append(models.All(), models.Entry{Name: "odd", Build: odd}) }

// TestStructure compares the file of each model, parsed back and written as text,
// with a golden file.
func TestStructure(t *testing.T) {
	for _, entry := range all() {
		t.Run(entry.Name, func(t *testing.T) {
			got := describe(t, encode(t, build(t, entry), map[string]string{"classes": `["a","b"]`, "producer": "zoo v1"}))
			path := filepath.Join("testdata", entry.Name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("(-want +got; -update writes %s again)\n%s", path, diff)
			}
		})
	}
}

// TestWeights follows the elements of each kind of weight into the file.
func TestWeights(t *testing.T) {
	m := build(t, models.Entry{Build: odd})
	for _, v := range m.Variables() {
		for i := range v.Data() {
			v.Data()[i] = float32(i)
		}
	}
	model := decode(t, encode(t, m, nil))
	for _, raw := range decode(t, model[modelGraph][0])[graphInitializer] {
		f := decode(t, raw)
		name := string(f[tensorName][0])
		if strings.HasSuffix(name, "/shape") {
			continue
		}
		data := f[tensorRaw][0]
		for i := range len(data) / 4 {
			want := i
			if len(f[tensorDims]) == 4 { // the element's place in out, in, height, width
				shape := numbers(f[tensorDims])
				out, in, area := shape[0], shape[1], shape[2]*shape[3]
				want = (i%area*in+i/area%in)*out + i/area/in
			}
			if got := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])); got != float32(want) {
				t.Fatalf("%s: element %d is %v, want %d", name, i, got, want)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, entry := range all() {
		if entry.Name == "fashion-best" {
			continue // 22 million weights, and none of a kind that the others have not
		}
		m, again := initialized(t, entry), build(t, entry)
		m.Variables()[0].Data()[0] = float32(math.NaN())
		content := encode(t, m, map[string]string{"dataset": "é"})
		f, err := Parse(content)
		if err != nil {
			t.Fatalf("%s: %v", entry.Name, err)
		}
		if err := f.LoadInto(again); err != nil {
			t.Fatalf("%s: %v", entry.Name, err)
		}
		if v, ok := difference(m, again); ok {
			t.Errorf("%s: %s comes back changed", entry.Name, v)
		}
		if diff := cmp.Diff(map[string]string{"model": m.Name(), "dataset": "é"}, f.Metadata); diff != "" {
			t.Errorf("%s: metadata (-want +got)\n%s", entry.Name, diff)
		}
		if !bytes.Equal(content, encode(t, again, f.Metadata)) {
			t.Errorf("%s: written again it is another file", entry.Name)
		}
	}
}

// difference is the name of the first weight that is not the same to the bit.
func difference(a, b *layer.Model) (string, bool) {
	others := b.Variables()
	for i, v := range a.Variables() {
		if !slices.EqualFunc(v.Data(), others[i].Data(), func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }) {
			return v.Name, true
		}
	}
	return "", false
}

func TestOtherModel(t *testing.T) {
	entries := map[string]models.Entry{}
	for _, e := range append(models.All(), models.Variants()...) {
		entries[e.Name] = e
	}
	slope := func(alpha float64) models.Entry {
		return models.Entry{Build: func() (*layer.Model, error) {
			return layer.Sequential("slope", layer.Input(4), layer.Dense(2), layer.LeakyReLU(alpha))
		}}
	}
	reshaped := func(shape ...int) models.Entry {
		return models.Entry{Build: func() (*layer.Model, error) {
			return layer.Sequential("reshaped", layer.Input(4), layer.Reshape(shape...), layer.Flatten(), layer.Dense(2))
		}}
	}
	for _, c := range []struct {
		file, model models.Entry
		want        string
	}{
		{entries["mnist-seq"], entries["mnist-func"], "tensor dense/kernel has shape [1600 512], want the [1600 784] of model mnist-func"},
		{entries["fashion-best"], entries["fashion-seq"], "tensor conv2d/kernel has shape [128 1 3 3], want the [64 1 3 3] of model fashion-seq"},
		{entries["mnist-dense"], entries["mnist-seq"], "no tensor conv2d/kernel [64 1 3 3], which model mnist-seq has"},
		{entries["mnist-seq"], entries["mnist-seq-nobn"], `tensor "batch_normalization/beta" [64] is none of model mnist-seq-nobn`},
		{entries["fashion-seq"], slope(0.5), "tensor dense/kernel has shape [1600 512], want the [4 2] of model slope"},
		{slope(0.25), slope(0.5), `node "leaky_re_lu" has other settings or inputs than in model slope`},
		{reshaped(1, 4), reshaped(4, 1), `node "reshape/shape" has other settings or inputs than in model reshaped`},
		{reshaped(4, 1), slope(0.5), "5 nodes and shapes of Reshapes, want the 3 of model slope"},
		{models.Entry{Build: func() (*layer.Model, error) {
			return layer.Sequential("relu", layer.Input(4), layer.Dense(2, layer.ReLU))
		}}, slope(0.5), `node "dense/relu" where model slope has "leaky_re_lu"`},
	} {
		f, err := Parse(encode(t, build(t, c.file), nil))
		if err != nil {
			t.Fatal(err)
		}
		m, before := build(t, c.model), build(t, c.model)
		m.Initialize(3)
		before.Initialize(3)
		if err := f.LoadInto(m); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
		if v, ok := difference(m, before); ok {
			t.Errorf("%s was changed in spite of: %s", v, c.want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for key, value := range map[string]string{"\xff": "", "a": "\xff", "zoo.checksum": ""} {
		var b bytes.Buffer
		if err := Write(&b, small(t), map[string]string{key: value}); err == nil || b.Len() > 0 {
			t.Errorf("metadata %q: %q: error %v after %d bytes", key, value, err, b.Len())
		}
	}
	full := errors.New("full")
	if err := Write(failing{full}, small(t), nil); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func small(t testing.TB) *layer.Model {
	return initialized(t, models.Entry{Build: func() (*layer.Model, error) {
		return layer.Sequential("small", layer.Input(3, 3, 1), layer.Conv2D(2, 2), layer.Flatten(), layer.Dense(2, layer.Softmax))
	}})
}

func build(t testing.TB, e models.Entry) *layer.Model {
	t.Helper()
	m, err := e.Build()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func initialized(t testing.TB, e models.Entry) *layer.Model {
	t.Helper()
	m := build(t, e)
	m.Initialize(1)
	return m
}

func encode(t testing.TB, m *layer.Model, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, m, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decode is the fields of a message by number, read without the package's reader.
func decode(t testing.TB, content []byte) map[protowire.Number][][]byte {
	t.Helper()
	m := map[protowire.Number][][]byte{}
	for len(content) > 0 {
		field, kind, n := protowire.ConsumeTag(content)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		content = content[n:]
		size := protowire.ConsumeFieldValue(field, kind, content)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		value := content[:size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		m[field] = append(m[field], value)
		content = content[size:]
	}
	return m
}

// numbers are those of a repeated field that is not packed.
func numbers(values [][]byte) []int {
	all := make([]int, len(values))
	for i, v := range values {
		n, _ := protowire.ConsumeVarint(v)
		all[i] = int(n)
	}
	return all
}

func texts(values [][]byte) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// describe writes a ModelProto as text, its weights by shape.
func describe(t testing.TB, content []byte) string {
	var b strings.Builder
	model := decode(t, content)
	version := decode(t, model[modelOpset][0])
	fmt.Fprintf(&b, "IR %d, opset %d, by %s %s\n", numbers(model[modelIRVersion])[0], numbers(version[opsetVersion])[0],
		model[modelProducerName][0], model[modelProducerVersion][0])
	for _, raw := range model[modelMetadata] {
		e := decode(t, raw)
		if key := string(e[entryKey][0]); key != checksumKey {
			fmt.Fprintf(&b, "metadata %s: %s\n", key, e[entryValue][0])
		}
	}
	graph := decode(t, model[modelGraph][0])
	fmt.Fprintf(&b, "graph %s\n", graph[graphName][0])
	for _, direction := range []protowire.Number{graphInput, graphOutput} {
		name, kind, doc := valueInfo(t, graph[direction][0])
		fmt.Fprintf(&b, "%s: %s (%s)\n", name, kind, doc)
	}
	kinds := map[string]string{}
	for _, raw := range graph[graphValueInfo] {
		name, kind, _ := valueInfo(t, raw)
		kinds[name] = kind
	}
	b.WriteString("\n")
	for _, raw := range graph[graphNode] {
		n := decode(t, raw)
		output := string(n[nodeOutput][0])
		fmt.Fprintf(&b, "%s: %s(%s)%s = %s", n[nodeName][0], n[nodeOp][0], strings.Join(texts(n[nodeInput]), ", "),
			attributes(t, n[nodeAttribute]), output)
		if kind, ok := kinds[output]; ok {
			b.WriteString(": " + kind)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, raw := range graph[graphInitializer] {
		f := decode(t, raw)
		fmt.Fprintf(&b, "%s: type %d %v", f[tensorName][0], numbers(f[tensorType])[0], numbers(f[tensorDims]))
		if packed := f[tensorInt64]; packed != nil {
			b.WriteString(" =")
			for rest := packed[0]; len(rest) > 0; {
				x, n := protowire.ConsumeVarint(rest)
				fmt.Fprintf(&b, " %d", x)
				rest = rest[n:]
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// valueInfo is what a ValueInfoProto tells: the type with the shape.
func valueInfo(t testing.TB, raw []byte) (name, kind, doc string) {
	v := decode(t, raw)
	tensor := decode(t, decode(t, v[valueType][0])[typeTensor][0])
	kind = fmt.Sprintf("type %d", numbers(tensor[tensorTypeElement])[0])
	for _, raw := range decode(t, tensor[tensorTypeShape][0])[shapeDim] {
		if axis := decode(t, raw); len(axis[dimParam]) > 0 {
			kind += " " + string(axis[dimParam][0])
		} else {
			kind += fmt.Sprint(" ", numbers(axis[dimValue])[0])
		}
	}
	return string(v[valueName][0]), kind, strings.Join(texts(v[valueDoc]), "")
}

func attributes(t testing.TB, all [][]byte) string {
	var b strings.Builder
	for _, raw := range all {
		a := decode(t, raw)
		fmt.Fprintf(&b, " %s=", a[attributeName][0])
		switch kind := numbers(a[attributeType])[0]; kind {
		case attributeIsFloat:
			bits, _ := protowire.ConsumeFixed32(a[attributeFloat][0])
			fmt.Fprint(&b, math.Float32frombits(bits))
		case attributeIsInt:
			fmt.Fprint(&b, numbers(a[attributeInt])[0])
		case attributeIsInts:
			fmt.Fprint(&b, numbers(a[attributeInts]))
		default:
			t.Fatalf("attribute of type %d", kind)
		}
	}
	return b.String()
}
