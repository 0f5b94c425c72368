package terraform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
)

// maxFailedParts is how many runs are named one by one when asking about them failed; the rest are counted. A journal entry
// stays readable, and the cursor knows them all.
const maxFailedParts = 100

// detailKinds are the kinds that are asked for by run, with the words for their parts.
var detailKinds = []struct {
	kind evidence.Kind
	what string
	path string
}{
	{KindPolicyChecks, "policy checks", "GET /runs/ID/policy-checks of each run"},
	{KindTaskStages, "task stages", "GET /runs/ID/task-stages of each run"},
	{KindPolicyEvaluations, "policy evaluations", "GET /task-stages/ID/policy-evaluations of each task stage that has policy evaluations"},
	{KindPolicySetOutcomes, "policy set outcomes", "GET /policy-evaluations/ID/policy-set-outcomes of each policy evaluation"},
	{KindRunEvents, "run events", "GET /runs/ID/run-events?include=actor,comment of each run"},
}

// details gathers what is asked about each run: one ledger for each kind.
type details struct {
	org     *organization
	ledgers map[evidence.Kind]*ledger
	known   int                              // runs that were not asked about because nothing of them can have changed
	asked   int                              // runs that were
	items   map[evidence.Kind]int64          // that came
	failed  map[evidence.Kind][]failedDetail // in the order of asking
	stopped error                            // the token was refused, or the store is full: nothing more is asked

	answered map[evidence.Kind]bool           // some list of the kind came
	missing  map[evidence.Kind][]failedDetail // lists that the server does not seem to offer

	mu        sync.Mutex
	notInPlan map[evidence.Kind]error // asked no further: the organization's plan does not include it
}

type failedDetail struct {
	of  string // run, task stage or evaluation
	err error
}

func newDetails(o *organization) *details {
	d := &details{org: o, ledgers: map[evidence.Kind]*ledger{}, items: map[evidence.Kind]int64{}, failed: map[evidence.Kind][]failedDetail{},
		answered: map[evidence.Kind]bool{}, missing: map[evidence.Kind][]failedDetail{}, notInPlan: map[evidence.Kind]error{}}
	for _, k := range detailKinds {
		d.ledgers[k.kind] = &ledger{kind: k.kind, procedure: o.procedure(k.path + ", all pages; of runs that were created in the period or changed something in it")}
	}
	return d
}

// detail is what one request for a list brought.
type detail struct {
	kind evidence.Kind
	of   string
	list list
	err  error
}

// collect asks about the runs of one workspace and returns the ids of those about which something could not be had. It uses
// goroutines, runsAtOnce of them; their results are put together in the order of the runs.
func (d *details) collect(ctx context.Context, workspace string, before workspaceCursor, runs []run) (failed map[string]bool) {
	var todo []run
	for _, r := range runs {
		switch {
		case before.asks(r, d.org.period):
			todo = append(todo, r)
		case counts(r, d.org.period):
			d.known++
		}
	}
	failed = map[string]bool{}
	done := 0
	for batch := range slices.Chunk(todo, runsAtOnce) {
		d.org.out.Progress(collectors.Progress{Step: "policy results of " + workspace, Items: int64(done), TotalItems: int64(len(todo))})
		done += len(batch)
		if ctx.Err() != nil || d.stopped != nil {
			for _, r := range batch {
				failed[r.ID] = true
			}
			continue
		}
		results := make([][]detail, len(batch))
		var wg sync.WaitGroup
		for i, r := range batch {
			wg.Go(func() { results[i] = d.ask(ctx, r) })
		}
		wg.Wait()
		for i, r := range batch {
			d.asked++
			if complete := d.take(results[i]); !complete {
				failed[r.ID] = true
			}
		}
	}
	return failed
}

// ask reads everything about one run. Each list is asked for whatever became of the others.
func (d *details) ask(ctx context.Context, r run) []detail {
	run := "runs/" + segment(r.ID)
	checks := d.list(ctx, KindPolicyChecks, r, r.ID, query{path: run + "/policy-checks", unpaged: true,
		options: func(tfe.ListOptions) any { return &tfe.PolicyCheckListOptions{} }})
	events := d.list(ctx, KindRunEvents, r, r.ID, query{path: run + "/run-events", unpaged: true,
		options: func(tfe.ListOptions) any {
			return &tfe.RunEventListOptions{Include: []tfe.RunEventIncludeOpt{tfe.RunEventActor, tfe.RunEventComment}}
		}})
	stages := d.list(ctx, KindTaskStages, r, r.ID, query{path: run + "/task-stages",
		options: func(page tfe.ListOptions) any { return &tfe.TaskStageListOptions{ListOptions: page} }})
	all := []detail{checks, events, stages}
	if stages.err != nil {
		err := fmt.Errorf("not asked, for want of the task stages: %w", stages.err)
		all = append(all, detail{kind: KindPolicyEvaluations, of: r.ID, err: err}, detail{kind: KindPolicySetOutcomes, of: r.ID, err: err})
	}
	for _, stage := range stages.list.items {
		if ids, stated := stage.refs("policy-evaluations"); stated && len(ids) == 0 {
			continue // a stage of run tasks only
		}
		evaluations := d.list(ctx, KindPolicyEvaluations, r, stage.ID, query{path: "task-stages/" + segment(stage.ID) + "/policy-evaluations",
			options: func(page tfe.ListOptions) any { return &tfe.PolicyEvaluationListOptions{ListOptions: page} }})
		all = append(all, evaluations)
		if evaluations.err != nil {
			err := fmt.Errorf("not asked, for want of the policy evaluations: %w", evaluations.err)
			all = append(all, detail{kind: KindPolicySetOutcomes, of: stage.ID, err: err})
		}
		for _, e := range evaluations.list.items {
			all = append(all, d.list(ctx, KindPolicySetOutcomes, r, e.ID, query{path: "policy-evaluations/" + segment(e.ID) + "/policy-set-outcomes",
				options: func(page tfe.ListOptions) any { return &page }}))
		}
	}
	return all
}

// list asks for one list of a run, unless the plan is known not to include its kind.
func (d *details) list(ctx context.Context, kind evidence.Kind, r run, of string, q query) detail {
	d.mu.Lock()
	err := d.notInPlan[kind]
	d.mu.Unlock()
	if err != nil {
		return detail{kind: kind, of: of, err: err}
	}
	got, err := d.org.list(ctx, d.org.out, q)
	return detail{kind: kind, of: of, list: got, err: d.meaning(ctx, kind, r, err)}
}

// meaning tells a feature that is not there from one that the token may not see: for both the server answers 404. The run
// itself could be read, so what the plan includes and what the run says of itself decide.
func (d *details) meaning(ctx context.Context, kind evidence.Kind, r run, err error) error {
	var api *apiError
	if !errors.As(err, &api) || api.status != http.StatusNotFound && api.status != http.StatusGone {
		return d.org.refused("permission to read runs of the workspace", err)
	}
	switch kind {
	case KindRunEvents:
		return fmt.Errorf("%w: run events: %w", collectors.ErrNotOffered, err)
	case KindPolicyChecks:
		return d.notOffered(ctx, kind, r, err, "policy-checks", "policy-enforcement", "sentinel")
	case KindTaskStages:
		return d.notOffered(ctx, kind, r, err, "task-stages", "policy-enforcement", "sentinel", "run-tasks")
	}
	return d.org.refused(readResults, err)
}

const readResults = "permission to read runs of the workspace and their policy results"

// notOffered is what err means when the plan includes none of the features, or when the run says of itself that it has none of
// what was asked for; otherwise the token may not see it.
func (d *details) notOffered(ctx context.Context, kind evidence.Kind, r run, err error, relationship string, features ...string) error {
	if entitled, known := d.org.entitledTo(ctx, features...); known && !entitled {
		err = fmt.Errorf("%w: not in the organization's plan: %w", collectors.ErrNotOffered, err)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.notInPlan[kind] = err
		return err
	}
	if ids, _ := r.refs(relationship); len(ids) == 0 {
		return fmt.Errorf("%w: %s: %w", collectors.ErrNotOffered, relationship, err)
	}
	return d.org.refused(readResults, err)
}

// take books the results of one run and says whether everything came. A list that the server offers for other runs is not one
// that it does not offer.
func (d *details) take(results []detail) (complete bool) {
	complete = true
	for _, got := range results {
		d.ledgers[got.kind].add(got.list)
		d.items[got.kind] += int64(len(got.list.items))
		f := failedDetail{got.of, got.err}
		switch {
		case got.err == nil:
			d.answered[got.kind] = true
			continue
		case errors.Is(got.err, collectors.ErrNotOffered) && !d.answered[got.kind]:
			d.missing[got.kind] = append(d.missing[got.kind], f)
			continue
		case fatal(got.err):
			d.stopped = got.err
		}
		d.failed[got.kind] = append(d.failed[got.kind], f.seen())
		complete = false
	}
	return complete
}

// seen turns not offered into denied: the server does offer the list.
func (f failedDetail) seen() failedDetail {
	if errors.Is(f.err, collectors.ErrNotOffered) {
		f.err = &collectors.DeniedError{Permission: readResults, Cause: errors.New("server answers 404 Not Found, but has this list of other runs")}
	}
	return f
}

func (d *details) fatal() error { return d.stopped }

// finish adds the records and notes the outcomes: one for each kind, and one for each list that failed.
func (d *details) finish(ctx context.Context, stopped error) error {
	for _, k := range detailKinds {
		l := d.ledgers[k.kind]
		if d.known > 0 {
			l.note("%d runs of the period that had ended when they were collected earlier were not asked about again", d.known)
		}
		if err := d.org.add(ctx, l, false); err != nil {
			return err
		}
		d.outcomes(k.kind, k.what, stopped)
	}
	return nil
}

func (d *details) outcomes(kind evidence.Kind, what string, stopped error) {
	items, failed, missing := d.items[kind], d.failed[kind], d.missing[kind]
	if d.answered[kind] {
		for _, f := range missing {
			failed = append(failed, f.seen())
		}
		missing = nil
	}
	o := collectors.OutcomeOf(d.org.part(what), kind, items, nil)
	switch {
	case len(missing) > 0 && len(failed) == 0:
		o = collectors.OutcomeOf(d.org.part(what), kind, items, missing[0].err)
	case len(failed) > 0 && items == 0:
		o = collectors.OutcomeOf(d.org.part(what), kind, items, failed[0].err)
	case stopped != nil:
		o = collectors.OutcomeOf(d.org.part(what), kind, items, fmt.Errorf("not all asked: %w", stopped))
	case items == 0 && d.asked == 0 && d.known > 0:
		o.Outcome, o.Detail = evidence.OutcomeOK, fmt.Sprintf("nothing to ask: all %d runs of the period had ended when they were collected earlier", d.known)
	case len(failed) > 0:
		o.Detail = fmt.Sprintf("%d lists could not be read; they are listed apart", len(failed))
	}
	d.org.out.Outcome(o)
	for i, f := range failed {
		if i == maxFailedParts {
			d.org.out.Outcome(collectors.OutcomeOf(d.org.part(what+" of further runs"), kind, 0,
				fmt.Errorf("%d more lists could not be read, the first: %s of %s: %w", len(failed)-i, what, f.of, f.err)))
			break
		}
		d.org.out.Outcome(collectors.OutcomeOf(what+" of "+f.of, kind, 0, f.err))
	}
}
