package boundary

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/canonical"
	"auditpack/internal/doctest"
)

// TestCursorPage reads the cursor of docs/formats/cursor.md back, and makes the mark of the event log there.
func TestCursorPage(t *testing.T) {
	const page = "../../docs/formats/cursor.md"
	want := doctest.Blocks(t, page, "json boundary")[0]
	var c cursor
	if err := canonical.Unmarshal([]byte(want), &c); err != nil {
		t.Fatal(err)
	}
	track := newTracker(place{})
	if _, err := track.Write([]byte(doctest.Blocks(t, page, "log boundary")[0])); err != nil {
		t.Fatal(err)
	}
	c.Logs.Marks = []logMark{track.mark("events.log")}
	got, err := canonical.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)+"\n"); diff != "" {
		t.Errorf("cursor (-page +got):\n%s", diff)
	}
}
