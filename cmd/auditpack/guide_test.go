package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestGuide runs every command of the user guide, in its order, and sees that the README shows no other.
func TestGuide(t *testing.T) {
	guide := shellLines(t, filepath.Join("..", "..", "docs", "guide.md"))
	if len(guide) < 15 {
		t.Fatalf("read %d commands of the guide: %q", len(guide), guide)
	}
	for _, line := range shellLines(t, filepath.Join("..", "..", "README.md")) {
		if line = strings.TrimPrefix(line, "bin/"); strings.HasPrefix(line, "auditpack ") && !slices.Contains(guide, line) {
			t.Errorf("README.md: %q is not in the guide, so that nothing runs it", line)
		}
	}
	var script strings.Builder
	for _, line := range guide {
		switch {
		case strings.HasPrefix(line, "cd "):
			fmt.Fprintln(&script, line)
		case strings.HasPrefix(line, "auditpack assess "): // the example files hold deviations
			fmt.Fprintf(&script, "status 3 sh -c '%s'\n", strings.ReplaceAll(line, "'", "''"))
		default:
			fmt.Fprintf(&script, "status 0 sh -c '%s'\n", strings.ReplaceAll(line, "'", "''"))
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "guide.txtar"), []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := scriptParams()
	p.Dir = dir
	testscript.Run(t, p)
}

// shellLines are the commands in the sh blocks of a page that a workspace needs: our own program and cd, one a line, "a && b"
// taken apart. Commands of other programs are left out.
func shellLines(t *testing.T, page string) []string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		for _, line := range strings.Split(block[1], "\n") {
			line, _, _ = strings.Cut(line, "  #")
			for _, part := range strings.Split(line, " && ") {
				part = strings.TrimSpace(part)
				if name, _, _ := strings.Cut(part, " "); slices.Contains([]string{"auditpack", "bin/auditpack", "cd"}, name) {
					lines = append(lines, part)
				}
			}
		}
	}
	return lines
}
