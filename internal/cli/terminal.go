package cli

import (
	"os"

	"golang.org/x/term"

	"zoo/models"
	"zoo/train"
)

// progress is the callback that shows the model's training on out: live on a terminal, in plain lines elsewhere, and the
// model of section 2.0, which is trained in order, as its own program did.
func (o *output) progress(entry models.Entry) train.Callback {
	var options train.ProgressOptions
	if file, ok := o.Writer.(*os.File); ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" {
		options.Terminal = true
		options.Color = os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			options.Width = width
		}
	}
	if entry.InOrder {
		options.Style = train.DotStyle
	}
	return train.NewProgress(o, options)
}
