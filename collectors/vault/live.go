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

// live is one collection from a live server.
type live struct {
	env       collectors.Env
	out       collectors.Sink
	api       *client
	skip      []string // sections that are not asked for
	maxTokens int
	about     evidence.Source
	principal string // that Vault knows the token as
	badToken  bool   // Vault does not know the token even for looking itself up
	lost      error  // why nothing more can be had from the server; nil while it answers
}

// collectLive asks the server at address and returns what it said of itself. Every part asked has its outcome; nothing that
// fails here keeps the logs from being collected.
func (c *collector) collectLive(ctx context.Context, address string, out collectors.Sink) evidence.Source {
	l := &live{env: c.env, out: out, skip: c.Skip, maxTokens: c.MaxTokens, about: evidence.Source{System: strings.TrimSuffix(address, "/")}}
	api, err := newClient(c.Config, address, c.env)
	if err != nil {
		l.outcome(healthPath, KindHealth, 0, err)
		l.api, l.lost = &client{}, err
		l.ask(ctx)
		return evidence.Source{}
	}
	l.api = api
	sealed, err := l.health(ctx)
	switch {
	case err != nil:
		l.lost = err
	case sealed:
		l.lost = errors.New("vault is sealed: unseal it and collect again")
	default:
		l.lost = api.enter(ctx)
	}
	if l.lost == nil {
		l.lookupSelf(ctx)
	}
	l.ask(ctx)
	if err := api.leave(ctx); err != nil {
		l.outcome(revokeSelfPath, KindTokens, 0, fmt.Errorf("the token of this collection lives on until it expires: %w", err))
	}
	return l.about
}

// ask goes through all parts. What cannot be asked any more has failed.
func (l *live) ask(ctx context.Context) {
	top := area{l, l.api.namespace}
	steps := append(top.serverSteps(), top.steps()...)
	steps = append(steps, step{canaryPart, KindCanary, l.canaries})
	if l.asks(sectionNamespaces) {
		steps = append(steps, top.namespacesStep())
	}
	top.run(ctx, steps)
}

func (l *live) outcome(part string, kind evidence.Kind, n int64, err error) {
	if err != nil {
		err = fmt.Errorf("ask %s: %w", part, err)
	}
	l.out.Outcome(collectors.OutcomeOf(part, kind, n, err))
}

// gone says why nothing more can be had from the server, nil while it answers.
func (l *live) gone() error { return l.lost }

// suspect looks at a server after an error that may be its own: one that no longer answers, or was sealed, is not asked for the
// rest, each part of which would wait for its own attempts.
func (l *live) suspect(ctx context.Context, err error) {
	var denied *collectors.DeniedError
	code := statusOf(err)
	if err == nil || l.lost != nil || ctx.Err() != nil || errors.As(err, &denied) || errors.Is(err, collectors.ErrNotOffered) || code != 0 && code < http.StatusInternalServerError {
		return
	}
	body, _, err := l.api.exchange(ctx, l.healthCall())
	if err != nil {
		l.lost = fmt.Errorf("vault stopped answering while it was asked: %w", err)
		return
	}
	if h, err := readHealth(body); err == nil && h.Sealed {
		l.lost = errors.New("vault was sealed while it was asked: unseal it and collect again")
	}
}

// health is what a server says of itself.
type health struct {
	Version   string `json:"version"`
	ClusterID string `json:"cluster_id"`
	Sealed    bool   `json:"sealed"`
}

func readHealth(body []byte) (h health, err error) {
	if err := json.Unmarshal(body, &h); err != nil {
		return health{}, fmt.Errorf("read the answer: %w", err)
	}
	return h, nil
}

// healthCall asks how the server is, which needs no token. The status of the answer says the same as its body and would look like
// an error: it is asked to be 200 in every state.
func (l *live) healthCall() call {
	params := map[string][]string{}
	for _, state := range []string{"uninitcode", "sealedcode", "standbycode", "drsecondarycode", "performancestandbycode", "removedcode", "haunhealthycode"} {
		params[state] = []string{"200"}
	}
	return call{namespace: l.api.namespace, path: healthPath, params: params}
}

// health keeps how the server is.
func (l *live) health(ctx context.Context) (sealed bool, err error) {
	body, at, err := l.api.exchange(ctx, l.healthCall())
	var h health
	if err == nil {
		h, err = readHealth(body)
	}
	if err != nil {
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
			TTL         int64  `json:"ttl"`          // seconds that are left
			CreationTTL int64  `json:"creation_ttl"` // seconds; 0: it does not expire
			Renewable   bool   `json:"renewable"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &self) != nil {
		return
	}
	seconds := func(n int64) time.Duration { return time.Duration(n) * time.Second }
	if l.api.session.login == nil && self.Data.TTL > 0 {
		l.api.session.know(l.api.now(), seconds(self.Data.CreationTTL), seconds(self.Data.TTL), self.Data.Renewable)
	}
	if self.Data.DisplayName != "" {
		l.principal = self.Data.DisplayName
		if self.Data.EntityID != "" {
			l.principal += " (entity " + self.Data.EntityID + ")"
		}
	}
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

// put stores body, for a record of that kind, under the path that it answered.
func (l *live) put(ctx context.Context, kind evidence.Kind, path string, body []byte) (evidence.Part, error) {
	return l.out.Put(ctx, kind, path, "application/json", bytes.NewReader(body))
}

// add stores one answer and its record. It returns the number of answers that are evidence now: 1 or, with an error, 0.
func (l *live) add(ctx context.Context, kind evidence.Kind, at time.Time, procedure, path string, body []byte) (int64, error) {
	part, err := l.put(ctx, kind, path, body)
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
