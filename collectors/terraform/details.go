package terraform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
)

// maxFailedParts is how many runs, workspaces, projects or agent pools are named one by one when asking about them failed; the rest are counted.
// A journal entry stays readable, and the cursor knows them all.
const maxFailedParts = 100

// detailKinds are the kinds that are asked for by run, workspace, project or agent pool, with the words for their parts.
var detailKinds = []struct {
	kind     evidence.Kind
	what     string
	path     string
	snapshot bool // else of runs, in the period
}{
	{KindTeamAccess, "team access", "GET /team-workspaces?filter[workspace][id]=ID of each workspace", true},
	{KindProjectAccess, "project team access", "GET /team-projects?filter[project][id]=ID of each project", true},
	{KindAgentTokens, agentTokens, "GET /agent-pools/ID/authentication-tokens of each agent pool", true},
	{KindPolicyChecks, "policy checks", "GET /runs/ID/policy-checks of each run", false},
	{KindPolicyCheckLogs, "policy check logs", "GET /policy-checks/ID/output of each policy check that has run", false},
	{KindTaskStages, "task stages", "GET /runs/ID/task-stages of each run", false},
	{KindPolicyEvaluations, "policy evaluations", "GET /task-stages/ID/policy-evaluations of each task stage that has policy evaluations", false},
	{KindPolicySetOutcomes, "policy set outcomes", "GET /policy-evaluations/ID/policy-set-outcomes of each policy evaluation", false},
	{KindTFPolicyEvaluations, "tf policy evaluations", "GET /runs/ID?include=tf_policy_evaluations of each run that has Terraform policy evaluations; not judged", false},
	{KindRunEvents, "run events", "GET /runs/ID/run-events?include=actor,comment of each run", false},
}

// details is what is asked about each run, workspace, project or agent pool. Its organization's lock guards it, but for notInPlan.
type details struct {
	org   *organization
	known int // runs that were not asked about because nothing of them can have changed
	asked int // runs that were
	kinds map[evidence.Kind]*detailSum

	plan      sync.Mutex
	notInPlan map[evidence.Kind]error // asked no further: the organization's plan does not include it
}

// detailSum is how asking for one kind went.
type detailSum struct {
	items    int64
	answered bool           // some list of the kind came
	failed   []failedDetail // the first of them
	failures int
	missing  []failedDetail // the first lists that the server does not seem to offer
	misses   int
	missed   []runPlace // all runs whose list is missing: if another run has one, they must be asked about again
}

// runPlace is what the cursor must know of a run.
type runPlace struct {
	workspace, id string
	created       time.Time
}

type failedDetail struct {
	of  string // run, workspace, project, agent pool, task stage, check or evaluation
	err error
}

func newDetails(o *organization) *details {
	d := &details{org: o, kinds: map[evidence.Kind]*detailSum{}, notInPlan: map[evidence.Kind]error{}}
	for _, k := range detailKinds {
		d.kinds[k.kind] = &detailSum{}
		path := k.path + ", all pages"
		if !k.snapshot {
			path += "; of runs that were created in the period or changed something in it"
		}
		o.ledgers[k.kind] = &ledger{kind: k.kind, snapshot: k.snapshot, open: k.snapshot, procedure: o.procedure(path)}
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

// ask reads everything about one run, several lists at the same time. Each list is asked for whatever became of the others.
func (d *details) ask(ctx context.Context, r run) []detail {
	path := "runs/" + segment(r.ID)
	asks := []func() []detail{
		func() []detail { return d.checks(ctx, r, path) },
		func() []detail {
			return []detail{d.list(ctx, KindRunEvents, r.resource, r.ID, query{path: path + "/run-events", unpaged: true,
				options: func(tfe.ListOptions) any {
					return &tfe.RunEventListOptions{Include: []tfe.RunEventIncludeOpt{tfe.RunEventActor, tfe.RunEventComment}}
				}})}
		},
		func() []detail { return d.stages(ctx, r, path) },
	}
	if ids, _ := r.refs("tf-policy-evaluations"); len(ids) > 0 {
		asks = append(asks, func() []detail { return []detail{d.newer(ctx, r, path, len(ids))} })
	}
	results := make([][]detail, len(asks))
	var wg sync.WaitGroup
	for i, ask := range asks {
		wg.Go(func() { results[i] = ask() })
	}
	wg.Wait()
	var all []detail
	for _, r := range results {
		all = append(all, r...)
	}
	return all
}

// checks reads the policy checks of a run, and the log of each that has run.
func (d *details) checks(ctx context.Context, r run, path string) []detail {
	checks := d.list(ctx, KindPolicyChecks, r.resource, r.ID, query{path: path + "/policy-checks", unpaged: true,
		options: func(tfe.ListOptions) any { return &tfe.PolicyCheckListOptions{} }})
	all := []detail{checks}
	if checks.err != nil && !errors.Is(checks.err, collectors.ErrNotOffered) {
		all = append(all, detail{kind: KindPolicyCheckLogs, of: r.ID, err: fmt.Errorf("not asked, for want of the policy checks: %w", checks.err)})
	}
	for _, c := range checks.list.items {
		switch c.status() {
		case "pending", "queued", "canceled", "unreachable":
			continue // it has not run: no log
		}
		got, err := d.log(ctx, c)
		all = append(all, detail{kind: KindPolicyCheckLogs, of: c.ID, list: got, err: d.meaning(ctx, KindPolicyCheckLogs, r.resource, err)})
	}
	return all
}

// log reads the log of a policy check: text, as the engine wrote it.
func (d *details) log(ctx context.Context, check resource) (list, error) {
	a, err := d.org.fetch(ctx, "policy-checks/"+segment(check.ID)+"/output", nil)
	if err != nil {
		return list{}, err
	}
	p, err := d.org.put(ctx, d.org.out, KindPolicyCheckLogs, a, "text/plain")
	if err != nil {
		return list{}, err
	}
	one := int64(1)
	return list{pages: []page{p}, items: []resource{check}, expected: &one}, nil
}

// stages reads the task stages of a run, with their policy evaluations and the outcomes of these.
func (d *details) stages(ctx context.Context, r run, path string) []detail {
	stages := d.list(ctx, KindTaskStages, r.resource, r.ID, query{path: path + "/task-stages",
		options: func(page tfe.ListOptions) any { return &tfe.TaskStageListOptions{ListOptions: page} }})
	all := []detail{stages}
	if stages.err != nil {
		err := fmt.Errorf("not asked, for want of the task stages: %w", stages.err)
		all = append(all, detail{kind: KindPolicyEvaluations, of: r.ID, err: err}, detail{kind: KindPolicySetOutcomes, of: r.ID, err: err})
	}
	for _, stage := range stages.list.items {
		if ids, stated := stage.refs("policy-evaluations"); stated && len(ids) == 0 {
			continue // a stage of run tasks only
		}
		evaluations := d.list(ctx, KindPolicyEvaluations, r.resource, stage.ID, query{path: "task-stages/" + segment(stage.ID) + "/policy-evaluations",
			options: func(page tfe.ListOptions) any { return &tfe.PolicyEvaluationListOptions{ListOptions: page} }})
		all = append(all, evaluations)
		if evaluations.err != nil {
			err := fmt.Errorf("not asked, for want of the policy evaluations: %w", evaluations.err)
			all = append(all, detail{kind: KindPolicySetOutcomes, of: stage.ID, err: err})
		}
		for _, e := range evaluations.list.items {
			all = append(all, d.list(ctx, KindPolicySetOutcomes, r.resource, e.ID, query{path: "policy-evaluations/" + segment(e.ID) + "/policy-set-outcomes",
				options: func(page tfe.ListOptions) any { return &page }}))
		}
	}
	return all
}

// newer reads a run again, with the Terraform policy evaluations that it names: there is no list of them. They are kept, not judged.
func (d *details) newer(ctx context.Context, r run, path string, named int) detail {
	got, body, err := d.org.single(ctx, KindTFPolicyEvaluations, path, &tfe.RunReadOptions{Include: []tfe.RunIncludeOpt{tfe.RunTFPolicyEvaluation}})
	if err == nil {
		expected := int64(named)
		got.expected = &expected
		got.items, err = included(body, "tf-policy-evaluations")
	}
	if err == nil && len(got.items) < named {
		err = fmt.Errorf("the run names %d Terraform policy evaluations, its answer includes %d", named, len(got.items))
	}
	return detail{kind: KindTFPolicyEvaluations, of: r.ID, list: got, err: d.meaning(ctx, KindTFPolicyEvaluations, r.resource, err)}
}

// list asks for one list, unless the plan is known not to include its kind. about is the run, workspace or project.
func (d *details) list(ctx context.Context, kind evidence.Kind, about resource, of string, q query) detail {
	d.plan.Lock()
	err := d.notInPlan[kind]
	d.plan.Unlock()
	if err != nil {
		return detail{kind: kind, of: of, err: err}
	}
	q.kind = kind
	got, err := d.org.list(ctx, d.org.out, q)
	return detail{kind: kind, of: of, list: got, err: d.meaning(ctx, kind, about, err)}
}

// meaning tells a feature that is not there from one that the token may not see: for both the server answers 404. The run or the
// workspace itself could be read, so what the plan includes and what the run says of itself decide.
func (d *details) meaning(ctx context.Context, kind evidence.Kind, about resource, err error) error {
	var api *apiError
	if !errors.As(err, &api) || api.status != http.StatusNotFound && api.status != http.StatusGone {
		return d.org.cause(d.org.refused(permissionFor(kind), err))
	}
	switch kind {
	case KindRunEvents, KindPolicyCheckLogs:
		return fmt.Errorf("%w: %w", collectors.ErrNotOffered, err)
	case KindPolicyChecks:
		return d.notOffered(ctx, kind, about, err, "policy-checks", "policy-enforcement", "sentinel")
	case KindTaskStages:
		return d.notOffered(ctx, kind, about, err, "task-stages", "policy-enforcement", "sentinel", "run-tasks")
	case KindTeamAccess, KindProjectAccess:
		return d.org.unlessInPlan(ctx, permissionFor(kind), err, "teams")
	}
	return d.org.refused(permissionFor(kind), err)
}

const (
	readResults = "permission to read runs of the workspace and their policy results"
	readAccess  = "read access to the workspace or project; to see every team, secret ones too: the token of an owner or of the organization"
)

func permissionFor(kind evidence.Kind) string {
	switch kind {
	case KindTeamAccess, KindProjectAccess:
		return readAccess
	case KindAgentTokens:
		return managePools
	}
	return readResults
}

// notOffered is what err means when the plan includes none of the features, or when the run says of itself that it has none of
// what was asked for; otherwise the token may not see it.
func (d *details) notOffered(ctx context.Context, kind evidence.Kind, about resource, err error, relationship string, features ...string) error {
	if entitled, known := d.org.entitledTo(ctx, features...); known && !entitled {
		err = fmt.Errorf("%w: not in the organization's plan: %w", collectors.ErrNotOffered, err)
		d.plan.Lock()
		defer d.plan.Unlock()
		d.notInPlan[kind] = err
		return err
	}
	if ids, _ := about.refs(relationship); len(ids) == 0 {
		return fmt.Errorf("%w: %s: %w", collectors.ErrNotOffered, relationship, err)
	}
	return d.org.refused(readResults, err)
}

// take books the results of one run, workspace or project, and says whether everything came; of is the run, nil for another. A list
// that the server offers for others is not one that it does not offer. Its caller holds the lock.
func (d *details) take(at place, of *runPlace, results []detail) (complete bool) {
	complete = true
	for _, got := range results {
		at[2]++
		l, sum := d.org.ledgers[got.kind], d.kinds[got.kind]
		l.add(at, got.list.pages...)
		at[2] += len(got.list.pages)
		if len(got.list.pages) > 0 {
			l.count(int64(len(got.list.items)), got.list.expected)
		}
		if text := got.list.surplus(); text != "" {
			l.note("%s: %s", got.list.pages[0].part.Name, text)
		}
		sum.items += int64(len(got.list.items))
		f := failedDetail{got.of, got.err}
		switch {
		case got.err == nil:
			sum.answered = true
			continue
		case errors.Is(got.err, collectors.ErrNotOffered) && !sum.answered:
			sum.miss(f, of)
			continue
		case fatal(got.err):
			d.org.stop(got.err)
		}
		sum.fail(f.seen(got.kind))
		complete = false
	}
	if of != nil {
		d.asked++
	}
	return complete
}

func (s *detailSum) fail(f failedDetail) {
	s.failures++
	if len(s.failed) < maxFailedParts {
		s.failed = append(s.failed, f)
	}
}

func (s *detailSum) miss(f failedDetail, of *runPlace) {
	if of != nil {
		s.missed = append(s.missed, *of)
	}
	s.misses++
	if len(s.missing) < maxFailedParts {
		s.missing = append(s.missing, f)
	}
}

// reopen notes in the cursors of workspaces the runs whose list was missing, where the server turned out to have it of other runs.
func (d *details) reopen(cursors map[string]workspaceCursor) {
	for _, sum := range d.kinds {
		if !sum.answered {
			continue
		}
		for _, r := range sum.missed {
			c := cursors[r.workspace].clone()
			delete(c.Done, r.id)
			c.Open[r.id] = r.created
			cursors[r.workspace] = c
		}
	}
}

// seen turns not offered into denied: the server does offer the list.
func (f failedDetail) seen(kind evidence.Kind) failedDetail {
	others := "runs"
	switch kind {
	case KindTeamAccess:
		others = "workspaces"
	case KindProjectAccess:
		others = "projects"
	case KindAgentTokens:
		others = "agent pools"
	}
	if errors.Is(f.err, collectors.ErrNotOffered) {
		f.err = &collectors.DeniedError{Permission: permissionFor(kind), Cause: errors.New("server answers 404 Not Found, but has this list of other " + others)}
	}
	return f
}

// outcomes notes how asking went: one outcome for each kind, and one for each list that failed. stopped is why the collection did
// not come to its end.
func (d *details) outcomes(stopped error) {
	d.org.mu.Lock()
	defer d.org.mu.Unlock()
	for _, k := range detailKinds {
		if !d.org.wants(k.kind) {
			continue
		}
		if l := d.org.ledgers[k.kind]; d.known > 0 && !k.snapshot {
			l.note("%d runs of the period that had ended when they were collected earlier were not asked about again", d.known)
		}
		known := d.known
		if k.snapshot {
			known = 0
		}
		d.kinds[k.kind].outcomes(d.org, k.kind, k.what, known, stopped)
	}
}

func (s *detailSum) outcomes(org *organization, kind evidence.Kind, what string, known int, stopped error) {
	failed, failures := s.failed, s.failures
	unlisted := org.unlisted
	switch kind {
	case KindProjectAccess:
		unlisted = org.unlistedOf[KindProjects]
	case KindAgentTokens:
		unlisted = org.unlistedOf[KindAgentPools]
	}
	missing := s.missing
	if s.answered {
		for _, f := range missing {
			failed = append(failed, f.seen(kind))
		}
		failures += s.misses
		missing = nil
	}
	note := func(part string, items int64, err error) evidence.PartOutcome {
		return collectors.OutcomeOf(part, kind, items, err)
	}
	o := note(org.part(what), s.items, nil)
	switch {
	case len(missing) > 0 && failures == 0 && unlisted == nil:
		o = note(org.part(what), s.items, missing[0].err)
	case stopped != nil:
		o = note(org.part(what), s.items, fmt.Errorf("not all asked: %w", stopped))
	case unlisted != nil:
		o = note(org.part(what), s.items, fmt.Errorf("not all asked, for want of the whole list that they hang on: %w", unlisted))
	case failures > 0 && s.items == 0:
		o = note(org.part(what), s.items, failed[0].err)
	case s.items == 0 && !s.answered && known > 0:
		o.Outcome, o.Detail = evidence.OutcomeOK, fmt.Sprintf("nothing to ask: all %d runs of the period had ended when they were collected earlier", known)
	case failures > 0:
		o.Detail = fmt.Sprintf("%d lists could not be read; they are listed apart", failures)
	case kind == KindTFPolicyEvaluations && s.items > 0:
		o.Detail = "kept as received; not judged"
	}
	org.out.Outcome(o)
	for i, f := range failed {
		if errors.Is(f.err, context.Canceled) {
			continue // the outcome of the kind says it for all
		}
		if i == maxFailedParts {
			break
		}
		org.out.Outcome(note(what+" of "+f.of, 0, f.err))
	}
	if more := failures - maxFailedParts; more > 0 {
		org.out.Outcome(note(org.part(what+" of further runs"), 0,
			fmt.Errorf("%d more lists could not be read, the first of all: %s of %s: %w", more, what, failed[0].of, failed[0].err)))
	}
}
