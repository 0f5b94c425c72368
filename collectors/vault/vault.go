package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"auditpack/collectors"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
	"auditpack/internal/lines"
)

// The kinds of evidence.
const (
	KindAuditLog         evidence.Kind = "vault.audit-log/1"         // a segment of whole lines of an audit log
	KindOddLines         evidence.Kind = "vault.audit-odd-lines/1"   // derived: the odd lines of one segment
	KindAuditDevices     evidence.Kind = "vault.audit-devices/1"     // the answer of sys/audit
	KindAuthMethods      evidence.Kind = "vault.auth-methods/1"      // of sys/auth
	KindMounts           evidence.Kind = "vault.mounts/1"            // of sys/mounts
	KindPolicies         evidence.Kind = "vault.acl-policies/1"      // of sys/policies/acl/NAME, a part for each policy
	KindHealth           evidence.Kind = "vault.health/1"            // of sys/health
	KindSealStatus       evidence.Kind = "vault.seal-status/1"       // of sys/seal-status
	KindLeader           evidence.Kind = "vault.leader/1"            // of sys/leader
	KindHAStatus         evidence.Kind = "vault.ha-status/1"         // of sys/ha-status
	KindReplication      evidence.Kind = "vault.replication/1"       // of sys/replication/status
	KindVersions         evidence.Kind = "vault.version-history/1"   // of sys/version-history
	KindNamespaces       evidence.Kind = "vault.namespaces/1"        // of sys/namespaces, a part for each namespace that has some
	KindPasswordPolicies evidence.Kind = "vault.password-policies/1" // of sys/policies/password/NAME
	KindEntities         evidence.Kind = "vault.entities/1"          // of identity/entity/id/ID, with the list
	KindEntityAliases    evidence.Kind = "vault.entity-aliases/1"    // of identity/entity-alias/id
	KindGroups           evidence.Kind = "vault.groups/1"            // of identity/group/id/ID, with the list
	KindGroupAliases     evidence.Kind = "vault.group-aliases/1"     // of identity/group-alias/id
	KindMFAMethods       evidence.Kind = "vault.mfa-methods/1"       // of identity/mfa/method
	KindMFAEnforcements  evidence.Kind = "vault.mfa-enforcements/1"  // of identity/mfa/login-enforcement/NAME, with the list
	KindTuning           evidence.Kind = "vault.tuning/1"            // of sys/mounts/PATH/tune, a part for each mount
	KindAuthRoles        evidence.Kind = "vault.auth-roles/1"        // roles, users or settings of one auth method, with the list
	KindEngineRoles      evidence.Kind = "vault.engine-roles/1"      // roles or leases of one secrets engine, with the list
	KindTransitKeys      evidence.Kind = "vault.transit-keys/1"      // keys of one transit engine, without their bytes, with the list
	KindTokens           evidence.Kind = "vault.tokens/1"            // of auth/token/lookup-accessor, with the list of accessors
	KindCanary           evidence.Kind = "vault.canary/1"            // requests of a collection, which the log must have
)

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "vault",
	Version: "1",
	Doc:     "Audit logs of HashiCorp Vault from files; devices, methods, roles, policies, identities, tokens and state from a live server.",
	Kinds: []evidence.Kind{KindAuditLog, KindOddLines, KindAuditDevices, KindAuthMethods, KindMounts, KindPolicies, KindHealth, KindCanary,
		KindSealStatus, KindLeader, KindHAStatus, KindReplication, KindVersions, KindNamespaces, KindPasswordPolicies, KindEntities, KindEntityAliases,
		KindGroups, KindGroupAliases, KindMFAMethods, KindMFAEnforcements, KindTuning, KindAuthRoles, KindEngineRoles, KindTransitKeys, KindTokens},
	Config: Config{},
	Quotes: []redaction.Quote{
		{Kind: KindOddLines, Field: "head", Of: KindAuditLog},
		{Kind: KindOddLines, Field: "recovered", Of: KindAuditLog, JSON: true},
	},
	Forgets: []collectors.Window{{What: "audit log files", Kind: KindAuditLog,
		Why: "the rotation on their machine decides how long they stay: collect more often than it drops a file"}},
	New: open,
}

// Config is the section of a source of type vault. At least one of Address and AuditLogs is set, or VAULT_ADDR.
type Config struct {
	AuditLogs []string `yaml:"audit_logs" json:"audit_logs,omitempty" jsonschema:"description=Files or globs of audit logs; rotated and compressed ones (.gz or .zst) belong in here too"`
	Prefix    string   `yaml:"prefix" json:"prefix,omitempty" jsonschema:"description=The prefix option of the audit device: what stands before each entry"`
	LogRaw    string   `yaml:"log_raw" json:"log_raw,omitempty" jsonschema:"enum=refuse,enum=redact,description=What is done with the log of a device that writes secrets in the clear: nothing of it is stored (refuse; the default) or the secrets are replaced before storing (redact)"`
	Address   string   `yaml:"address" json:"address,omitempty" jsonschema:"description=URL of the live Vault; without it and without audit_logs VAULT_ADDR is taken"`
	Namespace string   `yaml:"namespace" json:"namespace,omitempty" jsonschema:"description=Namespace to ask in; VAULT_NAMESPACE when empty"`
	TokenFile string   `yaml:"token_file" json:"token_file,omitempty" jsonschema:"description=File that holds the token; VAULT_TOKEN when empty"`
	Login     Login    `yaml:"login" json:"login,omitzero" jsonschema:"description=How to log in for a token of this collection's own; it is given back at its end"`
	Skip      []string `yaml:"skip" json:"skip,omitempty" jsonschema:"enum=server,enum=identity,enum=mfa,enum=password-policies,enum=tuning,enum=auth-roles,enum=engine-roles,enum=transit-keys,enum=tokens,enum=namespaces,description=Sections of the live Vault that are not asked for"`
	MaxTokens int      `yaml:"max_tokens" json:"max_tokens,omitempty" jsonschema:"minimum=0,description=How many tokens are looked up by their accessors in each namespace; 1000 when 0"`
	CACert    string   `yaml:"ca_cert" json:"ca_cert,omitempty" jsonschema:"description=PEM file of the authorities that the server's certificate must come from; VAULT_CACERT when empty"`
}

type collector struct {
	Config
	env          collectors.Env
	open         func(path string) (file, error)
	segmentBytes int64 // at most, about
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	c := &collector{env: env, open: func(path string) (file, error) { return os.Open(path) }, segmentBytes: lines.DefaultSegmentBytes}
	if err := decode(&c.Config); err != nil {
		return nil, err
	}
	var errs []error
	for i, pattern := range c.AuditLogs {
		if strings.TrimSpace(pattern) == "" {
			errs = append(errs, fmt.Errorf("audit_logs, entry %d: is empty", i+1))
		}
	}
	if c.LogRaw != "" && c.LogRaw != logRawRefuse && c.LogRaw != logRawRedact {
		errs = append(errs, fmt.Errorf("log_raw %q: want %s or %s", c.LogRaw, logRawRefuse, logRawRedact))
	}
	if strings.ContainsAny(c.Prefix, "\n\r") {
		errs = append(errs, fmt.Errorf("prefix %q: holds a line end", c.Prefix))
	}
	if c.Address != "" {
		errs = append(errs, checkAddress(c.Address))
	}
	for _, name := range c.Skip {
		if !slices.Contains(sections, name) {
			errs = append(errs, fmt.Errorf("skip: %q is no section: want some of %s", name, strings.Join(sections, ", ")))
		}
	}
	if c.MaxTokens < 0 {
		errs = append(errs, fmt.Errorf("max_tokens %d: want a number of tokens", c.MaxTokens))
	}
	errs = append(errs, c.Login.check(c.TokenFile))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.MaxTokens == 0 {
		c.MaxTokens = defaultMaxTokens
	}
	return c, nil
}

// checkAddress refuses what is no URL of a server, and one that holds credentials, which would come out in records.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("address: not a URL: want one like https://vault.example:8200")
	case u.User != nil:
		return errors.New("address holds credentials: take them out and set VAULT_TOKEN or token_file")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return fmt.Errorf("address %q: want a URL like https://vault.example:8200", address)
	}
	return nil
}

// Collect implements collectors.Collector. The period is not a filter: what is new in the logs is collected, whatever it
// speaks about, since a log may be gone when somebody asks for another period.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	address := c.Address
	if address == "" && len(c.AuditLogs) == 0 {
		if address = c.env.Getenv("VAULT_ADDR"); address == "" {
			return errors.New("nothing to ask: set audit_logs or address, or VAULT_ADDR")
		}
		if err := checkAddress(address); err != nil {
			return fmt.Errorf("VAULT_ADDR: %w", err)
		}
	}
	var about evidence.Source
	if address != "" {
		about = c.collectLive(ctx, address, out)
	}
	if len(c.AuditLogs) > 0 {
		if err := c.collectLogs(ctx, about, out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// denied says whether err is the file system refusing access.
func denied(err error) bool { return errors.Is(err, fs.ErrPermission) }
