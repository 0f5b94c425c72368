package codeowners

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/httpretry"
)

const (
	defaultAddress = "https://api.github.com"
	apiVersion     = "2022-11-28" // of the REST API; the oldest that is documented, which servers of companies have too

	// maxBodyBytes bounds one answer: a page of a hundred pull requests with long descriptions is a few MiB.
	maxBodyBytes = 16 << 20

	// maxFailures is how many requests in a row may fail for good before the server counts as down and is left alone.
	maxFailures = 3
)

// GitHub is how the server of the repository is asked. The token comes from the variable GITHUB_TOKEN or from TokenFile, never
// from this file.
type GitHub struct {
	Address    string `yaml:"address" jsonschema:"description=URL of the REST API; default: https://api.github.com; of GitHub Enterprise Server it ends in /api/v3"`
	Repository string `yaml:"repository" jsonschema:"required,description=OWNER/NAME"`
	TokenFile  string `yaml:"token_file" jsonschema:"description=File that holds the API token; default: the variable GITHUB_TOKEN"`
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$`)

// validateGitHub returns the address, nil where no server is configured.
func validateGitHub(g *GitHub) (*url.URL, error) {
	if g == nil {
		return nil, nil
	}
	var errs []error
	address, err := parseAddress(g.Address)
	if err != nil {
		errs = append(errs, err)
	}
	if !namePattern.MatchString(g.Repository) {
		errs = append(errs, fmt.Errorf("github.repository: got %q, want OWNER/NAME", g.Repository))
	}
	return address, errors.Join(errs...)
}

// parseAddress refuses an address that holds credentials, since the address is part of every record.
func parseAddress(s string) (*url.URL, error) {
	if s == "" {
		s = defaultAddress
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("github.address: not a URL") // url's error repeats the text, which may hold a password
	}
	switch {
	case u.User != nil:
		return nil, errors.New("github.address holds credentials: put the token into GITHUB_TOKEN or token_file")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("github.address %q: want https://host, with /api/v3 for GitHub Enterprise Server", u.Redacted())
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")}, nil
}

// session is one collection's connection to the server. It asks one thing after the other, as GitHub wants it.
//
// Source: GitHub REST API documentation, "Best practices for using the REST API", as of 2026-11.
type session struct {
	address    *url.URL
	repository string // OWNER/NAME
	token      string
	tool       string
	client     *http.Client
	principal  string
	version    string // of GitHub Enterprise Server, or of the API
	failures   int
	stopped    error // asked no more: the token is refused or the server is down
}

func (c *collector) readToken() (string, error) {
	token, from := c.env.Getenv("GITHUB_TOKEN"), "GITHUB_TOKEN"
	if name := c.config.GitHub.TokenFile; name != "" {
		b, err := fs.ReadFile(c.env.Open(filepath.Dir(name)), filepath.Base(name))
		if err != nil {
			return "", fmt.Errorf("read token_file: %w", err)
		}
		token, from = string(b), "token_file"
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return "", errors.New("no API token: set GITHUB_TOKEN or github.token_file")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%s holds more than one token: want one line of visible ASCII", from)
	}
	return token, nil
}

// connect learns who asks. A server that does not say is no failure; one that refuses the token ends the asking.
func (c *collector) connect(ctx context.Context) (*session, error) {
	token, err := c.readToken()
	if err != nil {
		return nil, err
	}
	client := c.env.HTTP()
	base := client.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	client.Transport = &httpretry.Transport{
		Base: &limited{base: base, timeout: c.timeout}, MaxBodyBytes: maxBodyBytes, MaxWait: maxWait, Sleep: c.sleep,
	}
	client.CheckRedirect = sameHost(c.address)
	s := &session{address: c.address, repository: c.config.GitHub.Repository, token: token, tool: c.env.Tool, client: client}
	s.principal = "an API token whose owner the server does not name"
	a, err := s.get(ctx, s.url("/user", nil), "/user")
	if s.stopped != nil || ctx.Err() != nil {
		return s, err
	}
	var user struct {
		Login string `json:"login"`
	}
	if err == nil && json.Unmarshal(a.body, &user) == nil && user.Login != "" {
		s.principal = "user " + user.Login
	}
	return s, nil
}

// sameHost lets a client follow redirects on the configured server only: a renamed repository answers with one.
func sameHost(address *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if req.URL.Scheme != address.Scheme || req.URL.Host != address.Host {
			return errors.New("server sends us to another host; the token is not sent there: correct the address")
		}
		const limit = 5 // a repository that was renamed twice redirects once
		if len(via) > limit {
			return errors.New("server redirects in a circle")
		}
		return nil
	}
}

// url returns the address of an API path.
func (s *session) url(path string, query url.Values) *url.URL {
	u := *s.address
	u.RawPath = u.EscapedPath() + path
	u.Path, _ = url.PathUnescape(u.RawPath)
	u.RawQuery = query.Encode()
	return &u
}

// repo returns the API path of something in the repository.
func (s *session) repo(path string) string { return "/repos/" + s.repository + path }

// answer is a response as it came.
type answer struct {
	name   string // the request: path below the address, and query
	header http.Header
	body   []byte
}

// apiError is an answer that says no.
type apiError struct {
	status  int
	message string // the server's words, shortened, without the token
	sso     bool   // the token lacks the authorization of an organization with single sign-on
	limited bool   // the rate limit is used up
	answer  answer
}

func (e *apiError) Error() string {
	text := fmt.Sprintf("server answers %d %s", e.status, http.StatusText(e.status))
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}

// get asks for u; name is what the answer is called in records. The error is an apiError for an answer that is not 2xx.
func (s *session) get(ctx context.Context, u *url.URL, name string) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	if s.stopped != nil {
		return answer{}, s.stopped
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, fmt.Errorf("make request for %s: %w", name, err)
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("User-Agent", s.tool)
	req.Header.Set("X-GitHub-Api-Version", apiVersion)
	resp, err := s.client.Do(req)
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	if err != nil {
		return answer{}, s.failed(s.clean(err))
	}
	defer resp.Body.Close()
	body, err := readAll(resp)
	if err != nil {
		return answer{}, s.failed(s.clean(err))
	}
	a := answer{name: name, header: resp.Header, body: body}
	s.learn(resp.Header)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return answer{}, s.refusal(resp, a)
	}
	if !json.Valid(body) {
		return answer{}, s.failed(fmt.Errorf("answer of %d bytes is no JSON", len(body)))
	}
	s.failures = 0
	return a, nil
}

// learn notes what the server says of itself.
func (s *session) learn(h http.Header) {
	if v := h.Get("X-GitHub-Enterprise-Version"); v != "" {
		s.version = "GitHub Enterprise Server " + v
	} else if v := h.Get("X-GitHub-Api-Version-Selected"); v != "" && s.version == "" {
		s.version = "REST API " + v
	}
}

// refusal reads an answer that says no. 401 ends the asking: nothing else can be had with this token.
func (s *session) refusal(resp *http.Response, a answer) error {
	var said struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(a.body, &said) != nil {
		said.Message = ""
	}
	err := &apiError{
		status: resp.StatusCode, message: shorten(strings.ReplaceAll(said.Message, s.token, "[token]")), answer: a,
		sso: strings.HasPrefix(resp.Header.Get("X-GitHub-SSO"), "required"), limited: resp.Header.Get(limitedHeader) != "",
	}
	switch {
	case err.limited:
		s.stopped = fmt.Errorf("not asked, the rate limit is used up: %w", err)
		return err
	case err.status == http.StatusUnauthorized:
		s.stopped = s.refused("", err)
		return s.stopped
	case err.status >= 500:
		return s.failed(err)
	}
	s.failures = 0
	return err
}

// failed counts requests that failed for good.
func (s *session) failed(err error) error {
	s.failures++
	if s.failures >= maxFailures {
		s.stopped = fmt.Errorf("not asked, the last %d requests failed: %w", s.failures, err)
	}
	return err
}

// cleanError is an error whose text was freed of the token.
type cleanError struct {
	text  string
	cause error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.cause }

// clean returns err without URL and without the token, should a server have sent it back.
func (s *session) clean(err error) error {
	err = httpretry.WithoutURL(err)
	if errors.Is(err, context.DeadlineExceeded) {
		return &cleanError{text: "server does not answer in time", cause: err}
	}
	if text := err.Error(); strings.Contains(text, s.token) {
		return &cleanError{text: strings.ReplaceAll(text, s.token, "[token]"), cause: err}
	}
	return err
}

// refused turns an answer into the outcome that it means. GitHub answers 404 also for what the token may not see.
func (s *session) refused(permission string, err error) error {
	var api *apiError
	if !errors.As(err, &api) || api.limited {
		return err
	}
	switch {
	case api.status == http.StatusUnauthorized:
		return &collectors.DeniedError{Permission: "a valid API token in GITHUB_TOKEN or github.token_file", Cause: err}
	case api.sso:
		return &collectors.DeniedError{Permission: "authorization of the token for the organization's single sign-on", Cause: err}
	case api.status == http.StatusForbidden && strings.Contains(api.message, "Upgrade to"):
		return fmt.Errorf("%w: not in the plan: %w", collectors.ErrNotOffered, err)
	case api.status == http.StatusForbidden:
		return &collectors.DeniedError{Permission: permission, Cause: err}
	case api.status == http.StatusNotFound:
		return &collectors.DeniedError{Permission: permission + " (404 is also the answer for what does not exist)", Cause: err}
	}
	return err
}

// source is what every record of the server's answers says of it.
func (s *session) source() evidence.Source {
	return evidence.Source{System: s.address.String(), Version: s.version, Identity: "repository " + s.repository}
}

// shorten bounds foreign text in an error and keeps it on one line.
func shorten(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	const limit = 300 // characters; the longest messages are two sentences and a URL
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}

// maxWait is the longest wait between two attempts. A primary limit that is used up may last an hour; that long nobody is kept
// waiting: the next collection goes on.
const maxWait = 2 * time.Minute
