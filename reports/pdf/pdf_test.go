package pdf

import (
	"bytes"
	"flag"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"io"
	"os"
	"strings"
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
		if err := os.WriteFile(*keep+"/"+d.Name+".pdf", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// all gives the text of all pages in the order in which it was drawn.
func all(t *testing.T, output []byte) string {
	t.Helper()
	ctx, err := api.ReadContext(bytes.NewReader(output), configuration())
	if err != nil {
		t.Fatal(err)
	}
	if err := api.ValidateContext(ctx); err != nil {
		t.Fatalf("pdfcpu finds fault: %v", err)
	}
	var b strings.Builder
	for page := 1; page <= ctx.PageCount; page++ {
		r, err := pdfcpu.ExtractPageContent(ctx, page)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(drawnText(content))
	}
	return b.String()
}

// drawnText finds the strings that a page shows: UTF-16 in parentheses, with \ before what ends a string.
func drawnText(content []byte) string {
	var out strings.Builder
	for i := 0; i < len(content); i++ {
		if content[i] != '(' {
			continue
		}
		var raw []byte
		for i++; i < len(content) && content[i] != ')'; i++ {
			if content[i] == '\\' {
				i++
				if content[i] == 'r' {
					raw = append(raw, '\r')
					continue
				}
			}
			raw = append(raw, content[i])
		}
		for n := 0; n+1 < len(raw); n += 2 {
			out.WriteRune(rune(raw[n])<<8 | rune(raw[n+1]))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestRenderer(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	rendertest.Run(t, rendertest.Subject{Renderer: Renderer{}, Medium: reports.Paged, Read: all, Visible: f.visible, ShortDigests: true})
}
