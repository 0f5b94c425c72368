package assessment

import (
	"maps"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
)

// ledger answers what evidence was collected: which record speaks for which time, and how asking went.
type ledger struct {
	entries map[int64]evidence.Entry
	order   []evidence.Entry
	records []StoredRecord
	parents map[evidence.Digest][]int // record or blob to the positions of records that have it
	kinds   map[int64][]evidence.Kind // of the records of each entry
	styles  map[sourceKind]askStyle
}

type sourceKind struct {
	source string
	kind   evidence.Kind
}

// askStyle says what a source makes of the period that it is asked for.
type askStyle int

const (
	ignoresPeriod askStyle = iota + 1
	asksForPeriod          // a record speaks for the very period that was asked for
)

func newLedger(in Input) *ledger {
	l := &ledger{entries: map[int64]evidence.Entry{}, order: in.Entries, records: in.Records, parents: map[evidence.Digest][]int{}, kinds: map[int64][]evidence.Kind{},
		styles: map[sourceKind]askStyle{}}
	for _, e := range in.Entries {
		l.entries[e.Number] = e
	}
	for i, r := range in.Records {
		l.parents[r.Digest] = append(l.parents[r.Digest], i)
		l.learn(r)
		if !slices.Contains(l.kinds[r.Entry], r.Record.Kind) {
			l.kinds[r.Entry] = append(l.kinds[r.Entry], r.Record.Kind)
		}
		for _, p := range r.Record.Content {
			l.parents[p.Digest] = append(l.parents[p.Digest], i)
		}
	}
	return l
}

// learn notes whether the source of r asks for periods.
func (l *ledger) learn(r StoredRecord) {
	k := sourceKind{r.Record.Source.Name, r.Record.Kind}
	asked := l.entries[r.Entry].Period
	if r.Record.Period != nil && asked != nil && r.Record.Period.From.Equal(asked.From) {
		l.styles[k] = asksForPeriod
	} else if l.styles[k] == 0 {
		l.styles[k] = ignoresPeriod
	}
}

// stretch is a span of time, both ends included: From and To are equal for a snapshot.
type stretch struct{ from, to time.Time }

// near says whether t lies in s or at most age away from it.
func (s stretch) near(t time.Time, age time.Duration) bool {
	return !t.Before(s.from.Add(-age)) && !t.After(s.to.Add(age))
}

// speaks returns what record i speaks for: its own period or instant, and, where it was derived from other records, what they
// speak for. So rows parsed from a file in git speak from the commit on.
func (l *ledger) speaks(i int) []stretch {
	r := l.records[i].Record
	spans := []stretch{own(r)}
	for _, d := range r.DerivedFrom {
		for _, parent := range l.parents[d] {
			if parent != i && l.records[parent].Entry <= l.records[i].Entry {
				spans = append(spans, own(l.records[parent].Record))
			}
		}
	}
	return spans
}

// own is what a record says of itself. It speaks for no time after it was collected, whatever was asked for.
func own(r evidence.Record) stretch {
	if r.Period == nil {
		return stretch{*r.At, *r.At}
	}
	to := r.Period.To
	if !r.Collected.At.Before(r.Period.From) {
		to = earlier(to, r.Collected.At)
	}
	return stretch{r.Period.From, to}
}

// bySource collects, for evidence of the kinds given, what each source's records speak for. An entry that asked and found none
// speaks too: for the period that was asked for, up to the moment of asking.
func (l *ledger) bySource(kinds []evidence.Kind) map[string][]stretch {
	spans := l.recorded(kinds)
	for _, e := range l.order {
		for _, p := range e.Parts {
			if p.Outcome == evidence.OutcomeNone && slices.Contains(kinds, p.Kind) && !l.hasRecords(e, kinds) {
				spans[e.Source] = append(spans[e.Source], l.noneFor(e, p.Kind))
			}
		}
	}
	return spans
}

// recorded collects what each source's records of the kinds speak for.
func (l *ledger) recorded(kinds []evidence.Kind) map[string][]stretch {
	spans := map[string][]stretch{}
	for i, r := range l.records {
		if slices.Contains(kinds, r.Record.Kind) {
			spans[r.Record.Source.Name] = append(spans[r.Record.Source.Name], l.speaks(i)...)
		}
	}
	return spans
}

// noneFor returns what "asked, and there is none" speaks for. A source that is asked for a period answers for that period, up to the
// moment of asking. One that gives what is new since it was asked last (a log), or what is there now, answers for the moment: its
// records show which kind of source it is.
func (l *ledger) noneFor(e evidence.Entry, kind evidence.Kind) stretch {
	moment := stretch{e.Time, e.Time}
	if e.Period == nil || !e.Period.From.Before(e.Time) {
		return moment
	}
	if style, ok := l.styles[sourceKind{e.Source, kind}]; ok && style != asksForPeriod {
		return moment
	}
	return stretch{e.Period.From, earlier(e.Period.To, e.Time)}
}

// hasRecords says whether an entry committed records of the kinds.
func (l *ledger) hasRecords(e evidence.Entry, kinds []evidence.Kind) bool {
	return slices.ContainsFunc(l.kinds[e.Number], func(k evidence.Kind) bool { return slices.Contains(kinds, k) })
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// cover returns the parts of p for which evidence speaks. A hole of at most age, between two stretches or between a stretch and an
// edge of p, is no hole; so evidence from outside p counts where it lies within age of the edge.
func cover(p evidence.Period, spans []stretch, age time.Duration) []evidence.Period {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b stretch) int {
		if c := a.from.Compare(b.from); c != 0 {
			return c
		}
		return a.to.Compare(b.to)
	})
	var joined []stretch
	for _, s := range spans {
		if n := len(joined); n > 0 && s.from.Sub(joined[n-1].to) <= age {
			joined[n-1].to = later(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	covered := []evidence.Period{}
	for _, s := range joined {
		if s.from.Sub(p.From) <= age {
			s.from = earlier(s.from, p.From)
		}
		if p.To.Sub(s.to) <= age {
			s.to = later(s.to, p.To)
		}
		from, to := later(s.from, p.From), earlier(s.to, p.To)
		if from.Before(to) {
			covered = append(covered, evidence.Period{From: from.UTC(), To: to.UTC()})
		}
	}
	return join(covered)
}

// join merges periods that touch; they are sorted by their starts.
func join(periods []evidence.Period) []evidence.Period {
	out := []evidence.Period{}
	for _, p := range periods {
		if n := len(out); n > 0 && !p.From.After(out[n-1].To) {
			out[n-1].To = later(out[n-1].To, p.To)
			continue
		}
		out = append(out, p)
	}
	return out
}

// intersect returns what both lists cover.
func intersect(a, b []evidence.Period) []evidence.Period {
	out := []evidence.Period{}
	for _, x := range a {
		for _, y := range b {
			from, to := later(x.From, y.From), earlier(x.To, y.To)
			if from.Before(to) {
				out = append(out, evidence.Period{From: from, To: to})
			}
		}
	}
	slices.SortFunc(out, func(x, y evidence.Period) int { return x.From.Compare(y.From) })
	return join(out)
}

// holes returns what covered leaves of p.
func holes(p evidence.Period, covered []evidence.Period) []evidence.Period {
	var out []evidence.Period
	at := p.From
	for _, c := range covered {
		if at.Before(c.From) {
			out = append(out, evidence.Period{From: at, To: c.From})
		}
		at = c.To
	}
	if at.Before(p.To) {
		out = append(out, evidence.Period{From: at, To: p.To})
	}
	return out
}

// days counts the whole days of the periods, rounded down.
func days(periods []evidence.Period) int64 {
	var sum time.Duration
	for _, p := range periods {
		sum += p.To.Sub(p.From)
	}
	return int64(sum / (24 * time.Hour))
}

// wholeDaysUp counts the days that the periods touch: a day that is covered in part is not covered.
func wholeDaysUp(list []evidence.Period) int64 {
	var n int64
	for _, p := range list {
		n += int64(p.To.Add(24*time.Hour-1).Truncate(24*time.Hour).Sub(p.From.Truncate(24*time.Hour)) / (24 * time.Hour))
	}
	return n
}

// relatedKinds adds to kinds those that their records were derived from: what fails there is missing here.
func (l *ledger) relatedKinds(kinds []evidence.Kind) []evidence.Kind {
	all := map[evidence.Kind]bool{}
	for _, k := range kinds {
		all[k] = true
	}
	for _, r := range l.records {
		if !slices.Contains(kinds, r.Record.Kind) {
			continue
		}
		for _, d := range r.Record.DerivedFrom {
			for _, parent := range l.parents[d] {
				all[l.records[parent].Record.Kind] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// asked is one part of a source with its latest outcome.
type asked struct {
	source string
	entry  evidence.Entry
	part   evidence.PartOutcome
}

// wholeSource is the part that the runner notes for each kind when a source failed as a whole.
const wholeSource = "source"

// latest returns the latest outcome of each part of each source, over the collections that asked for a period overlapping p or
// for none, by source, part and kind.
func (l *ledger) latest(p evidence.Period) []asked {
	type key struct {
		source, part string
		kind         evidence.Kind
	}
	last := map[key]asked{}
	newest := map[key]int64{} // by source and kind alone: the newest entry that has a part of it
	for _, e := range l.order {
		if e.Type != evidence.EntryCollection || (e.Period != nil && !e.Period.Overlaps(p)) {
			continue
		}
		for _, o := range e.Parts {
			last[key{e.Source, o.Part, o.Kind}] = asked{e.Source, e, o}
			newest[key{e.Source, "", o.Kind}] = e.Number
		}
	}
	var list []asked
	for k, a := range last {
		// A failure of the whole source is over once the source answered for the same kind.
		if k.part == wholeSource && a.entry.Number < newest[key{k.source, "", k.kind}] {
			continue
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b asked) int {
		if c := strings.Compare(a.source, b.source); c != 0 {
			return c
		}
		if c := strings.Compare(a.part.Part, b.part.Part); c != 0 {
			return c
		}
		return strings.Compare(string(a.part.Kind), string(b.part.Kind))
	})
	return list
}
