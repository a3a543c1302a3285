package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	align "github.com/jedib0t/go-pretty/v6/text"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/exchange"
)

// trained are the flags that choose a trained model.
type trained struct {
	model, weights string
	json, help     bool
}

func (opts *trained) flags() *flag.FlagSet {
	set := newFlagSet()
	set.Func("model", "", text(&opts.model, "a name"))
	set.Func("weights", "", text(&opts.weights, "a file"))
	set.BoolVar(&opts.json, "json", false, "")
	set.BoolVar(&opts.help, "h", false, "")
	set.BoolVar(&opts.help, "help", false, "")
	return set
}

// load reads the weights. Whatever is wrong with them is a refusal.
func (opts *trained) load() (*models.Predictor, error) {
	predictor, err := exchange.LoadAs(opts.model, opts.weights)
	if err != nil {
		return nil, refuseWeights(err)
	}
	return predictor, nil
}

// refuseWeights makes a refusal of what is wrong with weights.
func refuseWeights(err error) error {
	if errors.Is(err, models.ErrNoModel) {
		return refuse("%w; give it with -model", err)
	}
	return refusal{err}
}

// datasetOf is the name of the data set that the weights were trained on, as far as it is known.
func datasetOf(p *models.Predictor) string {
	if name := p.Dataset(); name != "" {
		return name
	}
	return p.Entry().Dataset
}

// classesOf are the classes' names: the weights' own, the data set's, or the labels.
func classesOf(p *models.Predictor) []string {
	classes := p.Classes()
	if classes == nil {
		classes = mnist.Classes(datasetOf(p))
	}
	if len(classes) != p.Model().Classes() {
		classes = make([]string, p.Model().Classes())
		for label := range classes {
			classes[label] = strconv.Itoa(label)
		}
	}
	return classes
}

// printJSON writes the value with line breaks.
func printJSON(out *output, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// newTable has left columns that are aligned to the left and others to the right, with a rule below its header.
func newTable(left int, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.Style{
		Box:     table.BoxStyle{MiddleHorizontal: "─", MiddleSeparator: "──", MiddleVertical: "  ", EmptySeparator: "  "},
		Format:  table.FormatOptions{HeaderAlign: align.AlignRight, RowAlign: align.AlignRight},
		Options: table.Options{SeparateColumns: true, SeparateHeader: true},
	})
	columns := make([]table.ColumnConfig, left)
	for i := range columns {
		columns[i] = table.ColumnConfig{Number: i + 1, Align: align.AlignLeft, AlignHeader: align.AlignLeft}
	}
	t.SetColumnConfigs(columns)
	t.SuppressTrailingSpaces()
	t.AppendHeader(header)
	return t
}

// shown is a file's name fit for a line on a terminal: quoted where it has control characters or the like.
func shown(name string) string {
	if quoted := strconv.Quote(name); quoted != fmt.Sprintf("%c%s%c", '"', name, '"') {
		return quoted
	}
	return name
}

// chooseModels returns the models of -model for a command that shows them.
func chooseModels(list string) ([]models.Entry, error) {
	entries, err := models.Select(list)
	if err != nil {
		return nil, refusal{err}
	}
	return entries, nil
}

// checkOrder refuses a flag among the arguments behind the flags, where it would be taken for a file's name. Behind --
// everything is one.
func checkOrder(set *flag.FlagSet, args []string) error {
	if slices.Contains(args, "--") {
		return nil
	}
	for _, argument := range set.Args() {
		if len(argument) > 1 && strings.HasPrefix(argument, "-") {
			return refuse("%s comes behind a picture; flags come before the pictures", argument)
		}
	}
	return nil
}
