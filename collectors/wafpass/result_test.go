package wafpass

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestSplit(t *testing.T) {
	for pattern, want := range map[string][2]string{
		"a.json": {".", "a.json"}, "*.json": {".", "*.json"}, "r/*.json": {"r", "*.json"}, "r/*/x.json": {"r", "*/x.json"},
		"/var/r/*.json": {"/var/r", "*.json"}, "/*.json": {"/", "*.json"}, "../r/*.json": {"../r", "*.json"}, "../*.json": {"..", "*.json"},
		`r[1]/x\*.json`: {".", `r[1]/x\*.json`},
	} {
		if dir, rest := split(pattern); dir != want[0] || rest != want[1] {
			t.Errorf("split(%q): got %q and %q, want %q", pattern, dir, rest, want)
		}
	}
}

// FuzzParse: what is taken is JSON with a known version, and what is refused says where.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"schema_version": "1.1", "findings": [{"check_id": "a", "control_id": "b", "status": "PASS"}]}`))
	f.Add([]byte("{\n\"schema_version\": \"2.0\"}"))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Add([]byte(`{"a": 1, "a": 2}`))
	f.Add(bytes.Repeat([]byte("["), 5000))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := parse(b)
		if err == nil {
			if !json.Valid(b) {
				t.Error("took what is no JSON")
			}
			return
		}
		own, ok := err.(fault)
		if !ok || own.line < 1 || own.what == "" {
			t.Errorf("got %#v, want a line and words", err)
		}
	})
}
