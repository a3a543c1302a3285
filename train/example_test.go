package train_test

import (
	"context"
	"fmt"
	"log"

	"zoo/mnist"
	"zoo/models/layer"
	"zoo/train"
)

// enough is a callback of one's own: it stops a training that is good enough.
type enough struct {
	train.NopCallback
	accuracy float64
}

func (c *enough) EpochEnd(t *train.Training, e train.Epoch) error {
	if e.ValAccuracy >= c.accuracy {
		t.Stop(fmt.Sprintf("val_accuracy is at least %v", c.accuracy))
	}
	return nil
}

func (c *enough) TrainEnd(t *train.Training) error {
	fmt.Println("stopped:", t.Stopped())
	return nil
}

// A callback embeds NopCallback and has the methods that it needs.
func ExampleCallback() {
	data, err := mnist.Load("mnist")
	if err != nil {
		log.Fatal(err)
	}
	m, err := layer.Sequential("tiny", layer.Input(28, 28, 1),
		layer.Flatten(), layer.Dense(32, layer.ReLU), layer.Dense(10, layer.Softmax))
	if err != nil {
		log.Fatal(err)
	}
	m.Initialize(1)
	cfg := train.Config{Epochs: 20, Batch: 32, LearningRate: .1, Seed: 1}
	h, err := train.Fit(context.Background(), m, data.Train.Slice(0, 2000), data.Test.Slice(0, 500), cfg, &enough{accuracy: .8})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("all epochs trained:", len(h) == cfg.Epochs)
	// Output:
	// stopped: val_accuracy is at least 0.8
	// all epochs trained: false
}
