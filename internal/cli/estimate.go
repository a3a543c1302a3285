package cli

import (
	"strings"
	"time"

	"zoo/internal/study"
)

// worthTelling is the least time of all trainings together that is told beforehand.
const worthTelling = time.Minute

// worthMeasuring is the least number of steps of a training that it is worth to time some before.
const worthMeasuring = 1000

// printEstimate tells how long all trainings will take together, from a few steps of each. A single one says it itself,
// when it has begun.
func printEstimate(plans []*plan, kept []*study.Run, out *output) error {
	var ahead []*plan
	for i, p := range plans {
		if kept[i] == nil {
			ahead = append(ahead, p)
		}
	}
	if len(ahead) < 2 {
		return nil
	}
	var total time.Duration
	times := map[string]time.Duration{} // of each model: its seeds take the same
	for _, p := range ahead {
		d, known := times[p.entry.Name]
		if !known {
			var err error
			if d, err = p.estimate(); err != nil {
				return err
			}
			times[p.entry.Name] = d
		}
		total += d
	}
	if total >= worthTelling {
		what := "models"
		if len(plans) > 1 && plans[0].entry.Name == plans[1].entry.Name {
			what = "trainings" // of several seeds
		}
		out.printf("about %s for all %d %s\n\n", strings.TrimSuffix(total.Round(time.Minute).String(), "0s"), len(ahead), what)
	}
	return nil
}

// estimate is about how long the training takes, 0 when it is over in no time.
func (p *plan) estimate() (time.Duration, error) {
	// Validation goes forward only, at a third of a step's cost.
	n := min(p.config.Batch, p.training.Len())
	steps := p.config.Epochs * (p.training.Len() + p.validation.Len()/3) / n
	if steps < worthMeasuring {
		return 0, nil
	}
	model, err := p.entry.Build()
	if err != nil {
		return 0, err
	}
	model.Initialize(p.config.Seed)
	graph, err := model.TrainingGraph(n, p.config.Seed)
	if err != nil {
		return 0, err
	}
	const warmUp, timed = 2, 3
	var began time.Time
	for i := range warmUp + timed {
		if i == warmUp {
			began = time.Now()
		}
		if err := graph.Run(n); err != nil {
			return 0, err
		}
	}
	return time.Since(began) / timed * time.Duration(steps), graph.Close()
}
