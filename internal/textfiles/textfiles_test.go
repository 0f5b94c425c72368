package textfiles_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/textfiles"
)

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.yml": "1", "b.YAML": "2", "c.txt": "3", "sub/d.yaml": "4", ".git/e.yml": "5", "sub/.git/f.yml": "6", ".hidden.yml": "7",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRead(t *testing.T) {
	dir := folder(t)
	if err := os.Symlink(filepath.Join(dir, "c.txt"), filepath.Join(dir, "link.yml")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "large.yml"), make([]byte, textfiles.MaxSize+1), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := textfiles.Read(context.Background(), os.DirFS(dir), textfiles.YAML)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{"a.yml": []byte("1"), "b.YAML": []byte("2"), "sub/d.yaml": []byte("4"), ".hidden.yml": []byte("7")}
	if diff := cmp.Diff(want, got.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	var failures []string
	for _, f := range got.Failures {
		failures = append(failures, f.Name+": "+f.Err.Error())
	}
	wantFailures := []string{
		`large.yml: read "large.yml": larger than 16777216 bytes`,
		`link.yml: read "link.yml": not a regular file`,
	}
	if diff := cmp.Diff(wantFailures, failures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

// noted is a folder in which one file cannot be read.
type noted struct{ fs.FS }

func (n noted) Open(name string) (fs.File, error) {
	if name == "a.yml" || name == "sub" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return n.FS.Open(name)
}

func TestReadGoesOnAfterAFailure(t *testing.T) {
	got, err := textfiles.Read(context.Background(), noted{os.DirFS(folder(t))}, textfiles.YAML)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Failures) != 2 || !errors.Is(got.Failures[0].Err, fs.ErrPermission) || got.Failures[0].Name != "a.yml" || got.Failures[1].Name != "sub" {
		t.Errorf("failures: got %v, want a.yml and sub", got.Failures)
	}
	if len(got.Files) != 2 {
		t.Errorf("files: got %d, want 2", len(got.Files))
	}
}

func TestReadErrors(t *testing.T) {
	if _, err := textfiles.Read(context.Background(), os.DirFS(filepath.Join(t.TempDir(), "none")), textfiles.YAML); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: got %v, want fs.ErrNotExist", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := textfiles.Read(ctx, os.DirFS(folder(t)), textfiles.YAML); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: got %v, want context.Canceled", err)
	}
	if _, err := textfiles.ReadOne(os.DirFS(folder(t)), "sub"); err == nil {
		t.Error("a folder read as a file: got no error")
	}
}
