// Package jsonlines writes rows as canonical JSON, one a line, so that equal rows are equal bytes.
package jsonlines

import (
	"bytes"
	"encoding/json"
	"fmt"

	"auditpack/internal/canonical"
)

// Text is a text that becomes null when it is empty: what a source left out is not an empty text.
type Text string

// MarshalJSON gives the text, or null.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// Encode returns rows in their order, each ended by a newline. No rows are no bytes.
func Encode[T any](rows []T) ([]byte, error) {
	var out bytes.Buffer
	for i, row := range rows {
		line, err := canonical.Marshal(row)
		if err != nil {
			return nil, fmt.Errorf("encode row %d: %w", i+1, err)
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}
