package exchange_test

import (
	"bytes"
	"testing"

	"zoo/models/exchange"
)

// BenchmarkSave writes fashion-best, the largest model, in each format, in memory.
func BenchmarkSave(b *testing.B) {
	m := build(b, "fashion-best")
	m.Initialize(1)
	for _, extension := range exchange.Extensions() {
		b.Run(extension[1:], func(b *testing.B) {
			file := bytes.NewBuffer(content(b, extension, m, options))
			b.SetBytes(int64(file.Len()))
			for b.Loop() {
				file.Reset()
				if err := exchange.Save(file, extension, m, options); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(file.Len()), "file-bytes")
		})
	}
}

// BenchmarkLoad parses such a file and sets the model's weights to its.
func BenchmarkLoad(b *testing.B) {
	m := build(b, "fashion-best")
	m.Initialize(1)
	for _, extension := range exchange.Extensions() {
		b.Run(extension[1:], func(b *testing.B) {
			file := content(b, extension, m, options)
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				f, err := exchange.Parse("x"+extension, file)
				if err != nil {
					b.Fatal(err)
				}
				if err := f.LoadInto(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
