package cli

import (
	"path/filepath"
	"strings"

	"zoo/models"
	"zoo/plots"
	"zoo/train"
)

const plotCommand = "plot"

const plotHelp = `zoo plot draws the structure of models without training them.

Usage:
  go run . plot -model NAMES [-o FILE]

Examples:
  go run . plot -model fashion-func                  model_Func_Fashion.png
  go run . plot -model fashion-best -o best.svg

Flags:
  -model NAMES  names, patterns such as mnist-* or all; several with commas
  -o FILE       where to write, for one model: .png or .svg; else a PNG of the report's name for it, in this folder
  -h            this text
`

// runPlot is the command plot.
func runPlot(args []string, out *output) error {
	var names, file string
	var help bool
	set := newFlagSet()
	set.Func("model", "", text(&names, "names, patterns or all"))
	set.Func("o", "", text(&file, "a file"))
	set.BoolVar(&help, "h", false, "")
	set.BoolVar(&help, "help", false, "")
	if err := parse(set, args); err != nil {
		return err
	}
	switch {
	case set.NArg() > 0:
		return refuse("unexpected argument %q; plot -h shows the usage", set.Arg(0))
	case help:
		out.printf("%s", plotHelp)
		return nil
	case names == "":
		return refuse("no model is chosen; give -model all, or names that -list shows")
	}
	entries, err := chooseModels(names)
	if err != nil {
		return err
	}
	switch kind := strings.ToLower(filepath.Ext(file)); {
	case file == "":
	case kind != ".png" && kind != ".svg":
		return refuse("invalid value %q for flag -o: want a file that ends in .png or .svg", file)
	case len(entries) > 1:
		return refuse("-o takes one model, but %d are chosen; without it each has a file of its own", len(entries))
	}
	for _, entry := range entries {
		path := file
		if path == "" {
			path = entry.Diagram + ".png"
		}
		if err := drawStructure(entry, path); err != nil {
			return err
		}
		out.printf("%s: %s\n", entry.Name, shown(path))
	}
	return nil
}

// drawStructure draws the model into a PNG or SVG, as the path ends.
func drawStructure(entry models.Entry, path string) error {
	model, err := entry.Build()
	if err != nil {
		return err
	}
	diagram, err := plots.Structure(model)
	if err != nil {
		return err
	}
	write := diagram.WritePNG
	if strings.EqualFold(filepath.Ext(path), ".svg") {
		write = diagram.WriteSVG
	}
	return train.WriteFile(path, write)
}
