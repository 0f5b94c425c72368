package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// TestEachDependencyEarnsItsLine compares the direct modules of go.mod, tools among them, with docs/dependencies.md.
func TestEachDependencyEarnsItsLine(t *testing.T) {
	root := filepath.Join("..", "..")
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := modfile.Parse("go.mod", mod, nil)
	if err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, r := range parsed.Require {
		used := slices.ContainsFunc(parsed.Tool, func(tool *modfile.Tool) bool { return strings.HasPrefix(tool.Path, r.Mod.Path+"/") })
		if !r.Indirect || used {
			direct = append(direct, r.Mod.Path)
		}
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z0-9./-]+\.[a-z]+/[A-Za-z0-9./_-]+) \|`).FindAllStringSubmatch(string(page), -1) {
		if slices.Contains(listed, row[1]) {
			t.Errorf("docs/dependencies.md: %s has two lines", row[1])
		}
		listed = append(listed, row[1])
	}
	for _, m := range direct {
		if !slices.Contains(listed, m) {
			t.Errorf("docs/dependencies.md: %s of go.mod has no line", m)
		}
	}
	for _, m := range listed {
		if !slices.Contains(direct, m) {
			t.Errorf("docs/dependencies.md: %s is no direct module of go.mod", m)
		}
	}
}
