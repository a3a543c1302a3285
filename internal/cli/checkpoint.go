package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"

	"zoo/models"
	"zoo/models/exchange"
	"zoo/models/layer"
	"zoo/train"
)

// Checkpoints in a run's folder. Both are whole: either can be resumed, evaluated and predicted with.
const (
	lastFile = "last.safetensors" // after every epoch, and every -save-every steps
	bestFile = "best.safetensors" // after the best epoch by -monitor
)

// initial is the weights that trainings begin with in place of random ones.
type initial struct {
	path string
	hash string // the first half of the file's SHA-256, in hexadecimal
	file *exchange.File
}

// readInitial reads the file of -init, and finds out whether each of the models can take it.
func readInitial(path string, entries []models.Entry) (*initial, error) {
	content, err := exchange.ReadFile(path)
	if err != nil {
		return nil, refuse("-init %w", err)
	}
	file, err := exchange.Parse(path, content)
	if err != nil {
		return nil, refuse("-init %s: %w", path, err)
	}
	for _, entry := range entries {
		model, err := entry.Build()
		if err != nil {
			return nil, err
		}
		if err := file.LoadInto(model); err != nil {
			return nil, refuse("-init %s: it does not fit %s: %w", path, entry.Name, err)
		}
	}
	hash := sha256.Sum256(content)
	return &initial{path: path, hash: hex.EncodeToString(hash[:sha256.Size/2]), file: file}, nil
}

// begin gives the model its first weights.
func (p *plan) begin(model *layer.Model) error {
	if p.initial == nil {
		model.Initialize(p.config.Seed)
		return nil
	}
	return p.initial.file.LoadInto(model)
}

// checkpoints are the paths of the run's checkpoints, the newest first.
func (p *plan) checkpoints() []string {
	return []string{filepath.Join(p.dir, lastFile), filepath.Join(p.dir, bestFile)}
}

// newest reads the checkpoint to resume, nil when there is none, and tells about those that are not sound.
func (p *plan) newest(out *output) *train.Checkpoint {
	checkpoint, path, unsound := train.ReadNewest(p.checkpoints()...)
	for _, err := range unsound {
		out.printf("  passed over: %v\n", err)
	}
	if checkpoint == nil {
		out.printf("  resume     no checkpoint in %s: from the beginning\n", p.dir)
		return nil
	}
	out.printf("  resume     %s, after %s\n", path, reached(checkpoint))
	return checkpoint
}

// checkResume refuses to resume a training that had other settings, before anything is done.
func (p *plan) checkResume() error {
	checkpoint, path, _ := train.ReadNewest(p.checkpoints()...)
	if checkpoint == nil {
		return nil
	}
	asked := p.settings()
	asked.Workers = checkpoint.Settings.Workers // they change no bit; the kernels do
	if difference := checkpoint.Settings.Difference(asked); difference != "" {
		return refuse("%s: %s is of a training with other settings: %s; without -resume it begins anew, another -out keeps it",
			p.name(), path, difference)
	}
	if state, ok := checkpoint.Callbacks["ModelCheckpoint"]; ok {
		if err := (&train.ModelCheckpoint{Monitor: p.callbacks.monitor}).SetState(state); err != nil {
			return refuse("%s: %s: %w; give the -monitor of before", p.name(), path, err)
		}
	}
	return nil
}

// normalisation is how pictures become the models' input, for other readers of the files.
const normalisation = "pixels 0..255 divided by 255, NHWC"

// saver is the callback that saves the run's checkpoints, with what other readers of the files want to know.
func (p *plan) saver() (*train.ModelCheckpoint, error) {
	classes, err := json.Marshal(p.data.Classes)
	if err != nil {
		return nil, err
	}
	return &train.ModelCheckpoint{
		Last:     filepath.Join(p.dir, lastFile),
		Every:    p.callbacks.saveEvery,
		Best:     filepath.Join(p.dir, bestFile),
		Monitor:  p.callbacks.monitor,
		Settings: p.settings(),
		Metadata: map[string]string{
			"dataset":       p.data.Name,
			"classes":       string(classes),
			"normalisation": normalisation,
		},
	}, nil
}
