package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInputs(t *testing.T) {
	w, err := open(t, good)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	write := func(name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, w.Path(name)); err != nil {
			t.Fatal(err)
		}
	}
	write(w.Path("responses/b.yaml"))
	write(w.Path("responses/more/a.yml"))
	write(w.Path("responses/readme.txt"))
	write(filepath.Join(elsewhere, "tests", "OWN-01.yaml"))
	link(filepath.Join(elsewhere, "tests", "OWN-01.yaml"), "responses/c.yaml")
	link(filepath.Join(elsewhere, "tests"), Tests)
	inputs, err := w.Inputs()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range inputs {
		got = append(got, in.Name)
	}
	want := []string{FileName, "responses/b.yaml", "responses/c.yaml", "responses/more/a.yml", "tests/OWN-01.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}

	for name, target := range map[string]string{"responses/dangling.yaml": filepath.Join(elsewhere, "nowhere"), "responses/folder": elsewhere} {
		link(target, name)
		if _, err := w.Inputs(); err == nil || !strings.Contains(err.Error(), filepath.Base(name)) {
			t.Errorf("%s: got %v, want an error that names it", name, err)
		}
		if err := os.Remove(w.Path(name)); err != nil {
			t.Fatal(err)
		}
	}
}
