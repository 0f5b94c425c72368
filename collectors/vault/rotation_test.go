package vault

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
	"auditpack/internal/lines"
)

// rig is a folder of logs, a source that collects them, and the store that it collects into.
type rig struct {
	t     testing.TB
	ctx   context.Context // of a collection
	dir   string
	store *memstore.Store
	now   time.Time
	cfg   Config
	open  func(string) (file, error)
	size  int64 // of a segment
}

func newRig(t testing.TB, dir string, patterns ...string) *rig {
	return &rig{
		t: t, ctx: t.Context(), dir: dir, store: memstore.New(), cfg: Config{AuditLogs: patterns},
		now:  time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
		open: func(path string) (file, error) { return os.Open(path) },
		size: lines.DefaultSegmentBytes,
	}
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// collect collects a minute later and returns what the journal says.
func (r *rig) collect() collectors.Result {
	r.t.Helper()
	r.now = r.now.Add(time.Minute)
	env := collectors.Env{
		Name:   "vault",
		Path:   func(p string) string { return filepath.Join(r.dir, p) },
		Getenv: func(string) string { return "" },
		Now:    func() time.Time { return r.now },
	}
	c := &collector{Config: r.cfg, env: env, open: r.open, segmentBytes: r.size}
	o := collectors.Options{Store: r.store, Journal: r.store, Now: env.Now, Actor: evidence.Actor{Host: "h", Principal: "p", Tool: "t"}}
	res := collectors.Run(r.ctx, []collectors.Source{{Name: "vault", Type: Type, Collector: c}}, o)[0]
	if res.Entry.Number == 0 {
		r.t.Fatalf("collection was not committed: %v", res.Err)
	}
	return res
}

// segments returns the records of kind k, in the order of collecting.
func (r *rig) records(k evidence.Kind) (out []evidence.Record) {
	r.t.Helper()
	for e, err := range r.store.Entries(r.t.Context(), 1) {
		if err != nil {
			r.t.Fatal(err)
		}
		for _, d := range e.Records {
			b, err := evidence.ReadAll(r.t.Context(), r.store, d, 1<<20)
			if err != nil {
				r.t.Fatal(err)
			}
			rec, err := evidence.DecodeRecord(b)
			if err != nil {
				r.t.Fatal(err)
			}
			if rec.Kind == k {
				out = append(out, rec)
			}
		}
	}
	return out
}

func (r *rig) blob(d evidence.Digest) string {
	r.t.Helper()
	b, err := evidence.ReadAll(r.t.Context(), r.store, d, 1<<30)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

// collected returns all lines of all segments, in the order of collecting, and the devices that they are of.
func (r *rig) collected() (all []string, devices map[string]bool) {
	devices = map[string]bool{}
	for _, rec := range r.records(KindAuditLog) {
		text := r.blob(rec.Content[0].Digest)
		devices[rec.Content[0].Name] = true
		all = append(all, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	}
	return all, devices
}

// outcomes returns the outcome of each part of res with its detail.
func outcomes(res collectors.Result) map[string]string {
	out := map[string]string{}
	for _, p := range res.Entry.Parts {
		out[p.Part] = strings.TrimSuffix(fmt.Sprintf("%s %d: %s", p.Outcome, p.Items, p.Detail), ": ")
	}
	return out
}

// entryLine is the n-th entry of a log. The first kilobyte of all entries is the same.
func entryLine(n int) string {
	at := time.Date(2026, 7, 1, 0, 0, 0, n, time.UTC).Format(time.RFC3339Nano)
	return fmt.Sprintf(`{"auth":{"client_token":"hmac-sha256:%s"},"request":{"id":"%08d","path":"secret/%s"},"time":"%s","type":"request"}`,
		strings.Repeat("ab", 500), n, strings.Repeat("x", n*37%400), at)
}

func entryLines(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(entryLine(n) + "\n")
	}
	return b.String()
}

func (r *rig) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(r.path(name), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) append(name, text string) {
	r.t.Helper()
	f, err := os.OpenFile(r.path(name), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) rename(from, to string) {
	r.t.Helper()
	if err := os.Rename(r.path(from), r.path(to)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) remove(name string) {
	r.t.Helper()
	if err := os.Remove(r.path(name)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func gzipOf(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func zstdOf(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}

func (r *rig) wantLines(want string) {
	r.t.Helper()
	got, devices := r.collected()
	if diff := cmp.Diff(strings.Split(strings.TrimSuffix(want, "\n"), "\n"), got, cmp.Transformer("id", entryID)); diff != "" {
		r.t.Errorf("collected lines (-want +got):\n%s", diff)
	}
	if len(devices) != 1 || !devices["audit.log"] {
		r.t.Errorf("devices: got %v, want audit.log alone", devices)
	}
}

// entryID makes a line short enough for a message.
func entryID(line string) string {
	_, after, ok := strings.Cut(line, `"id":"`)
	if !ok {
		return "  " + line[:min(len(line), 60)]
	}
	return fmt.Sprintf("%s (%d bytes)", after[:8], len(line))
}

func TestRotations(t *testing.T) {
	const glob = "audit*.log*"
	tests := []struct {
		name  string
		steps func(r *rig)
		want  string
		last  map[string]string // outcomes of the last collection
	}{
		{"the file grows", func(r *rig) {
			r.write("audit.log", entryLines(0, 3))
			r.collect()
			r.append("audit.log", entryLines(3, 5))
		}, entryLines(0, 5), map[string]string{"audit.log": "ok 2"}},
		{"nothing new", func(r *rig) {
			r.write("audit.log", entryLines(0, 3))
			r.collect()
		}, entryLines(0, 3), map[string]string{"audit.log": "none 0: nothing new"}},
		{"half a line waits", func(r *rig) {
			r.write("audit.log", entryLines(0, 2)+entryLine(2)[:700])
			r.collect()
			r.append("audit.log", entryLine(2)[700:]+"\n")
		}, entryLines(0, 3), map[string]string{"audit.log": "ok 1"}},
		{"a renamed file still grows, and the new one is like it", func(r *rig) {
			r.write("audit.log", entryLines(0, 3))
			r.collect()
			r.rename("audit.log", "audit.log.1")
			r.append("audit.log.1", entryLines(3, 4))
			r.write("audit.log", entryLines(4, 7))
		}, entryLines(0, 7), map[string]string{"audit.log.1": "ok 1", "audit.log": "ok 3"}},
		{"half a line is finished after the rename, audit.log is missing meanwhile", func(r *rig) {
			r.write("audit.log", entryLines(0, 3)+entryLine(3)[:10])
			r.collect()
			r.rename("audit.log", "audit.log.1")
			r.collect()
			r.append("audit.log.1", entryLine(3)[10:]+"\n")
			r.write("audit.log", "")
		}, entryLines(0, 4), map[string]string{"audit.log.1": "ok 1", "audit.log": "none 0: empty"}},
		{"compressed between two collections", func(r *rig) {
			r.write("audit.log", entryLines(0, 3))
			r.collect()
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 5)))
			r.write("audit.log", entryLines(5, 6))
		}, entryLines(0, 6), map[string]string{"audit.log.1.gz": "ok 2", "audit.log": "ok 1"}},
		{"compressed with zstd under a date", func(r *rig) {
			r.write("audit.log", entryLines(0, 300))
			r.collect()
			r.write("audit.log-20260801.zst", zstdOf(r.t, entryLines(0, 305)))
			r.write("audit.log", entryLines(305, 306))
		}, entryLines(0, 306), map[string]string{"audit.log-20260801.zst": "ok 5", "audit.log": "ok 1"}},
		{"a compressed file that is known is not read again under another name", func(r *rig) {
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 5)))
			r.collect()
			r.rename("audit.log.1.gz", "audit.log.2.gz")
		}, entryLines(0, 5), map[string]string{"audit.log.2.gz": "none 0: nothing new"}},
		{"a compressed file is unpacked again", func(r *rig) {
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 5)))
			r.collect()
			r.remove("audit.log.1.gz")
			r.write("audit.log.1", entryLines(0, 5))
		}, entryLines(0, 5), map[string]string{"audit.log.1": "none 0: nothing new"}},
		{"plain and compressed beside each other, both whole", func(r *rig) {
			r.write("audit.log.1", entryLines(0, 5))
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 5)))
		}, entryLines(0, 5), map[string]string{"audit.log.1": "ok 5", "audit.log.1.gz": "none 0: nothing new"}},
		{"a cut .gz beside its plain file", func(r *rig) {
			r.write("audit.log.1", entryLines(0, 200))
			z := gzipOf(entryLines(0, 200))
			r.write("audit.log.1.gz", z[:len(z)/2])
		}, entryLines(0, 200), map[string]string{"audit.log.1": "ok 200", "audit.log.1.gz": "none 0: cut short, and all that can be read of it is collected already"}},
		{"copytruncate", func(r *rig) {
			r.write("audit.log", entryLines(0, 5))
			r.collect()
			r.append("audit.log", entryLines(5, 7))
			r.write("audit.log.1", r.read("audit.log"))
			r.write("audit.log", entryLines(7, 9))
		}, entryLines(0, 9), map[string]string{"audit.log.1": "ok 2", "audit.log": "ok 2"}},
		{"copytruncate, and the new file is longer than the old cursor", func(r *rig) {
			r.write("audit.log", entryLines(0, 2))
			r.collect()
			r.write("audit.log.1", r.read("audit.log"))
			r.write("audit.log", entryLines(2, 9))
		}, entryLines(0, 9), map[string]string{"audit.log.1": "none 0: nothing new", "audit.log": "ok 7"}},
		{"a copy is being made", func(r *rig) {
			r.write("audit.log", entryLines(0, 200))
			r.collect()
			r.write("audit.log.1", entryLines(0, 100)+entryLine(100)[:50])
		}, entryLines(0, 200), map[string]string{"audit.log.1": "none 0: nothing new: the file is a part of \"audit.log\"", "audit.log": "none 0: nothing new"}},
		{"a part of a log, compressed", func(r *rig) {
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 100)))
			r.write("audit.log.2", entryLines(0, 200))
		}, entryLines(0, 200), map[string]string{"audit.log.1.gz": "none 0: nothing new: the file is a part of \"audit.log.2\"", "audit.log.2": "ok 200"}},
		{"two logs that begin alike", func(r *rig) {
			r.write("audit.log.2", entryLines(0, 200))
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 50)+entryLines(300, 310)))
		}, entryLines(0, 200) + entryLines(300, 310), map[string]string{"audit.log.2": "ok 200",
			"audit.log.1.gz": "ok 10: the file is shorter than what was collected of it before (" + fmt.Sprint(len(entryLines(0, 200))) + " bytes), and cannot be compared with it or differs from it after byte " + fmt.Sprint(len(entryLines(0, 50)))}},
		{"copied, not yet truncated", func(r *rig) {
			r.write("audit.log", entryLines(0, 2))
			r.collect()
			r.append("audit.log", entryLines(2, 4))
			r.write("audit.log.1", r.read("audit.log"))
		}, entryLines(0, 4), map[string]string{"audit.log.1": "ok 2", "audit.log": "none 0: nothing new"}},
		{"replaced by a file of the same size", func(r *rig) {
			r.write("audit.log", entryLines(0, 1))
			r.collect()
			r.write("audit.log", entryLines(400, 401)) // 37*400 is a multiple of 400, too
		}, entryLines(0, 1) + entryLines(400, 401), map[string]string{"audit.log": "ok 1"}},
		{"the last newline never comes", func(r *rig) {
			r.write("audit.log", entryLines(0, 2)+entryLine(2))
			r.collect()
			r.remove("audit.log")
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 2)+entryLine(2)))
		}, entryLines(0, 3), map[string]string{"audit.log.1.gz": "ok 1"}},
		{"half a line is compressed", func(r *rig) {
			r.write("audit.log", entryLines(0, 2)+entryLine(2)[:100])
			r.collect()
			r.remove("audit.log")
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 2)+entryLine(2)[:100]))
		}, entryLines(0, 2) + entryLine(2)[:100] + "\n", map[string]string{"audit.log.1.gz": "ok 1"}},
		{"half a line in a rotated file that nobody writes to any more", func(r *rig) {
			r.write("audit.log.1", entryLines(0, 2)+entryLine(2)[:100])
			old := r.now.Add(-2 * time.Hour)
			if err := os.Chtimes(r.path("audit.log.1"), old, old); err != nil {
				r.t.Fatal(err)
			}
			r.collect()
		}, entryLines(0, 2) + entryLine(2)[:100] + "\n", map[string]string{"audit.log.1": "ok 1"}},
		{"an entry that ends in its hashed token", func(r *rig) {
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 2)+entryLine(2)[:26]))
		}, entryLines(0, 2) + entryLine(2)[:26] + "\n", map[string]string{"audit.log.1.gz": "ok 3"}},
		{"a fragment is not continued in the next file", func(r *rig) {
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 2)+entryLine(2)[:100]))
			r.write("audit.log", entryLines(3, 5))
		}, entryLines(0, 2) + entryLine(2)[:100] + "\n" + entryLines(3, 5), nil},
		{"a log comes back from a backup and goes on differently", func(r *rig) {
			r.write("audit.log", entryLines(0, 100))
			r.collect()
			r.append("audit.log", entryLines(100, 200))
			r.collect()
			r.write("audit.log", entryLines(0, 150)+entryLines(300, 400))
		}, entryLines(0, 200) + entryLines(100, 150) + entryLines(300, 400), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, t.TempDir(), glob, "*.log*") // the patterns overlap
			tt.steps(r)
			res := r.collect()
			r.wantLines(tt.want)
			if tt.last != nil {
				if diff := cmp.Diff(tt.last, outcomes(res)); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
			}
			before := len(r.records(KindAuditLog))
			for range 2 {
				r.collect()
			}
			if after := len(r.records(KindAuditLog)); after != before {
				t.Errorf("collecting again adds %d segments", after-before)
			}
		})
	}
}

// machine is a Vault that writes its log, and an administrator who rotates it in every way.
type machine struct {
	*rig
	next    int      // entry
	half    string   // of an entry that is being written: what is to come
	handle  *os.File // that Vault writes to
	written []string // whole lines and fragments that will never be finished
}

func (m *machine) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) emit(s string) {
	_, err := m.handle.WriteString(s)
	m.must(err)
}

func (m *machine) writeLines(n int) {
	m.finishLine()
	for range n {
		m.emit(entryLine(m.next) + "\n")
		m.written = append(m.written, entryLine(m.next))
		m.next++
	}
}

func (m *machine) beginLine(size int) {
	m.finishLine()
	line := entryLine(m.next) + "\n"
	m.emit(line[:size])
	m.half = line[size:]
}

func (m *machine) finishLine() {
	if m.half == "" {
		return
	}
	m.emit(m.half)
	m.half = ""
	m.written = append(m.written, entryLine(m.next))
	m.next++
}

func (m *machine) reopen() {
	if m.half != "" { // the handle is closed in the middle of an entry
		line := entryLine(m.next) + "\n"
		if fragment := strings.TrimSuffix(line, m.half); fragment != "" {
			m.written = append(m.written, fragment)
		}
		m.half = ""
		m.next++
	}
	m.handle.Close()
	var err error
	m.handle, err = os.OpenFile(m.path("audit.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	m.must(err)
}

// shift makes room for audit.log.1.
func (m *machine) shift() {
	for n := 30; n >= 1; n-- {
		for _, suffix := range []string{"", ".gz"} {
			from := fmt.Sprintf("audit.log.%d%s", n, suffix)
			if _, err := os.Stat(m.path(from)); err == nil {
				m.rename(from, fmt.Sprintf("audit.log.%d%s", n+1, suffix))
			}
		}
	}
}

func (m *machine) exists(name string) bool {
	_, err := os.Stat(m.path(name))
	return err == nil
}

// TestAnyRotation lets Vault write and an administrator rotate in any order, with collections in between: at the end each line
// was collected exactly once.
func TestAnyRotation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "rotation")
		if err != nil {
			t.Fatal(err)
		}
		m := &machine{rig: newRig(t, dir, "audit.log*", "audit.*")}
		m.rig.size = 5000
		m.handle, err = os.OpenFile(m.path("audit.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		m.must(err)
		defer func() { m.handle.Close() }()
		renamed := false // Vault still writes to the renamed file
		rt.Repeat(map[string]func(*rapid.T){
			"write":   func(rt *rapid.T) { m.writeLines(rapid.IntRange(1, 12).Draw(rt, "lines")) },
			"begin":   func(rt *rapid.T) { m.beginLine(rapid.IntRange(1, 1000).Draw(rt, "bytes")) },
			"finish":  func(rt *rapid.T) { m.finishLine() },
			"collect": func(rt *rapid.T) { m.collect() },
			"rename": func(rt *rapid.T) {
				if renamed || !m.exists("audit.log") {
					rt.Skip()
				}
				m.shift()
				m.rename("audit.log", "audit.log.1")
				renamed = true
			},
			"rename while collecting": func(rt *rapid.T) {
				if renamed || !m.exists("audit.log") {
					rt.Skip()
				}
				files := rapid.IntRange(0, 3).Draw(rt, "files before")
				open := m.open
				m.open = func(path string) (file, error) {
					if files == 0 {
						m.shift()
						m.rename("audit.log", "audit.log.1")
						renamed = true
					}
					files--
					return open(path)
				}
				m.collect()
				m.open = open
			},
			"reopen": func(rt *rapid.T) {
				if !renamed {
					m.finishLine()
				}
				m.reopen()
				renamed = false
			},
			"copytruncate": func(rt *rapid.T) {
				if renamed || m.half != "" {
					rt.Skip()
				}
				m.shift()
				log := m.read("audit.log")
				if rapid.Bool().Draw(rt, "collect during the copy") {
					m.write("audit.log.1", log[:len(log)*rapid.IntRange(0, 100).Draw(rt, "percent")/100])
					m.collect()
				}
				m.write("audit.log.1", log)
				if rapid.Bool().Draw(rt, "collect before the truncation") {
					m.collect()
				}
				m.must(os.Truncate(m.path("audit.log"), 0))
			},
			"compress": func(rt *rapid.T) {
				if renamed || !m.exists("audit.log.1") || m.exists("audit.log.1.gz") {
					rt.Skip()
				}
				z := gzipOf(m.read("audit.log.1"))
				if rapid.Bool().Draw(rt, "collect during the compression") {
					m.write("audit.log.1.gz", z[:len(z)*rapid.IntRange(0, 100).Draw(rt, "percent")/100])
					m.collect()
				}
				m.write("audit.log.1.gz", z)
				if rapid.Bool().Draw(rt, "collect before the removal") {
					m.collect()
				}
				m.remove("audit.log.1")
			},
			"remove the oldest, collected": func(rt *rapid.T) {
				m.collect()
				for n := 30; n > 1; n-- {
					if name := fmt.Sprintf("audit.log.%d.gz", n); m.exists(name) {
						m.remove(name)
						return
					}
				}
				rt.Skip()
			},
		})
		m.finishLine()
		m.collect()
		got, _ := m.collected()
		checkLines(rt, m.written, got)
	})
}

// checkLines holds that each whole line was collected once. A fragment at the end of a plain file waits until the file is
// compressed or old, so it need not be there; and two equal ones are one.
func checkLines(rt *rapid.T, written, got []string) {
	whole := func(lines []string) []string {
		return slices.Sorted(maps.Keys(count(lines, true)))
	}
	if diff := cmp.Diff(whole(written), whole(got), cmp.Transformer("id", entryID), cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("collected lines (-want +got):\n%s", diff)
	}
	for line, n := range count(got, true) {
		if n > 1 {
			rt.Fatalf("collected %d times: %s", n, entryID(line))
		}
	}
	fragments := count(written, false)
	for fragment := range count(got, false) {
		if fragments[fragment] == 0 {
			rt.Fatalf("collected half a line that nobody wrote: %s", entryID(fragment))
		}
	}
}

// count counts the lines that are whole, or those that are not.
func count(lines []string, whole bool) map[string]int {
	n := map[string]int{}
	for _, line := range lines {
		if line != "" && strings.HasSuffix(line, "}") == whole {
			n[line]++
		}
	}
	return n
}

// countingFile counts what is read of a file.
type countingFile struct {
	*os.File
	bytes *int64
}

func (f countingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	*f.bytes += int64(n)
	return n, err
}

func (f countingFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	*f.bytes += int64(n)
	return n, err
}

func TestReadsOnlyTheTail(t *testing.T) {
	for _, name := range []string{"audit.log", "audit.log.1.gz"} {
		r := newRig(t, t.TempDir(), "audit*")
		var read int64
		r.open = func(path string) (file, error) {
			f, err := os.Open(path)
			return countingFile{f, &read}, err
		}
		r.size = 1 << 20
		text := entryLines(0, 15000)
		if name != "audit.log" {
			text = gzipOf(text)
		}
		r.write(name, text)
		r.collect()
		for range 20 { // marks come and go
			if name == "audit.log" {
				text := entryLines(20000, 20003)
				r.append(name, text)
			}
			read = 0
			r.collect()
			if limit := int64(400 << 10); read > limit {
				t.Fatalf("%s: a collection with little or nothing new read %d bytes, want at most %d", name, read, limit)
			}
		}
	}
}

func TestManyFilesAreNotForgotten(t *testing.T) {
	r := newRig(t, t.TempDir(), "audit*")
	for n := range 2 * maxForgotten {
		r.write(fmt.Sprintf("audit.log.%d", n), entryLines(n, n+1))
	}
	r.collect()
	if n := len(r.records(KindAuditLog)); n != 2*maxForgotten {
		t.Fatalf("got %d segments", n)
	}
	res := r.collect()
	if n := len(r.records(KindAuditLog)); n != 2*maxForgotten {
		t.Errorf("collecting again: got %d segments", n)
	}
	for n := range 2 * maxForgotten {
		r.remove(fmt.Sprintf("audit.log.%d", n))
	}
	r.write("audit.log", entryLines(1000, 1001))
	res = r.collect()
	if n := strings.Count(string(res.Entry.Cursor), `"device"`); n != maxForgotten+1 {
		t.Errorf("cursor has %d streams, want %d", n, maxForgotten+1)
	}
}

func TestTroubledFiles(t *testing.T) {
	r := newRig(t, t.TempDir(), "*.gz", "*.log", "missing.log", "secret/none*")
	z := gzipOf(entryLines(0, 200))
	r.write("cut.log.gz", z[:len(z)/2])
	r.write("head.log.gz", z[:5])
	other := gzipOf(entryLines(600, 900))
	r.write("flip.log.gz", other[:len(other)-300]+strings.Repeat("\x55", 200)+other[len(other)-100:])
	r.write("xz.log", "\xfd7zXZ\x00abc")
	r.write("bz2.log", "BZh91AY&SY")
	r.write("denied.log", entryLines(0, 1))
	r.write("whole.log", entryLines(500, 502))
	if err := os.Mkdir(r.path("folder.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.open = func(path string) (file, error) {
		if strings.HasSuffix(path, "denied.log") {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		}
		return os.Open(path)
	}
	res := r.collect()
	got := outcomes(res)
	for part, want := range map[string][]string{
		"cut.log.gz":   {"failed", `"cut.log.gz"`, "after line ", "cut short", "are kept"},
		"head.log.gz":  {"failed 0", `"head.log.gz"`, "cut short"},
		"flip.log.gz":  {"failed", `"flip.log.gz"`, "after line "},
		"xz.log":       {"failed 0", "xz", "gzip or zstd"},
		"bz2.log":      {"failed 0", "bzip2", "gzip or zstd"},
		"denied.log":   {"failed 0", "permission denied", "read access"},
		"missing.log":  {"failed 0", "no such file"},
		"secret/none*": {"failed 0", "no such file"},
		"whole.log":    {"ok 2"},
	} {
		for _, w := range want {
			if !strings.Contains(got[part], w) {
				t.Errorf("%s: got %q, want it to contain %q", part, got[part], w)
			}
		}
	}
	if len(got) != 9 {
		t.Errorf("got outcomes of %d parts, want 9: %v", len(got), got)
	}
	kept, _ := r.collected()
	if len(kept) < 50 {
		t.Errorf("only %d lines were kept of cut files", len(kept))
	}
	r.write("cut.log.gz", z) // the compression is done now
	if got := outcomes(r.collect())["cut.log.gz"]; !strings.HasPrefix(got, "ok") {
		t.Errorf("cut.log.gz, whole: got %q", got)
	}
	var of []string
	for _, rec := range r.records(KindAuditLog) {
		if rec.Content[0].Name == "cut.log" {
			of = append(of, r.blob(rec.Content[0].Digest))
		}
	}
	if strings.Join(of, "") != entryLines(0, 200) {
		t.Error("the segments of cut.log are not the log")
	}
}

// A rotation between the listing of the logs and their reading is no fault: the file is read under its new name.
func TestRotatedWhileCollecting(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rotate func(r *rig)
		want   map[string]string
		lines  int // after another collection
	}{
		{"renamed", func(r *rig) { r.rename("audit.log", "audit.log.1") }, map[string]string{"audit.log.1": "ok 5", "audit.log.0.gz": "ok 2"}, 7},
		{"renamed and begun anew", func(r *rig) {
			r.rename("audit.log", "audit.log.1")
			r.write("audit.log", entryLines(5, 6))
		}, map[string]string{"audit.log": "ok 1", "audit.log.0.gz": "ok 2"}, 8},
		{"compressed", func(r *rig) {
			r.write("audit.log.1.gz", gzipOf(entryLines(0, 5)))
			r.remove("audit.log")
		}, map[string]string{"audit.log.1.gz": "ok 5", "audit.log.0.gz": "ok 2"}, 7},
		{"removed", func(r *rig) { r.remove("audit.log") }, map[string]string{"audit.log.0.gz": "ok 2"}, 2},
		{"all renamed", func(r *rig) {
			r.rename("audit.log.0.gz", "audit.log.9.gz")
			r.rename("audit.log", "audit.log.1")
		}, map[string]string{"audit.log.1": "ok 5", "audit.log.9.gz": "ok 2"}, 7},
	} {
		r := newRig(t, t.TempDir(), "audit.log*")
		r.write("audit.log", entryLines(0, 5))
		r.write("audit.log.0.gz", gzipOf(entryLines(10, 12)))
		r.open = func(path string) (file, error) {
			if tt.rotate != nil {
				tt.rotate(r)
				tt.rotate = nil
			}
			return os.Open(path)
		}
		if diff := cmp.Diff(tt.want, outcomes(r.collect())); diff != "" {
			t.Errorf("%s: outcomes differ (-want +got):\n%s", tt.name, diff)
		}
		r.collect()
		if all, _ := r.collected(); len(all) != tt.lines {
			t.Errorf("%s: got %d lines, want %d", tt.name, len(all), tt.lines)
		}
	}
}

// A file that is configured by its name is missed.
func TestNamedFileRotatedWhileCollecting(t *testing.T) {
	r := newRig(t, t.TempDir(), "audit.log")
	r.write("audit.log", entryLines(0, 5))
	r.open = func(path string) (file, error) {
		r.rename("audit.log", "audit.log.1")
		return os.Open(path)
	}
	if got := outcomes(r.collect())["audit.log"]; !strings.HasPrefix(got, "failed 0") || !strings.Contains(got, "no such file") {
		t.Errorf("got %q", got)
	}
}

func TestHugeLine(t *testing.T) {
	r := newRig(t, t.TempDir(), "audit.log")
	f, err := os.Create(r.path("audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, entryLines(0, 1)+`{"request":{"id":"`)
	io.Copy(f, io.LimitReader(endless{}, 40<<20))
	io.WriteString(f, "\"}}\n"+entryLines(1, 2))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := outcomes(r.collect())["audit.log"]; got != "ok 3" {
		t.Errorf("got %q", got)
	}
	odd := r.records(KindOddLines)
	if len(odd) != 1 {
		t.Fatalf("got %d records of odd lines", len(odd))
	}
	text := r.blob(odd[0].Content[0].Digest)
	if !strings.Contains(text, `"line":2,`) || !strings.Contains(text, `"reason":"too-long"`) || len(text) > 1000 {
		t.Errorf("got %.1000s", text)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat("x", min(len(p), 64<<10))), nil
}

func TestChangedFileIsNoted(t *testing.T) {
	r := newRig(t, t.TempDir(), "audit.log")
	r.write("audit.log", entryLines(0, 100))
	r.collect()
	r.append("audit.log", entryLines(100, 200))
	r.collect()
	r.write("audit.log", entryLines(0, 190)+strings.Replace(entryLine(190), "hmac-sha256:ab", "hmac-sha256:cd", 1)+"\n"+entryLines(191, 200))
	got := outcomes(r.collect())["audit.log"]
	if !strings.Contains(got, "differs from what was collected") {
		t.Errorf("got %q", got)
	}
	recs := r.records(KindAuditLog)
	if notes := recs[len(recs)-1].Stated.Notes; len(notes) != 1 || !strings.Contains(notes[0], "differs") {
		t.Errorf("notes of the record: got %q", notes)
	}
	r.write("audit.log", entryLines(0, 120))
	if got := outcomes(r.collect())["audit.log"]; !strings.HasPrefix(got, "ok") || !strings.Contains(got, "shorter than what was collected") {
		t.Errorf("shortened: got %q", got)
	}
}
