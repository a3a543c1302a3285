package mnist

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// embedded holds the licences beside the data because they ask to go with every copy.
//
//go:embed data/LICENCES data/mnist/*.gz data/fashion-mnist/*.gz
var embedded embed.FS

// embeddedSet is a data set that comes with the program.
type embeddedSet struct {
	name    string
	classes []string
	load    func() (*Dataset, error) // decodes on the first call, later returns the same
}

var embeddedSets = []embeddedSet{
	newEmbeddedSet("mnist", digits()),
	newEmbeddedSet("fashion-mnist", []string{
		"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
		"Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
	}),
}

func newEmbeddedSet(name string, classes []string) embeddedSet {
	return embeddedSet{name, classes, sync.OnceValues(func() (*Dataset, error) {
		files, err := fs.Sub(embedded, "data/"+name)
		if err != nil {
			return nil, err
		}
		return folder{files, "embedded " + name}.read(name, classes)
	})}
}

// Names returns the names of the embedded data sets.
func Names() []string {
	names := make([]string, len(embeddedSets))
	for i, set := range embeddedSets {
		names[i] = set.name
	}
	return names
}

// Classes returns the classes' names of the embedded data set of that name, by
// label, without decoding it; nil if there is none.
func Classes(name string) []string {
	for _, set := range embeddedSets {
		if set.name == name {
			return slices.Clone(set.classes)
		}
	}
	return nil
}

// Load returns the embedded data set of that name, one of [Names]. The first call
// decodes it; every call returns the same Dataset.
func Load(name string) (*Dataset, error) {
	for _, set := range embeddedSets {
		if set.name == name {
			return set.load()
		}
	}
	return nil, fmt.Errorf("no data set %q; there are: %s", name, strings.Join(Names(), ", "))
}
