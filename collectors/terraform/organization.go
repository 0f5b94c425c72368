package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
)

// runsAtOnce is how many runs are asked about at the same time. One after another, 10,000 runs at 100 ms an answer take more
// than an hour; four come near to the pace that the server allows.
const runsAtOnce = 4

// operations are all kinds of runs. Left to itself the list leaves out plan-only runs, and with them those that a policy
// stopped.
//
// Source: HCP Terraform API, "Runs", section Run Operations, as of 2026-11. action_only is newer than go-tfe's list.
const operations = "plan_and_apply,plan_only,save_plan,refresh_only,destroy,empty_apply"

// organization is one organization in one collection.
type organization struct {
	*session
	name     string
	period   evidence.Period
	lookback time.Duration
	out      collectors.Sink
	before   orgCursor
	many     bool // other organizations are collected too: names of parts say which

	entitled     sync.Once
	entitlements map[string]bool // nil when the server does not tell
	noActionOnly bool            // the server refused the newer operation
}

// part names what was asked for, so that it stays the same between collections.
func (o *organization) part(what string) string {
	if o.many {
		return what + " of " + o.name
	}
	return what
}

// collect returns the cursor to go on from, and an error only if nothing of the organization could be had.
func (o *organization) collect(ctx context.Context) (orgCursor, error) {
	workspaces := &ledger{kind: KindWorkspaces, procedure: o.procedure("GET /organizations/" + o.name + "/workspaces, all pages")}
	got, err := o.list(ctx, o.out, query{
		path: "organizations/" + segment(o.name) + "/workspaces",
		options: func(page tfe.ListOptions) any {
			return &tfe.WorkspaceListOptions{ListOptions: page}
		},
	})
	err = o.refused("read access to the organization and its workspaces", err)
	workspaces.add(got)
	if err := o.add(ctx, workspaces, true); err != nil {
		return o.before, err
	}
	o.out.Outcome(collectors.OutcomeOf(o.part("workspaces"), KindWorkspaces, int64(len(got.items)), err))
	if err != nil && len(got.items) == 0 {
		return o.before, fmt.Errorf("organization %q: list workspaces: %w", o.name, err)
	}
	return o.runs(ctx, got.items)
}

// runs reads the runs of each workspace and asks about those that count.
func (o *organization) runs(ctx context.Context, workspaces []resource) (orgCursor, error) {
	after := orgCursor{Workspaces: map[string]workspaceCursor{}}
	runs := &ledger{kind: KindRuns, procedure: o.procedure(fmt.Sprintf("GET /workspaces/ID/runs of each workspace with filter[operation] naming every kind of run, newest first, "+
		"until a page holds only runs created more than %d days before the period", int(o.lookback.Hours()/24)))}
	details := newDetails(o)
	var stopped error
	for i, w := range workspaces {
		name := workspaceName(w)
		o.out.Progress(collectors.Progress{Step: "runs of " + name, Items: int64(i), TotalItems: int64(len(workspaces))})
		before := o.before.Workspaces[w.ID]
		listed, err := o.listRuns(ctx, runs, w, before)
		o.out.Outcome(collectors.OutcomeOf(o.part("runs of "+name), KindRuns, int64(len(listed)), err))
		failed := details.collect(ctx, name, before, listed)
		after.Workspaces[w.ID] = before
		if err == nil && ctx.Err() == nil {
			after.Workspaces[w.ID] = before.next(o.period, o.collector.env.Now(), listed, failed)
		}
		if stopped = errors.Join(ctx.Err(), details.fatal()); fatal(err) {
			stopped = err
		}
		if stopped != nil {
			for _, rest := range workspaces[i+1:] {
				after.Workspaces[rest.ID] = o.before.Workspaces[rest.ID]
				o.out.Outcome(collectors.OutcomeOf(o.part("runs of "+workspaceName(rest)), KindRuns, 0, fmt.Errorf("not asked: %w", stopped)))
			}
			break
		}
	}
	// What came stays evidence, also when the collection was interrupted.
	store := context.WithoutCancel(ctx)
	if err := o.add(store, runs, false); err != nil {
		return after, err
	}
	if err := details.finish(store, stopped); err != nil {
		return after, err
	}
	return after, stopped
}

// listRuns reads the runs of a workspace, newest first, back to where no run can count any more. It returns what it could read
// also with an error.
func (o *organization) listRuns(ctx context.Context, into *ledger, w resource, before workspaceCursor) ([]run, error) {
	bound := before.reachBack(o.period.From.Add(-o.lookback), o.collector.env.Now())
	q := query{
		path: "workspaces/" + segment(w.ID) + "/runs",
		options: func(page tfe.ListOptions) any {
			return &tfe.RunListOptions{ListOptions: page, Operation: o.operations()}
		},
		enough: func(page []resource) bool {
			for _, r := range page {
				if parsed, err := readRun(r); err != nil || !parsed.created.Before(bound) {
					return false
				}
			}
			return len(page) > 0
		},
	}
	got, err := o.list(ctx, o.out, q)
	if o.unknownOperation(err) {
		o.noActionOnly = true
		got, err = o.list(ctx, o.out, q)
	}
	into.add(got)
	name := workspaceName(w)
	if got.total != nil && got.expected != nil && *got.expected < *got.total {
		into.note("workspace %s: the server has %d runs; the newest %d were read, back beyond %s", name, *got.total, len(got.items), bound.Format(time.RFC3339))
	}
	runs := make([]run, 0, len(got.items))
	var unreadable []error
	newer := 0 // runs with policy evaluations of a kind that is not collected
	for _, item := range got.items {
		r, bad := readRun(item)
		if bad != nil {
			unreadable = append(unreadable, bad)
			continue
		}
		into.span(r.created)
		if ids, _ := item.refs("tf-policy-evaluations"); len(ids) > 0 {
			newer++
		}
		runs = append(runs, r)
	}
	if newer > 0 {
		into.note("workspace %s: %d runs have Terraform policy evaluations (tf-policy-evaluations), which are not collected and not judged", name, newer)
	}
	return runs, errors.Join(append(unreadable, o.refused("permission to read runs of workspace "+name, err))...)
}

func (o *organization) operations() string {
	if o.noActionOnly {
		return operations
	}
	return operations + ",action_only"
}

// unknownOperation says whether a server older than action_only refused the filter.
func (o *organization) unknownOperation(err error) bool {
	var api *apiError
	return !o.noActionOnly && errors.As(err, &api) && (api.status == http.StatusBadRequest || api.status == http.StatusUnprocessableEntity)
}

// add stores the record of a ledger that holds anything.
func (o *organization) add(ctx context.Context, l *ledger, snapshot bool) error {
	if len(l.parts) == 0 {
		return nil
	}
	r := l.record(o.source(o.name), o.principal)
	if snapshot {
		now := o.collector.env.Now()
		r.At = &now
	} else {
		period := o.period
		r.Period = &period
	}
	if _, err := o.out.Add(ctx, r); err != nil {
		return fmt.Errorf("add record of %s: %w", l.kind, err)
	}
	return nil
}

func (o *organization) procedure(requests string) string {
	return requests + fmt.Sprintf("; %d items a page, API v2 of %s, bodies stored as received", pageSize, o.collector.address)
}

// entitledTo says whether the organization's plan includes one of the features, and whether the server tells.
func (o *organization) entitledTo(ctx context.Context, features ...string) (entitled, known bool) {
	o.entitled.Do(func() {
		a, err := o.get(ctx, "organizations/"+segment(o.name)+"/entitlement-set", nil)
		if err != nil {
			return
		}
		var set struct {
			Data struct {
				Attributes map[string]json.RawMessage `json:"attributes"`
			} `json:"data"`
		}
		if json.Unmarshal(a.body, &set) != nil {
			return
		}
		o.entitlements = map[string]bool{}
		for name, value := range set.Data.Attributes {
			var yes bool
			if json.Unmarshal(value, &yes) == nil {
				o.entitlements[name] = yes
			}
		}
	})
	for _, f := range features {
		yes, told := o.entitlements[f]
		entitled, known = entitled || yes, known || told
	}
	return entitled, known
}

// workspaceName returns the workspace's name, its id if it has none.
func workspaceName(w resource) string {
	var a struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(w.Attributes, &a) != nil || a.Name == "" {
		return w.ID
	}
	return a.Name
}
