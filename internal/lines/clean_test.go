package lines

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for _, tt := range []struct {
		name, in, prefix, want string
		odd                    []int64
	}{
		{name: "nothing"},
		{name: "nothing odd", in: "{1}\n{2}\n", want: "{1}\n{2}\n"},
		{name: "no newline at the end", in: "{1}\n{2}", want: "{1}\n{2}"},
		{name: "odd lines", in: "{1}\nbad\n{3}\n\n", odd: []int64{2, 4}, want: "{1}\n{}\n{3}\n{}\n"},
		{name: "odd without a newline", in: "{1}\nba", odd: []int64{2}, want: "{1}\n{}"},
		{name: "long lines", in: long + "\n" + long + "\n{3}\n", odd: []int64{2}, want: long + "\n{}\n{3}\n"},
		{name: "prefix", prefix: "@cee: ", in: "@cee: {1}\n{2}\n@cee: bad\n@ce", odd: []int64{3}, want: "{1}\n{2}\n{}\n@ce"},
		{name: "prefix alone at the end", prefix: "p", in: "p{1}\np", want: "{1}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			odd := map[int64]bool{}
			for _, n := range tt.odd {
				odd[n] = true
			}
			var out bytes.Buffer
			if err := Clean(&out, iotest.HalfReader(strings.NewReader(tt.in)), tt.prefix, func(n int64) bool { return odd[n] }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCleanReportsErrors(t *testing.T) {
	broken := errors.New("disk is gone")
	none := func(int64) bool { return false }
	if err := Clean(io.Discard, io.MultiReader(strings.NewReader("{1}\n"), iotest.ErrReader(broken)), "", none); !errors.Is(err, broken) {
		t.Errorf("reading: got %v", err)
	}
	r, w := io.Pipe()
	r.CloseWithError(broken)
	if err := Clean(w, strings.NewReader("{1}\n"), "", none); !errors.Is(err, broken) {
		t.Errorf("writing: got %v", err)
	}
}

func TestOddObjects(t *testing.T) {
	big := `{"a":"` + strings.Repeat("ä\"\\<&>\u2028", 100<<10) + `"}`
	odd := []Odd{
		{Line: 1, SizeBytes: 3, Reason: NotJSON, Head: "a\ufffd<"},
		{Line: 7, Offset: 900, SizeBytes: 20, Reason: CarriageReturn, Recovered: []byte("{\"a\":\r1}"), Head: "{"},
		{Line: 8, Offset: 950, SizeBytes: 20, Reason: CutEntry, Recovered: []byte(big), Head: "{"},
	}
	var b bytes.Buffer
	if err := WriteOdd(&b, "sha256:00", "audit.log", odd); err != nil {
		t.Fatal(err)
	}
	if rest := b.Len() - 2*len(big); rest > 1<<10 {
		t.Errorf("the big entry and %d bytes more than twice its size were written: an escape makes two bytes of one at most", rest)
	}
	first, _, _ := strings.Cut(b.String(), "\n")
	want := `{"evidence":"sha256:00","line":1,"device":"audit.log","byte_offset":0,"size_bytes":3,"reason":"not-json","head":"a` + "\ufffd" + `<","recovered":null}`
	if first != want {
		t.Errorf("got  %s\nwant %s", first, want)
	}
	var got []int64
	for o, err := range ReadOdd(bytes.NewReader(b.Bytes())) {
		if err != nil || o.Evidence != "sha256:00" {
			t.Fatal(o, err)
		}
		got = append(got, o.Line)
	}
	if diff := cmp.Diff([]int64{1, 7, 8}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	dec := json.NewDecoder(&b)
	for _, o := range odd {
		var object struct{ Recovered *string }
		if err := dec.Decode(&object); err != nil {
			t.Fatal(err)
		}
		if o.Recovered != nil && (object.Recovered == nil || *object.Recovered != string(o.Recovered)) {
			t.Errorf("line %d: recovered entry differs", o.Line)
		}
	}
	for _, err := range ReadOdd(strings.NewReader(`{"evidence":"sha256:00","line":1}` + "\n" + `{"colour":1}`)) {
		if err != nil {
			return
		}
	}
	t.Error("an unknown member is read without an error")
}

// FuzzSegments holds that nothing is lost: the segments give the input back, each line is either without oddity or reported,
// what was recovered is in the line, and the cleaned copy has as many lines.
func FuzzSegments(f *testing.F) {
	for _, seed := range []string{one + "\n", one + two, "{" + three + "\n\n", "p" + one + "\r\n\x00\n", one[:9] + "\n\xff", strings.Repeat("x", 300)} {
		f.Add([]byte(seed), "", 100, true)
		f.Add([]byte(seed), "p", 70, false)
	}
	real, err := os.ReadFile("testdata/audit-variants.log")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(real[:9000], "", 4000, true)
	f.Fuzz(func(t *testing.T, in []byte, prefix string, size int, tail bool) {
		if strings.ContainsAny(prefix, "\n") || len(prefix) > 100 || size < 1 {
			return
		}
		segs, held, err := cut(bytes.NewReader(in), Options{Prefix: prefix, SegmentBytes: int64(size), KeepTail: tail})
		if err != nil || tail && held != 0 {
			t.Fatalf("held %d, error %v", held, err)
		}
		var all []byte
		for _, s := range segs {
			all = append(all, s.bytes...)
			checkSegment(t, s, prefix)
		}
		if !bytes.Equal(all, in[:len(in)-int(held)]) || bytes.Contains(in[len(in)-int(held):], []byte("\n")) {
			t.Errorf("segments and held line do not give the input back")
		}
	})
}

func checkSegment(t *testing.T, s segment, prefix string) {
	physical := strings.SplitAfter(s.bytes, "\n")
	if physical[len(physical)-1] == "" {
		physical = physical[:len(physical)-1]
	}
	if s.summary.SizeBytes != int64(len(s.bytes)) || s.summary.Lines != int64(len(physical)) {
		t.Fatalf("got %d bytes and %d lines, want %d and %d", s.summary.SizeBytes, s.summary.Lines, len(s.bytes), len(physical))
	}
	odd := map[int64]bool{}
	for _, o := range s.summary.Odd {
		odd[o.Line] = true
		if o.Recovered != nil && (!json.Valid(o.Recovered) || !strings.Contains(s.bytes[o.Offset:o.Offset+o.SizeBytes], string(o.Recovered))) {
			t.Errorf("line %d: recovered %q is not in it", o.Line, o.Recovered)
		}
		if !strings.Contains(physical[o.Line-1], s.bytes[o.Offset:o.Offset+o.SizeBytes]) {
			t.Errorf("line %d: offset %d and size %d lead elsewhere", o.Line, o.Offset, o.SizeBytes)
		}
	}
	if int64(len(odd)) != s.summary.OddLines {
		t.Errorf("got %d odd lines, want %d", s.summary.OddLines, len(odd))
	}
	var clean bytes.Buffer
	if err := Clean(&clean, strings.NewReader(s.bytes), prefix, func(n int64) bool { return odd[n] }); err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.SplitAfter(clean.String(), "\n") {
		want := "{}"
		if i >= len(physical) {
			want = ""
		} else if !odd[int64(i+1)] {
			want = strings.TrimPrefix(strings.TrimSuffix(physical[i], "\n"), prefix)
		}
		if strings.TrimSuffix(line, "\n") != want {
			t.Fatalf("cleaned line %d: got %q, want %q", i+1, line, want)
		}
		if want != "" && want[0] != '{' || strings.ContainsAny(want, "\r\x00") {
			t.Errorf("cleaned line %d: %q would trouble a reader", i+1, want)
		}
	}
}
