package terraform

import (
	"testing"

	"auditpack/internal/doctest"
)

// TestCursorPage reads the cursor of docs/formats/cursor.md back.
func TestCursorPage(t *testing.T) {
	doctest.ReadBack[cursor](t, "../../docs/formats/cursor.md", "json terraform")
}
