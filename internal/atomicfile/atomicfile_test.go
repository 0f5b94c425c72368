package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := Write(path, []byte("first"), 0o400); err != nil {
		t.Fatal(err)
	}
	err := Write(path, []byte("second"), 0o400)
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Write: got %v, want fs.ErrExist", err)
	}
	checkFolder(t, path, "first", 0o400)
}

func TestOverwriteReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	for _, text := range []string{"first", "second"} {
		if err := Overwrite(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkFolder(t, path, "second", 0o600)
}

func TestAbortLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	f, err := New(filepath.Join(dir, "a.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	f.Abort() // a second one does nothing
	if names := list(t, dir); len(names) != 0 {
		t.Errorf("got %q, want an empty folder", names)
	}
}

func TestAbortAfterCommitKeepsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	f, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if _, err := f.Write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(0o444); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	checkFolder(t, path, "whole", 0o444)
}

func TestMissingFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "a.txt")
	if err := Write(path, nil, 0o400); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func checkFolder(t *testing.T, path, want string, mode fs.FileMode) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != mode {
		t.Errorf("mode: got %v, want %v", info.Mode().Perm(), mode)
	}
	if diff := cmp.Diff([]string{filepath.Base(path)}, list(t, filepath.Dir(path))); diff != "" {
		t.Errorf("names in the folder (-want +got):\n%s", diff)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
