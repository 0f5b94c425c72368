package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/doctest"
)

// TestCursorPage collects the logs of docs/formats/cursor.md, before and after a rotation, and computes each window anew by the
// page's words.
func TestCursorPage(t *testing.T) {
	const page = "../../docs/formats/cursor.md"
	logs := doctest.Blocks(t, page, "log")
	r := newRig(t, t.TempDir(), "audit.log*")
	r.write("audit.log", logs[0])
	checkCursor(t, doctest.Blocks(t, page, "json vault-1")[0], r.collect().Entry.Cursor, map[string]string{"audit.log": logs[0]})

	r.append("audit.log", logs[1])
	r.rename("audit.log", "audit.log.1")
	r.write("audit.log", logs[2])
	checkCursor(t, doctest.Blocks(t, page, "json vault-2")[0], r.collect().Entry.Cursor, map[string]string{"audit.log": logs[2], "audit.log.1": logs[0] + logs[1]})
	r.wantLines(logs[0] + logs[1] + logs[2])
}

// checkCursor compares a cursor with the page's, and its windows with the contents of the files that it names.
func checkCursor(t *testing.T, want string, got json.RawMessage, files map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, indented(t, string(got))); diff != "" {
		t.Errorf("cursor (-page +got):\n%s\n%s", diff, indented(t, string(got)))
	}
	var c cursor
	if err := json.Unmarshal([]byte(want), &c); err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Streams {
		for _, m := range s.Marks {
			before := files[s.File][:m.Offset]
			sum := sha256.Sum256([]byte(before[max(0, len(before)-65536):]))
			if window := hex.EncodeToString(sum[:])[:32]; window != m.Window {
				t.Errorf("%s at %d: got window %s, the page has %s", s.File, m.Offset, window, m.Window)
			}
		}
	}
}
