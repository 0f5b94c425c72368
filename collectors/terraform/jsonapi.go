package terraform

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// document is what this package reads of a JSON:API document that holds a list. Everything else stays in the stored bytes.
//
// Source: HCP Terraform API, "API documentation overview", sections JSON API formatting and Pagination, as of 2026-11.
type document struct {
	Data []resource `json:"data"`
	Meta struct {
		Pagination *pagination `json:"pagination"`
	} `json:"meta"`
}

type pagination struct {
	CurrentPage int  `json:"current-page"`
	PageSize    int  `json:"page-size"`
	NextPage    *int `json:"next-page"`
	TotalCount  *int `json:"total-count"` // absent from lists without totals
}

// size is how many items a full page holds: what was asked for, where the server does not say.
func (p *pagination) size() int {
	if p == nil || p.PageSize <= 0 {
		return pageSize
	}
	return p.PageSize
}

type resource struct {
	ID            string                  `json:"id"`
	Type          string                  `json:"type"`
	Attributes    json.RawMessage         `json:"attributes"`
	Relationships map[string]relationship `json:"relationships"`
}

// relationship holds the linkage as received: an object, a list, null, or nothing when only links are given.
type relationship struct {
	Data json.RawMessage `json:"data"`
}

// readDocument reads a list. A document that is no list, or holds a resource without an id, is an error: ids are what the
// next requests and the totals rest on.
func readDocument(body []byte) (document, error) {
	var d document
	if err := json.Unmarshal(body, &d); err != nil {
		return document{}, fmt.Errorf("read JSON:API list: %w", err)
	}
	if d.Data == nil {
		return document{}, fmt.Errorf("read JSON:API list: it has no data")
	}
	for i, r := range d.Data {
		if r.ID == "" {
			return document{}, fmt.Errorf("read JSON:API list: item %d of %d has no id", i+1, len(d.Data))
		}
	}
	return d, nil
}

// included returns what a document brings along of one type, each once.
func included(body []byte, kind string) ([]resource, error) {
	var d struct {
		Included []resource `json:"included"`
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, fmt.Errorf("read JSON:API document: %w", err)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(d.Included, func(r resource) bool {
		before := seen[r.ID]
		if r.Type == kind {
			seen[r.ID] = true
		}
		return r.Type != kind || r.ID == "" || before
	}), nil
}

// refs returns the ids that the relationship name lists, and whether it lists any linkage at all.
func (r resource) refs(name string) (ids []string, stated bool) {
	rel, ok := r.Relationships[name]
	if !ok || len(rel.Data) == 0 || string(rel.Data) == "null" {
		return nil, false
	}
	var many []struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(rel.Data, &many) != nil {
		return nil, false
	}
	for _, m := range many {
		ids = append(ids, m.ID)
	}
	return ids, true
}

// ref returns the id that the relationship name links to, if it links to one.
func (r resource) ref(name string) string {
	var one struct {
		ID string `json:"id"`
	}
	if rel, ok := r.Relationships[name]; !ok || json.Unmarshal(rel.Data, &one) != nil {
		return ""
	}
	return one.ID
}

// name returns the attribute of that name, the id where there is none.
func (r resource) name() string {
	var a struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(r.Attributes, &a) != nil || a.Name == "" {
		return r.ID
	}
	return a.Name
}

// status returns the attribute of that name, empty where there is none.
func (r resource) status() string {
	var a struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(r.Attributes, &a) != nil {
		return ""
	}
	return a.Status
}

// run is what this package must know of a run to decide whether it counts and whether it can still change.
type run struct {
	resource
	status   string
	created  time.Time
	applying time.Time // when it began to change something; zero if it did not
	applied  time.Time // when it was done; zero if it is not
}

// readRun refuses a run without the time of its creation: without it nobody can say which period it belongs to.
func readRun(r resource) (run, error) {
	var a struct {
		Status     string            `json:"status"`
		CreatedAt  time.Time         `json:"created-at"`
		Timestamps map[string]string `json:"status-timestamps"`
	}
	if err := json.Unmarshal(r.Attributes, &a); err != nil {
		return run{}, fmt.Errorf("read run %q: %w", r.ID, err)
	}
	if a.CreatedAt.IsZero() {
		return run{}, fmt.Errorf("read run %q: it has no created-at", r.ID)
	}
	out := run{resource: r, status: a.Status, created: a.CreatedAt.UTC()}
	for name, into := range map[string]*time.Time{"applying-at": &out.applying, "applied-at": &out.applied} {
		if a.Timestamps[name] == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, a.Timestamps[name])
		if err != nil {
			return run{}, fmt.Errorf("read run %q: %s: %q is no time", r.ID, name, a.Timestamps[name])
		}
		*into = t.UTC()
	}
	return out, nil
}

// final says whether the run has come to an end. Statuses that are new to us are taken as not final: they are read again.
//
// Source: HCP Terraform API, "Runs", section Run States, as of 2026-11. planned_and_saved can still be confirmed.
func (r run) final() bool {
	switch r.status {
	case "applied", "planned_and_finished", "discarded", "errored", "canceled", "force_canceled", "policy_soft_failed":
		return true
	}
	return false
}
