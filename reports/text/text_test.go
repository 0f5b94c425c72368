package text_test

import (
	"testing"

	"auditpack/reports"
	"auditpack/reports/rendertest"
	"auditpack/reports/text"
)

func TestRenderer(t *testing.T) {
	rendertest.Run(t, rendertest.Subject{
		Renderer: text.Renderer{},
		Medium:   reports.Paged,
		Read:     func(_ *testing.T, output []byte) string { return string(output) },
	})
}
