// Package doctest reads the worked examples out of pages in docs, so that tests can hold them to what the program does.
package doctest

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/canonical"
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

// ReadBack returns the T that the first block marked with the word lang is. The block must be canonical JSON, and the bytes that the T
// is written as.
func ReadBack[T any](t testing.TB, page, lang string) T {
	t.Helper()
	want := Blocks(t, page, lang)[0]
	var v T
	if err := canonical.Unmarshal([]byte(want), &v); err != nil {
		t.Fatal(err)
	}
	got, err := canonical.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)+"\n"); diff != "" {
		t.Errorf("page %q, block marked %q (-page +got):\n%s", page, lang, diff)
	}
	return v
}
