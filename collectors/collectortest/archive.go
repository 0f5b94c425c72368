package collectortest

import (
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/strictyaml"
)

// tool is the name and version that the suite collects under.
const tool = "auditpack suite"

// archive is one txtar file, its files laid out in a folder of its own.
type archive struct {
	file      string
	content   *txtar.Archive
	config    string
	vars      map[string]string
	period    evidence.Period
	now       time.Time
	canaries  []string
	dir       string // absolute, without symbolic links
	exchanges []exchange
}

func readArchive(t *testing.T, file string) *archive {
	t.Helper()
	content, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{file: file, content: content, dir: dir, vars: map[string]string{}}
	a.setPeriod(t, "2026-Q3")
	a.setNow(t, "2026-10-01T06:00:00Z")
	var commits []txtar.File
	for _, f := range content.Files {
		folder, rest, _ := strings.Cut(f.Name, "/")
		switch {
		case f.Name == "config.yaml":
			a.config = string(f.Data)
		case f.Name == "env":
			for _, line := range lines(f.Data) {
				name, value, _ := strings.Cut(line, "=")
				a.vars[name] = value
			}
		case f.Name == "period":
			a.setPeriod(t, strings.TrimSpace(string(f.Data)))
		case f.Name == "now":
			a.setNow(t, strings.TrimSpace(string(f.Data)))
		case f.Name == "canaries":
			a.canaries = lines(f.Data)
		case f.Name == "golden.json":
		case folder == "dir":
			a.write(t, rest, f.Data)
		case folder == "base64":
			b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(f.Data)), ""))
			if err != nil {
				t.Fatalf("%s: %s: %v", file, f.Name, err)
			}
			a.write(t, rest, b)
		case folder == "git":
			commits = append(commits, txtar.File{Name: rest, Data: f.Data})
		case folder == "http":
			a.exchanges = append(a.exchanges, parseExchange(t, f.Name, f.Data))
		default:
			t.Fatalf("%s: file %q has no meaning here", file, f.Name)
		}
	}
	a.commit(t, commits)
	return a
}

func (a *archive) setPeriod(t *testing.T, s string) {
	t.Helper()
	from, to, span := strings.Cut(s, "/")
	if !span {
		p, err := evidence.Quarter(s)
		if err != nil {
			t.Fatal(err)
		}
		a.period = p
		return
	}
	p, err := evidence.NewPeriod(instant(t, from), instant(t, to))
	if err != nil {
		t.Fatal(err)
	}
	a.period = p
}

func (a *archive) setNow(t *testing.T, s string) {
	t.Helper()
	a.now = instant(t, s)
}

func (a *archive) clock() time.Time { return a.now }

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func (a *archive) write(t *testing.T, name string, data []byte) {
	t.Helper()
	if !filepath.IsLocal(name) {
		t.Fatalf("%s: %q leads out of the folder", a.file, name)
	}
	path := filepath.Join(a.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// env is the world of one collector: each call starts with the first recorded exchanges again.
func (a *archive) env(t *testing.T) collectors.Env {
	replay := newReplay(t, slices.Clone(a.exchanges))
	return collectors.Env{
		Name:   sourceName,
		Path:   a.path,
		Open:   func(configured string) fs.FS { return os.DirFS(a.path(configured)) },
		Getenv: func(name string) string { return a.vars[name] },
		HTTP:   func() *http.Client { return &http.Client{Transport: replay.transport()} },
		Now:    a.clock,
		Tool:   tool,
	}
}

func (a *archive) path(configured string) string {
	if filepath.IsAbs(configured) {
		return configured
	}
	return filepath.Join(a.dir, configured)
}

// decoder gives a source's section to its collector as the program does: strictly.
func decoder(config string) func(any) error {
	return func(v any) error {
		if strings.TrimSpace(config) == "" {
			config = "{}\n"
		}
		return strictyaml.Decode("config.yaml", []byte(config), v)
	}
}

// lines returns the lines of b that are not blank.
func lines(b []byte) (out []string) {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			out = append(out, line)
		}
	}
	return out
}
