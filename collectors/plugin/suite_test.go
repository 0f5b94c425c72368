package plugin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"auditpack/collectors"
	"auditpack/collectors/collectortest"
	"auditpack/collectors/plugin"
	"auditpack/evidence"
)

// program is a plugin that a test built.
type program struct {
	path   string
	sha256 string // hexadecimal
}

// build builds the program in folder once for all tests.
func build(t *testing.T, folder string) program {
	t.Helper()
	p, err := builds.get(folder)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// builds are the programs by folder, below a folder that TestMain makes and removes.
var builds cache

type cache struct {
	dir string
	mu  sync.Mutex
	got map[string]program
}

func (c *cache) get(folder string) (program, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.got[folder]; ok {
		return p, nil
	}
	p := program{path: filepath.Join(c.dir, filepath.Base(folder))}
	if runtime.GOOS == "windows" {
		p.path += ".exe"
	}
	cmd := exec.Command("go", "build", "-o", p.path, ".")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return p, &buildError{string(out), err}
	}
	b, err := os.ReadFile(p.path)
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(b)
	p.sha256 = hex.EncodeToString(sum[:])
	c.got[folder] = p
	return p, nil
}

type buildError struct {
	out string
	err error
}

func (e *buildError) Error() string { return "build: " + e.err.Error() + "\n" + e.out }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "plugins-")
	if err != nil {
		panic(err)
	}
	builds = cache{dir: dir, got: map[string]program{}}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// TestCollector runs the suite on the example plugin, through the program. In the goldens its digest is zeros: it is another with
// each Go.
func TestCollector(t *testing.T) {
	p := build(t, "../../examples/plugin-inventory")
	typ := plugin.Type
	typ.Kinds = append(slices.Clone(typ.Kinds), "plugin.inventory.export/1", "plugin.inventory.hosts/1")
	typ.New = func(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
		c, err := plugin.Type.New(func(v any) error {
			err := decode(v)
			if cfg := v.(*plugin.Config); cfg.Executable != "" {
				cfg.Executable, cfg.SHA256 = p.path, p.sha256
			}
			return err
		}, env)
		return hiding{c, p}, err
	}
	collectortest.Run(t, typ, "testdata/*.txtar")
}

// hiding is a collector whose program has no name and a digest of zeros.
type hiding struct {
	collectors.Collector
	program program
}

func (h hiding) Collect(ctx context.Context, p evidence.Period, out collectors.Sink) error {
	return h.Collector.Collect(ctx, p, hidingSink{out, strings.NewReplacer(h.program.sha256, strings.Repeat("0", 64), h.program.path, "plugin-inventory")})
}

type hidingSink struct {
	collectors.Sink
	hide *strings.Replacer
}

func (s hidingSink) Put(ctx context.Context, kind evidence.Kind, name, mediaType string, r io.Reader) (evidence.Part, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return evidence.Part{}, err
	}
	return s.Sink.Put(ctx, kind, name, mediaType, bytes.NewReader([]byte(s.hide.Replace(string(b)))))
}

func (s hidingSink) Add(ctx context.Context, r evidence.Record) (evidence.Digest, error) {
	r.Source.System = s.hide.Replace(r.Source.System)
	for i := range r.Stated.Notes {
		r.Stated.Notes[i] = s.hide.Replace(r.Stated.Notes[i])
	}
	return s.Sink.Add(ctx, r)
}

func (s hidingSink) Outcome(o evidence.PartOutcome) {
	o.Detail = s.hide.Replace(o.Detail)
	s.Sink.Outcome(o)
}
