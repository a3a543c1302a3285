package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"zoo/models"
	"zoo/plots"
	"zoo/train"
)

// reportFile compares the runs in its folder with the lab report.
const reportFile = "report.md"

// writeReport writes report.md on every run that the folder holds, whichever command trained it. It returns those runs,
// and the ones that cannot be read.
func (opts options) writeReport() (runs []plots.Run, broken []plots.LeftOut, err error) {
	var contents plots.Contents
	for _, entry := range models.All() {
		run, err := opts.readRun(entry)
		switch {
		case err == nil:
			contents.Runs = append(contents.Runs, *run)
		case errors.Is(err, fs.ErrNotExist):
			contents.LeftOut = append(contents.LeftOut, plots.LeftOut{Name: entry.Name, Reason: "not trained"})
		default:
			broken = append(broken, plots.LeftOut{Name: entry.Name, Reason: err.Error()})
		}
	}
	contents.LeftOut = append(contents.LeftOut, broken...)
	contents.Samples = opts.samples(contents.Runs)

	report := filepath.Join(opts.out, reportFile)
	err = train.WriteFile(report, func(w io.Writer) error { return plots.Report(w, contents) })
	return contents.Runs, broken, err
}

// samples are the sample grids of the runs' data sets that the folder holds.
func (opts options) samples(runs []plots.Run) []plots.Picture {
	var pictures []plots.Picture
	for _, run := range runs {
		picture := plots.Picture{Title: run.Result.Settings.Dataset, Path: gridFile(run.Result.Settings.Dataset)}
		if opts.has(picture.Path) && !slices.Contains(pictures, picture) {
			pictures = append(pictures, picture)
		}
	}
	return pictures
}

// has tells whether the folder of results has the file, given with slashes.
func (opts options) has(path string) bool {
	info, err := os.Stat(filepath.Join(opts.out, filepath.FromSlash(path)))
	return err == nil && info.Mode().IsRegular()
}

// gridFile is the name of a data set's sample grid.
func gridFile(dataset string) string { return dataset + ".png" }

// writeGrids draws the first training pictures of each class of every data set in use.
func (opts options) writeGrids(plans []*plan) error {
	drawn := map[string]bool{}
	for _, p := range plans {
		data := p.data
		if drawn[data.Name] {
			continue
		}
		drawn[data.Name] = true
		grid, err := plots.Samples(data.Name, data.Train.Pixels, data.Train.Labels, data.Classes)
		if err != nil {
			return err
		}
		if err := train.WriteFile(filepath.Join(opts.out, gridFile(data.Name)), grid.WritePNG); err != nil {
			return err
		}
	}
	return nil
}
