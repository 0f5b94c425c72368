package terraform

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/httpretry"
)

// maxBodyBytes bounds one answer. The SQL of templates/facts reads documents up to the same size.
const maxBodyBytes = 16 << 20

// maxFailures is how many requests in a row may fail for good before the server counts as down and is left alone: with the
// waits between attempts that is minutes, and the next collection goes on where this one stopped.
const maxFailures = 8

// session is one collection's connection. It is safe for concurrent use.
type session struct {
	collector *collector
	http      *http.Client
	tfe       *tfe.Client
	token     string
	secrets   []string // tokens, none of which may come out: the last one is token
	principal string
	user      string // whose token it is, where it is a person's; empty for a team's or an organization's
	version   string // of the server, as it reported it
	line      *line
}

// line is what sessions with different tokens share: the way to one server.
type line struct {
	slots    chan struct{} // one for each request that is under way
	puts     chan struct{} // one for each body that is being stored
	failures atomic.Int32  // in a row
}

func (l *line) down() bool { return l.failures.Load() >= maxFailures }

// apiError is an answer that says no.
type apiError struct {
	status int
	detail string // the server's words, shortened, without the token
}

func (e *apiError) Error() string {
	text := fmt.Sprintf("server answers %d %s", e.status, http.StatusText(e.status))
	if e.detail != "" {
		text += ": " + e.detail
	}
	return text
}

// errDown says that a request was not sent because too many before it had failed.
var errDown = fmt.Errorf("not asked: the last %d requests failed", maxFailures)

// fatal says whether an error ends the collection: the token is refused, so nothing else can be had, or nothing can be kept.
func fatal(err error) bool {
	var api *apiError
	var store *storeError
	return errors.As(err, &api) && api.status == http.StatusUnauthorized || errors.As(err, &store)
}

// connect makes the client and learns who asks and who answers.
func (c *collector) connect(ctx context.Context) (*session, error) {
	token, err := c.readToken()
	if err != nil {
		return nil, err
	}
	l := &line{slots: make(chan struct{}, requestsAtOnce), puts: make(chan struct{}, putsAtOnce)}
	client, err := c.client(ctx, l)
	if err != nil {
		return nil, err
	}
	s, err := c.session(client, l, token)
	if err != nil {
		return nil, err
	}
	s.version = s.serverVersion()
	s.principal, s.user, err = s.whoami(ctx)
	return s, err
}

// session is a session with a token over a client.
func (c *collector) session(client *http.Client, l *line, token string) (*session, error) {
	s := &session{collector: c, http: client, token: token, secrets: []string{token}, line: l}
	headers := http.Header{}
	headers.Set("User-Agent", c.env.Tool)
	var err error
	s.tfe, err = tfe.NewClient(&tfe.Config{
		Address:    (c.address.Scheme + "://" + c.address.Host),
		BasePath:   c.address.Path + tfe.DefaultBasePath,
		Token:      token,
		Headers:    headers,
		HTTPClient: client,
	})
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.address, s.clean(err))
	}
	return s, nil
}

// as returns a session with another token to the same server. Neither token comes out of it.
func (s *session) as(token string) (*session, error) {
	other, err := s.collector.session(s.http, s.line, token)
	if err != nil {
		return nil, err
	}
	other.secrets = append(slices.Clone(s.secrets), token)
	other.principal, other.version = "the organization's audit token", s.version
	return other, nil
}

func (c *collector) client(ctx context.Context, l *line) (*http.Client, error) {
	client := c.env.HTTP()
	if c.caFile != "" {
		if err := c.trust(client); err != nil {
			return nil, err
		}
	}
	base := client.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	if t, ok := base.(*http.Transport); ok {
		t = t.Clone()
		t.MaxIdleConnsPerHost = requestsAtOnce // two are too few: every other request would dial
		base = t
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Transport = newTransport(ctx, newPaced(base, c.perSecond, l.down), c.sleep)
	return client, nil
}

func (c *collector) trust(client *http.Client) error {
	pem, err := c.readFile(c.caFile)
	if err != nil {
		return fmt.Errorf("read ca_file: %w", err)
	}
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		return errors.New("ca_file: this client has no certificates to configure")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("read ca_file %q: no certificate in it", c.caFile)
	}
	own := transport.Clone()
	if own.TLSClientConfig == nil {
		own.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	own.TLSClientConfig.RootCAs = pool
	client.Transport = own
	return nil
}

func (s *session) serverVersion() string {
	app := s.tfe.AppName()
	if v := firstSet(s.tfe.RemoteTFENumericVersion(), s.tfe.RemoteTFEVersion()); v != "" {
		return strings.TrimSpace(firstSet(app, "Terraform Enterprise") + " " + v)
	}
	if v := s.tfe.RemoteAPIVersion(); v != "" {
		return strings.TrimSpace(app + " API " + v)
	}
	return app
}

// whoami returns whose token it is, for the records, and the id of the user where it is a person's. A server that does not say is no failure; one that refuses the token is,
// for go-tfe's own first request takes any token.
func (s *session) whoami(ctx context.Context) (principal, user string, err error) {
	const unknown = "an API token whose owner the server does not name"
	a, err := s.get(ctx, "account/details", nil)
	if fatal(err) {
		return "", "", s.refused("use of the API with this token", err)
	}
	if err != nil {
		return unknown, "", ctx.Err()
	}
	var account struct {
		Data struct {
			ID         string `json:"id"`
			Attributes struct {
				Username string `json:"username"`
				Service  bool   `json:"is-service-account"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if json.Unmarshal(a.body, &account) != nil || account.Data.ID == "" {
		return unknown, "", nil
	}
	principal = strings.TrimSpace("user " + account.Data.Attributes.Username + " (" + account.Data.ID + ")")
	if account.Data.Attributes.Service {
		return principal, "", nil
	}
	return principal, account.Data.ID, nil
}

// get asks for path, relative to the API, with the parameters of a go-tfe options struct, and returns an answer that is JSON. The
// error is an apiError for an answer that is not 2xx.
func (s *session) get(ctx context.Context, path string, options any) (answer, error) {
	a, err := s.fetch(ctx, path, options)
	if err == nil && !json.Valid(a.body) {
		return answer{}, fmt.Errorf("answer of %d bytes is no JSON", len(a.body))
	}
	return a, err
}

// fetch is get without a look at the body.
func (s *session) fetch(ctx context.Context, path string, options any) (answer, error) {
	select {
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case s.line.slots <- struct{}{}:
	}
	defer func() { <-s.line.slots }()
	if s.line.down() {
		return answer{}, errDown
	}
	req, err := s.tfe.NewRequest(http.MethodGet, path, options)
	if err != nil {
		return answer{}, s.clean(err)
	}
	var a answer
	err = req.Do(withAnswer(ctx, &a), io.Discard) // go-tfe copies into a Writer instead of decoding; the tee has the bytes
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	switch {
	case err == nil:
		s.line.failures.Store(0)
		return a, nil
	case errors.Is(err, errDown):
		return answer{}, errDown
	case a.status >= 400:
		err = &apiError{status: a.status, detail: s.detail(a.status, err)}
	default:
		err = s.clean(err)
	}
	if a.status >= 400 && a.status < 500 {
		s.line.failures.Store(0)
	} else {
		s.line.failures.Add(1)
	}
	return answer{}, err
}

// cleanError is an error whose text was freed of the token.
type cleanError struct {
	text  string
	cause error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.cause }

// clean returns err without URL and without a token, should a server have sent it back.
func (s *session) clean(err error) error {
	err = httpretry.WithoutURL(err)
	text := err.Error()
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "[token]")
	}
	if text != err.Error() {
		return &cleanError{text: text, cause: err}
	}
	return err
}

// refused turns an answer into the outcome that it means: 401, 403 and 404 are a lack of permission, named in the vendor's
// words. The server answers 404 both for what is not there and for what the token may not see.
func (s *session) refused(permission string, err error) error {
	var api *apiError
	var denied *collectors.DeniedError
	if !errors.As(err, &api) || errors.As(err, &denied) || errors.Is(err, collectors.ErrNotOffered) {
		return err // no answer, or its meaning is known
	}
	switch api.status {
	case http.StatusUnauthorized:
		return &collectors.DeniedError{Permission: "a valid API token in TFE_TOKEN or token_file", Cause: err}
	case http.StatusForbidden:
		return &collectors.DeniedError{Permission: permission, Cause: err}
	case http.StatusNotFound:
		return &collectors.DeniedError{Permission: permission + " (404 is also the answer for what does not exist)", Cause: err}
	}
	return err
}

// source is what every record says of the server.
func (s *session) source(org string) evidence.Source {
	return evidence.Source{System: s.collector.address.String(), Version: s.version, Identity: "organization " + org}
}

// detail returns what the server said beside the status, if anything: for 401 and 404 go-tfe puts its own words there.
func (s *session) detail(status int, err error) string {
	if errors.Is(err, tfe.ErrUnauthorized) || errors.Is(err, tfe.ErrResourceNotFound) {
		return ""
	}
	text := shorten(s.clean(err).Error())
	name := http.StatusText(status)
	if strings.EqualFold(text, name) || strings.EqualFold(text, fmt.Sprintf("%d %s", status, name)) {
		return ""
	}
	return text
}

// shorten bounds foreign text in an error and keeps it on one line.
func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const limit = 300 // characters; enough for title and detail of a JSON:API error
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}
