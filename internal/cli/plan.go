package cli

import (
	"cmp"
	"fmt"
	"path/filepath"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/kernel"
	"zoo/train"
)

// plan is one model's training with one seed, settled in full before anything is done.
type plan struct {
	entry  models.Entry
	data   dataset
	config train.Config
	limit  int    // images taken of each part of the data; 0: all
	dir    string // of the run's files
	other  string // another folder where a run with these settings may be

	initial   *initial // weights to begin with; nil: random ones
	force     bool     // in place of a finished run
	resume    bool     // go on from a checkpoint if there is one
	callbacks callbackOptions

	// validation is evaluated after each epoch. test is evaluated once, at the end; it is empty where the test images
	// validate.
	training, validation, test mnist.Samples
}

// name is the model's name, with the seed where the command trains several.
func (p *plan) name() string {
	if filepath.Base(p.dir) == seedFolder(p.config.Seed) {
		return fmt.Sprintf("%s, seed %d", p.entry.Name, p.config.Seed)
	}
	return p.entry.Name
}

// plans settles the training of each entry with each seed and refuses what cannot be done.
func (opts options) plans(entries []models.Entry) ([]*plan, error) {
	sets, err := opts.loadData(entries)
	if err != nil {
		return nil, err
	}
	var begin *initial
	if opts.init != "" {
		if begin, err = readInitial(opts.init, entries); err != nil {
			return nil, err
		}
	}
	var plans []*plan
	for _, entry := range entries {
		for _, seed := range opts.seeds {
			p, err := opts.plan(entry, sets[entry.Dataset], seed)
			if err != nil {
				return nil, err
			}
			p.initial = begin
			plans = append(plans, p)
		}
	}
	return plans, nil
}

func (opts options) plan(entry models.Entry, data dataset, seed uint64) (*plan, error) {
	dir := filepath.Join(opts.out, entry.Name)
	other := filepath.Join(dir, seedFolder(seed))
	if len(opts.seeds) > 1 {
		dir, other = other, dir
	}
	p := &plan{
		entry:      entry,
		data:       data,
		config:     opts.config(entry, seed),
		dir:        dir,
		other:      other,
		force:      opts.force,
		resume:     opts.resume,
		callbacks:  opts.callbacks,
		training:   data.Train,
		validation: data.Test,
	}
	if held := entry.Holdout; held > 0 {
		if data.Train.Len() <= held {
			return nil, refuse("-data %s has %d training images, too few for %s: it validates on the first %d and trains on the rest",
				opts.data, data.Train.Len(), entry.Name, held)
		}
		p.training, p.validation = data.Train.Slice(held, data.Train.Len()), data.Train.Slice(0, held)
	}
	if entry.TestAtEnd {
		p.test = data.Test
	}
	if most := max(p.training.Len(), p.validation.Len(), p.test.Len()); opts.limit < most {
		p.limit = opts.limit
	}
	for _, part := range []*mnist.Samples{&p.training, &p.validation, &p.test} {
		if p.limit > 0 && p.limit < part.Len() {
			*part = part.Slice(0, p.limit)
		}
	}
	return p, opts.checkBatch(p)
}

// config is the report's settings with those of the flags in their place.
func (opts options) config(entry models.Entry, seed uint64) train.Config {
	config := train.Config{
		Epochs:       cmp.Or(opts.epochs, entry.Epochs),
		Batch:        cmp.Or(opts.batch, entry.Batch),
		LearningRate: cmp.Or(opts.learningRate, entry.LearningRate),
		Momentum:     entry.Momentum,
		Seed:         seed,
		InOrder:      entry.InOrder,
	}
	switch {
	case opts.decay != nil:
		config.Decay = *opts.decay
	case entry.Decay:
		config.Decay = config.LearningRate / float64(config.Epochs)
	}
	return config
}

// checkBatch refuses a batch that the training images do not fill once where it was asked for, or where partial batches
// are dropped, and names the flag that made it so.
func (opts options) checkBatch(p *plan) error {
	images, batch := p.training.Len(), p.config.Batch
	switch {
	case images >= batch, opts.batch == 0 && !p.entry.InOrder:
		return nil
	case opts.batch > 0:
		return refuse("invalid value \"%d\" for flag -batch: %s has %d images to train on", batch, p.entry.Name, images)
	case p.limit > 0:
		return refuse("invalid value \"%d\" for flag -limit: %s trains in batches of %d (-batch takes smaller ones)",
			p.limit, p.entry.Name, batch)
	default:
		return refuse("-data %s has %d images for %s to train on, less than its batch of %d (-batch takes smaller ones)",
			opts.data, images, p.entry.Name, batch)
	}
}

// settings is what the run's results.json will say.
func (p *plan) settings() train.Settings {
	tier, _ := kernel.Tier() // its error has been dealt with
	hash := ""
	if p.initial != nil {
		hash = p.initial.hash
	}
	_, changing := p.callbacks.changing()
	return train.Settings{
		Model:        p.entry.Name,
		Dataset:      p.data.Name,
		Fingerprint:  p.data.fingerprint,
		Limit:        p.limit,
		Epochs:       p.config.Epochs,
		Batch:        p.config.Batch,
		LearningRate: p.config.LearningRate,
		Momentum:     p.config.Momentum,
		Decay:        p.config.Decay,
		InOrder:      p.config.InOrder,
		Init:         hash,
		Callbacks:    changing,
		Seed:         p.config.Seed,
		Kernels:      tier,
		Workers:      kernel.Workers(),
	}
}
