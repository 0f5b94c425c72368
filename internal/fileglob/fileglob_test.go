package fileglob_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"auditpack/internal/fileglob"
)

func TestSplit(t *testing.T) {
	for pattern, want := range map[string][2]string{
		"events.ndjson":      {".", "events.ndjson"},
		"*.json":             {".", "*.json"},
		"./a/*.json":         {"./a", "*.json"},
		"/*.json":            {"/", "*.json"},
		"logs/2026-*/x.json": {"logs", "2026-*/x.json"},
		"r/*/x.json":         {"r", "*/x.json"},
		"/var/r/*.json":      {"/var/r", "*.json"},
		"../r/*.json":        {"../r", "*.json"},
		"../*.json":          {"..", "*.json"},
		`r[1]/x\*.json`:      {".", `r[1]/x\*.json`},
		`a/b\*c/d`:           {"a", `b\*c/d`},
	} {
		if folder, rest := fileglob.Split(pattern); folder != want[0] || rest != want[1] {
			t.Errorf("Split(%q): got %q and %q, want %q", pattern, folder, rest, want)
		}
	}
}

// locked is a folder that may not be read, though what is in it may.
type locked struct{ fstest.MapFS }

func (locked) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrPermission }

func TestMatch(t *testing.T) {
	files := fstest.MapFS{"b.json": {}, "a.json": {}, "c.txt": {}}
	if got, err := fileglob.Match(files, "*.json"); err != nil || !slices.Equal(got, []string{"a.json", "b.json"}) {
		t.Errorf("got %q and %v", got, err)
	}
	if _, err := fileglob.Match(locked{files}, "*.json"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a folder that may not be read: got %v, want that it is told", err)
	}
	if got, err := fileglob.Match(locked{files}, "a.json"); err != nil || !slices.Equal(got, []string{"a.json"}) {
		t.Errorf("one file in it: got %q and %v, want it", got, err)
	}
}
