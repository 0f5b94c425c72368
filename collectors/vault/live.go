package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// asked is one answer of the API that is kept as it came.
type asked struct {
	path   string
	kind   evidence.Kind
	policy string // what the token needs
	what   string
}

// snapshots are the parts that are one answer each.
var snapshots = []asked{
	{devicesPath, KindAuditDevices, `path "sys/audit" { capabilities = ["read", "sudo"] }`, "the enabled audit devices"},
	{"sys/auth", KindAuthMethods, `path "sys/auth" { capabilities = ["read"] }`, "the enabled auth methods"},
	{"sys/mounts", KindMounts, `path "sys/mounts" { capabilities = ["read"] }`, "the mounted secrets engines"},
}

const (
	policiesPath   = "sys/policies/acl"
	healthPath     = "sys/health"
	listPolicies   = `path "sys/policies/acl" { capabilities = ["list"] }`
	readPolicies   = `path "sys/policies/acl/*" { capabilities = ["read"] }`
	lookupSelfPath = "auth/token/lookup-self"
)

// live is one collection from a live server.
type live struct {
	env       collectors.Env
	out       collectors.Sink
	api       *client
	about     evidence.Source
	principal string // that Vault knows the token as
	badToken  bool   // Vault does not know the token even for looking itself up
}

// collectLive asks the server at address and returns what it said of itself. Every part asked has its outcome; nothing that
// fails here keeps the logs from being collected.
func (c *collector) collectLive(ctx context.Context, address string, out collectors.Sink) evidence.Source {
	l := &live{env: c.env, out: out, about: evidence.Source{System: strings.TrimSuffix(address, "/")}}
	api, err := newClient(c.Config, address, c.env)
	if err != nil {
		l.failAll(err)
		return evidence.Source{}
	}
	l.api = api
	sealed, err := l.health(ctx)
	if err != nil {
		l.failRest(err)
		return l.about
	}
	if sealed {
		l.failRest(errors.New("vault is sealed: unseal it and collect again"))
		return l.about
	}
	if api.tokenErr != nil {
		l.failRest(api.tokenErr)
		return l.about
	}
	l.lookupSelf(ctx)
	for _, s := range snapshots {
		n, err := l.snapshot(ctx, s)
		l.outcome(s.path, s.kind, n, err)
	}
	n, err := l.policies(ctx)
	l.outcome(policiesPath, KindPolicies, n, err)
	l.canaries(ctx)
	return l.about
}

func (l *live) outcome(part string, kind evidence.Kind, n int64, err error) {
	if err != nil {
		err = fmt.Errorf("ask %s: %w", part, err)
	}
	l.out.Outcome(collectors.OutcomeOf(part, kind, n, err))
}

// failAll notes err for every part, failRest for all but health.
func (l *live) failAll(err error) {
	l.outcome(healthPath, KindHealth, 0, err)
	l.failRest(err)
}

func (l *live) failRest(err error) {
	for _, s := range snapshots {
		l.outcome(s.path, s.kind, 0, err)
	}
	l.outcome(policiesPath, KindPolicies, 0, err)
	l.outcome(canaryPart, KindCanary, 0, err)
}

// health asks how the server is, which needs no token. Its status says the same as its body and would look like an error: it is
// asked to answer 200 in every state.
func (l *live) health(ctx context.Context) (sealed bool, err error) {
	params := map[string][]string{}
	for _, state := range []string{"uninitcode", "sealedcode", "standbycode", "drsecondarycode", "performancestandbycode", "removedcode", "haunhealthycode"} {
		params[state] = []string{"200"}
	}
	body, at, err := l.api.get(ctx, healthPath, params)
	if err != nil {
		l.outcome(healthPath, KindHealth, 0, err)
		return false, err
	}
	var h struct {
		Version   string `json:"version"`
		ClusterID string `json:"cluster_id"`
		Sealed    bool   `json:"sealed"`
	}
	if err := json.Unmarshal(body, &h); err != nil {
		err = fmt.Errorf("read the answer: %w", err)
		l.outcome(healthPath, KindHealth, 0, err)
		return false, err
	}
	l.about.Version, l.about.Identity = h.Version, h.ClusterID
	n, err := l.add(ctx, KindHealth, at, "GET /v1/sys/health, with every status code set to 200", healthPath, body)
	l.outcome(healthPath, KindHealth, n, err)
	return h.Sealed, err
}

// lookupSelf learns who the token is. A token may lack the right to ask that; then other answers say what is wrong. The answer
// holds the token itself: it is read and dropped.
func (l *live) lookupSelf(ctx context.Context) {
	body, _, err := l.api.get(ctx, lookupSelfPath, nil)
	var status *statusError
	if errors.As(err, &status) && status.code == http.StatusForbidden {
		l.badToken = true
	}
	if err != nil {
		return
	}
	var self struct {
		Data struct {
			DisplayName string `json:"display_name"`
			EntityID    string `json:"entity_id"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &self) == nil && self.Data.DisplayName != "" {
		l.principal = self.Data.DisplayName
		if self.Data.EntityID != "" {
			l.principal += " (entity " + self.Data.EntityID + ")"
		}
	}
}

func (l *live) snapshot(ctx context.Context, s asked) (int64, error) {
	body, at, err := l.api.get(ctx, s.path, nil)
	if err != nil {
		return 0, l.classify(err, s.policy)
	}
	return l.add(ctx, s.kind, at, l.request(s.path, s.what), s.path, body)
}

// request says what was asked.
func (l *live) request(path, what string) string {
	text := fmt.Sprintf("GET /v1/%s, %s", path, what)
	if l.api.namespace != "" {
		text += fmt.Sprintf(", in namespace %q", l.api.namespace)
	}
	return text
}

// classify says what an error of the API means for a part that needs the given line of policy.
func (l *live) classify(err error, policy string) error {
	var status *statusError
	if !errors.As(err, &status) {
		return err
	}
	switch status.code {
	case http.StatusForbidden:
		if l.badToken {
			policy = fmt.Sprintf("a valid token (Vault refuses the one from %s even for %s: it is wrong, expired or revoked, or lacks that path too) with %s", l.api.tokenFrom, lookupSelfPath, policy)
		}
		return &collectors.DeniedError{Permission: policy, Cause: err}
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", collectors.ErrNotOffered, err)
	}
	return err
}

// policies asks for the list of ACL policies and then for each. It keeps those that came, also when some did not.
func (l *live) policies(ctx context.Context) (int64, error) {
	body, at, err := l.api.get(ctx, policiesPath, map[string][]string{"list": {"true"}})
	var status *statusError
	if errors.As(err, &status) && status.code == http.StatusNotFound {
		return 0, nil // a list of nothing
	}
	if err != nil {
		return 0, l.classify(err, listPolicies)
	}
	var list struct {
		Data struct {
			Keys []string `json:"keys"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return 0, fmt.Errorf("read the list: %w", err)
	}
	var parts []evidence.Part
	var notes []string
	var errs []error
	for _, name := range list.Data.Keys {
		path := policiesPath + "/" + name
		body, answered, err := l.api.get(ctx, path, nil)
		if errors.As(err, &status) && status.code == http.StatusNotFound {
			notes = append(notes, fmt.Sprintf("policy %q was in the list and was gone when it was asked for", name))
			continue
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("policy %q: %w", name, l.classify(err, readPolicies)))
			if ctx.Err() != nil || l.badToken {
				break
			}
			continue
		}
		part, err := l.put(ctx, path, body)
		if err != nil {
			return 0, err
		}
		parts, at = append(parts, part), answered
	}
	if len(parts) == 0 {
		return 0, errors.Join(errs...)
	}
	expected, seen := int64(len(list.Data.Keys)), int64(len(parts))
	rec := l.record(KindPolicies, at, l.request(policiesPath+"?list=true", "the names of the ACL policies, then GET /v1/"+policiesPath+"/NAME for each"), parts)
	rec.Stated = evidence.Stated{ItemsExpected: &expected, ItemsSeen: &seen, Notes: notes}
	if _, err := l.out.Add(ctx, rec); err != nil {
		return 0, err
	}
	return seen, errors.Join(errs...)
}

// put stores body under the path that it answered.
func (l *live) put(ctx context.Context, path string, body []byte) (evidence.Part, error) {
	return l.out.Put(ctx, path, "application/json", bytes.NewReader(body))
}

// add stores one answer and its record. It returns the number of answers that are evidence now: 1 or, with an error, 0.
func (l *live) add(ctx context.Context, kind evidence.Kind, at time.Time, procedure, path string, body []byte) (int64, error) {
	part, err := l.put(ctx, path, body)
	if err != nil {
		return 0, err
	}
	if _, err = l.out.Add(ctx, l.record(kind, at, procedure, []evidence.Part{part})); err != nil {
		return 0, err
	}
	return 1, nil
}

func (l *live) record(kind evidence.Kind, at time.Time, procedure string, parts []evidence.Part) evidence.Record {
	return evidence.Record{
		Kind: kind, Source: l.about, At: &at, Procedure: procedure, Content: parts,
		Collected: evidence.Collected{Principal: l.principal},
	}
}
