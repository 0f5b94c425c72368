package boundary

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// The grants that collecting needs, as Boundary writes them. docs/sources/boundary.md explains them.
const (
	grantScopes   = "ids=*;type=scope;actions=list,no-op"
	grantTargets  = "ids=*;type=target;actions=list,read"
	grantSessions = "ids=*;type=session;actions=list,read"
)

// What Boundary says of itself and no answer repeats.
const (
	notePurged  = "Boundary deletes a session about one hour after it ended: a session that began and ended between two collections further apart than that is not here."
	noteVisible = "A recursive list leaves out, without saying so, the scopes in which the token may not list; scopes that it may not even see are unknown."
)

var (
	scopesRequest = listRequest{name: "scopes", path: "/v1/scopes", kind: kindScopes, grant: grantScopes,
		notes: []string{noteVisible}}
	targetsRequest = listRequest{name: "targets", path: "/v1/targets", kind: kindTargets, grant: grantTargets,
		notes: []string{noteVisible, "A list of targets leaves out host sources and credential sources."}}
	sessionsRequest = listRequest{name: "sessions", path: "/v1/sessions", kind: kindSessions, grant: grantSessions,
		extra: url.Values{"include_terminated": {"true"}},
		notes: []string{noteVisible, notePurged, "A list of sessions leaves out connections; each session is read by itself for them."}}
)

// run is one collection of the API.
type run struct {
	*collector
	client *client
	self   identity
	out    collectors.Sink
}

// apiCursor is what a collection of the API leaves to the next.
type apiCursor struct {
	Final  []string `json:"final"`  // ids of sessions that were read after they had ended, as far as Boundary still lists them; sorted
	Scopes []string `json:"scopes"` // ids of the scopes that were listed; sorted
}

// collectAPI asks for scopes, sessions, each session and targets, and returns the new cursor. When it cannot even begin, every
// part failed for that reason.
func (c *collector) collectAPI(ctx context.Context, last apiCursor, out collectors.Sink) apiCursor {
	r, err := c.begin(ctx, out)
	if err != nil {
		out.Outcome(collectors.OutcomeOf(scopesRequest.name, kindScopes, 0, err))
		out.Outcome(collectors.OutcomeOf(targetsRequest.name, kindTargets, 0, err))
		out.Outcome(collectors.OutcomeOf(sessionsRequest.name, kindSessions, 0, err))
		out.Outcome(collectors.OutcomeOf(partReads, kindSession, 0, err))
		return last
	}
	next := last
	// Sessions come first: they are what Boundary deletes.
	sessions, err := r.collectList(ctx, sessionsRequest)
	if errors.Is(err, errTokenInvalid) || err != nil && len(sessions.items) == 0 {
		out.Outcome(collectors.OutcomeOf(partReads, kindSession, 0, err))
	} else {
		next.Final = r.readSessions(ctx, sessions, last.Final)
	}
	targets, _ := r.collectList(ctx, targetsRequest) // its outcome is told
	if strings.HasPrefix(c.config.Scope, "p_") {
		out.Outcome(collectors.OutcomeOf(scopesRequest.name, kindScopes, 0, fmt.Errorf("list scopes: %w: there are none in a project", collectors.ErrNotOffered)))
		return next
	}
	if scopes, err := r.collectList(ctx, scopesRequest); err == nil {
		next.Scopes = r.compareScopes(scopes, last.Scopes, sessions, targets)
	}
	return next
}

// begin logs in, or takes the token that is configured, and lets it read itself.
func (c *collector) begin(ctx context.Context, out collectors.Sink) (*run, error) {
	cl, err := c.newClient()
	if err != nil {
		return nil, err
	}
	if err := c.credentials.authenticate(ctx, cl); err != nil {
		return nil, err
	}
	self, err := cl.self(ctx)
	if err != nil {
		return nil, err
	}
	return &run{collector: c, client: cl, self: self, out: out}, nil
}

// trusted runs ask and believes a good answer and a refusal only of a token that can still read itself: otherwise Boundary
// may have answered the anonymous user. Under an invalid token it logs in and asks again, once.
func (r *run) trusted(ctx context.Context, ask func() error) error {
	err := ask()
	if err != nil && !refused(err) {
		return err
	}
	again, err := r.doubt(ctx, err)
	if !again {
		return err
	}
	if err := ask(); err != nil && !refused(err) {
		return err
	} else if _, tokenErr := r.client.self(ctx); tokenErr != nil {
		return errors.Join(tokenErr, err)
	} else {
		return err
	}
}

// doubt lets the token read itself after an answer with the error err, nil included. It returns err when the token is valid.
// When it is not, it logs in anew and says that asking again is worth it; a token from outside cannot be had anew, and the
// error then wraps errTokenInvalid.
func (r *run) doubt(ctx context.Context, err error) (again bool, _ error) {
	_, tokenErr := r.client.self(ctx)
	switch {
	case tokenErr == nil:
		return false, err
	case !errors.Is(tokenErr, errTokenInvalid) || !r.credentials.again():
		return false, errors.Join(tokenErr, err)
	}
	if err := r.credentials.authenticate(ctx, r.client); err != nil {
		return false, err
	}
	return true, nil
}

// refused says whether err is an answer that the anonymous user could have been given too.
func refused(err error) bool {
	status := statusOf(err)
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// record returns a record of this source as of at, without content.
func (r *run) record(kind evidence.Kind, at time.Time) evidence.Record {
	rec := evidence.Record{Kind: kind, At: &at}
	rec.Source.System = r.config.Address
	rec.Collected.Principal = r.self.User
	if r.self.User == "" {
		rec.Stated.Notes = append(rec.Stated.Notes, "The token may not read itself, so the user that asked is not known.")
	}
	return rec
}

// compareScopes tells, for each project, whether the token may list sessions and targets in it, and which scopes the last
// collection saw and this one did not. It returns the ids of the scopes, sorted.
func (r *run) compareScopes(scopes listing, last []string, sessions, targets listing) []string {
	ids := make([]string, 0, len(scopes.items))
	for _, scope := range scopes.items {
		ids = append(ids, scope.ID)
		if !isProject(scope) {
			continue
		}
		r.compareScope(scope, sessionsRequest, sessions)
		r.compareScope(scope, targetsRequest, targets)
	}
	slices.Sort(ids)
	for _, id := range last {
		if _, found := slices.BinarySearch(ids, id); found {
			continue
		}
		r.out.Outcome(collectors.OutcomeOf("scope "+id, kindScopes, 0, fmt.Errorf("scope %s was listed by the collection before and is not any more: it was deleted, or the token may no longer see it", id)))
	}
	return ids
}

// compareScope tells when a project was left out of a list. What was listed in it proves that it was not, even where the
// output_fields of a grant hide what the token may do there.
func (r *run) compareScope(scope item, l listRequest, got listing) {
	if scope.mayList(l.name) || slices.ContainsFunc(got.items, func(it item) bool { return it.ScopeID == scope.ID }) {
		return
	}
	r.out.Outcome(collectors.OutcomeOf(l.name+" of "+scope.ID, l.kind, 0, &collectors.DeniedError{
		Permission: fmt.Sprintf("a role with the grant %s that reaches project %s", l.grant, scope.ID),
		Cause:      fmt.Errorf("project %q is left out of the list of %s", scope.Name, l.name),
	}))
}

func isProject(it item) bool {
	return it.Type == "project" || it.Type == "" && strings.HasPrefix(it.ID, "p_")
}
