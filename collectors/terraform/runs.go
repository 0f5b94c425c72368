package terraform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
)

// operations are all kinds of runs. Left to itself the list leaves out plan-only runs, and with them those that a policy
// stopped.
//
// Source: HCP Terraform API, "Runs", section Run Operations, as of 2026-11. action_only is newer than go-tfe's list.
const operations = "plan_and_apply,plan_only,save_plan,refresh_only,destroy,empty_apply"

// runs reads the runs of all workspaces, several at a time, and asks about those that count.
func (o *organization) runs(ctx context.Context, workspaces []workspace) {
	o.walks = make([]*walk, len(workspaces))
	slots := make(chan struct{}, workspacesAtOnce)
	var wg sync.WaitGroup
	for i, w := range workspaces {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			o.out.Progress(collectors.Progress{Step: "runs of " + w.name, Items: int64(i), TotalItems: int64(len(workspaces))})
			o.walk(ctx, i, w)
		})
	}
	wg.Wait()
	switch {
	case o.unlisted == nil:
	case len(workspaces) == 0:
		o.out.Outcome(collectors.OutcomeOf(o.part("runs"), KindRuns, 0, fmt.Errorf("not asked, for want of the workspaces: %w", o.unlisted)))
	default:
		o.out.Outcome(collectors.OutcomeOf(o.part("runs of further workspaces"), KindRuns, 0, fmt.Errorf("not asked, for want of the whole list of workspaces: %w", o.unlisted)))
	}
}

func (o *organization) walk(ctx context.Context, order int, ws workspace) {
	w := newWalk(o, order, ws)
	o.mu.Lock()
	o.walks[order] = w
	o.mu.Unlock()

	err := w.read(ctx)
	w.details.Wait()

	o.mu.Lock()
	w.broken = w.broken || errors.Is(err, errMoved)
	o.mu.Unlock()
	err = errors.Join(append(w.unreadable, o.cause(o.refused("permission to read runs of workspace "+ws.name, err)))...)
	outcome := collectors.OutcomeOf(o.part("runs of "+ws.name), KindRuns, int64(w.listed), err)
	outcome.Detail = w.remarks(outcome.Detail, err)
	o.out.Outcome(outcome)

	o.mu.Lock()
	defer o.mu.Unlock()
	if fatal(err) {
		o.stop(err)
	}
	w.ended = err == nil && ctx.Err() == nil
	o.cursors[ws.id] = w.cursor()
	o.walks[order] = nil
}

// remarks adds to the detail of the outcome what an auditor must know of the list. It is no note of a record: a checkpoint may have
// taken the last page along.
func (w *walk) remarks(detail string, err error) string {
	var all []string
	if detail != "" {
		all = append(all, detail)
	}
	if text := w.unread(); err == nil && text != "" {
		all = append(all, text)
	}
	if w.newer > 0 {
		all = append(all, fmt.Sprintf("%d runs have Terraform policy evaluations (tf-policy-evaluations), which are kept as received and not judged", w.newer))
	}
	return strings.Join(all, "; ")
}

// unread says in words which runs of the list were not read, and why; empty when all were.
func (w *walk) unread() string {
	switch {
	case w.total == nil || int64(w.listed) >= *w.total:
		return ""
	case w.skip.found:
		return fmt.Sprintf("the server has %d runs; %d were read, the others by an earlier collection that was interrupted and went on here", *w.total, w.listed)
	}
	return fmt.Sprintf("the server has %d runs; the newest %d were read, back beyond %s", *w.total, w.listed, w.bound.Format(time.RFC3339))
}

// query is how the run list is asked for. A server older than the newest kind of run refuses to be asked for it.
func (w *walk) query() query {
	options := func(operations string) func(tfe.ListOptions) any {
		return func(page tfe.ListOptions) any { return &tfe.RunListOptions{ListOptions: page, Operation: operations} }
	}
	q := query{kind: KindRuns, path: "workspaces/" + segment(w.workspace.id) + "/runs", options: options(operations + ",action_only")}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.noActionOnly {
		q.options = options(operations)
	}
	return q
}

// runsPage reads one page of the run list.
func (w *walk) runsPage(ctx context.Context, number int) (page, document, error) {
	p, doc, err := w.page(ctx, w.out, w.query(), number)
	if !refusesParameters(err) {
		return p, doc, err
	}
	w.mu.Lock()
	w.noActionOnly = true
	w.mu.Unlock()
	return w.page(ctx, w.out, w.query(), number)
}

// read reads the list, again if its pages do not add up.
func (w *walk) read(ctx context.Context) error {
	for try := 1; ; try++ {
		err := w.readPages(ctx, try)
		if !errors.Is(err, errMoved) || try == listTries {
			return err
		}
	}
}

// readPages reads the list from its newest page on, but for pages that an interrupted collection has read.
func (w *walk) readPages(ctx context.Context, try int) error {
	var sum tally
	w.distinct = 0
	for number, read := 1, 0; number > 0; read++ {
		if read == maxPages {
			return fmt.Errorf("list of %s has more than %d pages", w.query().path, maxPages)
		}
		p, doc, err := w.runsPage(ctx, number)
		if err != nil {
			return err
		}
		if back := w.skip.back(number, p.items); back != 0 { // what was passed over is not what was read before
			w.forget()
			number = back
			continue
		}
		stated := sum.page(number, doc.Meta.Pagination)
		w.total = sum.total
		w.book(ctx, number, try, p, stated)
		next, err := nextPage(doc, number, w.query())
		if err != nil {
			return err
		}
		if w.enough(p.items) {
			break
		}
		number = w.next(p.items, next)
	}
	return sum.check(w.query().path, w.distinct)
}

// enough says whether no run after this page can count any more.
func (w *walk) enough(items []resource) bool {
	for _, r := range items {
		if parsed, err := readRun(r); err != nil || !parsed.created.Before(w.bound) {
			return false
		}
	}
	return len(items) > 0
}
