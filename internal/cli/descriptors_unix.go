//go:build unix

package cli

import (
	"os"
	"syscall"
)

// fewestDescriptors are the files that a command needs to open at the same time, with those that Go's runtime takes.
const fewestDescriptors = 12

// checkDescriptors refuses to work with fewer descriptors than that. Where the runtime does not get its own, which it takes
// at the first file, it ends the program with pages of text; this takes none of it.
func checkDescriptors() error {
	var taken []int
	defer func() {
		for _, descriptor := range taken {
			_ = syscall.Close(descriptor) // nothing was written
		}
	}()
	for range fewestDescriptors {
		descriptor, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return refuse("cannot open %d files at the same time: %w; a higher ulimit -n allows it", fewestDescriptors, err)
		}
		taken = append(taken, descriptor)
	}
	return nil
}
