package terraform

import (
	"slices"
	"time"

	"auditpack/evidence"
)

// period is spelled so where a variable of the name would hide the package.
type period = evidence.Period

// resume says how far the run list of a workspace was read by a collection that was interrupted. All runs on its pages up to Page
// were asked about.
type resume struct {
	Period period    `json:"period"` // that was collected
	Since  time.Time `json:"since"`  // how far back the list was to be read
	First  string    `json:"first"`  // id of the newest run
	Page   int       `json:"page"`
	Last   string    `json:"last"`   // id of the last run on that page
	Oldest time.Time `json:"oldest"` // the earliest creation on it
	Ended  bool      `json:"ended"`  // nothing that counts is left behind that page
}

// fits says whether a collection of period p that reads back to bound can go on from r.
func (r *resume) fits(p period, bound time.Time) bool {
	return r != nil && r.Page > 0 && r.First != "" && r.Period.From.Equal(p.From) && r.Period.To.Equal(p.To) && !r.Since.After(bound)
}

// skipper passes over pages that an interrupted collection has read. The first run of that reading tells by how much the list has
// moved since; the last one, whether what was passed over is what was read. The zero value passes over nothing.
type skipper struct {
	resume *resume
	before int  // runs that lie before the first one of the earlier reading, as far as seen
	found  bool // that first one
	from   int  // the first page that was passed over
	to     int  // the page that was read next, 0 for none yet
}

// after returns the number of the page to read after one that holds items, when the list itself says next. waits says that runs
// must still be seen that may lie anywhere.
func (s *skipper) after(items []resource, next int, waits bool) int {
	if s.resume == nil || s.to != 0 || next == 0 {
		return next
	}
	if !s.found {
		i := slices.IndexFunc(items, func(r resource) bool { return r.ID == s.resume.First })
		if i < 0 {
			s.before += len(items)
			return next
		}
		s.before, s.found = s.before+i, true
	}
	if waits {
		return next
	}
	if s.resume.Ended {
		return 0
	}
	page := (s.resume.Page*pageSize-1+s.before)/pageSize + 1
	if page <= next {
		*s = skipper{}
		return next
	}
	s.from, s.to = next, page
	return page
}

// back returns the number of the page to go back to, because page number, read after others were passed over, does not hold what
// it should. 0: all is well.
func (s *skipper) back(number int, items []resource) int {
	if s.to == 0 || number != s.to || slices.ContainsFunc(items, func(r resource) bool { return r.ID == s.resume.Last }) {
		return 0
	}
	return s.from
}

// passed says whether a complete page number, before which all were complete, goes beyond what was reached earlier.
func (s *skipper) passed(number int) bool {
	return s.resume == nil || s.to != 0 && number >= s.to
}
