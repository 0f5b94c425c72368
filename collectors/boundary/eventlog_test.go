package boundary

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"auditpack/collectors"
	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence"
)

// event is one line of an event log, with a newline.
func event(n int) string {
	at := testNow.Add(time.Duration(n) * time.Second).Format(time.RFC3339Nano)
	return fmt.Sprintf(`{"id":"audit_%06d","source":"https://boundary.example","specversion":"1.0","type":"audit","data":{"request_info":{"path":"/v1/sessions/s_%d"}},"time":"%s"}`+"\n", n, n, at)
}

func events(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(event(n))
	}
	return b.String()
}

// newLogWorld collects event logs alone.
func newLogWorld(t *testing.T) *world {
	w := newWorld(t, boundarytest.Dataset{})
	w.vars = nil
	w.config = "event_logs: [logs/events.ndjson*]\n"
	if err := os.Mkdir(filepath.Join(w.dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "logs", name), []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) rename(from, to string) {
	w.t.Helper()
	if err := os.Rename(filepath.Join(w.dir, "logs", from), filepath.Join(w.dir, "logs", to)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.dir, "logs", name)); err != nil {
		w.t.Fatal(err)
	}
}

// stored returns the lines of all event log records of res, by record.
func (w *world) stored(res collectors.Result, kind evidence.Kind) []string {
	w.t.Helper()
	var out []string
	for _, r := range w.records(res, kind) {
		b, err := evidence.ReadAll(w.t.Context(), w.store, r.Content[0].Digest, 1<<30)
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func zstandard(s string) string {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestEventLogGrows(t *testing.T) {
	w := newLogWorld(t)
	steps := []struct {
		name string
		do   func()
		want []string // new segments
		says []string
	}{
		{"nothing there", func() {}, nil, []string{"logs/events.ndjson*: none 0 no file has such a name"}},
		{"empty file", func() { w.write("events.ndjson", "") }, nil, []string{"logs/events.ndjson: none 0"}},
		{"half a line", func() { w.write("events.ndjson", event(0)[:40]) }, nil,
			[]string{"logs/events.ndjson: none 0 the last line is unfinished: its 40 bytes wait for the next collection"}},
		{"lines", func() { w.write("events.ndjson", events(0, 100)) }, []string{events(0, 100)}, []string{"logs/events.ndjson: ok 100"}},
		{"nothing new", func() {}, nil, []string{"logs/events.ndjson: none 0 nothing new since the collection before"}},
		{"more lines and a half", func() { w.write("events.ndjson", events(0, 150)+event(150)[:10]) }, []string{events(100, 150)},
			[]string{"logs/events.ndjson: ok 50 the last line is unfinished: its 10 bytes wait for the next collection"}},
		{"renamed, grown, and a new one", func() {
			w.write("events.ndjson", events(0, 160))
			w.rename("events.ndjson", "events.ndjson.1")
			w.write("events.ndjson", events(160, 170))
		}, []string{events(160, 170), events(150, 160)}, []string{"logs/events.ndjson: ok 10", "logs/events.ndjson.1: ok 10"}},
		{"compressed", func() {
			w.write("events.ndjson.1.gz", gzipped(events(0, 160)))
			w.remove("events.ndjson.1")
		}, nil, []string{
			"logs/events.ndjson: none 0 nothing new since the collection before",
			"logs/events.ndjson.1.gz: none 0 nothing new since the collection before",
		}},
		{"truncated and longer than before", func() { w.write("events.ndjson", events(200, 300)) }, []string{events(200, 300)},
			[]string{"logs/events.ndjson: ok 100", "logs/events.ndjson.1.gz: none 0 nothing new since the collection before"}},
		{"gone for a while", func() { w.rename("events.ndjson", "away") }, nil,
			[]string{"logs/events.ndjson.1.gz: none 0 nothing new since the collection before"}},
		{"and back", func() { w.rename("away", "events.ndjson.2") }, nil, []string{
			"logs/events.ndjson.1.gz: none 0 nothing new since the collection before",
			"logs/events.ndjson.2: none 0 nothing new since the collection before",
		}},
		{"another that ends without a newline", func() {
			w.write("events.ndjson.3.zst", zstandard(strings.TrimSuffix(events(400, 402), "\n")))
		}, []string{strings.TrimSuffix(events(400, 402), "\n")}, []string{
			"logs/events.ndjson.1.gz: none 0 nothing new since the collection before",
			"logs/events.ndjson.2: none 0 nothing new since the collection before",
			"logs/events.ndjson.3.zst: ok 2",
		}},
	}
	for _, step := range steps {
		step.do()
		res := w.collect()
		if diff := cmp.Diff(step.want, w.stored(res, kindEventLog)); diff != "" {
			t.Fatalf("%s: segments (-want +got):\n%s", step.name, diff)
		}
		if diff := cmp.Diff(step.says, outcomes(res)); diff != "" {
			t.Fatalf("%s: outcomes (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestEventLogRecord(t *testing.T) {
	w := newLogWorld(t)
	w.write("events.ndjson-20260930", event(5)+event(2)+event(9)+"{}\n")
	rec := w.records(w.collect(), kindEventLog)[0]
	want := evidence.Period{From: testNow.Add(2 * time.Second), To: testNow.Add(9*time.Second + 1)}
	if diff := cmp.Diff(&want, rec.Period); diff != "" {
		t.Errorf("period (-want +got):\n%s", diff)
	}
	if *rec.Stated.Lines != 4 || *rec.Stated.OddLines != 0 {
		t.Errorf("lines: got %d, %d odd, want 4 and 0", *rec.Stated.Lines, *rec.Stated.OddLines)
	}
	if got, want := rec.Content[0].Name, "events.ndjson"; got != want {
		t.Errorf("device: got %q, want %q", got, want)
	}
}

func TestEventLogOddLines(t *testing.T) {
	w := newLogWorld(t)
	w.write("events.ndjson", event(0)+"[INFO] started\n"+event(1)[:50]+event(2))
	res := w.collect()
	if diff := cmp.Diff([]string{"logs/events.ndjson: ok 3"}, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	odd := w.records(res, kindOddLines)
	if len(odd) != 1 {
		t.Fatalf("records of odd lines: got %d, want 1", len(odd))
	}
	text := w.stored(res, kindOddLines)[0]
	if strings.Count(text, "\n") != 2 || !strings.Contains(text, `"reason":"not-json"`) || !strings.Contains(text, `"reason":"cut-entry"`) {
		t.Errorf("odd lines: got %s", text)
	}
	if got, want := odd[0].DerivedFrom, w.records(res, kindEventLog)[0].Content[0].Digest; len(got) != 1 || got[0] != want {
		t.Errorf("derived from: got %v, want %s", got, want)
	}
}

func TestEventLogFailures(t *testing.T) {
	whole := gzipped(events(0, 5000))
	for name, tc := range map[string]struct {
		file    string
		content string
		want    string
	}{
		"cut gzip":      {"events.ndjson.1.gz", whole[:len(whole)/2], "unexpected EOF"},
		"no gzip":       {"events.ndjson.1.gz", "events", "unexpected EOF"},
		"no zstd":       {"events.ndjson.1.zst", "events, but not compressed\n", "magic number mismatch"},
		"damaged bytes": {"events.ndjson.1.gz", whole[:len(whole)/2] + "XXXXXXXX" + whole[len(whole)/2+8:], ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newLogWorld(t)
			w.write(tc.file, tc.content)
			w.write("events.ndjson", event(1))
			res := w.collect()
			got := outcomes(res)
			if len(got) != 2 || got[0] != "logs/events.ndjson: ok 1" || !strings.HasPrefix(got[1], "logs/"+tc.file+": failed") || !strings.Contains(got[1], tc.want) {
				t.Errorf("outcomes: got %q, want the second failed with %q and the first whole", got, tc.want)
			}
			for _, segment := range w.stored(res, kindEventLog) {
				if !strings.HasSuffix(segment, "\n") {
					t.Errorf("a segment ends in the middle of a line: %q", segment[max(0, len(segment)-50):])
				}
			}
		})
	}
}

func TestEventLogGlobs(t *testing.T) {
	w := newLogWorld(t)
	w.write("events.ndjson", event(1))
	if err := os.Mkdir(filepath.Join(w.dir, "logs", "events.ndjson.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.config = "event_logs: [logs/*, '" + filepath.Join(w.dir, "logs", "events.ndjson") + "', 'logs/events.ndjson', other/*.log]\n"
	want := []string{
		filepath.Join(w.dir, "logs", "events.ndjson") + ": ok 1",
		"logs/events.ndjson: ok 1", "other/*.log: none 0 no file has such a name",
	}
	if diff := cmp.Diff(want, outcomes(w.collect())); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	w.config = "event_logs: ['logs/[']\n"
	if _, err := w.open(); err == nil || err.Error() != `event_logs: "logs/[" is not a glob` {
		t.Errorf("error: got %v", err)
	}
}

func TestEventLogsGoOnWithoutTheController(t *testing.T) {
	w := newLogWorld(t)
	w.write("events.ndjson", event(1))
	w.config += "address: http://127.0.0.1:1\n"
	w.vars = map[string]string{"BOUNDARY_TOKEN": testToken}
	res := w.collect()
	if res.Err != nil || !res.Failed() {
		t.Errorf("got error %v, failed %v: want the parts of the controller failed and no more", res.Err, res.Failed())
	}
	if diff := cmp.Diff([]string{event(1)}, w.stored(res, kindEventLog)); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}
}

func TestDevice(t *testing.T) {
	for name, want := range map[string]string{
		"events.ndjson": "events.ndjson", "events.ndjson.1": "events.ndjson", "events.ndjson.12.gz": "events.ndjson",
		"events.ndjson-20260701.zst": "events.ndjson", "events-2026-07-01.ndjson": "events-2026-07-01.ndjson",
		"events.log.2026-07-01T00:00:00Z": "events.log", "1": "1", "audit-1.log": "audit-1.log",
	} {
		if got := (logFile{name: name}).device(); got != want {
			t.Errorf("device of %q: got %q, want %q", name, got, want)
		}
	}
}
