package vault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"auditpack/collectors"
	"auditpack/internal/httpretry"
)

// Patience with a server in trouble: a collection is repeated anyway.
const (
	attempts = 4
	maxWait  = 30 * time.Second
	silence  = 30 * time.Second // until the head of an answer, in each attempt
)

// client asks a Vault. It writes nothing that is collected: it logs in, renews and gives back its own token, and asks in the body of a PUT
// for what is behind an accessor and for hashes.
type client struct {
	api       *api.Client // without a token; never changed once it is made
	now       func() time.Time
	namespace string // configured: what every path is asked in that names no other
	tokenFrom string // where the token is from; never the token
	tokenErr  error  // why there is none
	session   session
	asked     canaries
}

func newClient(cfg Config, address string, env collectors.Env) (*client, error) {
	httpClient, err := httpClientFor(cfg, env)
	if err != nil {
		return nil, err
	}
	raw, err := api.NewClient(&api.Config{Address: address, HttpClient: httpClient})
	if err != nil {
		return nil, fmt.Errorf("open client for %s: %w", address, err)
	}
	raw.AddHeader("User-Agent", env.Tool)
	c := &client{api: raw, now: env.Now, namespace: cfg.Namespace}
	if c.namespace == "" {
		c.namespace = env.Getenv("VAULT_NAMESPACE")
	}
	c.namespace = strings.Trim(c.namespace, "/")
	// The library looks at the process's own environment: what it found there is replaced.
	raw.ClearNamespace()
	raw.ClearToken()
	if cfg.Login.Method != "" {
		c.session.login = &login{cfg.Login, env}
		c.tokenFrom = "the " + cfg.Login.Method + " login"
		return c, nil
	}
	c.session.token, c.tokenErr = c.token(cfg, env)
	return c, nil
}

// token returns the token and notes where it is from.
func (c *client) token(cfg Config, env collectors.Env) (string, error) {
	if cfg.TokenFile == "" {
		c.tokenFrom = "VAULT_TOKEN"
		if token := strings.TrimSpace(env.Getenv("VAULT_TOKEN")); token != "" {
			return token, nil
		}
		return "", errors.New("no token: set VAULT_TOKEN, or token_file in the source")
	}
	c.tokenFrom = fmt.Sprintf("token_file %q", cfg.TokenFile)
	token, err := readSecret(env, cfg.TokenFile, "token_file")
	if err == nil && token == "" {
		err = fmt.Errorf("token_file %q is empty", cfg.TokenFile)
	}
	return token, err
}

// httpClientFor returns a client that trusts the configured authorities and asks again after passing trouble.
func httpClientFor(cfg Config, env collectors.Env) (*http.Client, error) {
	c := env.HTTP()
	transport, ok := c.Transport.(*http.Transport)
	if !ok {
		return nil, fmt.Errorf("set up HTTP: transport is a %T, want one of net/http", c.Transport)
	}
	transport.ResponseHeaderTimeout = silence
	file, path := cfg.CACert, env.Path(cfg.CACert)
	if file == "" {
		file = env.Getenv("VAULT_CACERT")
		path = file // as for Vault's own program: relative to where it is started
	}
	if file != "" {
		pool, err := authorities(path)
		if err != nil {
			return nil, fmt.Errorf("read certificates %q: %w", file, err)
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the library follows one itself
	return httpretry.Client(c, &httpretry.Transport{Attempts: attempts, MaxWait: maxWait, Safe: looksUp}), nil
}

// looksUp says whether a request that looks like a change only asks: Vault takes the accessor of a token in the body of a PUT.
func looksUp(req *http.Request) bool {
	return strings.HasSuffix(req.URL.Path, "/v1/"+lookupAccessorPath)
}

func authorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, cause(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the file holds no PEM certificate")
	}
	return pool, nil
}

// statusOf returns the status of an answer of 400 or above, 0 for any other error.
func statusOf(err error) int {
	var status *statusError
	if errors.As(err, &status) {
		return status.code
	}
	return 0
}

// missing says whether err is a 404 that names no error: the path exists and holds nothing. Vault answers so to a list of nothing;
// for a path that it does not have it says "unsupported path" or names the missing edition.
func missing(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.code == http.StatusNotFound && status.text == ""
}

// statusError is an answer with a status of 400 or above.
type statusError struct {
	code int
	text string // of the answer, shortened
}

func (e *statusError) Error() string {
	if e.text == "" {
		return fmt.Sprintf("status %d %s", e.code, http.StatusText(e.code))
	}
	return fmt.Sprintf("status %d %s: %s", e.code, http.StatusText(e.code), e.text)
}

// maxErrorText is how much of what a server says of an error is passed on.
const maxErrorText = 300 // bytes

// call is one request: it reads, unless it has a body.
type call struct {
	namespace string              // path from the root, empty for the root
	path      string              // behind /v1/
	params    map[string][]string // of the query
	body      []byte              // JSON: the request writes; nil to read
	token     string              // empty for none
	secret    bool                // the body holds what no error may: nothing that came is passed on in one
}

// get asks in the configured namespace and remembers the request as a canary. It returns the body of the answer, JSON exactly as
// received, and when it came. An answer of 400 or above is a *statusError.
func (c *client) get(ctx context.Context, path string, params map[string][]string) ([]byte, time.Time, error) {
	return c.getIn(ctx, c.namespace, path, params)
}

// getIn is get in another namespace.
func (c *client) getIn(ctx context.Context, namespace, path string, params map[string][]string) ([]byte, time.Time, error) {
	body, at, err := c.send(ctx, call{namespace: namespace, path: path, params: params})
	if err == nil {
		c.asked.note(namespace, path, body, at)
	}
	return body, at, err
}

// send asks with a token that is kept alive. It is safe for concurrent use.
func (c *client) send(ctx context.Context, q call) ([]byte, time.Time, error) {
	q.token = c.stay(ctx)
	return c.exchange(ctx, q)
}

// exchange sends one request as it is.
func (c *client) exchange(ctx context.Context, q call) ([]byte, time.Time, error) {
	to := c.api.WithNamespace(q.namespace) // a copy: the token is set on it alone
	to.SetToken(q.token)
	var resp *api.Response
	var err error
	if q.body == nil {
		resp, err = to.Logical().ReadRawWithDataWithContext(ctx, q.path, q.params)
	} else {
		resp, err = to.Logical().WriteRawWithContext(ctx, q.path, q.body)
	}
	at := c.now().UTC()
	if resp == nil || resp.Body == nil {
		if err == nil {
			err = errors.New("no answer")
		}
		return nil, at, q.hush(httpretry.WithoutURL(err))
	}
	defer resp.Body.Close()
	body, readErr := io.ReadAll(resp.Body)
	if resp.StatusCode >= http.StatusBadRequest && q.secret {
		return nil, at, &statusError{code: resp.StatusCode}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, at, &statusError{code: resp.StatusCode, text: errorText(body)}
	}
	if err = errors.Join(err, readErr); err != nil {
		return nil, at, q.hush(httpretry.WithoutURL(err))
	}
	if resp.StatusCode == http.StatusNoContent {
		return nil, at, nil
	}
	if !json.Valid(body) {
		return nil, at, errors.New("the answer is no JSON: is this a Vault, or a proxy before it?")
	}
	return body, at, nil
}

// hush returns err as far as it may be told: net/http quotes an answer that it cannot read.
func (q call) hush(err error) error {
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case !q.secret, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, httpretry.ErrTooLarge):
		return err
	case errors.As(err, &dial):
		return dial
	case errors.As(err, &certificate):
		return certificate
	}
	return errors.New("the answer did not come whole, or is none")
}

// errorText returns what Vault says in an error, in one short line.
func errorText(body []byte) string {
	var answer struct {
		Errors []string `json:"errors"`
	}
	text := string(body)
	if json.Unmarshal(body, &answer) == nil {
		text = strings.Join(answer.Errors, "; ")
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "..."
	}
	return text
}
