package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"zoo/internal/study"
	"zoo/models"
	"zoo/models/kernel"
)

// trainModels is the training command. It refuses what cannot be done before it does anything, trains the chosen models
// one after the other, and writes the report.
func trainModels(opts options, out *output) error {
	if opts.workers > 0 {
		kernel.SetWorkers(opts.workers)
	}
	entries, err := models.Select(opts.models)
	if err != nil {
		return refusal{err}
	}
	plans, err := opts.plans(entries)
	if err != nil {
		return err
	}
	if err := checkFolders(opts.out, plans); err != nil {
		return err
	}
	kept, err := opts.keptRuns(plans)
	if err != nil {
		return err
	}
	for i, p := range plans {
		if kept[i] != nil {
			continue
		}
		if err := p.checkFree(); err != nil {
			return err
		}
		if p.resume {
			if err := p.checkResume(); err != nil {
				return err
			}
		}
	}
	if err := opts.writeGrids(plans); err != nil {
		return err
	}
	trained := map[string]bool{}
	for i, p := range plans {
		trained[p.entry.Name] = trained[p.entry.Name] || kept[i] == nil
	}
	redraw := func(model string) bool { return trained[model] }
	if err := opts.trainAll(plans, kept, out); err != nil {
		// The report on what is finished, and nothing on what no longer is there.
		_, reportErr := writeReport(opts.out, redraw)
		return errors.Join(err, reportErr)
	}
	contents, err := writeReport(opts.out, redraw)
	if err != nil {
		return err
	}
	return printReport(out, opts.out, contents)
}

// keptRuns returns the finished run of each plan that has one, nil for the others.
func (opts options) keptRuns(plans []*plan) ([]*study.Run, error) {
	runs := make([]*study.Run, len(plans))
	for i, p := range plans {
		var err error
		if runs[i], err = opts.kept(p); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// trainAll carries out those plans that have no run yet. A signal ends the training at work.
func (opts options) trainAll(plans []*plan, kept []*study.Run, out *output) error {
	if err := printEstimate(plans, kept, out); err != nil {
		return err
	}
	ctx, release := stopOnSignal(context.Background())
	defer release()
	for i, p := range plans {
		if run := kept[i]; run != nil {
			out.printf("%s: kept, finished on %s with the same settings (-force trains again)\n\n",
				p.name(), run.Result.Finished.Local().Format("2006-01-02 15:04"))
			continue
		}
		err := context.Cause(ctx) // a signal that came when the model before had just been trained
		if err == nil {
			err = p.run(ctx, out)
		}
		if err != nil {
			return opts.ended(plans, i, err)
		}
	}
	return nil
}

// ended is the error of a command that ended with the plan of this index, and says what there is to go on with.
func (opts options) ended(plans []*plan, at int, err error) error {
	name, kept := plans[at].name(), listed(plans[:at])

	var signalled stopped
	command := "the same command with -resume"
	if opts.force && at > 0 {
		command += " and without -force"
	} else if opts.force {
		command += " in place of -force"
	}
	switch {
	case errors.As(err, &signalled) && at == 0:
		return fmt.Errorf("%s: %w; %s goes on", name, err, command)
	case errors.As(err, &signalled):
		return fmt.Errorf("%s: %w; %s keeps %s and goes on with %s", name, err, command, kept, name)
	case at > 0:
		return fmt.Errorf("%s: %w; finished and kept: %s", name, err, kept)
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

// listed names the models of the plans, with their seeds where there are several: mnist-seq (seeds 1, 2), mnist-func.
func listed(plans []*plan) string {
	var models []string
	for rest := plans; len(rest) > 0; {
		name := rest[0].entry.Name
		n := 1
		for n < len(rest) && rest[n].entry.Name == name {
			n++
		}
		if n > 1 {
			seeds := make([]string, n)
			for i, p := range rest[:n] {
				seeds[i] = fmt.Sprint(p.config.Seed)
			}
			name += fmt.Sprintf(" (seeds %s)", strings.Join(seeds, ", "))
		} else {
			name = rest[0].name()
		}
		models, rest = append(models, name), rest[n:]
	}
	return strings.Join(models, ", ")
}

// checkFolders makes the folder for everything, and refuses what cannot be written to: it or a run's that is there.
func checkFolders(out string, plans []*plan) error {
	if err := checkWritable(out); err != nil {
		return err
	}
	for _, p := range plans {
		if _, err := os.Lstat(p.dir); err != nil {
			continue // made when the run begins
		}
		if err := checkWritable(p.dir); err != nil {
			return err
		}
	}
	return nil
}
