// Package comparison says what changed between two assessments of one framework: which deviations are new, gone, still open or newly
// excepted, what evidence came and went, and which inputs differ, so that the two are not measured alike. Deviations are found again by
// their keys. It is a pure function of the two: no clock, no file.
package comparison

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/internal/canonical"
	"auditpack/reports/assessment"
)

// Format names the layout of a Comparison.
const Format = "auditpack.comparison/1"

// State is what became of a deviation. The zero value is invalid.
type State string

// The states. What is open has no valid exception.
const (
	New            State = "new"             // open now, and not found before
	StillOpen      State = "still-open"      // open both times
	Fixed          State = "fixed"           // found before; the test was performed again and does not find it
	Past           State = "past"            // found before, at a time that lies outside of what is judged now: an event is not undone
	NotJudged      State = "not-judged"      // found before; its test was not performed now, so nobody knows
	NewlyExcepted  State = "newly-excepted"  // an exception covers it now, and none did before
	StillExcepted  State = "still-excepted"  // an exception covers it both times
	ExceptionEnded State = "exception-ended" // open now; an exception covered it before
)

// States are all states, in the order in which people want to read them.
func States() []State {
	return []State{New, ExceptionEnded, StillOpen, NewlyExcepted, StillExcepted, Fixed, Past, NotJudged}
}

// Comparison is what changed. Times are UTC; lists are never null.
type Comparison struct {
	Format       string                 `json:"format"`
	Framework    assessment.FrameworkID `json:"framework"`
	Old          Side                   `json:"old"`
	New          Side                   `json:"new"`
	Uneven       []InputChange          `json:"uneven"` // by kind and name: why what differs below may differ for another reason than the facts
	Deviations   []Deviation            `json:"deviations"`
	Tests        []StatusChange         `json:"tests"`
	Requirements []StatusChange         `json:"requirements"`
	Gained       []EvidenceChange       `json:"evidence_gained"`
	Lost         []EvidenceChange       `json:"evidence_lost"`
	Sources      []SourceChange         `json:"sources"`
	Counts       map[State]int          `json:"counts"` // of deviations
}

// Side names one of the two assessments.
type Side struct {
	Type         int              `json:"type"`
	Period       *evidence.Period `json:"period,omitempty"`
	AsOf         time.Time        `json:"as_of"`
	KnownEntries int64            `json:"known_entries"`
}

// InputChange is one thing that the two assessments do not have in common besides evidence.
type InputChange struct {
	Kind string `json:"kind"` // type | length | program | workspace | parameter
	Name string `json:"name"` // of a file, or "TEST parameter"
	Old  string `json:"old"`  // digest or value; empty: not there
	New  string `json:"new"`
}

// Deviation is a deviation of either assessment: as the new one has it, else as the old one had it.
type Deviation struct {
	State State `json:"state"`
	assessment.Deviation
	OldException string    `json:"old_exception,omitempty"`
	FirstSeen    time.Time `json:"first_seen"` // when it happened, or else the as-of date of the first of the two that has it
	AgeDays      int64     `json:"age_days"`   // whole days from then to the as-of date of the new assessment
}

// StatusChange is a test or requirement whose result is another, or that only one of the two has. Populations are of tests.
type StatusChange struct {
	ID            string `json:"id"`
	Old           string `json:"old"` // status; empty: not there
	New           string `json:"new"`
	OldPopulation *int64 `json:"old_population,omitempty"`
	NewPopulation *int64 `json:"new_population,omitempty"`
}

// EvidenceChange counts records of one source and kind that only one of the two rests on.
type EvidenceChange struct {
	Source  string            `json:"source"`
	Kind    evidence.Kind     `json:"kind"`
	Records []evidence.Digest `json:"records"`
}

// SourceChange is a source that only one of the two knows.
type SourceChange struct {
	Source string `json:"source"`
	Gained bool   `json:"gained"`
}

// Compare compares two assessments of one framework; of two frameworks is an error.
func Compare(before, after assessment.Assessment) (Comparison, error) {
	if before.Framework.ID != after.Framework.ID {
		return Comparison{}, fmt.Errorf("compare assessments: one is of %s, the other of %s: want two of one framework", before.Framework.ID, after.Framework.ID)
	}
	c := Comparison{
		Format: Format, Framework: after.Framework.ID, Old: sideOf(before), New: sideOf(after),
		Uneven: uneven(before, after), Deviations: deviations(before, after), Tests: tests(before, after), Requirements: requirements(before, after),
		Gained: recordsBeyond(after, before), Lost: recordsBeyond(before, after), Sources: sources(before, after), Counts: map[State]int{},
	}
	for _, d := range c.Deviations {
		c.Counts[d.State]++
	}
	return c, nil
}

func sideOf(a assessment.Assessment) Side {
	return Side{Type: a.Type, Period: a.Period, AsOf: a.AsOf, KnownEntries: a.KnownEntries}
}

// Encode returns the Comparison as canonical JSON with a final newline.
func (c Comparison) Encode() ([]byte, error) { return canonical.MarshalFile(c) }

// tests lists the tests whose status differs, by id, with their populations.
func tests(before, after assessment.Assessment) []StatusChange {
	was, is := testsOf(before), testsOf(after)
	list := []StatusChange{}
	for _, id := range both(was, is) {
		x, hadIt := was[id]
		y, hasIt := is[id]
		change := StatusChange{ID: string(id), Old: string(x.Status), New: string(y.Status)}
		if hadIt {
			change.OldPopulation = &x.Population
		}
		if hasIt {
			change.NewPopulation = &y.Population
		}
		if change.Old != change.New {
			list = append(list, change)
		}
	}
	return list
}

func testsOf(a assessment.Assessment) map[assessment.TestID]assessment.TestResult {
	m := map[assessment.TestID]assessment.TestResult{}
	for _, t := range a.Tests {
		m[t.ID] = t
	}
	return m
}

// requirements lists those whose conclusion differs, in the order of the new assessment's framework, then those that it lacks.
func requirements(before, after assessment.Assessment) []StatusChange {
	was := map[assessment.RequirementID]assessment.RequirementStatus{}
	for _, f := range before.Requirements {
		was[f.ID] = f.Status
	}
	list := []StatusChange{}
	for _, f := range after.Requirements {
		if was[f.ID] != f.Status {
			list = append(list, StatusChange{ID: string(f.ID), Old: string(was[f.ID]), New: string(f.Status)})
		}
		delete(was, f.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(was)) {
		list = append(list, StatusChange{ID: string(id), Old: string(was[id])})
	}
	return list
}

// recordsBeyond lists the records of a that b does not rest on.
func recordsBeyond(a, b assessment.Assessment) []EvidenceChange {
	has := map[evidence.Digest]bool{}
	for _, e := range b.Evidence {
		has[e.Record] = true
	}
	list := []EvidenceChange{}
	for _, e := range a.Evidence {
		if has[e.Record] {
			continue
		}
		i := slices.IndexFunc(list, func(x EvidenceChange) bool { return x.Source == e.Data.Source.Name && x.Kind == e.Data.Kind })
		if i < 0 {
			i, list = len(list), append(list, EvidenceChange{Source: e.Data.Source.Name, Kind: e.Data.Kind, Records: []evidence.Digest{}})
		}
		list[i].Records = append(list[i].Records, e.Record)
	}
	slices.SortFunc(list, func(x, y EvidenceChange) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), cmp.Compare(x.Kind, y.Kind))
	})
	return list
}

func sources(before, after assessment.Assessment) []SourceChange {
	was, is := sourcesOf(before), sourcesOf(after)
	list := []SourceChange{}
	for _, name := range both(was, is) {
		if was[name] != is[name] {
			list = append(list, SourceChange{Source: name, Gained: is[name]})
		}
	}
	return list
}

func sourcesOf(a assessment.Assessment) map[string]bool {
	m := map[string]bool{}
	for _, s := range a.Sources {
		m[s.Source] = true
	}
	return m
}

// both lists the keys of two maps, sorted, each once.
func both[K cmp.Ordered, V any](a, b map[K]V) []K {
	return slices.Compact(slices.Sorted(func(yield func(K) bool) {
		for k := range a {
			if !yield(k) {
				return
			}
		}
		for k := range b {
			if !yield(k) {
				return
			}
		}
	}))
}
