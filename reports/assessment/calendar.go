package assessment

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/facts"
)

// CalendarInput is what a [Calendar] is made from. Nothing of it is changed.
type CalendarInput struct {
	Catalogue  *Catalogue
	Frameworks []FrameworkID // whose controls' tests are looked at
	Files      []facts.File  // that make the tables: no row is read
	Entries    []evidence.Entry
	Records    []StoredRecord
	Period     evidence.Period
	At         time.Time // the moment that the calendar is made for; it lies within the period or behind it
	Lost       []LostSpan
}

// LostSpan is a time of which a source has forgotten a kind of evidence before anybody asked.
type LostSpan struct {
	Source string
	Kind   evidence.Kind
	Span   evidence.Period
}

// Calendar says for which days of a period there is evidence, up to a moment. It runs no test: a day is covered where the evidence
// that tests ask for speaks for it, whatever it says.
type Calendar struct {
	Period  evidence.Period
	At      time.Time
	Sources []SourceDays // by name; those that have evidence of a table that a test needs over the period
	Tests   []TestDays   // by id
}

// States of a day in Days, each day by its worst moment.
const (
	DayCovered   = '#'
	DayUncovered = '.'
	DayLost      = 'x' // uncovered, and the source has forgotten what was there
	DayAhead     = '-' // not over at the moment that the calendar is made for, and covered so far
)

// Days has a letter for each day of the period (UTC), beginning with its first.
type Days string

// Count returns how many days have the state.
func (d Days) Count(state rune) int64 { return int64(strings.Count(string(d), string(state))) }

// SourceDays are the days of one source, over all its tables that a test needs for the whole period.
type SourceDays struct {
	Source string
	Tables []string
	Days   Days
}

// TestDays are the days of one test, and the age of its evidence.
type TestDays struct {
	Test   TestID
	Days   Days // empty for a test that asks for the as-of date alone
	Ages   []EvidenceAge
	Faults []Reason // what keeps the test from being assessed: a part that failed or was denied, a table without evidence
}

// EvidenceAge is how old the evidence of one table is that a test needs, and how old it may be.
type EvidenceAge struct {
	Source  string
	Table   string
	Newest  time.Time     // what the evidence speaks for last, not after the period
	Limit   time.Duration // max_age
	Due     time.Time     // the last moment for the next collection; zero when none is wanted any more
	Overdue bool          // it should have come, and would still help
}

// MakeCalendar looks at the evidence of every test that bears on one of the frameworks.
func MakeCalendar(in CalendarInput) (Calendar, error) {
	if in.At.Before(in.Period.From) {
		return Calendar{}, fmt.Errorf("make calendar: %s lies before the period %s", in.At.UTC().Format(time.RFC3339), in.Period)
	}
	so := earlier(in.Period.To, later(in.At, in.Period.From.Add(1))) // at the very start a nanosecond has to do: no period is empty
	w, err := newWindow(2, evidence.Period{From: in.Period.From, To: so}, time.Time{})
	if err != nil {
		return Calendar{}, fmt.Errorf("make calendar: %w", err)
	}
	m := calendarMaker{CalendarInput: in, ledger: newLedger(Input{Entries: in.Entries, Records: in.Records}), tables: KindsOf(in.Files), window: w}
	c := Calendar{Period: in.Period, At: in.At, Sources: []SourceDays{}, Tests: []TestDays{}}
	for _, t := range in.Catalogue.testsOf(in.Frameworks) {
		c.Tests = append(c.Tests, m.test(t))
	}
	c.Sources = m.sources()
	return c, nil
}

// testsOf lists the tests of all controls that bear on one of the frameworks, by id.
func (c *Catalogue) testsOf(frameworks []FrameworkID) []*Test {
	ids := map[TestID]bool{}
	for _, x := range c.Controls {
		if slices.ContainsFunc(frameworks, x.Reaches) {
			for _, id := range x.Tests() {
				ids[id] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(c.Tests), func(t *Test) bool { return !ids[t.ID] })
}

type calendarMaker struct {
	CalendarInput
	ledger *ledger
	tables map[string][]evidence.Kind
	window window // the period up to the moment
}

func (m *calendarMaker) test(t *Test) TestDays {
	b := m.ledger.basisOf(t, m.window, m.tables)
	d := TestDays{Test: t.ID, Ages: []EvidenceAge{}, Faults: []Reason{}}
	for _, r := range b.reasons {
		if r.Code != codePartOfPeriod && r.Code != codePartOfTest && r.Code != codeStale {
			d.Faults = append(d.Faults, r)
		}
	}
	var kinds []evidence.Kind
	for _, table := range t.Tables() {
		need := t.Needs[table]
		if need.Coverage == CoverOptional {
			continue
		}
		if need.Coverage == CoverPeriod {
			kinds = append(kinds, m.tables[table]...)
		}
		spans := m.ledger.bySource(m.tables[table])
		for _, source := range slices.Sorted(maps.Keys(spans)) {
			d.Ages = append(d.Ages, m.age(source, table, need, spans[source]))
		}
	}
	if b.period {
		d.Days = m.days(b.covered, m.lost("", kinds))
	}
	return d
}

// age says how old the evidence of a source is for a table. What must cover the period wants a collection within the maximum age
// as long as the period runs, and one after its end; a snapshot for the as-of date wants one within the maximum age of the period's end.
func (m *calendarMaker) age(source, table string, need Need, spans []stretch) EvidenceAge {
	a := EvidenceAge{Source: source, Table: table, Limit: need.MaxAge}
	for _, s := range spans {
		a.Newest = later(a.Newest, earlier(s.to, m.Period.To)).UTC()
	}
	if need.Coverage == CoverAsOf {
		if !slices.ContainsFunc(spans, func(s stretch) bool { return s.near(m.Period.To, need.MaxAge) }) {
			a.Due = m.Period.To.Add(need.MaxAge)
			a.Overdue = !m.At.Before(m.Period.To) && !m.At.After(a.Due)
		}
		return a
	}
	if m.Period.To.Sub(a.Newest) > need.MaxAge && !m.askedAfter(source, m.tables[table]) {
		a.Due = a.Newest.Add(need.MaxAge)
		a.Overdue = a.Due.Before(m.At)
	}
	return a
}

// askedAfter says whether a source answered for one of the kinds after the period: what is missing then will not come any more.
func (m *calendarMaker) askedAfter(source string, kinds []evidence.Kind) bool {
	return slices.ContainsFunc(m.Entries, func(e evidence.Entry) bool {
		return e.Source == source && !e.Time.Before(m.Period.To) && slices.ContainsFunc(e.Parts, func(p evidence.PartOutcome) bool {
			return slices.Contains(kinds, p.Kind) && (p.Outcome == evidence.OutcomeOK || p.Outcome == evidence.OutcomeNone)
		})
	})
}

// sources gives the days of each source, over every table that a test needs for the whole period, by the shortest maximum age.
func (m *calendarMaker) sources() []SourceDays {
	ages := map[string]time.Duration{}
	for _, t := range m.Catalogue.testsOf(m.Frameworks) {
		for table, need := range t.Needs {
			if need.Coverage != CoverPeriod {
				continue
			}
			if age, ok := ages[table]; !ok || need.MaxAge < age {
				ages[table] = need.MaxAge
			}
		}
	}
	covered := map[string][]evidence.Period{}
	tables, kinds := map[string][]string{}, map[string][]evidence.Kind{}
	for _, table := range slices.Sorted(maps.Keys(ages)) {
		for source, spans := range m.ledger.bySource(m.tables[table]) {
			if _, ok := covered[source]; !ok {
				covered[source] = []evidence.Period{m.window.period}
			}
			covered[source] = intersect(covered[source], cover(m.window.period, spans, ages[table]))
			tables[source] = append(tables[source], table)
			kinds[source] = append(kinds[source], m.tables[table]...)
		}
	}
	list := []SourceDays{}
	for _, source := range slices.Sorted(maps.Keys(covered)) {
		list = append(list, SourceDays{Source: source, Tables: tables[source], Days: m.days(covered[source], m.lost(source, kinds[source]))})
	}
	return list
}

// lost gives the spans that are lost of the kinds, of one source or of all.
func (m *calendarMaker) lost(source string, kinds []evidence.Kind) []evidence.Period {
	var spans []evidence.Period
	for _, l := range m.Lost {
		if (source == "" || l.Source == source) && slices.Contains(kinds, l.Kind) {
			spans = append(spans, l.Span)
		}
	}
	slices.SortFunc(spans, func(a, b evidence.Period) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	return spans
}

// days writes the days of the period.
func (m *calendarMaker) days(covered, lost []evidence.Period) Days {
	var out strings.Builder
	for from := m.Period.From.UTC(); from.Before(m.Period.To); {
		to := earlier(time.Date(from.Year(), from.Month(), from.Day()+1, 0, 0, 0, 0, time.UTC), m.Period.To)
		out.WriteRune(m.day(evidence.Period{From: from, To: to}, covered, lost))
		from = to
	}
	return Days(out.String())
}

func (m *calendarMaker) day(day evidence.Period, covered, lost []evidence.Period) rune {
	past := evidence.Period{From: day.From, To: earlier(day.To, m.window.period.To)}
	if !past.From.Before(past.To) {
		return DayAhead
	}
	missing := holes(past, intersect([]evidence.Period{past}, covered))
	switch {
	case len(missing) > 0 && len(intersect(missing, lost)) > 0:
		return DayLost
	case len(missing) > 0:
		return DayUncovered
	case past.To.Before(day.To):
		return DayAhead
	}
	return DayCovered
}
