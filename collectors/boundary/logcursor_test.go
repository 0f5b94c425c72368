package boundary

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/doctest"
)

// TestCursorPage reads the cursor of docs/formats/cursor.md back, and makes the mark of the event log there.
func TestCursorPage(t *testing.T) {
	const page = "../../docs/formats/cursor.md"
	c := doctest.ReadBack[cursor](t, page, "json boundary")
	track := newTracker(place{})
	if _, err := track.Write([]byte(doctest.Blocks(t, page, "log boundary")[0])); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.Logs.Marks, []logMark{track.mark("events.log")}); diff != "" {
		t.Errorf("mark (-page +got):\n%s", diff)
	}
}
