package terraform

import (
	"maps"
	"slices"
	"time"

	"auditpack/evidence"
)

// cursorFormat names the layout of the cursor. One in another layout is ignored: everything is asked again, which is right,
// only not cheap.
const cursorFormat = "terraform.cursor/2"

// cursor says which runs need not be asked about again, and where an interrupted collection goes on. The newest page of each run
// list is always read again; the list of a run that changed is the new evidence of it.
type cursor struct {
	Format        string               `json:"format"`
	Organizations map[string]orgCursor `json:"organizations"`
}

type orgCursor struct {
	Workspaces map[string]workspaceCursor `json:"workspaces"` // by workspace id
	Audit      *auditCursor               `json:"audit,omitempty"`
}

// auditCursor: the audit trail was read up to To.
type auditCursor struct {
	To time.Time `json:"to"`
}

// workspaceCursor: every run created in one of the ranges that counted has been asked about and had ended, except those in Open.
type workspaceCursor struct {
	Ranges []evidence.Period    `json:"ranges"`           // by their starts; they do not touch
	Done   map[string]time.Time `json:"done"`             // asked about and ended, but created outside the ranges; when it was created
	Open   map[string]time.Time `json:"open"`             // not ended, or asking about it failed; when it was created
	Resume *resume              `json:"resume,omitempty"` // of a collection that did not end
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

// covers says whether a time lies in one of the ranges.
func (w workspaceCursor) covers(t time.Time) bool {
	return slices.ContainsFunc(w.Ranges, func(p evidence.Period) bool { return p.Contains(t) })
}

// knows says whether r was asked about after it had ended.
func (w workspaceCursor) knows(r run) bool {
	if _, open := w.Open[r.ID]; open {
		return false
	}
	_, done := w.Done[r.ID]
	return done || w.covers(r.created)
}

// clone returns a copy whose runs can be changed.
func (w workspaceCursor) clone() workspaceCursor {
	w.Done, w.Open = maps.Clone(w.Done), maps.Clone(w.Open)
	if w.Done == nil {
		w.Done = map[string]time.Time{}
	}
	if w.Open == nil {
		w.Open = map[string]time.Time{}
	}
	return w
}

// maxOpen is how long a run may stay open and still be looked for: a plan that nobody confirmed for a year is given up.
const maxOpen = 366 * 24 * time.Hour

// clocks is by how much the server's clock may differ from ours.
const clocks = time.Hour

// settled is how long after a period's end its runs are taken to be listed completely.
const settled = clocks

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

// counts says whether a run belongs to p: it was created in p, or it changed something in p.
func counts(r run, p evidence.Period) bool {
	return p.Contains(r.created) || p.Contains(r.applied) || p.Contains(r.applying)
}

// joined returns ranges and r, sorted, those that touch made one.
func joined(ranges []evidence.Period, r evidence.Period) []evidence.Period {
	all := append(slices.Clone(ranges), r)
	slices.SortFunc(all, func(a, b evidence.Period) int { return a.From.Compare(b.From) })
	out := all[:1]
	for _, next := range all[1:] {
		last := &out[len(out)-1]
		if next.From.After(last.To) {
			out = append(out, next)
			continue
		}
		last.To = later(last.To, next.To)
	}
	return out
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
