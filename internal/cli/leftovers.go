package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"zoo/train"
)

// probePrefix begins the names of files that are made to find out whether they can be.
const probePrefix = ".probe-"

// removeLeftovers removes the temporary files that a run which was killed has left in its folder. Files that the report
// writes to the same folder are not its own: somebody else may be at them.
func (p *plan) removeLeftovers() error {
	names := []string{
		resultFile, historyFile, assessmentFile, summaryFile, lastFile, bestFile, logs["csv"],
		curvesName + ".png", curvesName + ".svg", mistakesName + ".png", mistakesName + ".svg",
		p.entry.Diagram + ".png", p.entry.Diagram + ".svg",
	}
	return removeLeftovers(p.dir, names)
}

// removeReportLeftovers removes those of the report, while this command is alone with the folder of results.
func removeReportLeftovers(out string, all []results) error {
	names := []string{reportFile, pageFile, claimsFile}
	for _, r := range all {
		names = append(names, gridFile(r.Runs[0].Result.Settings.Dataset))
		own := []string{seedsFile + ".json", seedsFile + ".csv"}
		for _, picture := range []string{curveBand, confusion, classes, reliable, filters} {
			own = append(own, picture+".png", picture+".svg")
		}
		if err := removeLeftovers(filepath.Join(out, r.Entry.Name), own); err != nil {
			return err
		}
	}
	return removeLeftovers(out, names)
}

// removeLeftovers removes what was to become the files of these names in the folder, and probes.
func removeLeftovers(dir string, names []string) error {
	for _, name := range names {
		if err := train.RemoveLeftovers(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	probes, err := filepath.Glob(filepath.Join(dir, probePrefix+"*"))
	for _, probe := range probes {
		err = errors.Join(err, removeIfThere(probe))
	}
	return err
}

// removeIfThere removes a file, which somebody else may have done.
func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
