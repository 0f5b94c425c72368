package register

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"auditpack/evidence"
)

// read turns the text of a cell, which is not empty, into a value of a row: a text, texts, a truth value, a whole number or a time. Its
// errors say what is wanted and never what stood there: it may be anybody's name.
func (c columnLayout) read(s string, zone *time.Location) (any, error) {
	switch c.kind {
	case list:
		return split(s), nil
	case truth:
		return parseTruth(s)
	case number:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, errors.New("no whole number; write digits alone, such as 365")
		}
		return n, nil
	case instant:
		return parseTime(s, zone)
	}
	if c.words == nil {
		return s, nil
	}
	if word := strings.ToLower(s); slices.Contains(c.words, word) {
		return word, nil
	}
	return nil, fmt.Errorf("none of the words that may stand here; write one of %s", strings.Join(c.words, ", "))
}

// empty is the value of a cell without text.
func (c columnLayout) empty() any {
	if c.kind == list {
		return []string{}
	}
	return nil
}

// split gives the texts between semicolons, without those that are empty.
func split(s string) []string {
	out := []string{}
	for _, part := range strings.Split(s, ";") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func parseTruth(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "ja", "1":
		return true, nil
	case "false", "no", "nein", "0":
		return false, nil
	}
	return false, errors.New("neither true nor false; write true, false, yes, no, ja, nein, 1 or 0")
}

// localLayouts are times without a zone.
func localLayouts() []string {
	return []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}
}

// parseTime reads a date, an RFC 3339 time, or, where a zone is configured, a local time; a date is the midnight with which it begins,
// in the zone or in UTC. The result is UTC.
func parseTime(s string, zone *time.Location) (time.Time, error) {
	t, err := parseInstant(s, zone)
	if err != nil {
		return time.Time{}, err
	}
	if t = t.UTC(); !evidence.Representable(t) {
		return time.Time{}, errors.New("a time outside the years 1678 to 2261; correct it, or leave the cell empty")
	}
	return t, nil
}

func parseInstant(s string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if zone == nil {
			return t, nil
		}
		return inZone(t, zone)
	}
	for _, layout := range localLayouts() {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if zone == nil {
			return time.Time{}, errors.New("a time without a zone; write it like 2026-07-31T17:00:00Z, or set time_zone in auditpack.yaml")
		}
		return inZone(t, zone)
	}
	return time.Time{}, errors.New("no date or time; write it like 2026-07-31 or 2026-07-31T17:00:00Z")
}

// inZone reads the clock of t in zone. A time that the clock there left out or showed twice, when it was set, is refused.
func inZone(t time.Time, zone *time.Location) (time.Time, error) {
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	shown := func(x time.Time) string { return x.In(zone).Format("2006-01-02T15:04:05.999999999") }
	want := t.Format("2006-01-02T15:04:05.999999999")
	if shown(local) != want {
		return time.Time{}, fmt.Errorf("a time that clocks in %s left out; write it with its offset, like 2026-07-31T17:00:00+02:00", zone)
	}
	// 3 h: no zone sets its clock by more
	for d := -3 * time.Hour; d <= 3*time.Hour; d += 30 * time.Minute {
		if d != 0 && shown(local.Add(d)) == want {
			return time.Time{}, fmt.Errorf("a time that clocks in %s showed twice; write it with its offset, like 2026-07-31T17:00:00+02:00", zone)
		}
	}
	return local, nil
}
