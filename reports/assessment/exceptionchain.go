package assessment

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// chain follows each exception back over those that it renews: the one that it names, else the one approved before it for the same
// control and resource. It counts the days on which any of them held, each once, and notes chains that are broken, have days between
// them on which none held, run in a circle or are longer than the ceiling.
func chain(list []Exception, maxDays int64) {
	byID := map[string]int{}
	for i, e := range list {
		if _, ok := byID[e.ID]; !ok && e.ID != "" {
			byID[e.ID] = i
		}
	}
	before := make([]int, len(list))
	for i := range list {
		before[i] = predecessor(list, byID, i)
	}
	for i := range list {
		e := &list[i]
		if _, ok := byID[e.Renews]; e.Renews != "" && !ok {
			e.Faults = append(e.Faults, faultRenewsUnknown)
		} else if e.Renews != "" && gapBetween(list[before[i]], *e) {
			e.Faults = append(e.Faults, faultRenewalGap)
		}
		members := []int{}
		at := i
		for ; at >= 0 && !slices.Contains(members, at); at = before[at] {
			members = append(members, at)
		}
		if at >= 0 {
			e.Faults = append(e.Faults, faultCircle)
		}
		slices.Reverse(members)
		held := daySet{}
		for _, m := range members {
			e.Chain = append(e.Chain, list[m].ID)
			for _, v := range list[m].Versions {
				held.add(v.ApprovedOn, v.ExpiresOn)
			}
		}
		total := held.days()
		e.ChainDays = &total
		if total > maxDays {
			e.Faults = append(e.Faults, faultRenewedLong)
		}
	}
}

// gapBetween says whether a day lies between the last one of an exception and the approval of the one that renews it.
func gapBetween(old, renewal Exception) bool {
	days := daysBetween(old.ExpiresOn, renewal.ApprovedOn)
	return days != nil && *days > 1
}

// predecessor is the position of the exception that list[i] renews, -1 for none.
func predecessor(list []Exception, byID map[string]int, i int) int {
	e := list[i]
	if e.Renews != "" {
		if j, ok := byID[e.Renews]; ok {
			return j
		}
		return -1
	}
	found := -1
	for j, other := range list {
		if j == i || e.ID == "" || other.ID == "" || e.Control == "" || other.Control != e.Control || other.Resource != e.Resource {
			continue
		}
		if other.ApprovedOn == "" || other.ApprovedOn >= e.ApprovedOn {
			continue
		}
		if found < 0 || cmp.Or(strings.Compare(list[found].ApprovedOn, other.ApprovedOn), strings.Compare(list[found].ID, other.ID)) < 0 {
			found = j
		}
	}
	return found
}

// daySet counts days that several spans hold, each once.
type daySet struct{ spans [][2]time.Time }

// maxSpan is the longest span that is counted, a century: more is a slip of the pen, which EXC-02 reports.
const maxSpan = 36500 * 24 * time.Hour

// add adds the days from one date to another, the last one not counted, as EXC-02 counts them.
func (s *daySet) add(from, to string) {
	a, errA := time.Parse(time.DateOnly, from)
	b, errB := time.Parse(time.DateOnly, to)
	if errA != nil || errB != nil || !a.Before(b) || b.Sub(a) >= maxSpan {
		return
	}
	s.spans = append(s.spans, [2]time.Time{a, b})
}

func (s *daySet) days() int64 {
	slices.SortFunc(s.spans, func(a, b [2]time.Time) int { return a[0].Compare(b[0]) })
	var sum time.Duration
	var end time.Time
	for _, x := range s.spans {
		if from := later(x[0], end); from.Before(x[1]) {
			sum += x[1].Sub(from)
			end = x[1]
		}
	}
	return int64(sum / (24 * time.Hour))
}
