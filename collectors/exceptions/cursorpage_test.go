package exceptions

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/canonical"
	"auditpack/internal/doctest"
)

// TestCursorPage reads the cursor of docs/formats/cursor.md back.
func TestCursorPage(t *testing.T) {
	want := doctest.Blocks(t, "../../docs/formats/cursor.md", "json exceptions")[0]
	var c lifeCursor
	if err := canonical.Unmarshal([]byte(want), &c); err != nil {
		t.Fatal(err)
	}
	got, err := canonical.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)+"\n"); diff != "" {
		t.Errorf("cursor (-page +got):\n%s", diff)
	}
}
