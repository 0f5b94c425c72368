package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
)

const (
	workspacesAtOnce = 8  // read at the same time: their run lists, and what is asked about each
	runsAtOnce       = 32 // asked about at the same time, over all workspaces

	// An interruption costs at most what was asked since the last checkpoint: at the pace of HCP Terraform about a minute.
	checkpointRuns  = 250
	checkpointPages = 25
)

// organization is one organization in one collection. Its goroutines share what lies behind mu.
type organization struct {
	*session
	name     string
	period   evidence.Period
	lookback time.Duration
	out      collectors.Sink
	before   orgCursor
	many     bool                  // other organizations are collected too: names of parts say which
	save     func(orgCursor) error // sets the cursor of this organization
	at       time.Time             // of all snapshots
	runSlots chan struct{}

	entitled     sync.Once
	entitlements map[string]bool // nil when the server does not tell

	updatesTokens bool // the token may make and remove the organization's tokens, as the server says

	mu           sync.Mutex
	cancel       context.CancelFunc
	unlisted     error                   // why workspaces are missing from their list; nil when it is whole
	unlistedOf   map[evidence.Kind]error // the same of the other lists
	stopped      error                   // the token was refused, or the store is full: nothing more is asked
	ledgers      map[evidence.Kind]*ledger
	details      *details
	walks        []*walk                    // of the workspaces, in their order; nil until begun
	cursors      map[string]workspaceCursor // of the workspaces
	audit        *auditCursor
	sinceRuns    int  // asked about since the last checkpoint
	sincePages   int  // of run lists, since the last checkpoint
	noActionOnly bool // the server refused the newer operation
}

// workspace is what this package must know of a workspace.
type workspace struct{ id, name, project string }

func newOrganization(s *session, name string, p evidence.Period, out collectors.Sink, before orgCursor) *organization {
	o := &organization{
		session: s, name: name, period: p, lookback: s.collector.lookback, out: out, before: before, many: len(s.collector.orgs) > 1,
		at: s.collector.env.Now().UTC(), runSlots: make(chan struct{}, runsAtOnce),
		ledgers: map[evidence.Kind]*ledger{}, unlistedOf: map[evidence.Kind]error{}, cursors: map[string]workspaceCursor{}, audit: before.Audit,
	}
	for _, l := range snapshotLedgers(o) {
		l.snapshot, l.open = true, true
		o.ledgers[l.kind] = l
	}
	o.ledgers[KindRuns] = &ledger{kind: KindRuns, procedure: o.procedure(fmt.Sprintf("GET /workspaces/ID/runs of each workspace with filter[operation] naming every kind of run, newest first, "+
		"until a page holds only runs created more than %d days before the period", int(o.lookback.Hours()/24)))}
	o.details = newDetails(o)
	return o
}

// part names what was asked for, so that it stays the same between collections.
func (o *organization) part(what string) string {
	if o.many {
		return what + " of " + o.name
	}
	return what
}

// collect returns an error only if none of the workspaces could be listed, or nothing could be kept. Without workspaces all is asked
// that does not hang on them, unless the organization itself is not there: the audit trail, whose request does not name one, may be
// another's.
func (o *organization) collect(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	o.cancel = cancel
	there := o.settings(ctx)
	workspaces, err := o.workspaces(ctx)
	if fatal(err) || ctx.Err() != nil || missing(there) && missing(err) {
		o.unasked(err)
		return errors.Join(err, o.finish(context.WithoutCancel(parent), false))
	}
	var wg sync.WaitGroup
	wg.Go(func() { o.snapshots(ctx, workspaces) })
	wg.Go(func() { o.auditTrail(ctx) })
	o.runs(ctx, workspaces)
	wg.Wait()
	stopped := errors.Join(parent.Err(), o.stopped)
	o.details.outcomes(stopped)
	if len(workspaces) > 0 {
		err = nil // its outcome says it
	}
	// What came stays evidence, also when the collection was interrupted.
	return errors.Join(err, stopped, o.finish(context.WithoutCancel(parent), stopped == nil))
}

// unasked notes of each kind but workspaces and the organization itself, which were asked for, why it was not.
func (o *organization) unasked(err error) {
	err = fmt.Errorf("not asked: %w", err)
	note := func(what string, kind evidence.Kind) {
		if o.wants(kind) {
			o.out.Outcome(collectors.OutcomeOf(o.part(what), kind, 0, err))
		}
	}
	note("entitlements", KindEntitlements)
	note("runs", KindRuns)
	note("audit trail", KindAuditTrail)
	for _, s := range snapshotLists {
		note(s.what, s.kind)
	}
	note(organizationTokens, KindOrganizationTokens)
	note(userTokens, KindUserTokens)
	note(metricsTokens, KindMetricsTokens)
	for _, k := range detailKinds {
		note(k.what, k.kind)
	}
}

// settings reads the organization itself.
func (o *organization) settings(ctx context.Context) error {
	got, _, err := o.single(ctx, KindOrganization, "organizations/"+segment(o.name), nil)
	o.updatesTokens = mayUpdateTokens(got)
	o.take(KindOrganization, place{}, got)
	o.outcome("organization", KindOrganization, got, o.refused("read access to the organization", err))
	return err
}

// workspaces lists the workspaces: runs, and access to workspaces, hang on them. What came is returned with every error.
func (o *organization) workspaces(ctx context.Context) ([]workspace, error) {
	got, err := o.list(ctx, o.out, query{
		kind: KindWorkspaces,
		path: "organizations/" + segment(o.name) + "/workspaces",
		options: func(page tfe.ListOptions) any {
			return &tfe.WorkspaceListOptions{ListOptions: page, Include: []tfe.WSIncludeOpt{tfe.WSEffectiveTagBindings}}
		},
		plain: func(page tfe.ListOptions) any { return &tfe.WorkspaceListOptions{ListOptions: page} },
	})
	err = o.refused("read access to the organization and its workspaces", err)
	o.take(KindWorkspaces, place{}, got)
	o.outcome("workspaces", KindWorkspaces, got, err)
	if err = o.cause(err); err != nil {
		err = fmt.Errorf("organization %q: list workspaces: %w", o.name, err)
		o.unlisted = err
	}
	var all []workspace
	for _, w := range got.items {
		all = append(all, workspace{w.ID, w.name(), w.ref("project")})
	}
	return all, err
}

// take books a list.
func (o *organization) take(kind evidence.Kind, at place, got list) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.ledgers[kind]
	l.add(at, got.pages...)
	l.count(int64(len(got.items)), got.expected)
	if text := got.surplus(); text != "" {
		l.note("%s: %s", got.pages[0].part.Name, text)
	}
}

// outcome notes how asking for one list went.
func (o *organization) outcome(what string, kind evidence.Kind, got list, err error) {
	outcome := collectors.OutcomeOf(o.part(what), kind, int64(len(got.items)), o.cause(err))
	if err == nil {
		outcome.Detail = got.surplus()
	}
	o.out.Outcome(outcome)
	if fatal(err) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.stop(err)
	}
}

// stop ends the collection of this organization: to ask for more would bring nothing.
func (o *organization) stop(err error) {
	if o.stopped == nil {
		o.stopped = err
		o.cancel()
	}
}

// cause prefers the reason for which the collection was stopped to the mere fact.
func (o *organization) cause(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped != nil {
		return fmt.Errorf("not asked: %w", o.stopped)
	}
	return fmt.Errorf("not asked: %w", err)
}

// due says whether enough was asked for since the last checkpoint to be kept now. Its caller holds the lock.
func (o *organization) due() bool {
	return o.sinceRuns >= checkpointRuns || o.sincePages >= checkpointPages
}

// checkpoint keeps what came so far, and from where to go on. Its caller holds the lock.
func (o *organization) checkpoint(ctx context.Context) {
	o.sinceRuns, o.sincePages = 0, 0
	if err := o.keep(ctx, false, false); err != nil {
		o.stop(err)
		return
	}
	if c, ok := o.out.(collectors.Checkpointer); ok {
		if err := c.Checkpoint(ctx); err != nil {
			o.stop(&storeError{err})
		}
	}
}

// finish adds what is left. Unless the collection is complete, the cursor says where the next one goes on.
func (o *organization) finish(ctx context.Context, complete bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keep(ctx, true, complete)
}

// keep adds a record for each ledger that holds anything, and sets the cursor. Snapshots that are still being taken wait, unless
// this is the last time.
func (o *organization) keep(ctx context.Context, last, complete bool) error {
	for _, kind := range Type.Kinds {
		l := o.ledgers[kind]
		if l == nil || len(l.parts) == 0 || l.open && !last {
			continue
		}
		if err := o.add(ctx, l); err != nil {
			return err
		}
	}
	after := orgCursor{Workspaces: map[string]workspaceCursor{}, Audit: o.audit}
	for id, c := range o.before.Workspaces { // of workspaces that were not reached, or not listed
		if len(o.cursors) == 0 || !complete || o.unlisted != nil {
			after.Workspaces[id] = c
		}
	}
	for id, c := range o.cursors {
		after.Workspaces[id] = c
	}
	for _, w := range o.walks {
		if w != nil {
			after.Workspaces[w.workspace.id] = w.cursor()
		}
	}
	o.details.reopen(after.Workspaces)
	if complete {
		for id := range o.cursors {
			c := after.Workspaces[id]
			c.Resume = nil
			after.Workspaces[id] = c
		}
	}
	return o.save(after)
}

// add stores the record of a ledger and empties it.
func (o *organization) add(ctx context.Context, l *ledger) error {
	principal := o.principal
	if l.principal != "" {
		principal = l.principal
	}
	r := l.record(o.source(o.name), principal)
	switch {
	case l.snapshot:
		r.At = &o.at
	case l.period != nil:
		r.Period = l.period
	default:
		period := o.period
		r.Period = &period
	}
	if _, err := o.out.Add(ctx, r); err != nil {
		return &storeError{fmt.Errorf("add record of %s: %w", l.kind, err)}
	}
	l.reset()
	return nil
}

func (o *organization) procedure(requests string) string {
	return requests + fmt.Sprintf("; %d items a page, API v2 of %s, bodies stored as received", pageSize, o.collector.address)
}

// entitledTo says whether the organization's plan includes one of the features, and whether the server tells.
func (o *organization) entitledTo(ctx context.Context, features ...string) (entitled, known bool) {
	o.entitled.Do(func() { o.entitlements = o.readEntitlements(ctx) })
	for _, f := range features {
		yes, told := o.entitlements[f]
		entitled, known = entitled || yes, known || told
	}
	return entitled, known
}

func (o *organization) readEntitlements(ctx context.Context) map[string]bool {
	got, body, err := o.single(ctx, KindEntitlements, "organizations/"+segment(o.name)+"/entitlement-set", nil)
	o.take(KindEntitlements, place{}, got)
	o.outcome("entitlements", KindEntitlements, got, o.refused("read access to the organization", err))
	var set struct {
		Data struct {
			Attributes map[string]json.RawMessage `json:"attributes"`
		} `json:"data"`
	}
	if err != nil || json.Unmarshal(body, &set) != nil {
		return nil
	}
	all := map[string]bool{}
	for name, value := range set.Data.Attributes {
		var yes bool
		if json.Unmarshal(value, &yes) == nil {
			all[name] = yes
		}
	}
	return all
}

// single asks for one resource and stores it: a list of one.
func (o *organization) single(ctx context.Context, kind evidence.Kind, path string, options any) (list, []byte, error) {
	a, err := o.get(ctx, path, options)
	if err != nil {
		return list{}, nil, err
	}
	var doc struct {
		Data resource `json:"data"`
	}
	if err := json.Unmarshal(a.body, &doc); err != nil {
		return list{}, nil, fmt.Errorf("read JSON:API document: %w", err)
	}
	if doc.Data.ID == "" {
		return list{}, nil, errors.New("read JSON:API document: it has no id")
	}
	p, err := o.put(ctx, o.out, kind, a, mediaType)
	if err != nil {
		return list{}, nil, err
	}
	one := int64(1)
	return list{pages: []page{p}, items: []resource{doc.Data}, expected: &one}, a.body, nil
}
