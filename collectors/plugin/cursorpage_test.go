package plugin

import (
	"testing"

	"auditpack/internal/doctest"
)

// TestCursorPage reads the cursor of docs/formats/cursor.md back.
func TestCursorPage(t *testing.T) {
	doctest.ReadBack[memory](t, "../../docs/formats/cursor.md", "json plugin")
}
