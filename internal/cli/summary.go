package cli

import (
	"zoo/plots"
)

const summaryCommand = "summary"

const summaryHelp = `zoo summary shows the layers of models with their output shapes and parameters, as Keras prints them.

Usage:
  go run . summary -model NAMES

Flags:
  -model NAMES  names, patterns such as mnist-* or all; several with commas
  -h            this text
`

// runSummary is the command summary.
func runSummary(args []string, out *output) error {
	var names string
	var help bool
	set := newFlagSet()
	set.Func("model", "", text(&names, "names, patterns or all"))
	set.BoolVar(&help, "h", false, "")
	set.BoolVar(&help, "help", false, "")
	if err := parse(set, args); err != nil {
		return err
	}
	switch {
	case set.NArg() > 0:
		return refuse("unexpected argument %q; summary -h shows the usage", set.Arg(0))
	case help:
		out.printf("%s", summaryHelp)
		return nil
	case names == "":
		return refuse("no model is chosen; give -model all, or names that -list shows")
	}
	entries, err := chooseModels(names)
	if err != nil {
		return err
	}
	for i, entry := range entries {
		model, err := entry.Build()
		if err != nil {
			return err
		}
		if i > 0 {
			out.printf("\n")
		}
		if err := plots.Summary(out, model); err != nil {
			return err
		}
	}
	return nil
}
