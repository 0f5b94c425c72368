package evidence

import (
	"errors"
	"fmt"
	"time"
)

// Period is a half-open span of time in UTC: From belongs to it, To does not.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// A table holds times to the nanosecond, in 64 bits: whole years from 1678 to 2261.
var (
	earliest = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Representable says whether a table can hold t, as the end of a period too.
func Representable(t time.Time) bool { return !t.Before(earliest) && !t.After(latest) }

// NewPeriod returns [from, to) in UTC; it refuses a span that is empty, runs backwards, or leaves the years 1678 to 2261.
func NewPeriod(from, to time.Time) (Period, error) {
	if from.IsZero() || to.IsZero() {
		return Period{}, errors.New("period lacks its start or its end")
	}
	if !from.Before(to) {
		return Period{}, fmt.Errorf("period starts at %s, not before its end %s", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	}
	if !Representable(from) || !Representable(to) {
		return Period{}, fmt.Errorf("period %s/%s leaves the years 1678 to 2261", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	}
	return Period{From: from.UTC(), To: to.UTC()}, nil
}

// Quarter returns the calendar quarter that s names, such as "2026-Q3".
func Quarter(s string) (Period, error) {
	var year, q int
	if n, err := fmt.Sscanf(s, "%4d-Q%1d", &year, &q); err != nil || n != 2 || q < 1 || q > 4 || s != fmt.Sprintf("%04d-Q%d", year, q) {
		return Period{}, fmt.Errorf("%q is not a quarter: want a form like 2026-Q3", s)
	}
	from := time.Date(year, time.Month(3*q-2), 1, 0, 0, 0, 0, time.UTC)
	return NewPeriod(from, from.AddDate(0, 3, 0))
}

// Contains says whether t lies in p.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// Overlaps says whether p and q share an instant.
func (p Period) Overlaps(q Period) bool { return p.From.Before(q.To) && q.From.Before(p.To) }

// IsZero says whether p is unset.
func (p Period) IsZero() bool { return p.From.IsZero() && p.To.IsZero() }

// String gives both ends as RFC 3339, joined by a slash as in ISO 8601.
func (p Period) String() string {
	return p.From.UTC().Format(time.RFC3339) + "/" + p.To.UTC().Format(time.RFC3339)
}
