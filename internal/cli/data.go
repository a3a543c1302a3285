package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"zoo/mnist"
	"zoo/models"
)

// dataset is a data set with the hash of its contents, by which runs on equal data are known.
type dataset struct {
	*mnist.Dataset
	fingerprint string
}

// loadData returns the data set of each entry, by the name that the entry has for it: the folder in -data for all of
// them, or the embedded ones.
func (opts options) loadData(entries []models.Entry) (map[string]dataset, error) {
	sets := map[string]dataset{}
	if opts.data != "" {
		data, err := mnist.ReadDir(opts.data)
		if err != nil {
			return nil, refusal{err}
		}
		set := dataset{data, fingerprint(data)}
		if slices.Contains(mnist.Names(), data.Name) {
			data.Name += " (other)" // the report must not take it for the embedded set
		}
		for _, entry := range entries {
			sets[entry.Dataset] = set
		}
		return sets, nil
	}
	for _, entry := range entries {
		if _, loaded := sets[entry.Dataset]; loaded {
			continue
		}
		data, err := mnist.Load(entry.Dataset)
		if err != nil {
			return nil, err
		}
		sets[entry.Dataset] = dataset{data, fingerprint(data)}
	}
	return sets, nil
}

// fingerprint is the first half of the SHA-256 of all pixels and labels, in hexadecimal.
func fingerprint(data *mnist.Dataset) string {
	hash := sha256.New()
	for _, part := range []mnist.Samples{data.Train, data.Test} {
		hash.Write(part.Pixels) // a hash.Hash never fails
		hash.Write(part.Labels)
	}
	return hex.EncodeToString(hash.Sum(nil)[:sha256.Size/2])
}
