package plots_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

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

// run is a training of one epoch.
func run(name string) plots.Run {
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
	return plots.Run{Entry: entry, Result: result, History: history, Curves: name + "/history.png"}
}

func ExampleTable() {
	left := []plots.LeftOut{{Name: "fashion-best", Reason: "it has no results.json"}}
	if err := plots.Table(os.Stdout, []plots.Run{run("fashion-seq")}, left); err != nil {
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
		Runs:    []plots.Run{run("fashion-seq")},
		Samples: []plots.Picture{{Title: "fashion-mnist", Path: "fashion-mnist.png"}},
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
}
