package assessment

import (
	"fmt"

	"auditpack/internal/canonical"
)

// Encode returns the Assessment as canonical JSON with a final newline.
func (a Assessment) Encode() ([]byte, error) { return canonical.MarshalFile(a) }

// Decode reads an Assessment strictly: an unknown key or format is an error.
func Decode(b []byte) (Assessment, error) {
	var a Assessment
	if err := canonical.Unmarshal(b, &a); err != nil {
		return Assessment{}, fmt.Errorf("read assessment: %w", err)
	}
	if a.Format != Format {
		return Assessment{}, fmt.Errorf("read assessment: format: got %q, want %q", a.Format, Format)
	}
	return a, nil
}
