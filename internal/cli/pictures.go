package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"zoo/internal/study"
	"zoo/models"
	"zoo/plots"
	"zoo/train"
)

// Files of a model's folder that put its seeds together.
const (
	seedsFile = "seeds" // .json and .csv
	curveBand = "epochs"
	confusion = "confusion"
	classes   = "classes"
	reliable  = "reliability"
	filters   = "filters"
)

// section is the model's part of the report. It writes what puts the seeds together to the model's folder, the pictures
// where they are missing or are to be drawn again.
func (r results) section(out string, redraw bool) (plots.Section, error) {
	s := plots.Section{Model: r.Model}
	var err error
	if s.Summary, err = study.Summarize(r.Model); err != nil {
		return s, err
	}
	if s.Layers, err = layers(r.Entry); err != nil {
		return s, err
	}
	dir := filepath.Join(out, r.Entry.Name)
	err = errors.Join(
		train.WriteFile(filepath.Join(dir, seedsFile+".json"), s.Summary.WriteJSON),
		train.WriteFile(filepath.Join(dir, seedsFile+".csv"), s.Summary.WriteCSV),
	)
	if err != nil {
		return s, err
	}
	gallery := gallery{out: out, model: r.Entry.Name, redraw: redraw, since: r.latest()}
	pictures := &s.Pictures
	pictures.Structure = r.pictureOfRun(out, r.Entry.Diagram)
	pictures.Mistakes = r.pictureOfRun(out, mistakesName)
	pictures.Epochs = gallery.draw(curveBand, func() (*plots.Drawing, error) { return curves(s.Summary) })
	if a, seed := r.Assessment(); a != nil {
		title := r.assessed(a, seed)
		pictures.Confusion = gallery.draw(confusion, func() (*plots.Drawing, error) { return plots.Confusion(title, a.Confusion, a.Classes) })
		pictures.Classes = gallery.draw(classes, func() (*plots.Drawing, error) { return plots.ClassAccuracy(title, a.Confusion, a.Classes) })
		pictures.Reliability = gallery.draw(reliable, func() (*plots.Drawing, error) { return plots.Reliability(title, a.Calibration) })
		if a.Filters != nil {
			title := fmt.Sprintf("%s, seed %d: %s", r.Entry.Name, seed, a.Filters.Name)
			pictures.Filters = gallery.draw(filters, func() (*plots.Drawing, error) { return plots.Filters(title, a.Filters.Shape, a.Filters.Weights) })
		}
	}
	return s, gallery.err
}

// latest is when the last of the runs was finished, by the clock of the file system.
func (r results) latest() (latest time.Time) {
	for _, dir := range r.dirs {
		if info, err := os.Stat(filepath.Join(dir, resultFile)); err == nil && info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	return latest
}

// layers is the model's summary in text.
func layers(entry models.Entry) (string, error) {
	model, err := entry.Build()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = plots.Summary(&text, model)
	return text.String(), err
}

// pictureOfRun is the path of a picture that lies in the folder of a run: the first that has it, by rising seed. It is
// relative to the folder of results, with slashes, "" when none has it.
func (r results) pictureOfRun(out, name string) string {
	for _, run := range r.Runs {
		folder, err := filepath.Rel(out, r.dirs[run.Result.Settings.Seed])
		if picture := path.Join(filepath.ToSlash(folder), name+".png"); err == nil && has(out, picture) {
			return picture
		}
	}
	return ""
}

// assessed says below the model's name which pictures an assessment is of.
func (r results) assessed(a *train.Assessment, seed uint64) string {
	n := 0
	for _, run := range r.Runs {
		if run.Assessment != nil {
			n++
		}
	}
	if n > 1 {
		return fmt.Sprintf("%s: %s %s pictures, each by %d seeds", r.Entry.Name, grouped(a.Samples/n), a.Pictures, n)
	}
	return fmt.Sprintf("%s: %s %s pictures, seed %d", r.Entry.Name, grouped(a.Samples), a.Pictures, seed)
}

// curves draws the mean of all seeds over the epochs beside the report's numbers.
func curves(s study.Summary) (*plots.Drawing, error) {
	epochs := s.Epochs
	report := study.Report()[s.Model]
	curve := func(label string, ours func(study.EpochEstimate) study.Estimate, theirs func(train.Epoch) float64) plots.Curve {
		c := plots.Curve{Label: label}
		for _, e := range epochs {
			estimate := ours(e)
			c.Mean = append(c.Mean, estimate.Mean)
			if estimate.N > 1 {
				c.SD = append(c.SD, estimate.SD)
			}
		}
		for _, e := range report {
			if e.Epoch > len(epochs) {
				break
			}
			for len(c.Reference) < e.Epoch-1 {
				c.Reference = append(c.Reference, math.NaN()) // an epoch that the report does not print
			}
			c.Reference = append(c.Reference, theirs(e))
		}
		return c
	}
	note := fmt.Sprintf("mean of %d seeds with one standard deviation", len(s.Seeds))
	if len(s.Seeds) == 1 {
		note = fmt.Sprintf("seed %d", s.Seeds[0])
	}
	if len(report) > 0 {
		note += "; dashed: the report"
	}
	return plots.Curves(s.Model, note,
		[]plots.Curve{
			curve("loss", func(e study.EpochEstimate) study.Estimate { return e.Loss }, func(e train.Epoch) float64 { return e.Loss }),
			curve("val_loss", func(e study.EpochEstimate) study.Estimate { return e.ValLoss }, func(e train.Epoch) float64 { return e.ValLoss }),
		},
		[]plots.Curve{
			curve("accuracy", func(e study.EpochEstimate) study.Estimate { return e.Accuracy }, func(e train.Epoch) float64 { return e.Accuracy }),
			curve("val_accuracy", func(e study.EpochEstimate) study.Estimate { return e.ValAccuracy }, func(e train.Epoch) float64 { return e.ValAccuracy }),
		})
}

// gallery writes a model's pictures. It keeps the first error, after which it draws no more.
type gallery struct {
	out, model string
	redraw     bool      // those that are there, too
	since      time.Time // older ones are of runs before these
	err        error
}

// draw writes the picture as PNG and SVG to the model's folder, unless it is to be kept, and returns the PNG's path
// relative to the folder of results, with slashes. A command that was killed may have left those of before.
func (g *gallery) draw(name string, draw func() (*plots.Drawing, error)) string {
	picture := path.Join(g.model, name+".png")
	// The SVG is written last.
	written, err := os.Stat(filepath.Join(g.out, g.model, name+".svg"))
	kept := err == nil && !written.ModTime().Before(g.since) && has(g.out, picture)
	if g.err != nil || kept && !g.redraw {
		return picture
	}
	drawing, err := draw()
	if err == nil {
		err = writeDrawing(filepath.Join(g.out, g.model, name), drawing)
	}
	g.err = err
	return picture
}
