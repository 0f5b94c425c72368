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
	"slices"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
	"auditpack/internal/httpretry"
)

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "boundary",
	Version: "3",
	Doc:     "Sessions, targets, users, roles and settings of HashiCorp Boundary, its event logs, and the files of session recordings.",
	Kinds: []evidence.Kind{
		kindScopes, kindScope, kindTargets, kindTarget, kindSessions, kindSession, kindChanges, kindUsers, kindUser, kindGroups, kindGroup,
		kindRoles, kindRole, kindAuthMethods, kindAccounts, kindManagedGroups, kindManagedGroup, kindStores, kindLibraries, kindCatalogs,
		kindHosts, kindRecordings, kindRecording, kindRecordingFiles, kindEventLog, kindOddLines,
	},
	Config: Config{},
	Quotes: []redaction.Quote{
		{Kind: kindEventLog, Field: "serialized", Of: kindEventLog}, // the envelope once more, as base64url
		{Kind: kindOddLines, Field: "head", Of: kindEventLog},
		{Kind: kindOddLines, Field: "recovered", Of: kindEventLog, JSON: true},
	},
	Forgets: []collectors.Window{{What: "terminated sessions", Kind: kindSessions, Keeps: time.Hour,
		Why: "Boundary deletes a session an hour after it ended; what the event log says of it stays"}},
	New: open,
}

// The kinds of records. A plural is pages of a list, a singular single reads with a part each.
const (
	kindScopes         evidence.Kind = "boundary.scopes/1"
	kindScope          evidence.Kind = "boundary.scope/1" // the one at which the lists begin
	kindTargets        evidence.Kind = "boundary.targets/1"
	kindTarget         evidence.Kind = "boundary.target/1"
	kindSessions       evidence.Kind = "boundary.sessions/1"
	kindSession        evidence.Kind = "boundary.session/1"
	kindChanges        evidence.Kind = "boundary.session-changes/1" // pages of a refresh: what was changed or deleted since the collection before
	kindUsers          evidence.Kind = "boundary.users/1"
	kindUser           evidence.Kind = "boundary.user/1"
	kindGroups         evidence.Kind = "boundary.groups/1"
	kindGroup          evidence.Kind = "boundary.group/1"
	kindRoles          evidence.Kind = "boundary.roles/1"
	kindRole           evidence.Kind = "boundary.role/1"
	kindAuthMethods    evidence.Kind = "boundary.auth-methods/1"
	kindAccounts       evidence.Kind = "boundary.accounts/1"
	kindManagedGroups  evidence.Kind = "boundary.managed-groups/1"
	kindManagedGroup   evidence.Kind = "boundary.managed-group/1"
	kindStores         evidence.Kind = "boundary.credential-stores/1"
	kindLibraries      evidence.Kind = "boundary.credential-libraries/1"
	kindCatalogs       evidence.Kind = "boundary.host-catalogs/1"
	kindHosts          evidence.Kind = "boundary.hosts/1"
	kindRecordings     evidence.Kind = "boundary.session-recordings/1"
	kindRecording      evidence.Kind = "boundary.session-recording/1"
	kindRecordingFiles evidence.Kind = "boundary.recording-files/1" // an inventory of the storage bucket, made here
	kindEventLog       evidence.Kind = "boundary.event-log/1"       // whole lines of an event log
	kindOddLines       evidence.Kind = "boundary.event-odd-lines/1" // derived: the lines of one segment that were kept aside
)

// Config is the section of a source of type boundary in auditpack.yaml. One of Address (or BOUNDARY_ADDR), EventLogs and Recordings is
// required.
type Config struct {
	Address            string   `yaml:"address" jsonschema:"description=URL of a controller such as https://boundary.example.com:9200; BOUNDARY_ADDR when empty"`
	Scope              string   `yaml:"scope" jsonschema:"description=Where the recursive lists begin: global (the default) or an organization o_... or a project p_..."`
	AuthMethod         string   `yaml:"auth_method" jsonschema:"description=Auth method ampw_... or amldap_... to log in with as login_name; without it a token is used"`
	LoginName          string   `yaml:"login_name" jsonschema:"description=Login name of the account that collects; goes with auth_method"`
	PasswordFile       string   `yaml:"password_file" jsonschema:"description=File that holds the password of login_name; BOUNDARY_PASSWORD when empty"`
	TokenFile          string   `yaml:"token_file" jsonschema:"description=File that holds an auth token or app token; BOUNDARY_TOKEN when empty"`
	CACert             string   `yaml:"ca_cert" jsonschema:"description=PEM file of the authority that signed the controller's certificate; BOUNDARY_CACERT when empty"`
	TLSServerName      string   `yaml:"tls_server_name" jsonschema:"description=Name that the controller's certificate must have when it is not that of the address; BOUNDARY_TLS_SERVER_NAME when empty"`
	ConfigurationEvery string   `yaml:"configuration_every" jsonschema:"description=How often what changes seldom (users and groups and roles and auth methods and credential stores and host catalogs and recordings and sources of targets) is asked for: a duration such as 6h; 1h when empty; 0s for every collection"`
	Skip               []string `yaml:"skip" jsonschema:"enum=users,enum=groups,enum=roles,enum=auth-methods,enum=accounts,enum=managed-groups,enum=target reads,enum=credential-stores,enum=credential-libraries,enum=host-catalogs,enum=hosts,enum=session-recordings,description=Parts that are not asked for; what hangs on a list is left out with it"`
	Recordings         string   `yaml:"recordings" jsonschema:"description=Folder that is a copy or mount of the storage bucket of session recordings and holds the folders sr_....bsr; prefix of the bucket included"`
	RecordingsEvery    string   `yaml:"recordings_every" jsonschema:"description=How often the files in recordings are listed and hashed: a duration such as 168h; 24h when empty; 0s for every collection"`
	EventLogs          []string `yaml:"event_logs" jsonschema:"description=Files or globs of event logs; plain or .gz or .zst"`
}

// maxBodyBytes bounds an answer. A page of 1000 sessions has some 1.5 MB; the fact files take no larger one either.
const maxBodyBytes = 16 << 20

// collector asks one Boundary.
type collector struct {
	config      Config
	env         collectors.Env
	every       time.Duration // between two collections of what changes seldom, at least
	credentials credentials

	recordingsEvery time.Duration // between two inventories of recordings' files, at least

	sleep    func(context.Context, time.Duration) error // between attempts; nil: real time
	patience time.Duration                              // with one attempt
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
	if cfg.TLSServerName == "" {
		cfg.TLSServerName = env.Getenv("BOUNDARY_TLS_SERVER_NAME")
	}
	if cfg.ConfigurationEvery == "" {
		cfg.ConfigurationEvery = "1h"
	}
	if cfg.RecordingsEvery == "" {
		cfg.RecordingsEvery = "24h"
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	every, err := time.ParseDuration(cfg.ConfigurationEvery)
	if err != nil {
		return nil, err
	}
	recordingsEvery, err := time.ParseDuration(cfg.RecordingsEvery)
	if err != nil {
		return nil, err
	}
	c := &collector{config: cfg, env: env, every: every, recordingsEvery: recordingsEvery, patience: attemptTimeout}
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
	add(c.Address == "" && len(c.EventLogs) == 0 && c.Recordings == "", "none of address (or BOUNDARY_ADDR), event_logs and recordings is set")
	if c.Address != "" {
		errs = append(errs, checkAddress(c.Address))
	}
	add(!validScope(c.Scope), "scope %q: want global, o_... or p_...", c.Scope)
	add(strings.HasPrefix(c.AuthMethod, "amoidc_"), "auth_method %q: OIDC needs a browser; give the collector a token or an account with a password", c.AuthMethod)
	add(c.AuthMethod != "" && !strings.HasPrefix(c.AuthMethod, "am"), "auth_method %q: want ampw_... or amldap_...", c.AuthMethod)
	add(c.AuthMethod != "" && c.LoginName == "", "auth_method needs login_name")
	add(c.AuthMethod != "" && c.TokenFile != "", "auth_method and token_file exclude each other")
	add(c.AuthMethod == "" && (c.LoginName != "" || c.PasswordFile != ""), "login_name and password_file need auth_method")
	every, err := time.ParseDuration(c.ConfigurationEvery)
	add(err != nil || every < 0, "configuration_every %q: want a duration such as 6h or 30m", c.ConfigurationEvery)
	every, err = time.ParseDuration(c.RecordingsEvery)
	add(err != nil || every < 0, "recordings_every %q: want a duration such as 168h or 24h", c.RecordingsEvery)
	for _, name := range c.Skip {
		add(!slices.Contains(optionalParts(), name), "skip: %q is not one of %s", name, strings.Join(optionalParts(), ", "))
	}
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

// Collect asks the API, when an address is configured, and then reads the event logs and the files of recordings. What fails is the outcome of the part
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
	if c.config.Recordings != "" {
		next.RecordingFiles = c.collectRecordings(ctx, next.RecordingFiles, out)
	}
	return errors.Join(out.SetCursor(next), ctx.Err())
}

// newClient returns a client without a token.
func (c *collector) newClient() (*client, error) {
	h := c.env.HTTP()
	if err := c.configureTLS(h); err != nil {
		return nil, err
	}
	base := h.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	h.Transport = &patient{base: base, limit: c.patience}
	out := &client{
		http:    httpretry.Client(h, &httpretry.Transport{MaxBodyBytes: maxBodyBytes, Sleep: c.sleep}),
		address: c.config.Address,
		tool:    c.env.Tool,
	}
	out.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token goes to the configured address only
	return out, nil
}

// configureTLS makes h trust ca_cert, and want tls_server_name of the controller.
func (c *collector) configureTLS(h *http.Client) error {
	if c.config.CACert == "" && c.config.TLSServerName == "" {
		return nil
	}
	t, ok := h.Transport.(*http.Transport)
	if !ok {
		return errors.New("use ca_cert or tls_server_name: the HTTP transport takes neither")
	}
	t = t.Clone()
	t.TLSClientConfig = &tls.Config{ServerName: c.config.TLSServerName, MinVersion: tls.VersionTLS12}
	if c.config.CACert != "" {
		pem, err := readFile(c.env, c.config.CACert, 1<<20)
		if err != nil {
			return fmt.Errorf("read ca_cert: %w", err)
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("read ca_cert: %q holds no PEM certificate", c.config.CACert)
		}
	}
	h.Transport = t
	return nil
}
