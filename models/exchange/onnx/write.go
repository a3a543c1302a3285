package onnx

import (
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"zoo/models/layer"
)

// Names of the graph's input and output.
const (
	Input  = "image"
	Output = "probabilities"
)

// MetadataProducer is the entry of the metadata that says what wrote the file: "zoo"
// and its version, which is also the model's producer_version.
const MetadataProducer = "producer"

const producer = "zoo"

// most is the size that protobuf, and so ONNX in one file, allows.
const most = 1<<31 - 1

// The last entry of the metadata is this package's own: the CRC-32C of the file up
// to it, because ONNX has nothing by which damage to a weight would be seen.
const (
	reserved    = "zoo."
	checksumKey = reserved + "checksum"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the field that ends a file.
func checksum(sum uint32) *message {
	m := new(message)
	m.message(modelMetadata, entry(checksumKey, fmt.Sprintf("crc32c:%08x", sum)))
	return m
}

// Write writes the model in its inference form, with these texts as metadata_props:
// classes, normalisation and what else the file's users want to know; the model's
// name is added as "model" when they have none. The same model is always the same
// bytes. A layer that ONNX has nothing for here, texts that are not UTF-8 and more
// than 2 GB are errors before anything is written.
func Write(w io.Writer, m *layer.Model, metadata map[string]string) error {
	file, err := modelOf(m, metadata)
	if err != nil {
		return fmt.Errorf("model %s as ONNX: %w", m.Name(), err)
	}
	sum := crc32.New(castagnoli)
	if err := file.write(io.MultiWriter(w, sum)); err != nil {
		return err
	}
	return checksum(sum.Sum32()).write(w)
}

func modelOf(m *layer.Model, metadata map[string]string) (*message, error) {
	all := map[string]string{"model": m.Name()}
	maps.Copy(all, metadata)
	for key, value := range all {
		switch {
		case strings.HasPrefix(key, reserved):
			return nil, fmt.Errorf("metadata %q: names that begin with %q are taken", key, reserved)
		case !utf8.ValidString(key) || !utf8.ValidString(value):
			return nil, fmt.Errorf("metadata %q is not UTF-8", key)
		}
	}
	graph, err := newGraph(m)
	if err != nil {
		return nil, err
	}
	version := new(message)
	version.int(opsetVersion, opset)

	file := new(message)
	file.int(modelIRVersion, irVersion)
	file.text(modelProducerName, producer)
	if version, ok := strings.CutPrefix(all[MetadataProducer], producer+" "); ok {
		file.text(modelProducerVersion, version)
	}
	file.message(modelGraph, graph.message(m))
	file.message(modelOpset, version)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		file.message(modelMetadata, entry(key, all[key]))
	}
	if size := file.size + checksum(0).size; size > most {
		return nil, fmt.Errorf("%d bytes, ONNX allows %d", size, most)
	}
	return file, nil
}
