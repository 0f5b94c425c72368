package boundary

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

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

// What is taken out is gone, what is left is the same document, and nothing else is taken for the key.
func FuzzRedact(f *testing.F) {
	f.Add(`{"items":[{"attributes":{"secret":"a","path":"x"}},{"attributes":{"secret" : {"b":[1]}}}],"secret":null}`)
	f.Add(`{"secret":"","other":"secret","list":["secret","secret"],"nested":{"secret":1.50}}`)
	f.Add(`[{"secret":"\u0041"},"secret",{"x":{"secret":[[]]}}]`)
	f.Add(`{"secret":"a"`)
	f.Fuzz(func(t *testing.T, body string) {
		clean, redaction, err := redact([]byte(body), "secret")
		trimmed := strings.TrimLeft(body, " \t\r\n")
		if !json.Valid([]byte(body)) || !utf8.ValidString(body) || trimmed[0] != '{' && trimmed[0] != '[' {
			return // it is read as JSON before, and refused
		}
		if err != nil {
			t.Fatalf("redact %q: %v", body, err)
		}
		if !json.Valid(clean) {
			t.Fatalf("redact %q: got %q, want JSON", body, clean)
		}
		if redaction.Count == 0 && string(clean) != body {
			t.Errorf("redact %q: got %q, with nothing taken out", body, clean)
		}
		var want, got any
		decode := func(b []byte, v *any) {
			dec := json.NewDecoder(bytes.NewReader(b))
			dec.UseNumber()
			if err := dec.Decode(v); err != nil {
				t.Fatal(err)
			}
		}
		decode([]byte(body), &want)
		decode(clean, &got)
		if a, b := blank(want), blank(got); a != b {
			t.Errorf("redact %q: got %q: the rest differs", body, clean)
		}
		again, second, err := redact(clean, "secret")
		if err != nil || second.Count != redaction.Count || !bytes.Equal(again, clean) {
			t.Errorf("redact %q twice: got %q and %d values, want %q and %d", body, again, second.Count, clean, redaction.Count)
		}
	})
}

// blank writes v with every value of the key secret that is worth taking out made alike.
func blank(v any) string {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if key == "secret" && value != nil && value != "" {
				v[key] = "[redacted]"
			} else {
				v[key] = json.RawMessage(blank(value))
			}
		}
	case []any:
		for i := range v {
			v[i] = json.RawMessage(blank(v[i]))
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
