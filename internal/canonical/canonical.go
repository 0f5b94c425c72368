// Package canonical encodes values as canonical JSON (RFC 8785), so that equal values have equal bytes and one digest, and
// decodes JSON strictly. It knows nothing of what the values mean.
package canonical

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// ErrInvalidUTF8 says that a value holds a string that is not UTF-8. encoding/json would replace the bytes silently, and
// the digest would then name something that was never there.
var ErrInvalidUTF8 = errors.New("string is not valid UTF-8")

// Marshal returns v as canonical JSON without a final newline.
func Marshal(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	// encoding/json writes U+FFFD as an escape only for bytes that are not UTF-8; a U+FFFD that is in the value comes out as itself.
	if hasReplacement(plain) {
		return nil, fmt.Errorf("encode %T: %w", v, ErrInvalidUTF8)
	}
	out, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("encode %T canonically: %w", v, err)
	}
	return out, nil
}

// MarshalFile returns v as canonical JSON with a final newline, as a text file has one.
func MarshalFile(v any) ([]byte, error) {
	b, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// hasReplacement finds the escape \ufffd that is not itself escaped.
func hasReplacement(b []byte) bool {
	for i := 0; i+5 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		if bytes.EqualFold(b[i+1:i+6], []byte("ufffd")) {
			return true
		}
		i++ // the next byte belongs to this escape
	}
	return false
}

// Unmarshal decodes exactly one JSON value into v. An unknown key, a second value, and invalid UTF-8 are errors.
func Unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return ErrInvalidUTF8
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("decode %T: more than one JSON value", v)
	}
	return nil
}
