package boundary

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
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
	Of            string               `json:"of,omitempty"`            // address and scope that it speaks of
	Final         []string             `json:"final"`                   // ids of sessions that were read after they had ended, as far as Boundary still lists them; sorted
	Open          []string             `json:"open,omitempty"`          // ids of sessions that are to be read again; sorted
	Listed        *time.Time           `json:"listed,omitempty"`        // when the last complete list of sessions was asked for
	ListToken     string               `json:"list_token,omitempty"`    // that it ended with: it begins a refresh
	Scopes        []string             `json:"scopes"`                  // ids of the scopes that were listed; sorted
	Told          []toldPart           `json:"told,omitempty"`          // parts that were told of something missing and not yet that it is there
	Configuration *time.Time           `json:"configuration,omitempty"` // when what changes seldom was asked for last without a failure
	Recordings    map[string]time.Time `json:"recordings_of,omitempty"` // by scope: the newest change of a session recording that was read
}

// collectAPI asks for sessions and each session, targets, scopes and what changes seldom, and returns the new cursor. When it
// cannot even begin, every part failed for that reason.
func (c *collector) collectAPI(ctx context.Context, last apiCursor, out collectors.Sink) apiCursor {
	if of := c.config.Address + " " + c.config.Scope; last.Of != of {
		last = c.startOver(of, last, out)
	}
	due := c.due(last)
	r, err := c.begin(ctx, out)
	if err != nil {
		c.failAll(due, last, err, out)
		return last
	}
	next := last
	seen := map[string]listing{}
	if sessions, err := r.collectSessions(ctx, last, &next); err == nil {
		seen[sessionsRequest.name] = sessions
	}
	targets, err := r.collectList(ctx, targetsRequest)
	if err == nil {
		seen[targetsRequest.name] = targets
	}
	var roots []item
	if due {
		started := c.env.Now()
		conf := configuration{run: r, targets: targets, recordings: last.Recordings}
		conf.collect(ctx)
		root, err := r.rootScope(ctx)
		if conf.note(err); err == nil {
			roots = append(roots, root)
		}
		maps.Copy(seen, conf.lists)
		if next.Recordings = conf.recordings; !conf.failed {
			next.Configuration = &started
		}
	}
	if scopeType(c.config.Scope) == scopeProject {
		out.Outcome(collectors.OutcomeOf(scopesRequest.name, kindScopes, 0, fmt.Errorf("list scopes: %w: there are none in a project", collectors.ErrNotOffered)))
		r.compareLists(roots, seen, &next)
		return next
	}
	if scopes, err := r.collectList(ctx, scopesRequest); err == nil {
		r.compareScopes(ctx, scopes, &next)
		r.compareLists(append(roots, scopes.items...), seen, &next)
	}
	return next
}

// due says whether what changes seldom is to be asked for: when configuration_every is over, or something failed the last time.
func (c *collector) due(last apiCursor) bool {
	return len(c.config.Skip) < len(optionalParts()) && (last.Configuration == nil || c.env.Now().Sub(*last.Configuration) >= c.every)
}

// failAll says of every part that would have been asked for that it failed.
func (c *collector) failAll(configuration bool, last apiCursor, err error, out collectors.Sink) {
	for _, l := range []listRequest{scopesRequest, targetsRequest, sessionsRequest} {
		out.Outcome(collectors.OutcomeOf(l.name, l.kind, 0, err))
	}
	out.Outcome(collectors.OutcomeOf(sessionsRequest.readsPart(), kindSession, 0, err))
	if last.ListToken != "" {
		out.Outcome(collectors.OutcomeOf(changesRequest.part(), changesRequest.kind, 0, err))
	}
	if !configuration {
		return
	}
	out.Outcome(collectors.OutcomeOf(scopePart(c.config.Scope), kindScope, 0, err))
	for _, b := range branches {
		switch {
		case b.readsOnly:
			if c.wants(b.readsPart()) {
				out.Outcome(collectors.OutcomeOf(b.readsPart(), b.reads, 0, err))
			}
		case c.wants(b.name):
			c.failBranch(b, err, out)
		}
	}
}

// failBranch says of a list that it failed, and of what hangs on it, which cannot be asked for then, that it did for the same reason.
func (c *collector) failBranch(b branch, err error, out collectors.Sink) {
	if root := scopeType(c.config.Scope); !b.asks(root) {
		out.Outcome(collectors.OutcomeOf(b.name, b.kind, 0, fmt.Errorf("list %s: %w: there are none in a %s", b.name, collectors.ErrNotOffered, root)))
		return
	}
	out.Outcome(collectors.OutcomeOf(b.name, b.kind, 0, err))
	c.failHanging(b.listRequest, err, out)
	for _, ch := range b.children {
		if c.wants(ch.name) {
			out.Outcome(collectors.OutcomeOf(ch.name, ch.kind, 0, err))
			c.failHanging(ch.listRequest, err, out)
		}
	}
}

// failHanging says of the single reads of a list, where it has any, that they failed.
func (c *collector) failHanging(l listRequest, err error, out collectors.Sink) {
	if l.reads != "" {
		out.Outcome(collectors.OutcomeOf(l.readsPart(), l.reads, 0, err))
	}
}

// wants says whether an optional part is to be asked for.
func (c *collector) wants(part string) bool { return !slices.Contains(c.config.Skip, part) }

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
