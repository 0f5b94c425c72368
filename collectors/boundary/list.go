package boundary

import (
	"bytes"
	"context"
	"encoding/json"
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

const (
	pageSize    = 1000   // items; Boundary's own maximum, and it cuts what is larger without a word
	maxPages    = 10_000 // of one list: ten million items; more means a server that never says complete
	maxRestarts = 3      // of one list whose token went stale
	jsonType    = "application/json"
)

// query returns the parameters, which every page repeats: the list token carries none of them.
func (l listRequest) query(scope string) url.Values {
	q := url.Values{"page_size": {fmt.Sprint(pageSize)}}
	if l.parent != "" {
		q.Set(l.parent, l.within)
	} else {
		q.Set("scope_id", scope)
		q.Set("recursive", "true")
	}
	for k, v := range l.extra {
		q[k] = v
	}
	return q
}

// item is what the collector itself looks at in a listed resource.
type item struct {
	ID                string              `json:"id"`
	ScopeID           string              `json:"scope_id"`
	Scope             struct{ ID string } `json:"scope"` // where there is no scope_id, as in recordings
	Type              string              `json:"type"`
	Name              string              `json:"name"`
	Status            string              `json:"status"` // of a session
	State             string              `json:"state"`  // of a session recording
	CreatedTime       time.Time           `json:"created_time"`
	UpdatedTime       time.Time           `json:"updated_time"`
	CollectionActions map[string][]string `json:"authorized_collection_actions"`
}

// page is an answer to a list request.
type page struct {
	ResponseType string   `json:"response_type"` // delta, complete; empty on an empty first page, and before Boundary 0.15
	ListToken    string   `json:"list_token"`
	Items        []item   `json:"items"`
	RemovedIDs   []string `json:"removed_ids"`
	Estimate     uint32   `json:"est_item_count"` // kept to be told; it proves nothing
}

// listing is what a list gave. After an error it holds what came before it.
type listing struct {
	pages      []evidence.Part
	redactions []evidence.Redaction
	items      []item // each id once, as it came first
	removed    int64
	duplicates int64
	estimate   *uint32 // of the first page
	restarts   int
	unpaged    bool   // the server does not page
	token      string // that begins a refresh; empty where the server gave none
	complete   bool
}

// list follows one list to its end, storing each page as it comes, and starts over when the list token goes stale.
func (r *run) list(ctx context.Context, l listRequest) (listing, error) {
	for restarts := 0; ; restarts++ {
		got, err := r.listFrom(ctx, l, "")
		got.restarts = restarts
		if !staleListToken(err) || restarts == maxRestarts {
			return got, err
		}
	}
}

// listFrom follows a list to its end from the beginning, or from where the list token stands.
func (r *run) listFrom(ctx context.Context, l listRequest, token string) (listing, error) {
	var got listing
	seen := map[string]bool{}
	for {
		p, err := r.page(ctx, l, token, &got)
		if err != nil {
			return got, err
		}
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
		r.out.Progress(collectors.Progress{Step: l.part(), Items: int64(len(got.items))})
		switch {
		case p.ResponseType == "complete":
			got.complete, got.token = true, p.ListToken
			return got, nil
		case p.ResponseType == "" && p.ListToken == "" && token == "":
			got.complete, got.unpaged = true, len(p.Items) > 0
			return got, nil
		case p.ResponseType != "delta":
			return got, fmt.Errorf("page %d: response_type is %q: want delta or complete", len(got.pages), p.ResponseType)
		case p.ListToken == "":
			return got, fmt.Errorf("page %d is not the last one but has no list_token", len(got.pages))
		case p.ListToken == token:
			return got, fmt.Errorf("page %d has the list_token that it was asked for with: the list does not go on", len(got.pages))
		case len(got.pages) == maxPages:
			return got, fmt.Errorf("list does not end after %d pages", maxPages)
		}
		token = p.ListToken
	}
}

// page asks for one page and stores it.
func (r *run) page(ctx context.Context, l listRequest, token string, got *listing) (page, error) {
	number := len(got.pages) + 1
	query := l.query(r.config.Scope)
	if token != "" {
		query.Set("list_token", token)
	}
	body, err := r.client.get(ctx, l.path(), query)
	if err != nil {
		return page{}, fmt.Errorf("page %d: %w", number, err)
	}
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		return page{}, fmt.Errorf("page %d: read answer: %w", number, err)
	}
	if l.secret != "" {
		clean, redaction, err := redact(body, l.secret)
		if err != nil {
			return page{}, fmt.Errorf("page %d: %w", number, err)
		}
		if body = clean; redaction.Count > 0 {
			got.redactions = append(got.redactions, redaction)
		}
	}
	part, err := r.out.Put(ctx, l.kind, fmt.Sprintf("%s-%04d.json", l.file(), number), jsonType, bytes.NewReader(body))
	if err != nil {
		return page{}, err
	}
	got.pages = append(got.pages, part)
	got.removed += int64(len(p.RemovedIDs))
	if number == 1 && len(p.Items) > 0 {
		got.estimate = &p.Estimate
	}
	return p, nil
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
		err = fmt.Errorf("list %s: %w", l.name, needs(offered(err, l), l.grant()))
	}
	if addErr := r.addListing(ctx, l, got, at, err); addErr != nil {
		err = errors.Join(err, addErr)
	}
	r.out.Outcome(collectors.OutcomeOf(l.name, l.kind, int64(len(got.items)), err))
	return got, err
}

// offered makes ErrNotOffered of an answer that says that this Boundary has no such resources: an edition or a version.
func offered(err error, l listRequest) error {
	switch status := statusOf(err); {
	case status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented, status == http.StatusNotFound && l.rare:
		return fmt.Errorf("%w: %w", collectors.ErrNotOffered, err)
	}
	return err
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
	rec.Procedure = fmt.Sprintf("GET %s%s?%s with an Authorization header (Bearer)%s, then again with the same parameters and the list_token of each answer until its response_type is complete",
		r.config.Address, l.path(), l.query(r.config.Scope).Encode(), l.beginning())
	rec.Content, rec.Redactions = got.pages, got.redactions
	seen := int64(len(got.items))
	rec.Stated.ItemsSeen = &seen
	rec.Stated.First, rec.Stated.Last = createdSpan(got.items)
	rec.Stated.Notes = slices.Concat(rec.Stated.Notes, l.notes, got.notes())
	if failure != nil {
		rec.Stated.Notes = append(rec.Stated.Notes, "The list is incomplete or cannot be relied on: "+failure.Error())
	}
	_, err := r.out.Add(context.WithoutCancel(ctx), rec) // what an interrupted collection stored is evidence
	return err
}

// notes are what was odd about the list.
func (got listing) notes() []string {
	var notes []string
	add := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	if got.estimate != nil {
		add(int64(*got.estimate) != int64(len(got.items)), "Boundary estimated %d items (est_item_count) and gave %d. The estimate ignores scope and permissions and proves nothing.", *got.estimate, len(got.items))
	}
	add(got.removed > 0, "Boundary named %d items that were deleted since (removed_ids).", got.removed)
	add(got.duplicates > 0, "%d items came twice; they are counted once.", got.duplicates)
	add(got.restarts > 0, "The list was started over %d times because Boundary no longer took its list token.", got.restarts)
	add(got.unpaged, "The answer has no response_type, as before Boundary 0.15: it is taken for the whole list.")
	return notes
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
