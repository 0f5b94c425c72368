package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"auditpack/collectors"
)

func TestTailKeepsTheEnd(t *testing.T) {
	for _, tt := range []struct {
		writes []string
		end    string
		all    bool
	}{
		{nil, "", true},
		{[]string{"abc"}, "abc", true},
		{[]string{"abc", "de"}, "abcde", true},
		{[]string{"abc", "def"}, "bcdef", false},
		{[]string{"a", strings.Repeat("x", 100) + "12345"}, "12345", false},
	} {
		w := &tail{keep: 5}
		var total int64
		for _, s := range tt.writes {
			n, err := w.Write([]byte(s))
			if n != len(s) || err != nil {
				t.Errorf("write %q: got %d, %v", s, n, err)
			}
			total += int64(n)
		}
		if end, n, all := w.read(); end != tt.end || n != total || all != tt.all {
			t.Errorf("%q: got %q of %d, all %v; want %q of %d, all %v", tt.writes, end, n, all, tt.end, total, tt.all)
		}
	}
}

type closer struct{ bytes.Buffer }

func (*closer) Close() error { return nil }

func TestFirstLine(t *testing.T) {
	long := strings.Repeat("x", maxHandshake)
	for _, tt := range []struct{ in, line, rest string }{
		{"1|1|unix|/s|grpc|\n", "1|1|unix|/s|grpc|\n", ""},
		{"hello\nworld\n", "hello\n", "world\n"},
		{"no end", "no end", ""},
		{"", "", ""},
		{long + "yz\n", long, "yz\n"},
	} {
		for name, r := range map[string]io.Reader{"at once": strings.NewReader(tt.in), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.in))} {
			line, rest := &closer{}, &bytes.Buffer{}
			firstLine(r, line, rest)
			if line.String() != tt.line || rest.String() != tt.rest {
				t.Errorf("%.20q %s: got %d and %d bytes, want %d and %d", tt.in, name, line.Len(), rest.Len(), len(tt.line), len(tt.rest))
			}
		}
	}
}

func TestMask(t *testing.T) {
	var m masker
	m.add("TOKEN", "s3cr3t-value")
	m.add("HEADER", "Bearer abcdefgh12")
	m.add("FLAG", "1")
	for in, want := range map[string]string{
		"login with s3cr3t-value failed": "login with [TOKEN] failed",
		"sent Bearer abcdefgh12":         "sent [HEADER]",
		"sent abcdefgh12 alone":          "sent [HEADER] alone",
		"Bearer of 1":                    "Bearer of 1",
		"bell \a and \x1b[31m red":       "bell \ufffd and \ufffd[31m red",
		"bad \xff byte":                  "bad \ufffd byte",
	} {
		if got := m.text(in); got != want {
			t.Errorf("text(%q): got %q, want %q", in, got, want)
		}
	}
	// A tail may begin, and a killed process may end, in the middle of a value.
	for cut := 1; cut < len("s3cr3t-value"); cut++ {
		if got := m.cutOff("s3cr3t-value"[cut:]+" refused", true); got != " refused" {
			t.Errorf("cut %d: got %q", cut, got)
		}
		if got := m.cutOff("refused s3cr3t-value"[:len("refused s3cr3t-value")-cut], false); len(got) > len("refused s3c") {
			t.Errorf("cut %d at the end: got %q", cut, got)
		}
	}
}

// TestMaskedErrorsAreStillWhatTheyAre: a caller decides by sentinels, in whatever words.
func TestMaskedErrorsAreStillWhatTheyAre(t *testing.T) {
	var m masker
	m.add("TOKEN", "s3cr3t-value")
	err := m.error(fmt.Errorf("ask with s3cr3t-value: %w", collectors.ErrNotOffered))
	if !errors.Is(err, collectors.ErrNotOffered) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %v", err)
	}
}
