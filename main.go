// Zoo trains the six MNIST and Fashion-MNIST networks of a deep learning report with Gorgonia; see README.md.
package main

import (
	"os"

	"zoo/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
