package mnist

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loadEmbedded is Load for tests. Fashion-MNIST takes many seconds to unpack under the
// race detector, which is what -short is for.
func loadEmbedded(t *testing.T, name string) *Dataset {
	t.Helper()
	if testing.Short() && name == "fashion-mnist" {
		t.Skip("unpacks 55 MB")
	}
	data, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestEmbeddedContent writes the embedded sets as IDX files again and compares their
// SHA-256 with that of the published files, unpacked, which data/LICENCES names too.
func TestEmbeddedContent(t *testing.T) {
	licences := embeddedLicences(t)
	for name, want := range map[string]map[string]string{
		"mnist": {
			"train images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
			"train labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
			"test images":  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
			"test labels":  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
		},
		"fashion-mnist": {
			"train images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
			"train labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
			"test images":  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
			"test labels":  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := loadEmbedded(t, name)
			train, test := uint32(data.Train.Len()), uint32(data.Test.Len())
			got := map[string]string{
				"train images": sum(idxHeader(train, Side, Side), data.Train.Pixels),
				"train labels": sum(idxHeader(train), data.Train.Labels),
				"test images":  sum(idxHeader(test, Side, Side), data.Test.Pixels),
				"test labels":  sum(idxHeader(test), data.Test.Labels),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("SHA-256: -want +got\n%s", diff)
			}
			for file, sum := range want {
				if !strings.Contains(licences, sum) {
					t.Errorf("data/LICENCES has not the SHA-256 of %s, %s", file, sum)
				}
			}
		})
	}
}

// sum is the SHA-256 of an IDX file.
func sum(header []byte, elements []uint8) string {
	hash := sha256.New()
	hash.Write(header)
	hash.Write(elements)
	return hex.EncodeToString(hash.Sum(nil))
}

func TestEmbeddedFacts(t *testing.T) {
	even := func(n int) (counts [classCount]int) {
		for i := range counts {
			counts[i] = n
		}
		return counts
	}
	for _, want := range []struct {
		name        string
		classes     string
		train, test [classCount]int // pictures of each class
		firstClass  string          // of the first picture to train on
	}{
		{
			name:       "mnist",
			classes:    "0,1,2,3,4,5,6,7,8,9",
			train:      [...]int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949},
			test:       [...]int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009},
			firstClass: "5",
		},
		{
			name:       "fashion-mnist",
			classes:    "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot",
			train:      even(6000),
			test:       even(1000),
			firstClass: "Ankle boot",
		},
	} {
		t.Run(want.name, func(t *testing.T) {
			data := loadEmbedded(t, want.name)
			if data.Name != want.name {
				t.Errorf("name %q, want %q", data.Name, want.name)
			}
			if got := strings.Join(data.Classes, ","); got != want.classes {
				t.Errorf("classes %s, want %s", got, want.classes)
			}
			if data.Train.Len() != 60000 || data.Test.Len() != 10000 {
				t.Errorf("%d and %d pictures, want 60000 and 10000", data.Train.Len(), data.Test.Len())
			}
			if diff := cmp.Diff(want.train, histogram(data.Train)); diff != "" {
				t.Errorf("classes to train on: -want +got\n%s", diff)
			}
			if diff := cmp.Diff(want.test, histogram(data.Test)); diff != "" {
				t.Errorf("classes to test with: -want +got\n%s", diff)
			}
			if got := data.Classes[data.Train.Labels[0]]; got != want.firstClass {
				t.Errorf("the first picture is %q, want %q", got, want.firstClass)
			}
		})
	}
}

func histogram(s Samples) (counts [classCount]int) {
	for _, label := range s.Labels {
		counts[label]++
	}
	return counts
}

// TestLoadDecodesOnce loads from several goroutines at once.
func TestLoadDecodesOnce(t *testing.T) {
	var loaded [8]*Dataset
	var group sync.WaitGroup
	for i := range loaded {
		group.Go(func() {
			data, err := Load("mnist")
			if err != nil {
				t.Error(err)
			}
			loaded[i] = data
		})
	}
	group.Wait()
	for _, data := range loaded {
		if data == nil || data != loaded[0] {
			t.Fatalf("different data sets: %p and %p", data, loaded[0])
		}
	}
}

func TestLoadUnknown(t *testing.T) {
	const want = `no data set "kmnist"; there are: mnist, fashion-mnist`
	if _, err := Load("kmnist"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestNames(t *testing.T) {
	if diff := cmp.Diff([]string{"mnist", "fashion-mnist"}, Names()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func embeddedLicences(t *testing.T) string {
	t.Helper()
	licences, err := embedded.ReadFile("data/LICENCES")
	if err != nil {
		t.Fatal(err)
	}
	return string(licences)
}

// TestLicencesAreEmbedded looks for what both licences want in every copy.
func TestLicencesAreEmbedded(t *testing.T) {
	licences := embeddedLicences(t)
	for _, want := range []string{
		"Yann LeCun", "Creative Commons Attribution-ShareAlike 3.0",
		"Copyright © 2017 Zalando SE", "Permission is hereby granted, free of charge",
	} {
		if !strings.Contains(licences, want) {
			t.Errorf("no %q in data/LICENCES", want)
		}
	}
}
