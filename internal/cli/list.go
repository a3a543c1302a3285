package cli

import (
	"fmt"
	"text/tabwriter"

	"zoo/models"
)

// printList writes the table of all models with the settings that the report trained them with, the variants last.
func printList(out *output) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// A failed write is kept in out and told by Main.
	_, _ = fmt.Fprintln(table, "MODEL\tSECTION\tDATA SET\tPARAMETERS\tBATCH\tEPOCHS\tLEARNING RATE\tDIAGRAM")
	for _, entry := range append(models.All(), models.Variants()...) {
		model, err := entry.Build()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%g\t%s.png\n", entry.Name, entry.Section, entry.Dataset,
			grouped(model.Params()), entry.Batch, entry.Epochs, entry.LearningRate, entry.Diagram)
	}
	_ = table.Flush()
	out.printf("\nThe last %d are variants, to measure what one thing does: not among all, nor among the models of a pattern such as fashion-*.\n",
		len(models.Variants()))
	return nil
}

// grouped writes n with commas between thousands.
func grouped(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
