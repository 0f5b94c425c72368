package xlsx

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/reports/rendertest"
	"auditpack/templates"
)

var keep = flag.String("keep", "", "folder to keep the rendered files in, for a look")

func TestLook(t *testing.T) {
	if *keep == "" {
		t.Skip("no -keep")
	}
	docs := rendertest.Documents(t)
	words := rendertest.Words(t, templates.German)
	docs = append(docs, rendertest.Named{Name: "large", Document: reports.Evidence(rendertest.Large(93, 20, 500), words)},
		rendertest.Named{Name: "large-review", Document: reports.Review([]assessment.Assessment{rendertest.Large(93, 20, 500)}, words)})
	for _, d := range docs {
		start := time.Now()
		var b bytes.Buffer
		if err := (Renderer{}).Render(&b, d.Document); err != nil {
			t.Fatal(err)
		}
		t.Log(d.Name, time.Since(start), b.Len())
		if err := os.WriteFile(*keep+"/"+d.Name+".xlsx", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
