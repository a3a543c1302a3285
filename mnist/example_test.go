package mnist_test

import (
	"fmt"
	"log"

	"zoo/mnist"
)

func ExampleLoad() {
	data, err := mnist.Load("mnist")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Train.Len(), "to train on,", data.Test.Len(), "to test with")
	fmt.Println("first label:", data.Classes[data.Train.Labels[0]])
	// Output:
	// 60000 to train on, 10000 to test with
	// first label: 5
}
