package plots

import (
	"testing"

	"zoo/models"
)

func TestClaimsOfModelsWithoutEpochs(t *testing.T) {
	p := reference()
	for name := range claims {
		if _, err := models.Select(name); err != nil || len(p.report[name]) > 0 {
			t.Errorf("claim about %s: %v, %d epochs in the report", name, err, len(p.report[name]))
		}
	}
}
