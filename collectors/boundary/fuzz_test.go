package boundary

import (
	"strings"
	"testing"

	"auditpack/evidence"
)

// However a log is cut into writes, its time span is the same.
func FuzzSpan(f *testing.F) {
	f.Add(events(0, 3)+"{}\n[]\n", 7)
	f.Add("{\"time\":\"2026-07-01T00:00:00Z\"}", 1)
	f.Add("\n\n\r\n", 2)
	f.Fuzz(func(t *testing.T, log string, size int) {
		var whole, cut span
		whole.Write([]byte(log))
		size = max(1, size&0xff)
		for rest := []byte(log); len(rest) > 0; {
			n := min(size, len(rest))
			if got, err := cut.Write(rest[:n]); got != n || err != nil {
				t.Fatalf("write: got %d, %v, want %d, nil", got, err, n)
			}
			rest = rest[n:]
		}
		if whole.any != cut.any || !whole.first.Equal(cut.first) || !whole.last.Equal(cut.last) {
			t.Errorf("span: got %v to %v in pieces, want %v to %v", cut.first, cut.last, whole.first, whole.last)
		}
	})
}

// However bytes are cut into writes and collections, the mark is that of the file's own edges.
func FuzzTracker(f *testing.F) {
	f.Add("short", 2)
	f.Add(strings.Repeat("0123456789", 1000), 4095)
	f.Fuzz(func(t *testing.T, file string, size int) {
		track := newTracker(place{})
		size = max(1, size&0x1fff)
		for rest := []byte(file); len(rest) > 0; {
			n := min(size, len(rest))
			track.Write(rest[:n])
			rest = rest[n:]
			if n%2 == 0 { // a collection ends and the next one begins here
				track = newTracker(place{track.mark("f"), track.head, track.tail})
			}
		}
		n := min(len(file), edgeBytes)
		want := logMark{Path: "f", Offset: int64(len(file)), Head: evidence.DigestOf([]byte(file[:n])), Tail: evidence.DigestOf([]byte(file[len(file)-n:]))}
		if got := track.mark("f"); got != want {
			t.Errorf("mark: got %+v, want %+v", got, want)
		}
	})
}

// The path at which a token reads itself never shows its secret and never leaves the API.
func FuzzTokenPath(f *testing.F) {
	f.Add("at_1234567890_s1secret")
	f.Add("appt_0123456789_abc")
	f.Add("at_../../x_y")
	f.Fuzz(func(t *testing.T, token string) {
		path, err := tokenPath(token)
		if err != nil {
			if strings.Contains(err.Error(), token) && len(token) > 12 {
				t.Errorf("error shows the token: %v", err)
			}
			return
		}
		if _, secret, _ := strings.Cut(strings.SplitN(token, "_", 2)[1], "_"); len(secret) > 12 && strings.Contains(path, secret) {
			t.Errorf("path shows the secret: %q", path)
		}
		if strings.Count(path, "/") != 3 || !strings.HasPrefix(path, "/v1/a") {
			t.Errorf("path: got %q", path)
		}
	})
}
