package lines

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const (
	one   = `{"request":{"id":"1","data":{"type":"kv","note":"a } in a text"}},"time":"2026-07-01T00:00:00.5Z","type":"request"}`
	two   = `{"type":"response","time":"2026-07-01T00:00:01Z","auth":{"policies":["root"]}}`
	three = `{"auth":{"policy_results":{"allowed":true}},"error":"{{ \u007b","time":"2026-07-01T00:00:02Z","type":"request"}`
)

// segment is one segment with what was said of it.
type segment struct {
	bytes   string
	summary Summary
}

// cut reads all segments of r.
func cut(r io.Reader, o Options) (segs []segment, held int64, err error) {
	s := Cut(r, o)
	defer s.Close()
	for s.Next() {
		b, err := io.ReadAll(s)
		if err != nil {
			return segs, 0, err
		}
		segs = append(segs, segment{string(b), s.Summary()})
	}
	return segs, s.Held(), s.Err()
}

// outline is an Odd in short.
func outline(odd []Odd) (out []string) {
	for _, o := range odd {
		out = append(out, fmt.Sprintf("%d %d+%d %s %s", o.Line, o.Offset, o.SizeBytes, o.Reason, o.Recovered))
	}
	return out
}

func TestOddLines(t *testing.T) {
	n1, n2 := len(one), len(two)
	tests := []struct {
		name, in, prefix string
		tail             bool
		want             []string
		lines, odd       int64
	}{
		{name: "whole entries", in: one + "\n" + two + "\n" + three + "\n", lines: 3},
		{name: "last newline lacks", in: one + "\n" + two, tail: true, lines: 2},
		{name: "unfinished", in: one + "\n" + two[:30], tail: true, lines: 2, odd: 1, want: []string{fmt.Sprintf("2 %d+30 unfinished ", n1+1)}},
		{name: "unfinished after a whole one", in: one + two[:30], tail: true, lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d cut-entry %s", n1+30, one)}},
		{name: "CR before the newline", in: one + "\r\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d carriage-return %s", n1+1, one)}},
		{name: "CR between tokens", in: strings.Replace(two, ",", ",\r", 1) + "\n", lines: 1, odd: 1,
			want: []string{fmt.Sprintf("1 0+%d carriage-return %s", n2+1, strings.Replace(two, ",", ",\r", 1))}},
		{name: "CR in a text", in: strings.Replace(two, "root", "ro\rot", 1) + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d carriage-return ", n2+1)}},
		{name: "hole before an entry", in: "\x00\x00\x00" + two + "\n" + one + "\n", lines: 2, odd: 1, want: []string{fmt.Sprintf("1 0+%d nul %s", n2+3, two)}},
		{name: "control byte", in: "{\"a\":\"\x1b[31m\"}\n", lines: 1, odd: 1, want: []string{"1 0+13 control-byte "}},
		{name: "tab between tokens", in: "{\t}\n", lines: 1, odd: 1, want: []string{"1 0+3 control-byte "}},
		{name: "invalid UTF-8", in: strings.Replace(two, "root", "ro\xfft", 1) + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d invalid-utf8 ", n2)}},
		{name: "umlauts", in: strings.Replace(two, "root", "Größe \U0001f512", 1) + "\n", lines: 1},
		{name: "empty line", in: "\n" + one + "\n", lines: 2, odd: 1, want: []string{"1 0+0 not-json "}},
		{name: "no object", in: "hello\n[1]\n", lines: 2, odd: 2, want: []string{"1 0+5 not-json ", "2 6+3 not-json "}},
		{name: "entry after text", in: "kernel: " + two + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d not-json %s", n2+8, two)}},
		{name: "byte order mark", in: "\ufeff" + two + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d not-json %s", n2+3, two)}},
		{name: "cut at one byte", in: "{" + three + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d cut-entry %s", len(three)+1, three)}},
		{name: "cut in a nested object", in: one[:40] + two + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d cut-entry %s", n2+40, two)}},
		{name: "cut after a nested object", in: `{"auth":{"a":{"time":"hmac","type":"x"}` + two + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d cut-entry %s", n2+39, two)}},
		{name: "cut twice", in: one[:20] + two[:44] + three + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d cut-entry %s", len(three)+64, three)}},
		{name: "two entries without a newline", in: one + two + "\n", lines: 1, odd: 1,
			want: []string{fmt.Sprintf("1 0+%d cut-entry %s", n1, one), fmt.Sprintf("1 %d+%d cut-entry %s", n1, n2, two)}},
		{name: "cut, then two entries", in: two + "\n{\"au" + one + two + "\n", lines: 2, odd: 1,
			want: []string{fmt.Sprintf("2 %d+%d cut-entry %s", n2+1, n1+4, one), fmt.Sprintf("2 %d+%d cut-entry %s", n1+n2+5, n2, two)}},
		{name: "half an entry with its newline is no entry, and not odd", in: one[:40] + "\n" + two + "\n", lines: 2},
		{name: "prefix", prefix: "@cee: ", in: "@cee: " + one + "\n" + two + "\n@cee: \n", lines: 3, odd: 1, want: []string{fmt.Sprintf("3 %d+6 not-json ", n1+n2+8)}},
		{name: "prefix and cut", prefix: "@cee: ", in: "@cee: " + one[:17] + "@cee: " + two + "\n", lines: 1, odd: 1, want: []string{fmt.Sprintf("1 0+%d cut-entry %s", n2+29, two)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			segs, held, err := cut(strings.NewReader(tt.in), Options{Prefix: tt.prefix, KeepTail: tt.tail})
			if err != nil || held != 0 || len(segs) != 1 || segs[0].bytes != tt.in {
				t.Fatalf("got %d segments, held %d, error %v", len(segs), held, err)
			}
			s := segs[0].summary
			if s.Lines != tt.lines || s.OddLines != tt.odd || s.SizeBytes != int64(len(tt.in)) {
				t.Errorf("got %d lines, %d odd, %d bytes, want %d, %d, %d", s.Lines, s.OddLines, s.SizeBytes, tt.lines, tt.odd, len(tt.in))
			}
			if diff := cmp.Diff(tt.want, outline(s.Odd)); diff != "" {
				t.Errorf("odd lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStrangeAtEachPlace(t *testing.T) {
	for n := range 80 {
		for at := range n {
			for b, want := range map[byte]Reason{0: NUL, '\r': CarriageReturn, 0x1f: ControlByte, 0x80: InvalidUTF8, 0xff: InvalidUTF8, ' ': NotJSON, 0x7f: NotJSON} {
				line := bytes.Repeat([]byte{'~'}, n)
				line[at] = b
				if got := look(line); got != want {
					t.Fatalf("byte %#x at %d of %d: got %q, want %q", b, at, n, got, want)
				}
			}
		}
	}
}

func TestSegmentsEndAtLines(t *testing.T) {
	in := strings.Repeat(one+"\n"+two+"\n", 50)
	for name, r := range map[string]io.Reader{
		"at once": strings.NewReader(in), "byte by byte": iotest.OneByteReader(strings.NewReader(in)), "error with the last bytes": iotest.DataErrReader(strings.NewReader(in)),
	} {
		segs, held, err := cut(r, Options{SegmentBytes: 1000})
		if err != nil || held != 0 || len(segs) < 5 {
			t.Fatalf("%s: got %d segments, held %d, error %v", name, len(segs), held, err)
		}
		var all string
		var lines int64
		for _, s := range segs {
			if !strings.HasSuffix(s.bytes, "\n") || len(s.bytes) > 2100 {
				t.Errorf("%s: segment of %d bytes ends in %q", name, len(s.bytes), s.bytes[len(s.bytes)-1:])
			}
			all += s.bytes
			lines += s.summary.Lines
		}
		if all != in || lines != 100 {
			t.Errorf("%s: got %d bytes and %d lines, want %d and 100", name, len(all), lines, len(in))
		}
	}
}

func TestHalfLineIsHeldBack(t *testing.T) {
	segs, held, err := cut(strings.NewReader(one+"\n"+two[:20]), Options{})
	if err != nil || len(segs) != 1 || segs[0].bytes != one+"\n" || held != 20 {
		t.Errorf("got %+v, held %d, error %v", segs, held, err)
	}
	segs, held, err = cut(strings.NewReader(two[:20]), Options{})
	if err != nil || len(segs) != 0 || held != 20 {
		t.Errorf("half a line alone: got %+v, held %d, error %v", segs, held, err)
	}
	segs, held, err = cut(strings.NewReader(""), Options{KeepTail: true})
	if err != nil || len(segs) != 0 || held != 0 {
		t.Errorf("nothing: got %+v, held %d, error %v", segs, held, err)
	}
}

func TestReaderBreaksOff(t *testing.T) {
	broken := errors.New("disk is gone")
	segs, held, err := cut(io.MultiReader(strings.NewReader(one+"\n"+two[:20]), iotest.ErrReader(broken)), Options{KeepTail: true})
	if !errors.Is(err, broken) || len(segs) != 1 || segs[0].bytes != one+"\n" || held != 20 {
		t.Errorf("got %+v, held %d, error %v", segs, held, err)
	}
}

// inspect is an Inspector that is a function, the same for all segments.
type inspect func(line int64, entry []byte) error

func (f inspect) Inspect(line int64, entry []byte) error { return f(line, entry) }

func TestInspect(t *testing.T) {
	var seen []string
	keep := func(n int64, entry []byte) error {
		seen = append(seen, fmt.Sprintf("%d %s", n, entry))
		return nil
	}
	in := "p:" + one + "\np:" + two + "\r\nrubbish\n" + three[:10] + one + two + "\n"
	if _, _, err := cut(strings.NewReader(in), Options{Prefix: "p:", Inspector: func() Inspector { return inspect(keep) }}); err != nil {
		t.Fatal(err)
	}
	want := []string{"1 " + one, "2 p:" + two + "\r", "2 " + two, "3 rubbish", "4 " + three[:10] + one + two, "4 " + one, "4 " + two}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("inspected (-want +got):\n%s", diff)
	}

	refused := errors.New("refused")
	refuse := func(n int64, entry []byte) error {
		if bytes.Contains(entry, []byte("secret")) {
			return refused
		}
		return nil
	}
	segs, _, err := cut(strings.NewReader(strings.Repeat(one+"\n", 100)+"{\"secret\":1}\n"), Options{SegmentBytes: 1000, Inspector: func() Inspector { return inspect(refuse) }})
	if !errors.Is(err, refused) || len(segs) == 0 {
		t.Errorf("got %d segments and %v, want some and the error of the Inspector", len(segs), err)
	}
	for _, s := range segs {
		if strings.Contains(s.bytes, "secret") {
			t.Error("a segment holds the refused line")
		}
	}
}

// repeated gives n times the byte c without holding them.
func repeated(c byte, n int64) io.Reader {
	return io.LimitReader(endless(bytes.Repeat([]byte{c}, 64<<10)), n)
}

type endless []byte

func (e endless) Read(p []byte) (int, error) { return copy(p, e), nil }

func TestTooLong(t *testing.T) {
	long := func(n int64) io.Reader {
		return io.MultiReader(strings.NewReader(one+"\n{"), repeated('x', n-2), strings.NewReader("}\n"+two+"\n"))
	}
	for _, tt := range []struct {
		size int64
		odd  []string
	}{
		{MaxLine, nil},
		{MaxLine + 1, []string{fmt.Sprintf("2 %d+%d too-long ", len(one)+1, MaxLine+1)}},
		{40 << 20, []string{fmt.Sprintf("2 %d+%d too-long ", len(one)+1, 40<<20)}},
	} {
		s := Cut(long(tt.size), Options{SegmentBytes: 16 << 20})
		defer s.Close()
		var size, lines int64
		var odd []string
		for s.Next() {
			n, err := io.Copy(io.Discard, s)
			if err != nil {
				t.Fatal(err)
			}
			size += n
			if lines == 0 {
				odd = outline(s.Summary().Odd)
			}
			lines += s.Summary().Lines
		}
		if s.Err() != nil || lines != 3 || size != int64(len(one)+1+len(two)+1)+tt.size+1 {
			t.Errorf("line of %d: got %d lines, %d bytes, error %v", tt.size, lines, size, s.Err())
		}
		if diff := cmp.Diff(tt.odd, odd); diff != "" {
			t.Errorf("line of %d (-want +got):\n%s", tt.size, diff)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	// 200 MB in lines of 15 MB, each of them whole.
	line := io.MultiReader()
	for range 13 {
		line = io.MultiReader(line, strings.NewReader(`{"a":"`), repeated('x', 15<<20), strings.NewReader("\"}\n"))
	}
	s := Cut(line, Options{})
	defer s.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for s.Next() {
		if _, err := io.Copy(io.Discard, s); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	// Three blocks of 16 MiB, and what they grew from.
	if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 120 {
		t.Errorf("got %d MiB allocated in all", allocated)
	}
}

func TestCloseEarly(t *testing.T) {
	s := Cut(repeated('\n', 1<<40), Options{})
	if !s.Next() {
		t.Fatal("no segment")
	}
	s.Close()
	s.Close()
}

// TestRealEntries holds that nothing in what a real Vault 1.21.1 wrote is taken for odd.
func TestRealEntries(t *testing.T) {
	in, err := os.ReadFile("testdata/audit-variants.log")
	if err != nil {
		t.Fatal(err)
	}
	segs, _, err := cut(bytes.NewReader(in), Options{})
	if err != nil || len(segs) != 1 || segs[0].summary.OddLines != 0 || segs[0].summary.Lines != int64(bytes.Count(in, []byte("\n"))) {
		t.Errorf("got %+v, error %v", segs, err)
	}
}

// TestRealDiskFull reads what a real Vault 1.21.1 wrote around the moment when its disk was full, cut at every byte of the entry.
func TestRealDiskFull(t *testing.T) {
	in, err := os.ReadFile("testdata/audit-variants.log")
	if err != nil {
		t.Fatal(err)
	}
	entries := bytes.SplitN(in, []byte("\n"), 8)
	half, whole := entries[5], entries[6]
	for n := 1; n <= len(half); n++ {
		line := slices.Concat(half[:n], whole, []byte("\n"))
		segs, _, err := cut(bytes.NewReader(line), Options{})
		if err != nil || len(segs) != 1 || segs[0].summary.OddLines != 1 {
			t.Fatalf("cut after %d bytes: got %+v, error %v", n, segs, err)
		}
		odd := segs[0].summary.Odd
		if last := odd[len(odd)-1]; last.Reason != CutEntry || !bytes.Equal(last.Recovered, whole) {
			t.Fatalf("cut after %d bytes: got %s %s", n, last.Reason, last.Recovered)
		}
		if len(odd) > 1 != (n == len(half)) {
			t.Fatalf("cut after %d bytes: got %d entries", n, len(odd))
		}
	}
}

func BenchmarkSegments(b *testing.B) {
	in, err := os.ReadFile("testdata/audit-variants.log")
	if err != nil {
		b.Fatal(err)
	}
	in = bytes.Repeat(in, 1000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		s := Cut(bytes.NewReader(in), Options{})
		for s.Next() {
			io.Copy(io.Discard, s)
		}
		s.Close()
	}
}
