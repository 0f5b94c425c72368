package assessment

import (
	"fmt"
	"time"

	"auditpack/evidence"
)

// window is the time that is judged: a period (type 2) or a date (type 1).
type window struct {
	typ    int
	period evidence.Period // type 2 only
	asOf   time.Time
}

// newWindow checks what an Input says of time and brings it to UTC.
func newWindow(typ int, period evidence.Period, asOf time.Time) (window, error) {
	switch typ {
	case 1:
		if !period.IsZero() {
			return window{}, fmt.Errorf("an assessment of type 1 is of a date: got the period %s", period)
		}
		if asOf.IsZero() {
			return window{}, fmt.Errorf("an assessment of type 1 wants an as-of date")
		}
		return window{typ: 1, asOf: asOf.UTC()}, nil
	case 2:
		p, err := evidence.NewPeriod(period.From, period.To)
		if err != nil {
			return window{}, err
		}
		if asOf.IsZero() {
			asOf = p.To
		}
		return window{typ: 2, period: p, asOf: asOf.UTC()}, nil
	}
	return window{}, fmt.Errorf("type %d: want 1 (of a date) or 2 (of a period)", typ)
}

// span is what a test with the longest maximum age asks of events: the period, or for a date the time before it that evidence
// may be old.
func (w window) span(age time.Duration) evidence.Period {
	if w.typ == 1 {
		return evidence.Period{From: w.asOf.Add(-age), To: w.asOf}
	}
	return w.period
}

// reach is the span of evidence that can count: what is judged and the longest maximum age at both ends. For a test of the as-of
// date it includes that date.
func (w window) reach(age time.Duration) evidence.Period {
	s := w.span(age)
	from, to := s.From, s.To
	if w.asOf.Before(from) {
		from = w.asOf
	}
	if w.asOf.After(to) {
		to = w.asOf
	}
	if w.typ == 2 {
		from = from.Add(-age)
	}
	return evidence.Period{From: from, To: to.Add(age)}
}

// sampleWindow gives variables their types where nothing is judged yet.
var sampleWindow = window{typ: 1, asOf: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}

// day is the as-of date as YYYY-MM-DD.
func (w window) day() string { return w.asOf.Format(time.DateOnly) }

// firstDay is the first day that is judged, as YYYY-MM-DD.
func (w window) firstDay() string {
	if w.typ == 1 {
		return w.day()
	}
	return w.period.From.Format(time.DateOnly)
}

// lastDay is the last day that is judged, as YYYY-MM-DD.
func (w window) lastDay() string {
	if w.typ == 1 {
		return w.day()
	}
	return w.period.To.Add(-1).Format(time.DateOnly)
}

// endOfDay is the last instant of the as-of date.
func (w window) endOfDay() time.Time {
	return w.asOf.Truncate(24 * time.Hour).Add(24*time.Hour - time.Nanosecond)
}

// setting is what the statements of a test may ask for besides the time.
type setting struct {
	known        []string    // what an exception may name
	framework    FrameworkID // that is judged
	requirements []string    // of it
	shown        []string    // ids of tests that found no deviations; never nil
}

// settingOf is the setting of an assessment before any test was run.
func settingOf(c *Catalogue, f FrameworkID) setting {
	s := setting{known: c.KnownControls(), framework: f, requirements: []string{}, shown: []string{}}
	if framework, ok := c.Framework(f); ok {
		for _, r := range framework.Requirements {
			s.requirements = append(s.requirements, string(r.ID))
		}
	}
	return s
}

// variablesFor gives what getvariable() returns in the statements of t.
func (t *Test) variablesFor(w window, s setting) map[string]any {
	age := t.longestAge()
	span, reach := w.span(age), w.reach(age)
	v := map[string]any{
		varFrom: span.From, varTo: span.To, varAsOf: w.asOf,
		varEvidenceFrom: reach.From, varEvidenceTo: reach.To,
		varKnownControls: s.known,
		varFramework:     string(s.framework), varRequirements: s.requirements, varShownTests: s.shown,
	}
	for name, value := range t.Parameters {
		v[name] = value
	}
	return v
}
