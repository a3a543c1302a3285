package plots

import (
	"strings"
	"testing"
	"unicode/utf8"

	"zoo/models"
)

// Names of any length up to 24 letters and best epochs of one digit or two: the
// widths at which columns and the headings above several of them meet.
func TestTableOfAnyWidth(t *testing.T) {
	entry := models.All()[3]
	history := exampleHistory(entry)
	for letters := 1; letters <= 24; letters++ {
		for epochs := 1; epochs <= len(history); epochs++ {
			for seeds := range 2 {
				entry.Name = strings.Repeat("x", letters)
				var b strings.Builder
				if err := Table(&b, []Section{newSection(entry, history[:epochs], 1+seeds)}, nil); err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(b.String(), "\n")
				if !strings.Contains(lines[1], "─ validation accuracy ─") || !strings.Contains(lines[1], "─ ms/step ─") {
					t.Errorf("%d letters, %d epochs, %d seeds: headings are missing:\n%s", letters, epochs, 1+seeds, &b)
				}
				for _, line := range lines[:6] {
					if n := utf8.RuneCountInString(line); n > tableWidth {
						t.Fatalf("%d letters, %d epochs, %d seeds: %d columns:\n%s", letters, epochs, 1+seeds, n, &b)
					}
				}
			}
		}
	}
}
