package comparison

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"auditpack/reports/assessment"
)

// deviations follows each deviation from one assessment to the other: by state, then by test and age, the oldest first.
func deviations(before, after assessment.Assessment) []Deviation {
	was := map[string]assessment.Deviation{}
	for _, t := range before.Tests {
		for _, d := range t.Deviations {
			was[d.Key] = d
		}
	}
	list := []Deviation{}
	found := map[string]bool{}
	for _, t := range after.Tests {
		for _, d := range t.Deviations {
			found[d.Key] = true
			old, known := was[d.Key]
			seen := after.AsOf
			if known {
				seen = before.AsOf
			}
			list = append(list, aged(Deviation{State: stateNow(d, old, known), Deviation: d, OldException: old.Exception}, seen, after.AsOf))
		}
	}
	now := testsOf(after)
	for _, t := range before.Tests {
		for _, d := range t.Deviations {
			if found[d.Key] {
				continue
			}
			found[d.Key] = true
			list = append(list, aged(Deviation{State: stateGone(d, now[t.ID], after), Deviation: d, OldException: d.Exception}, before.AsOf, after.AsOf))
		}
	}
	order := map[State]int{}
	for i, s := range States() {
		order[s] = i
	}
	slices.SortStableFunc(list, func(a, b Deviation) int {
		return cmp.Or(cmp.Compare(order[a.State], order[b.State]), cmp.Compare(a.Test, b.Test), cmp.Compare(b.AgeDays, a.AgeDays), strings.Compare(a.Key, b.Key))
	})
	return list
}

// stateNow is the state of a deviation that the new assessment has.
func stateNow(d, old assessment.Deviation, known bool) State {
	switch {
	case d.Exception != "" && known && old.Exception != "":
		return StillExcepted
	case d.Exception != "":
		return NewlyExcepted
	case !known:
		return New
	case old.Exception != "":
		return ExceptionEnded
	}
	return StillOpen
}

// stateGone is the state of a deviation that the new assessment, with the result of its test, does not have any more.
func stateGone(d assessment.Deviation, now assessment.TestResult, after assessment.Assessment) State {
	switch {
	case now.Status == "" || now.Status == assessment.TestNotAssessed:
		return NotJudged
	case d.At != nil && after.Period != nil && !after.Period.Contains(*d.At):
		return Past
	}
	return Fixed
}

// aged dates a deviation: by when it happened, unless that lies after it was first judged.
func aged(d Deviation, judged, asOf time.Time) Deviation {
	d.FirstSeen = judged
	if d.At != nil && d.At.Before(judged) {
		d.FirstSeen = *d.At
	}
	d.AgeDays = max(0, int64(asOf.Sub(d.FirstSeen)/(24*time.Hour)))
	return d
}
