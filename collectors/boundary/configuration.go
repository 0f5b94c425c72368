package boundary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"auditpack/collectors"
)

// settled is the state of a session recording about which only a storage policy still changes anything.
const settled = "available"

// lookBack is how far before the newest change that was seen recordings are read again: transactions end out of order.
const lookBack = 30 * time.Second

// configuration is one collection of what changes seldom: users, groups, roles, auth methods, sources of targets, credential
// stores, host catalogs and recordings, with what hangs on them.
type configuration struct {
	*run
	targets    listing
	recordings map[string]time.Time // by scope: the newest change of a recording that was read
	lists      map[string]listing   // recursive lists that were complete, by name
	failed     bool                 // something is to be asked for again by the next collection
}

// collect asks for all of it. What is denied or not offered is not asked for sooner than the rest.
func (c *configuration) collect(ctx context.Context) {
	c.lists = map[string]listing{}
	for _, b := range branches {
		switch {
		case ctx.Err() != nil:
			c.failed = true
			return
		case !b.readsOnly:
			c.collectBranch(ctx, b)
		case c.wants(b.readsPart()):
			c.note(c.collectReads(ctx, b.listRequest, c.targets.items))
		}
	}
}

// note keeps in mind that something failed.
func (c *configuration) note(err error) {
	var denied *collectors.DeniedError
	c.failed = c.failed || err != nil && !errors.As(err, &denied) && !errors.Is(err, collectors.ErrNotOffered)
}

// collectBranch lists, reads what was listed, and lists what hangs on it.
func (c *configuration) collectBranch(ctx context.Context, b branch) {
	if !c.wants(b.name) {
		return
	}
	if !b.asks(scopeType(c.config.Scope)) {
		c.failBranch(b, nil, c.out) // which says that there are none
		return
	}
	got, err := c.collectList(ctx, b.listRequest)
	c.note(err)
	if err == nil {
		c.lists[b.name] = got
	}
	if err != nil && len(got.items) == 0 {
		c.failBranch(b, err, c.out)
		return
	}
	switch {
	case b.reads == "":
	case b.name == recordingsRequest.name:
		c.collectRecordings(ctx, got, err == nil)
	default:
		c.note(c.collectReads(ctx, b.listRequest, got.items))
	}
	for _, ch := range b.children {
		if c.wants(ch.name) {
			c.collectChildren(ctx, ch, got.items)
		}
	}
}

// collectRecordings reads those recordings that are not settled or were changed since those of their scope were read last: there
// is one for each recorded session, for years. Only a whole list shows how far that is, and only for the scopes that it shows.
func (c *configuration) collectRecordings(ctx context.Context, got listing, whole bool) {
	todo := slices.DeleteFunc(slices.Clone(got.items), func(it item) bool {
		last, known := c.recordings[it.Scope.ID]
		return it.State == settled && known && it.UpdatedTime.Before(last.Add(-lookBack))
	})
	if err := c.collectReads(ctx, recordingsRequest, todo); err != nil || !whole {
		c.note(err)
		return
	}
	newest := map[string]time.Time{}
	maps.Copy(newest, c.recordings)
	for _, it := range todo {
		if last, known := newest[it.Scope.ID]; !known || it.UpdatedTime.After(last) {
			newest[it.Scope.ID] = it.UpdatedTime
		}
	}
	c.recordings = newest
}

// collectChildren lists what each of the parents has, adds one record of all pages and tells the outcome, which names
// the lists that failed.
func (c *configuration) collectChildren(ctx context.Context, ch child, parents []item) {
	at := c.env.Now()
	var (
		all         listing
		failed      failures
		asked, gone int
	)
	for _, p := range parents {
		if ch.only != nil && !ch.only(p) {
			continue
		}
		asked++
		got, err := c.listOf(ctx, ch.of(p.ID))
		all.add(got)
		switch {
		case err == nil:
			continue
		case statusOf(err) == http.StatusNotFound:
			gone++
			continue
		}
		failed.add(p.ID, err)
		if errors.Is(err, errTokenInvalid) || errors.Is(err, errDown) || ctx.Err() != nil {
			break
		}
	}
	incomplete := failed.summary(fmt.Sprintf("%d of %d lists of %s are not complete", failed.count, asked, ch.name), "list "+ch.name+" of")
	l := ch.listRequest.of("ID")
	if gone > 0 {
		l.notes = append(slices.Clone(l.notes), goneParents(gone, asked))
	}
	err := firstOf(c.addListing(ctx, l, all, at, incomplete), incomplete)
	c.note(err)
	o := collectors.OutcomeOf(ch.name, ch.kind, int64(len(all.items)), err)
	if err == nil && gone > 0 {
		o.Detail = goneParents(gone, asked)
	}
	c.out.Outcome(o)
	if ch.reads != "" {
		c.note(c.collectReads(ctx, ch.listRequest, all.items))
	}
}

func goneParents(gone, asked int) string {
	return fmt.Sprintf("%d of %d parents were listed and then deleted before they could be asked.", gone, asked)
}

// listOf follows the list of one parent to its end.
func (c *configuration) listOf(ctx context.Context, l listRequest) (got listing, err error) {
	err = c.trusted(ctx, func() (err error) {
		got, err = c.list(ctx, l)
		return err
	})
	return got, needs(err, l.grant())
}

// add puts the list of one parent to those before.
func (got *listing) add(one listing) {
	got.pages = append(got.pages, one.pages...)
	got.redactions = append(got.redactions, one.redactions...)
	got.items = append(got.items, one.items...)
	got.duplicates += one.duplicates
	got.restarts += one.restarts
	got.unpaged = got.unpaged || one.unpaged
}

// rootScope reads the scope at which the lists begin: no list of scopes has it, and it tells what may be listed in it.
func (r *run) rootScope(ctx context.Context) (item, error) {
	id, at := r.config.Scope, r.env.Now()
	var scope item
	body, err := r.resource(ctx, scopesRequest.path()+"/"+url.PathEscape(id))
	if err == nil {
		err = json.Unmarshal(body, &scope)
	}
	if err == nil && scope.ID != id {
		err = fmt.Errorf("answer speaks of scope %q", scope.ID)
	}
	if err == nil {
		err = r.addScope(ctx, body, at)
	}
	items := int64(1)
	if err != nil {
		items, err = 0, fmt.Errorf("read scope %q: %w", id, needs(err, scopesRequest.grant()))
	}
	r.out.Outcome(collectors.OutcomeOf("scope "+id, kindScope, items, err))
	return scope, err
}

func (r *run) addScope(ctx context.Context, body []byte, at time.Time) error {
	part, err := r.out.Put(ctx, kindScope, r.config.Scope+".json", jsonType, bytes.NewReader(body))
	if err != nil {
		return err
	}
	rec := r.record(kindScope, at)
	rec.Procedure = fmt.Sprintf("GET %s%s/%s with an Authorization header (Bearer)", r.config.Address, scopesRequest.path(), r.config.Scope)
	rec.Content = append(rec.Content, part)
	_, err = r.out.Add(ctx, rec)
	return err
}
