package evidence_test

import (
	"strings"
	"testing"
	"time"

	"auditpack/evidence"
)

// TestKeyRotatedEntry: an entry that announces a key has its statement and two keys, and no other entry has a statement.
func TestKeyRotatedEntry(t *testing.T) {
	old, next := evidence.DigestOf([]byte("old")), evidence.DigestOf([]byte("new"))
	good := func() evidence.Entry {
		return evidence.Entry{Type: evidence.EntryKeyRotated, Time: time.Unix(0, 0).UTC(), Number: 1, Subjects: []evidence.Digest{old, next}, Statement: []byte(`{"payload":""}`)}
	}
	b, err := good().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := evidence.DecodeEntry(b); err != nil || string(e.Statement) != `{"payload":""}` {
		t.Errorf("read back: got %s, %v", e.Statement, err)
	}
	for name, c := range map[string]struct {
		spoil func(*evidence.Entry)
		want  string
	}{
		"no statement":         {func(e *evidence.Entry) { e.Statement = nil }, "a key rotation has a signed statement"},
		"one key":              {func(e *evidence.Entry) { e.Subjects = e.Subjects[:1] }, "its subjects are two keys"},
		"the same key twice":   {func(e *evidence.Entry) { e.Subjects[1] = old }, "its subjects are two keys"},
		"statement of another": {func(e *evidence.Entry) { e.Type = evidence.EntryExported }, "a key rotation has a signed statement, and nothing else has"},
	} {
		e := good()
		c.spoil(&e)
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.DecodeEntry(b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
