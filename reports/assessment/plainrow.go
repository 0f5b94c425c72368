package assessment

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// rowWriter writes rows of one result as canonical JSON, one after another into the same bytes. It is not safe for concurrent use.
type rowWriter struct {
	columns []string
	order   []int // of columns by their names
	buffer  []byte
}

func newRowWriter(columns []string) *rowWriter {
	w := &rowWriter{columns: columns, order: make([]int, len(columns)), buffer: make([]byte, 0, 256)}
	for i := range w.order {
		w.order[i] = i
	}
	slices.SortFunc(w.order, func(a, b int) int { return strings.Compare(columns[a], columns[b]) })
	return w
}

// plain writes what canonicalRow does, without a map and a second pass over the JSON, where all names and texts are printable ASCII, as nearly all rows of a
// population are: canonical JSON then needs no more than an order of the names. False: the row has something else. The bytes hold until the next row.
func (w *rowWriter) plain(row []any) ([]byte, bool) {
	b := append(w.buffer[:0], '{')
	for n, i := range w.order {
		if n > 0 {
			if w.columns[i] == w.columns[w.order[n-1]] {
				return nil, false
			}
			b = append(b, ',')
		}
		var ok bool
		if b, ok = appendText(b, w.columns[i]); !ok {
			return nil, false
		}
		if b, ok = appendValue(append(b, ':'), row[i]); !ok {
			return nil, false
		}
	}
	w.buffer = append(b, '}')
	return w.buffer, true
}

// row writes any row. The bytes hold until the next row.
func (w *rowWriter) row(row []any) ([]byte, error) {
	if b, ok := w.plain(row); ok {
		return b, nil
	}
	return canonicalRow(w.columns, row)
}

func appendValue(b []byte, v any) ([]byte, bool) {
	if at, ok := v.(time.Time); ok {
		return append(at.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), true
	}
	switch v := jsonValue(v).(type) {
	case nil:
		return append(b, "null"...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case int64:
		return strconv.AppendInt(b, v, 10), true
	case string:
		return appendText(b, v)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			var ok bool
			if b, ok = appendText(b, s); !ok {
				return nil, false
			}
		}
		return append(b, ']'), true
	}
	return nil, false
}

func appendText(b []byte, s string) ([]byte, bool) {
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' {
			return nil, false
		}
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, '"'), true
}
