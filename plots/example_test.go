package plots_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"zoo/internal/study"
	"zoo/models"
	"zoo/models/layer"
	"zoo/plots"
	"zoo/train"
)

// write writes a drawing to a file of a folder that is thrown away.
func write(name string, d *plots.Drawing) error {
	dir, err := os.MkdirTemp("", "plots")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	if err := d.WritePNG(f); err != nil {
		return err
	}
	return f.Close()
}

func ExampleStructure() {
	image := layer.Input(28, 28, 1)
	x := layer.Flatten()(image)
	x = layer.Dense(784, layer.ReLU)(x)
	x = layer.Reshape(28, 28, 1)(x)
	x = layer.Concatenate()(image, x)
	x = layer.Flatten()(x)
	m, err := layer.Functional("wide-and-deep", image, layer.Dense(10, layer.Softmax)(x))
	if err != nil {
		log.Fatal(err)
	}
	d, err := plots.Structure(m)
	if err != nil {
		log.Fatal(err)
	}
	if err := write("structure.png", d); err != nil {
		log.Fatal(err)
	}
	// Output:
}

func ExampleSummary() {
	m, err := layer.Sequential("logistic-regression",
		layer.Input(28, 28, 1),
		layer.Flatten(),
		layer.Dense(10, layer.Softmax),
	)
	if err != nil {
		log.Fatal(err)
	}
	if err := plots.Summary(os.Stdout, m); err != nil {
		log.Fatal(err)
	}
	// Output:
	// Model: "logistic-regression"
	// ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
	// ┃ Layer (type)                      ┃ Output Shape             ┃       Param # ┃
	// ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
	// │ flatten (Flatten)                 │ (None, 784)              │             0 │
	// ├───────────────────────────────────┼──────────────────────────┼───────────────┤
	// │ dense (Dense)                     │ (None, 10)               │         7,850 │
	// └───────────────────────────────────┴──────────────────────────┴───────────────┘
	//  Total params: 7,850 (30.66 KB)
	//  Trainable params: 7,850 (30.66 KB)
	//  Non-trainable params: 0 (0.00 B)
}

func ExampleHistory() {
	d, err := plots.History("my-model", train.History{
		{Epoch: 1, Loss: 0.48, Accuracy: 0.83, ValLoss: 0.33, ValAccuracy: 0.88},
		{Epoch: 2, Loss: 0.31, Accuracy: 0.89, ValLoss: 0.27, ValAccuracy: 0.90},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Size())
	if err := write("history.png", d); err != nil {
		log.Fatal(err)
	}
	// Output: 8 5
}

func ExampleHistoryPanels() {
	d, err := plots.HistoryPanels("my-model", train.History{
		{Epoch: 1, Loss: 2400, ValLoss: 900, ValAccuracy: 0.88},
		{Epoch: 2, Loss: 610, ValLoss: 520, ValAccuracy: 0.90},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := write("history.png", d); err != nil {
		log.Fatal(err)
	}
	// Output:
}

func ExampleSamples() {
	labels := []uint8{0, 1, 1}
	pixels := make([]uint8, len(labels)*28*28)
	for i := range pixels {
		pixels[i] = uint8(i)
	}
	d, err := plots.Samples("gradients", pixels, labels, []string{"one", "two"})
	if err != nil {
		log.Fatal(err)
	}
	if err := write("samples.png", d); err != nil {
		log.Fatal(err)
	}
	// Output:
}

func ExampleMistakes() {
	pixels := make([]uint8, 2*28*28)
	for i := range pixels {
		pixels[i] = uint8(i)
	}
	mistakes := []train.Mistake{{Index: 1, Label: 0, Predicted: 1, Probability: 0.998}}
	d, err := plots.Mistakes("my-model: the surest mistakes", mistakes, pixels, []string{"Shirt", "Coat"})
	if err != nil {
		log.Fatal(err)
	}
	if err := write("mistakes.png", d); err != nil {
		log.Fatal(err)
	}
	// Output:
}

func ExampleFilters() {
	sobel := []float32{ // two filters of 3x3 with one input: the last index is the filter's
		1, 1, 0, 2, -1, 1,
		2, 0, 0, 0, -2, 0,
		1, -1, 0, -2, -1, -1,
	}
	d, err := plots.Filters("my-model: conv2d/kernel", []int{3, 3, 1, 2}, sobel)
	if err != nil {
		log.Fatal(err)
	}
	if err := write("filters.png", d); err != nil {
		log.Fatal(err)
	}
	// Output:
}

// section is a model trained for one epoch, with one seed.
func section(name string) plots.Section {
	entries, err := models.Select(name)
	if err != nil {
		log.Fatal(err)
	}
	entry := entries[0]
	history := train.History{{
		Epoch: 1, Loss: 0.48, Accuracy: 0.83, ValLoss: 0.33, ValAccuracy: 0.88, Seconds: 84, MsPerStep: 82.4,
	}}
	settings := train.Settings{
		Model: name, Dataset: entry.Dataset, Epochs: 1, Batch: entry.Batch,
		LearningRate: entry.LearningRate, Momentum: entry.Momentum, Decay: entry.LearningRate, Seed: 1, Kernels: "avx512", Workers: 2,
	}
	started := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	result := train.NewResult(settings, train.TheseVersions("1.0"), 902154, history, started, started.Add(84*time.Second))
	model := study.Model{Entry: entry, Runs: []study.Run{{Result: result, History: history}}}
	summary, err := study.Summarize(model)
	if err != nil {
		log.Fatal(err)
	}
	return plots.Section{Model: model, Summary: summary, Pictures: plots.Pictures{Epochs: name + "/epochs.png"}}
}

func ExampleTable() {
	left := []plots.LeftOut{{Name: "fashion-best", Reason: "it has no results.json"}}
	if err := plots.Table(os.Stdout, []plots.Section{section("fashion-seq")}, left); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ─────────────────────────────────────────────────────────────────────────────────────────────
	//                                          ── validation accuracy ──         ─ ms/step ─
	// model        sect.  parameters  epochs   final   best (in)  report  test  ours  report   time
	// ─────────────────────────────────────────────────────────────────────────────────────────────
	// fashion-seq  2.3       902,154    1/11  0.8800  0.8800 (1)  0.9204     -  82.4     205  1m24s
	// ─────────────────────────────────────────────────────────────────────────────────────────────
	// fashion-seq was not trained as in the report, so its numbers do not compare: 1 epoch instead of 11
	// fashion-best is left out: it has no results.json
}

func ExampleReport() {
	var report strings.Builder
	err := plots.Report(&report, plots.Contents{
		Sections: []plots.Section{section("fashion-seq")},
		Samples:  []plots.Picture{{Title: "fashion-mnist", Path: "fashion-mnist.png"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(report.String()) {
		if strings.HasPrefix(line, "#") {
			fmt.Print(line)
		}
	}
	// Output:
	// # The lab report, trained again
	// ## Results
	// ## Data
	// ## 2.3 Fashion Sequential: fashion-seq
	// ### Results of fashion-seq
	// ### Time of fashion-seq
	// ### Epochs of fashion-seq
	// ## Left out, and what a single run cannot tell
}

func ExampleReportHTML() {
	folder := fstest.MapFS{"fashion-seq/epochs.png": {Data: []byte("a picture")}} // or os.DirFS("runs")
	var page strings.Builder
	err := plots.ReportHTML(&page, plots.Contents{Sections: []plots.Section{section("fashion-seq")}}, folder)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("pictures inside:", strings.Count(page.String(), `src="data:image/`))
	// Output: pictures inside: 1
}

// A model that takes one cat in five for a dog.
func ExampleConfusion() {
	counts := [][]int{{80, 20}, {3, 97}}
	drawing, err := plots.Confusion("cats and dogs", counts, []string{"cat", "dog"})
	if err != nil {
		fmt.Println(err)
		return
	}
	width, _ := drawing.Size()
	fmt.Printf("%.0f inches wide\n", width)
	// Output: 8 inches wide
}

func ExampleClassAccuracy() {
	counts := [][]int{{80, 20}, {3, 97}}
	drawing, err := plots.ClassAccuracy("cats and dogs", counts, []string{"cat", "dog"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var svg strings.Builder
	if err := drawing.WriteSVG(&svg); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(svg.String(), "0.800"), strings.Contains(svg.String(), "0.970"))
	// Output: true true
}

// Answers given with 70% confidence are right in six of ten cases.
func ExampleReliability() {
	bins := []train.Bin{
		{Low: 0.5, High: 0.75, Samples: 100, Confidence: 0.7, Accuracy: 0.6},
		{Low: 0.75, High: 1, Samples: 300, Confidence: 0.9, Accuracy: 0.9},
	}
	drawing, err := plots.Reliability("cats and dogs", bins)
	if err != nil {
		fmt.Println(err)
		return
	}
	var svg strings.Builder
	if err := drawing.WriteSVG(&svg); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(svg.String(), "expected calibration error 0.0250"))
	// Output: true
}

// Two epochs of three trainings, beside what somebody else has measured.
func ExampleCurves() {
	drawing, err := plots.Curves("my model", "mean of 3 seeds; dashed: the paper",
		[]plots.Curve{{Label: "val_loss", Mean: []float64{0.52, 0.41}, SD: []float64{0.02, 0.01}}},
		[]plots.Curve{{Label: "val_accuracy", Mean: []float64{0.81, 0.86}, SD: []float64{0.01, 0.01}, Reference: []float64{0.80, 0.85}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	width, height := drawing.Size()
	fmt.Printf("%.0f x %.0f inches\n", width, height)
	// Output: 8 x 4 inches
}
