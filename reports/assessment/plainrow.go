package assessment

import (
	"slices"
	"strconv"
	"strings"
)

// plainRow writes what CanonicalRow does, without a map and a second pass over the JSON, where all names and texts are printable ASCII, as nearly all rows of a
// population are: canonical JSON then needs no more than an order of the names. False: the row has something else.
func plainRow(columns []string, row []any) ([]byte, bool) {
	order := make([]int, len(columns))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(columns[a], columns[b]) })
	b := append(make([]byte, 0, 256), '{')
	for n, i := range order {
		if n > 0 {
			if columns[i] == columns[order[n-1]] {
				return nil, false
			}
			b = append(b, ',')
		}
		var ok bool
		if b, ok = appendText(b, columns[i]); !ok {
			return nil, false
		}
		if b, ok = appendValue(append(b, ':'), row[i]); !ok {
			return nil, false
		}
	}
	return append(b, '}'), true
}

func appendValue(b []byte, v any) ([]byte, bool) {
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
