// Package doctest reads the worked examples out of pages in docs, so that tests can hold them to what the program does.
package doctest

import (
	"os"
	"strings"
	"testing"
)

// Blocks returns the contents of the fenced blocks of a Markdown page that are marked with the word lang, in order, each with its
// final newline. A page without any fails the test.
func Blocks(t testing.TB, page, lang string) []string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var (
		out   []string
		block strings.Builder
		mark  string // of the block that we are in
		in    bool
	)
	for line := range strings.Lines(string(b)) {
		fence, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "```")
		switch {
		case !found && in:
			block.WriteString(line)
		case found && !in:
			in, mark = true, fence
			block.Reset()
		case found:
			in = false
			if mark == lang {
				out = append(out, block.String())
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("page %q has no block marked %q", page, lang)
	}
	return out
}
