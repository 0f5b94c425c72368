//go:build unix

package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/plugin"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

const canary = "tok-canary-misbehaving"

// world is where a plugin is collected with.
type world struct {
	store *memstore.Store
	cfg   plugin.Config
	vars  map[string]string
}

func newWorld(t *testing.T, mode string) *world {
	p := build(t, "testdata/misbehaving")
	return &world{
		store: memstore.New(), vars: map[string]string{"MODE": "misbehave: " + mode, "TOKEN": canary, "HIDDEN": "not for plugins"},
		cfg: plugin.Config{Executable: p.path, SHA256: p.sha256, Env: []string{"MODE", "TOKEN"}, StartTimeout: "20s", StopTimeout: "5s"},
	}
}

func (w *world) collect(t *testing.T, ctx context.Context) collectors.Result {
	t.Helper()
	return w.collectInto(t, ctx, w.store)
}

func (w *world) collectInto(t *testing.T, ctx context.Context, store evidence.Store) collectors.Result {
	t.Helper()
	dir := t.TempDir()
	now := func() time.Time { return time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC) }
	env := collectors.Env{
		Name: "source", Now: now, Tool: "test",
		Path: func(p string) string {
			if filepath.IsAbs(p) {
				return p
			}
			return filepath.Join(dir, p)
		},
		Open:   func(p string) fs.FS { return os.DirFS(p) },
		Getenv: func(name string) string { return w.vars[name] },
	}
	c, err := plugin.Type.New(func(v any) error { *v.(*plugin.Config) = w.cfg; return nil }, env)
	if err != nil {
		t.Fatal(err)
	}
	return collectors.Run(ctx, []collectors.Source{{Name: "source", Type: plugin.Type, Collector: c}}, collectors.Options{
		Store: store, Journal: w.store, Now: now, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "test"},
	})[0]
}

// everything is all that a collection left behind, as text.
func (w *world) everything(t *testing.T, res collectors.Result) string {
	t.Helper()
	b, err := json.Marshal(res.Entry)
	if err != nil {
		t.Fatal(err)
	}
	all := string(b) + fmt.Sprint(res.Err)
	err = w.store.Walk(t.Context(), func(d evidence.Digest, _ int64) error {
		b, err := evidence.ReadAll(t.Context(), w.store, d, 64<<20)
		all += string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestMisbehaviourIsContained: whatever a plugin does, the collection ends in time, says what happened, and keeps what it should.
func TestMisbehaviourIsContained(t *testing.T) {
	tests := []struct {
		mode    string
		want    []string // in the error
		items   int      // records of the plugin that stay
		change  func(*plugin.Config)
		unknown bool // the plugin was not described, so its kinds are not known
	}{
		{mode: "exits at once", want: []string{"start plugin", "exit status 3", "cannot read /etc/misbehaving.conf with [TOKEN]"}, unknown: true},
		{mode: "says nothing", want: []string{"it took longer than start_timeout, 300ms"}, change: func(c *plugin.Config) { c.StartTimeout = "300ms" }, unknown: true},
		{mode: "greets wrongly", want: []string{"Unrecognized remote plugin message: Hello, I am [TOKEN]"}, unknown: true},
		{mode: "floods before the greeting", want: []string{"Unrecognized remote plugin message: xxx"}, unknown: true},
		{mode: "listens elsewhere", want: []string{`it listens at "tcp" "192.0.2.1:443"`}, unknown: true},
		{mode: "listens and does not answer", want: []string{"start plugin"}, change: func(c *plugin.Config) { c.StartTimeout = "1s" }, unknown: true},
		{mode: "does not describe itself", want: []string{"it took longer than start_timeout, 1s"}, change: func(c *plugin.Config) { c.StartTimeout = "1s" }, unknown: true},
		{mode: "poses as vault", want: []string{`kind "vault.audit-log/1": want plugin.misbehaving.WHAT/1`}, unknown: true},
		{mode: "poses as another plugin", want: []string{`kind "plugin.inventory.hosts/1": want plugin.misbehaving.WHAT/1`}, unknown: true},
		{mode: "poses as the host", want: []string{`kind "plugin.run/1": want plugin.run.WHAT/1`}, unknown: true},
		{mode: "crashes", want: []string{"plugin ended before it was done", "exit status 7", "fatal: cannot log in with [TOKEN]"}, items: 1},
		{mode: "exits early", want: []string{"plugin ended before it was done", "exit status 0"}},
		{mode: "ends without done", want: []string{"plugin ended the collection without saying that it was done"}},
		{mode: "hangs", want: []string{"plugin said nothing for idle_timeout, 300ms; it did not end within stop_timeout, 300ms, and was killed"}, change: quick},
		{mode: "ignores the end", want: []string{"the collection took longer than timeout, 300ms; it did not end within stop_timeout, 300ms, and was killed"}, change: func(c *plugin.Config) {
			c.Timeout, c.StopTimeout = "300ms", "300ms"
		}},
		{mode: "tells no end", want: []string{"broke the protocol: more than 1000000 outcomes, cursors and progress messages"}},
		{mode: "floods outcomes", want: []string{"broke the protocol: more than 10000 parts with an outcome"}},
		{mode: "floods bytes", want: []string{"broke the protocol: more than max_bytes, 10000000"}, change: func(c *plugin.Config) { c.MaxBytes = 10_000_000 }},
		{mode: "opens too many puts", want: []string{"broke the protocol: more than 16 puts are open at once"}},
		{mode: "reads no replies", want: []string{"broke the protocol"}, change: func(c *plugin.Config) { c.StopTimeout = "300ms" }},
		{mode: "sends a huge message", want: []string{"received message larger than max"}},
		{mode: "sends a huge chunk", want: []string{"broke the protocol: a chunk of 262145 bytes: want 1 to 262144"}},
		{mode: "floods stderr", want: []string{"exit status 9", "16383 eee"}},
		{mode: "lies about a digest", want: []string{"broke the protocol", "it says sha256:2df2", "what it sent is sha256:2cf2"}},
		{mode: "lies about a size", want: []string{"broke the protocol", "6 bytes; what it sent is sha256:2cf2"}},
		{mode: "names what it did not put", want: []string{"broke the protocol", "which was not put in this collection"}},
		{mode: "names another size", want: []string{"broke the protocol", "4 bytes, which was not put in this collection"}},
		{mode: "derives from nothing", want: []string{"which was neither put nor added in this collection"}},
		{mode: "adds another kind", want: []string{`record of kind "vault.audit-log/1": it declared [plugin.misbehaving.items/1]`}},
		{mode: "adds nothing sensible", want: []string{"procedure is empty", "content is empty"}},
		{mode: "tells of another kind", want: []string{`outcome of kind "vault.audit-log/1"`}},
		{mode: "tells an unknown outcome", want: []string{`outcome "splendid" is unknown`}},
		{mode: "fails without a word", want: []string{"does not say why"}},
		{mode: "sets no cursor", want: []string{"cursor of 1 bytes: want JSON"}},
		{mode: "ends too soon", want: []string{"it is done with 1 puts still open"}},
		{mode: "says an empty message", want: []string{"message of an unknown kind"}},
		{mode: "shows its secret", want: []string{"plugin: refused: [TOKEN]"}},
	}
	build(t, "testdata/misbehaving")
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			w := newWorld(t, tt.mode)
			if tt.change != nil {
				tt.change(&w.cfg)
			}
			res := w.collect(t, t.Context())
			if res.Err == nil {
				t.Fatalf("got no error and parts %+v", res.Entry.Parts)
			}
			for _, want := range tt.want {
				if !strings.Contains(res.Err.Error(), want) {
					t.Errorf("got error %q, want it to say %q", res.Err, want)
				}
			}
			if n := len(res.Err.Error()); n > 10<<10 {
				t.Errorf("error has %d bytes", n)
			}
			var kinds []evidence.Kind
			for _, p := range res.Entry.Parts {
				if p.Outcome != evidence.OutcomeFailed && len(res.Entry.Parts) < 100 {
					t.Errorf("part %q of kind %s is %s", p.Part, p.Kind, p.Outcome)
				}
				if p.Part == "source" || p.Part == "plugin" {
					kinds = append(kinds, p.Kind)
				}
			}
			want := []evidence.Kind{"plugin.run/1", "plugin.misbehaving.items/1"}
			if tt.unknown {
				want = want[:1]
			}
			if diff := cmp.Diff(want, kinds); diff != "" {
				t.Errorf("kinds that failed (-want +got):\n%s", diff)
			}
			if got := len(res.Entry.Records); got != tt.items+1 {
				t.Errorf("got %d records, want %d and the run", got, tt.items)
			}
			if strings.Contains(w.everything(t, res), canary) {
				t.Error("the secret is in what was kept")
			}
		})
	}
}

func quick(c *plugin.Config) { c.IdleTimeout, c.StopTimeout = "300ms", "300ms" }

// runOf returns the run document of a collection.
func (w *world) runOf(t *testing.T, res collectors.Result) map[string]any {
	t.Helper()
	for _, d := range res.Entry.Records {
		b, err := evidence.ReadAll(t.Context(), w.store, d, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.DecodeRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind != "plugin.run/1" {
			continue
		}
		b, err = evidence.ReadAll(t.Context(), w.store, r.Content[0].Digest, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	t.Fatal("no record of the run")
	return nil
}

func TestStandardOutputIsNoProtocol(t *testing.T) {
	w := newWorld(t, "writes to stdout")
	res := w.collect(t, t.Context())
	if res.Failed() || len(res.Entry.Records) != 2 {
		t.Fatalf("got %v and %d records, want what it put in spite of what it printed", res.Err, len(res.Entry.Records))
	}
	if n := w.runOf(t, res)["stdout_bytes"].(float64); n < 1<<20 {
		t.Errorf("stdout_bytes: got %v, want at least the 1 MiB that it wrote", n)
	}
}

func TestFloodOfStandardErrorKeepsItsEnd(t *testing.T) {
	w := newWorld(t, "floods stderr")
	doc := w.runOf(t, w.collect(t, t.Context()))
	if n := doc["stderr_bytes"].(float64); n < 16<<20 {
		t.Errorf("stderr_bytes: got %v, want the 16 MiB that it wrote", n)
	}
	if n := len(doc["stderr"].(string)); n > 4<<10 {
		t.Errorf("stderr: got %d bytes, want the last 4 KiB", n)
	}
}

// failsOnce is a store that cannot take the first blob, as long as fail is set.
type failsOnce struct {
	*memstore.Store
	fail bool
}

func (s *failsOnce) Put(ctx context.Context, r io.Reader) (evidence.Digest, int64, error) {
	if s.fail {
		s.fail = false
		return "", 0, errors.New("disk is full")
	}
	return s.Store.Put(ctx, r)
}

// What our own store lost is asked for again, whatever cursor the plugin set after it.
func TestCursorStaysWhereTheStoreFailed(t *testing.T) {
	w := newWorld(t, "hides that the store failed")
	for _, fail := range []bool{true, false} {
		res := w.collectInto(t, t.Context(), &failsOnce{w.store, fail})
		if moved := strings.Contains(string(res.Entry.Cursor), `"read"`); moved == fail || res.Failed() != fail {
			t.Errorf("store fails %v: failed %v (%v) with the cursor %s", fail, res.Failed(), res.Err, res.Entry.Cursor)
		}
	}
}

func TestEndOfStandardErrorBeginsWithAWholeCharacter(t *testing.T) {
	w := newWorld(t, "ends in long characters")
	text := w.runOf(t, w.collect(t, t.Context()))["stderr"].(string)
	if n := len(text); n > 4<<10 || n < 4<<10-4 || strings.Trim(text, "ü") != "." {
		t.Errorf("stderr: got %d bytes, want the last 4 KiB without half a character", n)
	}
}

// TestChildrenEnd: a process that the plugin left behind is gone when its collection is, and one that does not exit too.
func TestChildrenEnd(t *testing.T) {
	w := newWorld(t, "leaves a child")
	res := w.collect(t, t.Context())
	if res.Failed() {
		t.Fatal(res.Err)
	}
	m := regexp.MustCompile(`child (\d+)`).FindStringSubmatch(w.runOf(t, res)["stderr"].(string))
	if m == nil {
		t.Fatal("it named no child")
	}
	pid, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for !gone(pid) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d still runs", pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// gone says whether no process has the number, or only one that nobody has asked about since it ended.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

func TestOneThatDoesNotExitIsKilled(t *testing.T) {
	w := newWorld(t, "does not exit")
	w.cfg.StopTimeout = "300ms"
	if res := w.collect(t, t.Context()); res.Failed() || len(res.Entry.Records) != 2 {
		t.Errorf("got %v and %d records, want what it put: it was done", res.Err, len(res.Entry.Records))
	}
}

// TestPluginWithoutTheLibrary: a program needs none of go-plugin's own services, and is given the time to end by itself.
func TestPluginWithoutTheLibrary(t *testing.T) {
	w := newWorld(t, "has the service alone")
	res := w.collect(t, t.Context())
	if res.Failed() || len(res.Entry.Records) != 2 {
		t.Fatalf("got %v and %d records, want what it put", res.Err, len(res.Entry.Records))
	}
	if got := w.runOf(t, res)["stderr"]; got != "good bye\n" {
		t.Errorf("standard error: got %q, want what it wrote when its input ended", got)
	}
}

func TestInterruptedPluginEnds(t *testing.T) {
	w := newWorld(t, "ignores the end")
	w.cfg.StopTimeout = "300ms"
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	res := w.collect(t, ctx)
	if !errors.Is(res.Err, context.DeadlineExceeded) || !strings.Contains(res.Err.Error(), "was killed") {
		t.Errorf("got %v, want the interruption, and that it was killed", res.Err)
	}
}

func TestOtherFilesAreNotStarted(t *testing.T) {
	good := newWorld(t, "is good")
	folder := t.TempDir()
	other := filepath.Join(folder, "other")
	if err := os.WriteFile(other, []byte("#!/bin/sh\ntouch "+folder+"/started\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"other bytes", other, "want sha256:" + good.cfg.SHA256 + " as configured: it was not started"},
		{"no file", filepath.Join(folder, "none"), "no such file"},
		{"a folder", folder, "no regular file"},
	} {
		w := newWorld(t, "is good")
		w.cfg.Executable = tt.path
		res := w.collect(t, t.Context())
		if res.Err == nil || !strings.Contains(res.Err.Error(), tt.want) || len(res.Entry.Records) > 0 {
			t.Errorf("%s: got %v and %d records, want an error that says %q", tt.name, res.Err, len(res.Entry.Records), tt.want)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "started")); err == nil {
		t.Error("the other file was started")
	}
}

// TestWhatIsMissingIsKnownWithoutThePlugin: a plugin that once said which kinds it has is missed under them when it does not start.
func TestWhatIsMissingIsKnownWithoutThePlugin(t *testing.T) {
	w := newWorld(t, "is good")
	if res := w.collect(t, t.Context()); res.Failed() {
		t.Fatal(res.Err)
	}
	w.vars["MODE"] = "misbehave: exits at once"
	res := w.collect(t, t.Context())
	if !slices.ContainsFunc(res.Entry.Parts, func(p evidence.PartOutcome) bool {
		return p.Kind == "plugin.misbehaving.items/1" && p.Outcome == evidence.OutcomeFailed
	}) {
		t.Errorf("got parts %+v, want a failure of the kind it had", res.Entry.Parts)
	}
}

// TestNothingIsLeftBehind: the copy and the sockets go with the collection.
func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, mode := range []string{"is good", "crashes", "exits at once"} {
		newWorld(t, mode).collect(t, t.Context())
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "auditpack-plugin-") {
			t.Errorf("%s is left behind", e.Name())
		}
	}
}
