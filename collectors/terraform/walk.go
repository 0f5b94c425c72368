package terraform

import (
	"context"
	"maps"
	"sync"
	"time"
)

// walk is one reading of a workspace's run list, newest first, with all that is asked about its runs. Its organization's lock
// guards it. It keeps ids and times of runs, never their bodies.
type walk struct {
	*organization
	workspace workspace
	order     int // among the workspaces
	before    workspaceCursor
	now       time.Time
	bound     time.Time // older runs cannot count

	reading    map[string]int // ids, by the reading of the list that had them last
	distinct   int64          // ids in this reading
	total      *int64         // runs of the workspace, as the server says; nil when it does not
	first      string         // id of the newest run
	listed     int            // runs, each once
	newer      int            // runs with policy evaluations of the kind that is not judged
	unreadable []error
	details    sync.WaitGroup // what is asked about runs

	pages   []*runPage // read, but not complete, in their order
	ended   bool       // the list was read as far as anything can count
	broken  bool       // the list cannot be trusted: what was read says nothing about what was not
	reached *resume    // the last page before which all are complete; nil for none
	settled settledRuns
	waiting map[string]time.Time // runs that were open, and that this walk has not seen
	skip    skipper
}

func newWalk(o *organization, order int, ws workspace) *walk {
	before := o.before.Workspaces[ws.id]
	now := o.collector.env.Now()
	w := &walk{organization: o, workspace: ws, order: order, before: before, now: now,
		bound: before.reachBack(o.period.From.Add(-o.lookback), now), reading: map[string]int{}, waiting: maps.Clone(before.Open)}
	if before.Resume.fits(o.period, w.bound) {
		w.skip, w.reached = skipper{resume: before.Resume}, before.Resume
	}
	return w
}

// runPage is one page of a run list. It is complete when all its runs were asked about.
type runPage struct {
	number  int
	last    string
	edges   [2]time.Time // when its newest and its oldest run were created
	pending int
	closed  bool // nothing is added to pending any more
	settled settledRuns
}

// settledRuns is what was learned about runs, for the cursor.
type settledRuns struct {
	newest time.Time            // latest creation before the period's end
	oldest time.Time            // earliest creation
	done   map[string]time.Time // ended and asked about, but perhaps in no range of the cursor
	open   map[string]time.Time // not ended, or something about them could not be had
}

func (s *settledRuns) merge(other settledRuns) {
	s.newest = later(s.newest, other.newest)
	s.reach(other.oldest)
	s.done = merged(s.done, other.done)
	s.open = merged(s.open, other.open)
}

// reach notes that runs were created as early as t.
func (s *settledRuns) reach(t time.Time) {
	if s.oldest.IsZero() || !t.IsZero() && t.Before(s.oldest) {
		s.oldest = t
	}
}

func merged(into, from map[string]time.Time) map[string]time.Time {
	if into == nil {
		return from
	}
	maps.Copy(into, from)
	return into
}

// book takes over one page of the run list, and asks about its runs: it waits for free slots, not for the answers.
func (w *walk) book(ctx context.Context, number, try int, p page, stated *int64) {
	listed, asked := w.bookPage(number, try, p, stated)
	for _, r := range asked {
		select {
		case <-ctx.Done():
			return // the page stays incomplete
		case w.runSlots <- struct{}{}:
		}
		w.details.Go(func() {
			defer func() { <-w.runSlots }()
			w.ask(ctx, listed, r)
		})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	listed.closed = true
	w.complete(ctx)
}

// bookPage books a page, and returns those of its runs that must be asked about.
func (w *walk) bookPage(number, try int, p page, stated *int64) (*runPage, []numberedRun) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.ledgers[KindRuns]
	l.add(place{w.order, try, number}, p)
	out := &runPage{number: number}
	w.pages = append(w.pages, out)
	w.sincePages++
	var runs []run
	var fresh int64
	for _, item := range p.items {
		if w.readBefore(item.ID, try) {
			continue
		}
		fresh++
		r, err := readRun(item)
		if err != nil {
			w.unreadable, w.broken = append(w.unreadable, err), true
			continue
		}
		runs = append(runs, r)
	}
	if try > 1 { // the first reading stated them
		stated = new(int64)
	}
	l.count(fresh, stated)
	if number == 1 && len(p.items) > 0 {
		w.first = p.items[0].ID
	}
	if len(runs) == 0 {
		return out, nil
	}
	out.last, out.edges = p.items[len(p.items)-1].ID, [2]time.Time{runs[0].created, runs[len(runs)-1].created}
	var asked []numberedRun
	for i, r := range runs {
		w.broken = w.broken || i > 0 && r.created.After(runs[i-1].created)
		w.listed++
		delete(w.waiting, r.ID)
		l.span(r.created)
		if ids, _ := r.refs("tf-policy-evaluations"); len(ids) > 0 {
			w.newer++
		}
		if w.before.asks(r, w.period) {
			out.pending++
			asked = append(asked, numberedRun{r, w.listed})
			continue
		}
		if counts(r, w.period) {
			w.organization.details.known++
		}
		w.settle(out, r, w.before.knows(r), false)
	}
	return out, asked
}

// numberedRun is a run and its place in the list.
type numberedRun struct {
	run
	number int
}

// readBefore says whether this walk has had a run, and notes it: a list that moves while it is read shows runs twice.
func (w *walk) readBefore(id string, try int) bool {
	before := w.reading[id]
	if before != try {
		w.reading[id] = try
		w.distinct++
	}
	return before != 0
}

// ask asks about a run and books what came.
func (w *walk) ask(ctx context.Context, p *runPage, r numberedRun) {
	results := w.organization.details.ask(ctx, r.run)
	w.mu.Lock()
	defer w.mu.Unlock()
	complete := w.organization.details.take(place{w.order, r.number}, &runPlace{w.workspace.id, r.ID, r.created}, results)
	w.settle(p, r.run, complete && r.final(), true)
	p.pending--
	w.sinceRuns++
	w.complete(ctx)
}

// settle notes what is known of a run: whether it ended and everything about it was had, and whether it was asked for that.
func (w *walk) settle(p *runPage, r run, done, asked bool) {
	_, open := w.before.Open[r.ID]
	edge := r.created.Equal(p.edges[0]) || r.created.Equal(p.edges[1])
	switch {
	case done && (edge || open || !w.period.Contains(r.created)):
		p.settled.done = merged(map[string]time.Time{r.ID: r.created}, p.settled.done)
	case !done && (asked || !r.final()):
		p.settled.open = merged(map[string]time.Time{r.ID: r.created}, p.settled.open)
	}
	if r.created.Before(w.period.To) {
		p.settled.newest = later(p.settled.newest, r.created)
	}
	p.settled.reach(r.created)
}

// complete moves on over the pages that are complete, and keeps what came when it is time.
func (w *walk) complete(ctx context.Context) {
	for len(w.pages) > 0 && w.pages[0].closed && w.pages[0].pending == 0 {
		p := w.pages[0]
		w.pages = w.pages[1:]
		w.settled.merge(p.settled)
		if w.skip.passed(p.number) {
			w.reached = &resume{Period: w.period, Since: w.bound, Page: p.number, First: w.first, Last: p.last, Oldest: p.settled.oldest}
		}
	}
	if w.due() && ctx.Err() == nil {
		w.checkpoint(context.WithoutCancel(ctx))
	}
}

// next returns the number of the page to read after one that holds items, when the list itself says next. Runs that were open may
// lie on any page that could be passed over.
func (w *walk) next(items []resource, next int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.skip.after(items, next, len(w.waiting) > 0)
}

// forget gives up what an earlier collection had reached.
func (w *walk) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skip, w.reached = skipper{}, nil
}

// cursor returns where the next collection goes on, as far as the walk has come. What is not complete is as it was before.
// Unless the period is long over, the newest run stays outside the range: another may be created in the same instant.
func (w *walk) cursor() workspaceCursor {
	if !w.ended && (w.broken || w.settled.oldest.IsZero()) {
		before := w.before
		if w.broken {
			before.Resume = nil
		}
		return before
	}
	from, to := w.period.From, later(w.settled.newest, w.period.From)
	if w.now.Sub(w.period.To) > settled {
		to = w.period.To
	}
	after := workspaceCursor{Ranges: w.before.Ranges, Done: map[string]time.Time{}, Open: map[string]time.Time{}}
	if w.reached != nil {
		reached := *w.reached
		reached.Ended = reached.Ended || w.ended
		after.Resume = &reached
	}
	if !w.ended {
		from = later(from, w.settled.oldest.Add(1))
		maps.Copy(after.Open, w.before.Open)
	}
	if !w.ended || w.skip.found {
		maps.Copy(after.Done, w.before.Done)
	}
	if from.Before(to) {
		after.Ranges = joined(w.before.Ranges, period{From: from, To: to})
	}
	for id, created := range w.settled.done {
		delete(after.Open, id)
		after.Done[id] = created
	}
	maps.Copy(after.Open, w.settled.open)
	maps.DeleteFunc(after.Open, func(_ string, created time.Time) bool { return w.now.Sub(created) > maxOpen })
	maps.DeleteFunc(after.Done, func(id string, created time.Time) bool {
		_, open := after.Open[id]
		return open || after.covers(created)
	})
	return after
}
