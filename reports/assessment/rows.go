package assessment

import (
	"time"

	"auditpack/evidence"
)

// row is one row of a result by the names of its columns. A null, or a column of another type, reads as the zero value.
type row map[string]any

func newRow(columns []string, values []any) row {
	r := make(row, len(columns))
	for i, name := range columns {
		r[name] = values[i]
	}
	return r
}

func (r row) text(column string) string {
	s, _ := r[column].(string)
	return s
}

func (r row) number(column string) int64 {
	n, _ := r[column].(int64)
	return n
}

func (r row) truth(column string) bool {
	b, _ := r[column].(bool)
	return b
}

// list is never nil.
func (r row) list(column string) []string {
	if l, ok := r[column].([]string); ok {
		return l
	}
	return []string{}
}

// day is a date as YYYY-MM-DD, empty for none.
func (r row) day(column string) string {
	t, ok := r[column].(time.Time)
	if !ok {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// time is a moment in UTC, nil for none.
func (r row) time(column string) *time.Time {
	t, ok := r[column].(time.Time)
	if !ok {
		return nil
	}
	t = t.UTC()
	return &t
}

func (r row) digest(column string) evidence.Digest { return evidence.Digest(r.text(column)) }
