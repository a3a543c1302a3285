package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zoo/internal/study"
	"zoo/models"
	"zoo/plots"
	"zoo/train"
)

// notTrained is why a model of the report without any run is left out.
const notTrained = "not trained"

// found is a finished run with the folder that it lies in.
type found struct {
	study.Run
	dir string
}

// results are the runs of one model in the folder of results that belong together.
type results struct {
	study.Model
	dirs map[uint64]string // of the runs, by seed
}

// collect returns the sound runs of each model that OUT holds, whichever command trained them, and what it leaves out:
// runs that cannot be read, and those with other settings than most.
func collect(out string) (all []results, left []plots.LeftOut, err error) {
	for _, entry := range append(models.All(), models.Variants()...) {
		runs, broken, err := findRuns(out, entry)
		if err != nil {
			return nil, nil, err
		}
		left = append(left, broken...)
		same, others := alike(runs)
		for _, other := range others {
			left = append(left, plots.LeftOut{Name: entry.Name, Reason: other})
		}
		if len(same) == 0 {
			if entry.VariantOf == "" && len(broken) == 0 {
				left = append(left, plots.LeftOut{Name: entry.Name, Reason: notTrained})
			}
			continue
		}
		r := results{Model: study.Model{Entry: entry}, dirs: map[uint64]string{}}
		for _, run := range same {
			r.Runs = append(r.Runs, run.Run)
			r.dirs[run.Result.Settings.Seed] = run.dir
		}
		all = append(all, r)
	}
	return all, left, nil
}

// findRuns reads the model's finished runs: OUT/NAME, and OUT/NAME/seed-S for every S.
func findRuns(out string, entry models.Entry) (runs []found, broken []plots.LeftOut, err error) {
	dir := filepath.Join(out, entry.Name)
	dirs := []string{dir}
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("cannot read the runs of %s: %w", entry.Name, err)
	}
	for _, file := range files {
		if file.IsDir() && strings.HasPrefix(file.Name(), seedPrefix) {
			dirs = append(dirs, filepath.Join(dir, file.Name()))
		}
	}
	for _, dir := range dirs {
		run, err := readRun(entry, dir)
		if err == nil {
			if err = run.Check(); err != nil {
				err = fmt.Errorf("%s: %w", dir, err)
			}
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // none, or one that is not finished
		case err != nil:
			broken = append(broken, plots.LeftOut{Name: entry.Name, Reason: err.Error()})
		default:
			runs = append(runs, found{*run, dir})
		}
	}
	return runs, broken, nil
}

// alike returns the largest group of runs that have equal settings but for the seed, each seed once, by rising seed, and
// what it leaves out, in words. Between groups of one size the one finished last counts.
func alike(runs []found) (same []found, others []string) {
	groups := map[train.Settings][]found{}
	latest := func(settings train.Settings) int64 {
		last := int64(0)
		for _, run := range groups[settings] {
			last = max(last, run.Result.Finished.UnixNano())
		}
		return last
	}
	var chosen train.Settings
	for _, run := range runs {
		settings := study.Meaning(run.Result.Settings)
		groups[settings] = append(groups[settings], run)
	}
	for settings, group := range groups {
		if n := len(groups[chosen]); len(group) > n || len(group) == n && latest(settings) > latest(chosen) {
			chosen = settings
		}
	}
	for _, run := range runs {
		settings := study.Meaning(run.Result.Settings)
		path := filepath.Join(run.dir, resultFile)
		twin := slices.IndexFunc(same, func(r found) bool { return r.Result.Settings.Seed == run.Result.Settings.Seed })
		switch {
		case settings != chosen:
			others = append(others, fmt.Sprintf("%s has other settings than %s: %s",
				path, filepath.Join(groups[chosen][0].dir, resultFile), strings.Replace(chosen.Difference(settings), " asked", " here", 1)))
		case twin >= 0:
			others = append(others, fmt.Sprintf("%s has the seed of %s, which counts", path, filepath.Join(same[twin].dir, resultFile)))
		default:
			same = append(same, run)
		}
	}
	slices.SortFunc(same, func(a, b found) int { return cmp.Compare(a.Result.Settings.Seed, b.Result.Settings.Seed) })
	return same, others
}
