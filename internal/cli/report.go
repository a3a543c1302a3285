package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zoo/internal/bench"
	"zoo/internal/study"
	"zoo/plots"
	"zoo/train"
)

// Files of the folder of results, beside the models' folders.
const (
	reportFile = "report.md" // compares the runs with the lab report
	pageFile   = "report.html"
	claimsFile = "claims.json"
	benchFile  = "bench.json" // of bench -compare -json, when somebody has put it there
)

const reportCommand = "report"

const reportHelp = `zoo report writes the report and its pictures anew from what a folder of results holds, without training.

Usage:
  go run . report [-out DIR]

Flags:
  -out DIR  the folder of results (runs)
  -h        this text

It writes report.md, report.html (one file with all its pictures), claims.json, and for each model seeds.json, seeds.csv
and pictures in the model's folder. Runs that cannot be read, that are not finished or that have other settings than the
rest of their model are left out and listed. Where the folder has bench.json, the report shows Keras's times on this machine:

  go run . bench -model all -compare -json > runs/bench.json
`

// runReport is the command that writes the report anew.
func runReport(args []string, out *output) error {
	dir, help := defaultOut, false
	set := newFlagSet()
	set.Func("out", "", text(&dir, "a folder"))
	set.BoolVar(&help, "h", false, "")
	set.BoolVar(&help, "help", false, "")
	if err := parse(set, args); err != nil {
		return err
	}
	if help {
		out.printf("%s", reportHelp)
		return nil
	}
	if set.NArg() > 0 {
		return refuse("unexpected argument %q; report -h shows the usage", set.Arg(0))
	}
	if info, err := os.Stat(dir); err != nil {
		return refuse("cannot read the folder %s: %w; give the one that was trained into with -out", dir, withoutPath(err))
	} else if !info.IsDir() {
		return refuse("%s is not a folder; give the one that was trained into with -out", dir)
	}
	if err := checkWritable(dir); err != nil {
		return err
	}
	contents, err := writeReport(dir, func(string) bool { return true })
	if err != nil {
		return err
	}
	if len(contents.Sections)+len(contents.Variants) == 0 {
		return fmt.Errorf("%s has no finished run%s; train first: go run . -model all -out %s", dir, reasons(contents.LeftOut), dir)
	}
	return printReport(out, dir, contents)
}

// reasons tells what was left out beyond models that were never trained.
func reasons(left []plots.LeftOut) string {
	var texts []string
	for _, l := range left {
		if l.Reason != notTrained {
			texts = append(texts, l.Reason)
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return " (" + strings.Join(texts, "; ") + ")"
}

// printReport writes the table of all models and where the report is.
func printReport(out *output, dir string, contents plots.Contents) error {
	left := slices.DeleteFunc(slices.Clone(contents.LeftOut), func(l plots.LeftOut) bool { return l.Reason == notTrained })
	if err := plots.Table(out, append(slices.Clone(contents.Sections), contents.Variants...), left); err != nil {
		return err
	}
	out.printf("\nbeside the report's numbers, with pictures: %s and %s\n",
		filepath.Join(dir, reportFile), filepath.Join(dir, pageFile))
	return nil
}

// writeReport writes the report on every run that the folder holds, whichever command trained it, and returns what it is
// made of. Pictures are drawn for the models that redraw names, and where they are missing. Commands that share the folder
// come one after the other.
func writeReport(dir string, redraw func(model string) bool) (contents plots.Contents, err error) {
	err = alone(dir, func() (err error) {
		contents, err = writeReportAlone(dir, redraw)
		return err
	})
	return contents, err
}

func writeReportAlone(dir string, redraw func(model string) bool) (plots.Contents, error) {
	all, left, err := collect(dir)
	if err != nil {
		return plots.Contents{}, err
	}
	if err := removeReportLeftovers(dir, all); err != nil {
		return plots.Contents{}, err
	}
	contents := plots.Contents{LeftOut: left}
	var measured []study.Model
	for _, r := range all {
		section, err := r.section(dir, redraw(r.Entry.Name))
		if err != nil {
			return plots.Contents{}, err
		}
		measured = append(measured, r.Model)
		if r.Entry.VariantOf == "" {
			contents.Sections = append(contents.Sections, section)
		} else {
			contents.Variants = append(contents.Variants, section)
		}
	}
	contents.Samples = sampleGrids(dir, measured)
	contents.Claims = study.Claims(measured)
	contents.Benchmarks, err = benchmarks(filepath.Join(dir, benchFile))
	if err != nil {
		contents.LeftOut = append(contents.LeftOut, plots.LeftOut{Name: benchFile, Reason: err.Error()})
	}
	folder := os.DirFS(dir)
	return contents, errors.Join(
		train.WriteFile(filepath.Join(dir, claimsFile), func(w io.Writer) error { return study.WriteClaims(w, contents.Claims) }),
		train.WriteFile(filepath.Join(dir, reportFile), func(w io.Writer) error { return plots.Report(w, contents) }),
		train.WriteFile(filepath.Join(dir, pageFile), func(w io.Writer) error { return plots.ReportHTML(w, contents, folder) }),
	)
}

// benchmarks are the steps that a comparison with Keras has timed, none where the file is missing.
func benchmarks(path string) ([]plots.Benchmark, error) {
	report, err := readFile(path, bench.ReadReport)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var steps []plots.Benchmark
	for _, c := range report.Training {
		step := plots.Benchmark{Model: c.Model, Batch: c.Batch}
		for _, r := range c.Results {
			switch r.Framework {
			case "zoo":
				step.Ours = r.Ms.Median
			case "keras":
				step.Keras = r.Ms.Median
			}
		}
		if step.Ours > 0 && step.Keras > 0 {
			steps = append(steps, step)
		}
	}
	return steps, nil
}

// sampleGrids are the sample grids of the models' data sets that the folder holds.
func sampleGrids(dir string, all []study.Model) []plots.Picture {
	var pictures []plots.Picture
	for _, m := range all {
		dataset := m.Runs[0].Result.Settings.Dataset
		picture := plots.Picture{Title: dataset, Path: gridFile(dataset)}
		if has(dir, picture.Path) && !slices.Contains(pictures, picture) {
			pictures = append(pictures, picture)
		}
	}
	return pictures
}

// has tells whether the folder has the file, given with slashes.
func has(dir, path string) bool {
	info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(path)))
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
		path := filepath.Join(opts.out, gridFile(data.Name))
		if err := alone(opts.out, func() error { return train.WriteFile(path, grid.WritePNG) }); err != nil {
			return err
		}
	}
	return nil
}
