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
		Visible:  func(s string) string { return reports.Visible(s, nil) },
		Read:     func(_ *testing.T, output []byte) string { return string(output) },
	})
}
