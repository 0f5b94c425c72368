package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// The paths at which a token asks about itself. The policy "default" allows all three.
const (
	lookupSelfPath = "auth/token/lookup-self"
	renewSelfPath  = "auth/token/renew-self"
	revokeSelfPath = "auth/token/revoke-self"
)

// farewell is how long giving tokens back may take after a collection, also one that was interrupted.
const farewell = 10 * time.Second

// grant is what Vault says of a token that it gave out or extended.
//
// Source: Vault API, "AppRole auth method", login; "Token auth method", renew a token (self).
type grant struct {
	Token     string          `json:"client_token"`
	Seconds   int64           `json:"lease_duration"` // 0: does not expire
	Renewable bool            `json:"renewable"`
	Type      string          `json:"token_type"`
	MFA       json.RawMessage `json:"mfa_requirement"` // a login that a second factor must follow
}

// readGrant reads the "auth" of an answer. The error never holds the answer.
func readGrant(body []byte) (grant, error) {
	var answer struct {
		Auth *grant `json:"auth"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Auth == nil {
		return grant{}, errors.New("the answer holds no token")
	}
	if answer.Auth.Token == "" && len(answer.Auth.MFA) > 0 && string(answer.Auth.MFA) != "null" {
		return grant{}, errors.New("a login MFA enforcement asks for a second factor: exempt the auth method or role that auditpack logs in with")
	}
	if answer.Auth.Token == "" {
		return grant{}, errors.New("the answer holds no token")
	}
	return *answer.Auth, nil
}

// session keeps the token of one collection alive. The zero session has a token of which nothing is known: it is used as it is.
type session struct {
	mu        sync.Mutex
	token     string
	lease     time.Duration // that was granted last; 0: unknown, or the token does not expire
	expires   time.Time
	renewable bool
	login     *login   // nil: the token was given
	made      []string // tokens that this collection logged in for, to be given back
}

// know takes over what is known of the token now.
func (s *session) know(now time.Time, lease, left time.Duration, renewable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lease, s.expires, s.renewable = lease, now.Add(left), renewable
}

// enter logs in where that is configured. It is called once, before what needs a token.
func (c *client) enter(ctx context.Context) error {
	if c.tokenErr != nil || c.session.login == nil {
		return c.tokenErr
	}
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.logIn(ctx)
}

// logIn gets a token of our own. The session's lock is held.
func (c *client) logIn(ctx context.Context) error {
	s := &c.session
	g, err := s.login.grant(ctx, c)
	if err != nil {
		return fmt.Errorf("log in at %s: %w", s.login.path(), err)
	}
	if g.Type != "batch" { // a batch token can be neither renewed nor revoked: it ends by itself
		s.made = append(s.made, g.Token)
	}
	s.token = g.Token
	s.lease = time.Duration(g.Seconds) * time.Second
	s.expires, s.renewable = c.now().Add(s.lease), g.Renewable
	return nil
}

// stay returns the token. When half of its lease is over, it is renewed, or a new one is logged in for. What cannot be helped here
// shows in the answers: it is no error.
func (c *client) stay(ctx context.Context) string {
	s := &c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lease <= 0 || s.expires.Sub(c.now()) > s.lease/2 {
		return s.token
	}
	if c.renew(ctx) || ctx.Err() != nil {
		return s.token
	}
	if s.login == nil || c.logIn(ctx) != nil {
		s.lease = 0 // asked once: the token is used for as long as it lives
	}
	return s.token
}

// renew extends the token and says whether it lives longer now. The session's lock is held.
//
// Source: Vault API, "Token auth method", renew a token (self); a token at the end of its maximum TTL is granted what is left.
func (c *client) renew(ctx context.Context) bool {
	s := &c.session
	left := s.expires.Sub(c.now())
	if !s.renewable || left <= 0 {
		return false
	}
	body, _, err := c.exchange(ctx, call{namespace: c.namespace, path: renewSelfPath, body: []byte("{}"), token: s.token})
	if err != nil {
		return false
	}
	g, err := readGrant(body)
	lease := time.Duration(g.Seconds) * time.Second
	if err != nil || lease <= left+time.Second {
		return false
	}
	s.lease, s.expires, s.renewable = lease, c.now().Add(lease), g.Renewable
	return true
}

// leave gives back the tokens that this collection logged in for. It works on after ctx is over.
func (c *client) leave(ctx context.Context) error {
	s := &c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	var errs []error
	for i, token := range s.made {
		_, _, err := c.exchange(ctx, call{namespace: c.namespace, path: revokeSelfPath, body: []byte("{}"), token: token})
		var status *statusError
		if last := i == len(s.made)-1; !last && errors.As(err, &status) && status.code == http.StatusForbidden {
			continue // it was replaced when its time was over, and is gone
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	s.made = nil
	return errors.Join(errs...)
}
