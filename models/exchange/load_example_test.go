package exchange_test

import (
	"fmt"
	"log"
	"os"

	"zoo/mnist/picture"
	"zoo/models/exchange"
)

// A picture from a file is brought into the data set's form and shown to a trained model.
func ExampleLoad() {
	predictor, err := exchange.Load("runs/fashion-seq/best.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open("shoe.jpg")
	if err != nil {
		log.Fatal(err)
	}
	shoe, err := picture.Read(file, picture.FormOf(predictor.Entry().Dataset))
	if err != nil {
		log.Fatal(err)
	}
	answers, err := predictor.Predict([][]float32{shoe.Pixels})
	if err != nil {
		log.Fatal(err)
	}
	for _, label := range answers[0].Top(3) {
		fmt.Println(label, answers[0].Probabilities[label])
	}
}
