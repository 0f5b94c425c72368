package boundary

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"auditpack/evidence"
)

// redacted stands in place of a value that was taken out.
const redacted = `"[redacted]"`

// redact takes the values of key out of a JSON document and leaves every other byte as it is. Null and empty values stay. The
// redaction's Count is 0 when there was nothing to take out.
func redact(body []byte, key string) ([]byte, evidence.Redaction, error) {
	redaction := evidence.Redaction{Rule: "values of " + key, Before: evidence.DigestOf(body)}
	spans, err := valuesOf(body, key)
	if err != nil {
		return nil, redaction, fmt.Errorf("take out %s: %w", key, err)
	}
	if len(spans) == 0 {
		return body, redaction, nil
	}
	var out []byte
	from := 0
	for _, s := range spans {
		out = append(append(out, body[from:s.from]...), redacted...)
		from = s.to
	}
	redaction.Count = int64(len(spans))
	return append(out, body[from:]...), redaction, nil
}

// byteSpan is a stretch of bytes, to excluded.
type byteSpan struct{ from, to int }

// valuesOf returns where the values of key lie in a JSON document, in their order.
func valuesOf(body []byte, key string) ([]byteSpan, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var spans []byteSpan
	var open []json.Delim // the objects and arrays around the next token
	named := false        // within an object, the next token is a value
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return spans, nil
		}
		if err != nil {
			return nil, err
		}
		object := len(open) > 0 && open[len(open)-1] == '{'
		switch token := token.(type) {
		case json.Delim:
			named = false
			if token == '{' || token == '[' {
				open = append(open, token)
			} else {
				open = open[:len(open)-1]
			}
			continue
		case string:
			if object && !named {
				if named = token != key; named {
					continue
				}
				var value json.RawMessage
				if err := dec.Decode(&value); err != nil {
					return nil, err
				}
				end := int(dec.InputOffset())
				if s := string(value); s != "null" && s != `""` {
					spans = append(spans, byteSpan{end - len(value), end})
				}
				continue
			}
		}
		named = false
	}
}
