package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"auditpack/internal/doctest"
)

// TestDocumentedCodeIsThisCode: each line of Go in docs/plugins.md stands in these files, or in their tests.
func TestDocumentedCodeIsThisCode(t *testing.T) {
	var code string
	for _, name := range []string{"main.go", "inventory.go", "inventory_test.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code += string(b)
	}
	blank := regexp.MustCompile(`\s+`)
	code = blank.ReplaceAllString(code, " ")
	for _, block := range doctest.Blocks(t, "../../docs/plugins.md", "go") {
		for line := range strings.Lines(block) {
			want := strings.TrimSpace(blank.ReplaceAllString(line, " "))
			if !strings.Contains(code, want) {
				t.Errorf("docs/plugins.md has %q, which this plugin has not", want)
			}
		}
	}
}
