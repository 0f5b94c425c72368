package assessment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"auditpack/evidence"
)

// fault returns the code of what keeps t from counting for w, empty for nothing. A test that says which time it looked at may be
// performed after that time, up to the as-of date; any other speaks for its own day.
func (t ManualTest) fault(w window) string {
	last := w.lastDay()
	if t.From != "" {
		last = w.day()
	}
	switch {
	case samePerson(t.Performer, t.Reviewer):
		return codeManualSelf
	case t.Date > last:
		return codeManualLate
	case t.Expires < w.day():
		return codeManualExpired
	case len(t.Missing) > 0:
		return codeManualDocument
	}
	return ""
}

// dayAfter is the day after a day, both as YYYY-MM-DD; empty for what is no day.
func dayAfter(day string) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return d.AddDate(0, 0, 1).Format(time.DateOnly)
}

// span is the time that t looked at: its own day where it does not say.
func (t ManualTest) span() evidence.Period {
	from, to := t.From, t.To
	if from == "" {
		from, to = t.Date, dayAfter(t.Date)
	}
	var p evidence.Period
	p.From, _ = time.Parse(time.DateOnly, from) // both were checked when the file was read
	p.To, _ = time.Parse(time.DateOnly, to)
	return p
}

// manualTestsOf returns the manual tests of an aspect, in order.
func manualTestsOf(list []ManualTest, control ControlID, aspect string) []ManualTest {
	return slices.DeleteFunc(slices.Clone(list), func(t ManualTest) bool { return t.Control != control || t.Aspect != aspect })
}

// bestOf returns the newest test without a fault, else the newest; nil for none.
func bestOf(tests []ManualTest, w window) *ManualTest {
	var best *ManualTest
	for i := range tests {
		t := &tests[i]
		sound, bestSound := t.fault(w) == "", best != nil && best.fault(w) == ""
		if best == nil || (sound && !bestSound) || (sound == bestSound && t.Date > best.Date) {
			best = t
		}
	}
	return best
}

// shownByPeople says what the manual tests of an aspect show of it, and what is missing; overPeriod asks for the whole period.
func (res *AspectResult) shownByPeople(tests []ManualTest, overPeriod bool, w window) Reason {
	best := bestOf(tests, w)
	res.Manual = best
	if best == nil {
		return Reason{Code: codeManualMissing}
	}
	if code := best.fault(w); code != "" {
		detail := best.Date + "/" + best.Expires
		if code == codeManualDocument {
			detail = joinText(", ", best.Missing...)
		}
		return Reason{Code: code, Detail: detail}
	}
	if overPeriod {
		return res.shownOverPeriod(tests, w)
	}
	if best.Conclusion == string(TestDeviations) {
		return res.deviating(best)
	}
	res.Shown = shownFully
	return Reason{}
}

func (res *AspectResult) deviating(t *ManualTest) Reason {
	res.Manual, res.Shown = t, shownDeviating
	return Reason{Code: codeDeviations, Detail: joinText(": ", t.Date, t.Notes)}
}

// shownOverPeriod joins what the valid tests looked at. A deviation that one of them found in the period stays, whatever a later
// one finds of a later time.
func (res *AspectResult) shownOverPeriod(tests []ManualTest, w window) Reason {
	var looked []evidence.Period
	for i := range tests {
		t := &tests[i]
		if t.fault(w) != "" || !t.span().Overlaps(w.period) {
			continue
		}
		if t.Conclusion == string(TestDeviations) {
			return res.deviating(t)
		}
		looked = append(looked, t.span())
	}
	res.Covered = intersect(looked, []evidence.Period{w.period})
	missing := holes(w.period, res.Covered)
	switch {
	case len(res.Covered) == 0:
		return Reason{Code: codeManualOutside, Detail: res.Manual.span().String()}
	case len(missing) > 0:
		res.Shown = shownPartly
		return Reason{Code: codeManualPart, Detail: periods(missing)}
	}
	res.Shown = shownFully
	return Reason{}
}

const documentSQL = `select
    document_id,
    title,
    content,
    evidence
from document
where content is not null`

// documents looks the documents of manual tests up in the index of documents, by id or title, and notes those that it lacks or
// whose file is not there. It returns the blobs that the tests rest on: files, and the indexes that name them.
func (r *runner) documents(ctx context.Context, tests []ManualTest) (map[evidence.Digest]bool, error) {
	type document struct{ content, index evidence.Digest }
	known, used := map[string]document{}, map[evidence.Digest]bool{}
	if len(tests) == 0 {
		return used, nil
	}
	err := query(ctx, r.facts, documentSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		for _, name := range []string{x.text("document_id"), x.text("title")} {
			if name != "" {
				known[name] = document{x.digest("content"), x.digest("evidence")}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read index of documents: %w", err)
	}
	for i := range tests {
		t := &tests[i]
		for _, name := range t.Documents {
			d, ok := known[name]
			if !ok {
				t.Missing = append(t.Missing, name)
				continue
			}
			t.Evidence = append(t.Evidence, d.content)
			used[d.content], used[d.index] = true, true
		}
	}
	return used, nil
}

// holding returns the positions of the newest records that hold the blobs, and of those that were derived from these.
func (l *ledger) holding(blobs map[evidence.Digest]bool) map[int]bool {
	held, roots := map[int]bool{}, map[evidence.Digest]bool{}
	for d := range blobs {
		if of := l.parents[d]; len(of) > 0 {
			newest := of[len(of)-1]
			held[newest], roots[l.records[newest].Digest] = true, true
		}
	}
	for i, r := range l.records {
		if slices.ContainsFunc(r.Record.DerivedFrom, func(d evidence.Digest) bool { return roots[d] }) {
			held[i] = true
		}
	}
	return held
}
