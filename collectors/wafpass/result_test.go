package wafpass

import (
	"bytes"
	"encoding/json"
	"testing"
)

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
