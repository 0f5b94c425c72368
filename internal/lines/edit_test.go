package lines

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestEdit(t *testing.T) {
	long := strings.Repeat("x", 600<<10)
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"lines", "a\nSECRET\n\nb\n", "a\ngone\n\nb\n"},
		{"no newline at the end", "a\nSECRET", "a\ngone"},
		{"a carriage return belongs to the line", "SECRET\r\na\r\n", "SECRET\r\na\r\n"},
		{"a line that no buffer holds", long + "\nSECRET\n", long + "\ngone\n"},
		{"a line that is too long", long + long + "\nSECRET\n" + long + long + "!", "too long\ngone\ntoo long"},
	} {
		for how, r := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with the end": iotest.DataErrReader,
		} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				var n, offset, to int64
				var given bytes.Buffer
				got, err := io.ReadAll(Edit(r(strings.NewReader(tt.in)), 1<<20, func(l Line) []byte {
					n++
					if l.Number != n || l.Offset != offset || l.To != to {
						t.Errorf("line %d: got %d, at %d, to %d; want at %d, to %d", n, l.Number, l.Offset, l.To, offset, to)
					}
					out := l.Bytes
					line := tt.in[l.Offset : l.Offset+l.SizeBytes]
					if sum := sha256.Sum256([]byte(line)); (l.Bytes == nil) != (len(line) > 1<<20) || l.Bytes == nil && !bytes.Equal(sum[:], l.SHA256) {
						t.Errorf("line %d has %d bytes and digest %x", n, l.SizeBytes, l.SHA256)
					}
					switch {
					case l.Bytes == nil:
						out = []byte("too long")
					case string(l.Bytes) == "SECRET":
						given.Reset() // its bytes are used again
						given.WriteString("gone")
						out = given.Bytes()
					}
					offset, to = offset+l.SizeBytes+1, to+int64(len(out))+1
					return out
				}))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, string(got)); diff != "" {
					t.Errorf("(-want +got):\n%.500s", diff)
				}
			})
		}
	}
}

func TestEditReportsErrors(t *testing.T) {
	broken := errors.New("disk is gone")
	r := Edit(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), 1<<20, func(l Line) []byte { return l.Bytes })
	got, err := io.ReadAll(r)
	if !errors.Is(err, broken) || string(got) != "a\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// FuzzEdit holds that an editor that changes nothing gives what it reads, and that one that replaces each line keeps their number.
func FuzzEdit(f *testing.F) {
	f.Add([]byte("a\n\nb"), 2)
	f.Add([]byte("abc\r\n\x00\n"), 1)
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		if limit < 0 {
			return
		}
		same, err := io.ReadAll(Edit(iotest.HalfReader(bytes.NewReader(in)), 1<<20, func(l Line) []byte { return l.Bytes }))
		if err != nil || !bytes.Equal(same, in) {
			t.Errorf("got %q, %v", same, err)
		}
		var lines int
		out, err := io.ReadAll(Edit(bytes.NewReader(in), int64(limit), func(l Line) []byte {
			lines++
			return fmt.Appendf(nil, "%d", l.SizeBytes)
		}))
		if err != nil || bytes.Count(out, []byte("\n")) != bytes.Count(in, []byte("\n")) {
			t.Errorf("%q became %q, %v", in, out, err)
		}
	})
}
