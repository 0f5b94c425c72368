package terraform

import (
	"maps"
	"time"

	"auditpack/evidence"
)

// cursorFormat names the layout of the cursor. One in another layout is ignored: everything is asked again, which is right,
// only not cheap.
const cursorFormat = "terraform.cursor/1"

// cursor says which runs need not be asked about again. Run lists are always read again; they are cheap, and the list of a
// run that changed is the new evidence of it.
type cursor struct {
	Format        string               `json:"format"`
	Organizations map[string]orgCursor `json:"organizations"`
}

type orgCursor struct {
	Workspaces map[string]workspaceCursor `json:"workspaces"` // by workspace id
}

// workspaceCursor: every run created in [From, To) that counted has been asked about and had ended, except those in Open.
type workspaceCursor struct {
	From time.Time            `json:"from"`
	To   time.Time            `json:"to"`
	Done map[string]bool      `json:"done"` // asked about and ended, but created outside [From, To)
	Open map[string]time.Time `json:"open"` // not ended, or asking about it failed; when it was created
}

func (c cursor) organization(name string) orgCursor {
	if c.Format != cursorFormat {
		return orgCursor{}
	}
	return c.Organizations[name]
}

// with returns c and, for organizations that c does not know yet, what before knew.
func (c cursor) with(before cursor) cursor {
	all := map[string]orgCursor{}
	if before.Format == cursorFormat {
		maps.Copy(all, before.Organizations)
	}
	maps.Copy(all, c.Organizations)
	return cursor{Format: cursorFormat, Organizations: all}
}

// knows says whether r was asked about after it had ended.
func (w workspaceCursor) knows(r run) bool {
	if _, open := w.Open[r.ID]; open {
		return false
	}
	return w.Done[r.ID] || !r.created.Before(w.From) && r.created.Before(w.To)
}

// maxOpen is how long a run may stay open and still be looked for: a plan that nobody confirmed for a year is given up.
const maxOpen = 366 * 24 * time.Hour

// settled is how long after a period's end its runs are taken to be listed completely: an hour of clocks that differ.
const settled = time.Hour

// reachBack returns since when runs must be listed: from bound on, or from an older run that was open when it was last seen.
func (w workspaceCursor) reachBack(bound, now time.Time) time.Time {
	for _, created := range w.Open {
		if now.Sub(created) <= maxOpen {
			bound = earlier(bound, created)
		}
	}
	return bound
}

// asks says whether r must be asked about: it counts in p, or it was open, and it was not asked about after it had ended.
func (w workspaceCursor) asks(r run, p evidence.Period) bool {
	_, open := w.Open[r.ID]
	return !w.knows(r) && (open || counts(r, p))
}

// next returns the cursor after all runs of the workspace since reachBack were listed for period p. failed holds the ids of
// runs that could not be asked about completely. Unless p is long over, the newest run stays outside the range: another may be
// created in the same instant.
func (w workspaceCursor) next(p evidence.Period, now time.Time, listed []run, failed map[string]bool) workspaceCursor {
	from, to := p.From, p.From
	for _, r := range listed {
		if r.created.Before(p.To) {
			to = later(to, r.created)
		}
	}
	if now.Sub(p.To) > settled {
		to = p.To
	}
	if touches(w.From, w.To, from, to) {
		from, to = earlier(w.From, from), later(w.To, to)
	}
	after := workspaceCursor{From: from, To: to, Done: map[string]bool{}, Open: map[string]time.Time{}}
	for _, r := range listed {
		done := w.knows(r) || w.asks(r, p) && r.final() && !failed[r.ID]
		inside := !r.created.Before(from) && r.created.Before(to)
		switch {
		case done && !inside:
			after.Done[r.ID] = true
		case !done && (inside || !r.final() || w.asks(r, p)) && now.Sub(r.created) <= maxOpen:
			after.Open[r.ID] = r.created
		}
	}
	return after
}

// counts says whether a run belongs to p: it was created in p, or it changed something in p.
func counts(r run, p evidence.Period) bool {
	return p.Contains(r.created) || p.Contains(r.applied) || p.Contains(r.applying)
}

func touches(aFrom, aTo, bFrom, bTo time.Time) bool {
	return aFrom.Before(aTo) && !aFrom.After(bTo) && !bFrom.After(aTo)
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
