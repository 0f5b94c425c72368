package boundary

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/httpretry"
)

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "boundary",
	Version: "1",
	Doc:     "Sessions, targets and scopes of HashiCorp Boundary, and its event logs.",
	Kinds:   []evidence.Kind{kindScopes, kindTargets, kindSessions, kindSession, kindEventLog, kindOddLines},
	Config:  Config{},
	Forgets: []collectors.Window{{What: "terminated sessions", Kind: kindSessions, Keeps: time.Hour,
		Why: "Boundary deletes a session an hour after it ended; what the event log says of it stays"}},
	New: open,
}

// The kinds of records.
const (
	kindScopes   evidence.Kind = "boundary.scopes/1"          // pages of the list of scopes
	kindTargets  evidence.Kind = "boundary.targets/1"         // pages of the list of targets
	kindSessions evidence.Kind = "boundary.sessions/1"        // pages of the list of sessions
	kindSession  evidence.Kind = "boundary.session/1"         // single sessions, one part each
	kindEventLog evidence.Kind = "boundary.event-log/1"       // whole lines of an event log
	kindOddLines evidence.Kind = "boundary.event-odd-lines/1" // derived: the lines of one segment that were kept aside
)

// Config is the section of a source of type boundary in auditpack.yaml. One of Address (or BOUNDARY_ADDR) and EventLogs is
// required.
type Config struct {
	Address      string   `yaml:"address" jsonschema:"description=URL of a controller such as https://boundary.example.com:9200; BOUNDARY_ADDR when empty"`
	Scope        string   `yaml:"scope" jsonschema:"description=Where the recursive lists begin: global (the default) or an organization o_... or a project p_..."`
	AuthMethod   string   `yaml:"auth_method" jsonschema:"description=Auth method ampw_... or amldap_... to log in with as login_name; without it a token is used"`
	LoginName    string   `yaml:"login_name" jsonschema:"description=Login name of the account that collects; goes with auth_method"`
	PasswordFile string   `yaml:"password_file" jsonschema:"description=File that holds the password of login_name; BOUNDARY_PASSWORD when empty"`
	TokenFile    string   `yaml:"token_file" jsonschema:"description=File that holds an auth token or app token; BOUNDARY_TOKEN when empty"`
	CACert       string   `yaml:"ca_cert" jsonschema:"description=PEM file of the authority that signed the controller's certificate; BOUNDARY_CACERT when empty"`
	EventLogs    []string `yaml:"event_logs" jsonschema:"description=Files or globs of event logs; plain or .gz or .zst"`
}

// maxBodyBytes bounds an answer. A page of 1000 sessions has some 1.5 MB; the fact files take no larger one either.
const maxBodyBytes = 16 << 20

// collector asks one Boundary.
type collector struct {
	config      Config
	env         collectors.Env
	credentials credentials
	sleep       func(context.Context, time.Duration) error // between attempts; nil: real time
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	var cfg Config
	if err := decode(&cfg); err != nil {
		return nil, err
	}
	if cfg.Address == "" {
		cfg.Address = env.Getenv("BOUNDARY_ADDR")
	}
	if cfg.Scope == "" {
		cfg.Scope = "global"
	}
	if cfg.CACert == "" {
		cfg.CACert = env.Getenv("BOUNDARY_CACERT")
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &collector{config: cfg, env: env}
	c.config.Address = strings.TrimRight(cfg.Address, "/")
	if cfg.AuthMethod != "" {
		c.credentials = credentials{authMethod: cfg.AuthMethod, loginName: cfg.LoginName,
			password: secretFrom(env, cfg.PasswordFile, "BOUNDARY_PASSWORD", "password_file")}
	} else {
		c.credentials = credentials{token: secretFrom(env, cfg.TokenFile, "BOUNDARY_TOKEN", "token_file")}
	}
	return c, nil
}

// validate reports everything that is wrong with c.
func (c Config) validate() error {
	var errs []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(c.Address == "" && len(c.EventLogs) == 0, "neither address (or BOUNDARY_ADDR) nor event_logs is set")
	if c.Address != "" {
		errs = append(errs, checkAddress(c.Address))
	}
	add(!validScope(c.Scope), "scope %q: want global, o_... or p_...", c.Scope)
	add(strings.HasPrefix(c.AuthMethod, "amoidc_"), "auth_method %q: OIDC needs a browser; give the collector a token or an account with a password", c.AuthMethod)
	add(c.AuthMethod != "" && !strings.HasPrefix(c.AuthMethod, "am"), "auth_method %q: want ampw_... or amldap_...", c.AuthMethod)
	add(c.AuthMethod != "" && c.LoginName == "", "auth_method needs login_name")
	add(c.AuthMethod != "" && c.TokenFile != "", "auth_method and token_file exclude each other")
	add(c.AuthMethod == "" && (c.LoginName != "" || c.PasswordFile != ""), "login_name and password_file need auth_method")
	for _, pattern := range c.EventLogs {
		_, err := path.Match(filepath.ToSlash(pattern), "")
		add(err != nil || pattern == "", "event_logs: %q is not a glob", pattern)
	}
	return errors.Join(errs...)
}

func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("address is not a URL") // the parser's error would show a password in it
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return fmt.Errorf("address %q: want https://host:port", u.Redacted())
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return errors.New("address holds credentials, a query or a fragment: give scheme, host and port only")
	}
	return nil
}

func validScope(id string) bool {
	return id == "global" || len(id) > 2 && (strings.HasPrefix(id, "o_") || strings.HasPrefix(id, "p_"))
}

// Collect asks the API, when an address is configured, and then reads the event logs. What fails is the outcome of the part
// that was asked; it returns an error only when ctx is done or the cursor cannot be read or set.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	var next cursor
	if _, err := out.Cursor(&next); err != nil {
		return err
	}
	if c.config.Address != "" {
		next.API = c.collectAPI(ctx, next.API, out)
	}
	if len(c.config.EventLogs) > 0 {
		next.Logs = c.collectEventLogs(ctx, next.Logs, out)
	}
	return errors.Join(out.SetCursor(next), ctx.Err())
}

// newClient returns a client without a token.
func (c *collector) newClient() (*client, error) {
	h := c.env.HTTP()
	if c.config.CACert != "" {
		pem, err := readFile(c.env, c.config.CACert, 1<<20)
		if err != nil {
			return nil, fmt.Errorf("read ca_cert: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read ca_cert: %q holds no PEM certificate", c.config.CACert)
		}
		t, ok := h.Transport.(*http.Transport)
		if !ok {
			return nil, errors.New("use ca_cert: the HTTP transport takes no authorities")
		}
		t = t.Clone()
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		h.Transport = t
	}
	return &client{
		http:    httpretry.Client(h, &httpretry.Transport{MaxBodyBytes: maxBodyBytes, Sleep: c.sleep}),
		address: c.config.Address,
		tool:    c.env.Tool,
	}, nil
}
