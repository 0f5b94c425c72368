package boundary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

const (
	pageSize    = 1000   // items; Boundary's own maximum, and it cuts what is larger without a word
	maxPages    = 10_000 // of one list: ten million items; more means a server that never says complete
	maxRestarts = 3      // of one list whose token went stale
	jsonType    = "application/json"
)

// listRequest is one recursive list.
type listRequest struct {
	name  string        // of the part: "sessions"
	path  string        // "/v1/sessions"
	kind  evidence.Kind // of the record
	extra url.Values    // parameters beside scope_id, recursive and page_size
	grant string        // that the list needs
	notes []string      // limits that Boundary states of this list
}

// query returns the parameters, which every page repeats: the list token carries none of them.
func (l listRequest) query(scope string) url.Values {
	q := url.Values{"scope_id": {scope}, "recursive": {"true"}, "page_size": {fmt.Sprint(pageSize)}}
	for k, v := range l.extra {
		q[k] = v
	}
	return q
}

// item is what the collector itself looks at in a listed resource.
type item struct {
	ID                string              `json:"id"`
	ScopeID           string              `json:"scope_id"`
	Type              string              `json:"type"`
	Name              string              `json:"name"`
	Status            string              `json:"status"`
	CreatedTime       time.Time           `json:"created_time"`
	UpdatedTime       time.Time           `json:"updated_time"`
	CollectionActions map[string][]string `json:"authorized_collection_actions"`
}

// page is an answer to a list request. RemovedIDs and the estimated count are not read: the first comes only when an old list
// is refreshed, the second proves nothing.
type page struct {
	ResponseType string `json:"response_type"` // delta, complete; empty on an empty first page
	ListToken    string `json:"list_token"`
	Items        []item `json:"items"`
}

// listing is what a list gave. After an error it holds what came before it.
type listing struct {
	pages      []evidence.Part
	items      []item // each id once, as it came first
	duplicates int64
	restarts   int
	complete   bool
}

// list follows one list to its end, storing each page as it comes, and starts over when the list token goes stale.
func (r *run) list(ctx context.Context, l listRequest) (listing, error) {
	for restarts := 0; ; restarts++ {
		got, err := r.listOnce(ctx, l)
		got.restarts = restarts
		if !staleListToken(err) || restarts == maxRestarts {
			return got, err
		}
	}
}

func (r *run) listOnce(ctx context.Context, l listRequest) (listing, error) {
	var got listing
	seen := map[string]bool{}
	token := ""
	for {
		query := l.query(r.config.Scope)
		if token != "" {
			query.Set("list_token", token)
		}
		body, err := r.client.get(ctx, l.path, query)
		if err != nil {
			return got, fmt.Errorf("page %d: %w", len(got.pages)+1, err)
		}
		var p page
		if err := json.Unmarshal(body, &p); err != nil {
			return got, fmt.Errorf("page %d: read answer: %w", len(got.pages)+1, err)
		}
		part, err := r.out.Put(ctx, fmt.Sprintf("%s-%04d.json", l.name, len(got.pages)+1), jsonType, bytes.NewReader(body))
		if err != nil {
			return got, err
		}
		got.pages = append(got.pages, part)
		for i, it := range p.Items {
			if it.ID == "" {
				return got, fmt.Errorf("page %d, item %d has no id: the output_fields of the grant leave it out", len(got.pages), i+1)
			}
			if seen[it.ID] {
				got.duplicates++
				continue
			}
			seen[it.ID] = true
			got.items = append(got.items, it)
		}
		r.out.Progress(collectors.Progress{Step: l.name, Items: int64(len(got.items))})
		switch {
		case p.ResponseType == "complete", p.ResponseType == "" && p.ListToken == "" && len(p.Items) == 0 && token == "":
			got.complete = true
			return got, nil
		case p.ResponseType != "delta":
			return got, fmt.Errorf("page %d: response_type is %q: want delta or complete", len(got.pages), p.ResponseType)
		case p.ListToken == "":
			return got, fmt.Errorf("page %d is not the last one but has no list_token", len(got.pages))
		case len(got.pages) == maxPages:
			return got, fmt.Errorf("list does not end after %d pages", maxPages)
		}
		token = p.ListToken
	}
}

// collectList lists, checks that the token was valid the whole time, adds the record and tells the outcome. A list read under
// a token that turned out invalid is not kept when a new login can replace it, and kept as a failed part otherwise.
func (r *run) collectList(ctx context.Context, l listRequest) (listing, error) {
	at := r.env.Now()
	var got listing
	err := r.trusted(ctx, func() (err error) {
		got, err = r.list(ctx, l)
		return err
	})
	if err != nil {
		err = fmt.Errorf("list %s: %w", l.name, needs(err, l.grant))
	}
	if addErr := r.addListing(ctx, l, got, at, err); addErr != nil {
		err = errors.Join(err, addErr)
	}
	r.out.Outcome(collectors.OutcomeOf(l.name, l.kind, int64(len(got.items)), err))
	return got, err
}

// needs makes a DeniedError of a refusal, naming the grant.
func needs(err error, grant string) error {
	if statusOf(err) == http.StatusForbidden && !errors.Is(err, errTokenInvalid) {
		return &collectors.DeniedError{Permission: "a role with the grant " + grant, Cause: err}
	}
	return err
}

// addListing adds the record of a list; pages that came before a failure are evidence too, and the record says so.
func (r *run) addListing(ctx context.Context, l listRequest, got listing, at time.Time, failure error) error {
	if len(got.pages) == 0 {
		return nil
	}
	rec := r.record(l.kind, at)
	rec.Procedure = fmt.Sprintf("GET %s%s?%s with an Authorization header (Bearer), then again with the same parameters and the list_token of each answer until its response_type is complete",
		r.config.Address, l.path, l.query(r.config.Scope).Encode())
	rec.Content = got.pages
	seen := int64(len(got.items))
	rec.Stated.ItemsSeen = &seen
	rec.Stated.First, rec.Stated.Last = createdSpan(got.items)
	rec.Stated.Notes = append(rec.Stated.Notes, l.notes...)
	if got.duplicates > 0 {
		rec.Stated.Notes = append(rec.Stated.Notes, fmt.Sprintf("%d items came twice; they are counted once.", got.duplicates))
	}
	if got.restarts > 0 {
		rec.Stated.Notes = append(rec.Stated.Notes, fmt.Sprintf("The list was started over %d times because Boundary no longer took its list token.", got.restarts))
	}
	if failure != nil {
		rec.Stated.Notes = append(rec.Stated.Notes, "The list is incomplete or cannot be relied on: "+failure.Error())
	}
	_, err := r.out.Add(ctx, rec)
	return err
}

// createdSpan returns the earliest and the latest created_time, nil where no item has one.
func createdSpan(items []item) (first, last *time.Time) {
	for _, it := range items {
		t := it.CreatedTime
		if t.IsZero() {
			continue
		}
		if first == nil || t.Before(*first) {
			first = &t
		}
		if last == nil || t.After(*last) {
			last = &t
		}
	}
	return first, last
}

// mayList says whether an item of the scopes list says that the token may list what is named (sessions, targets) in it.
func (it item) mayList(what string) bool {
	for _, action := range it.CollectionActions[what] {
		if strings.EqualFold(action, "list") {
			return true
		}
	}
	return false
}
