package terraform

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// The kinds of evidence that this collector adds. Each body is as the API documentation has it: a JSON:API document, but for the
// audit trail, which is JSON of its own form, and the logs of policy checks, which are text.
const (
	KindOrganization        evidence.Kind = "terraform.organization/1"
	KindEntitlements        evidence.Kind = "terraform.entitlements/1"
	KindProjects            evidence.Kind = "terraform.projects/1"
	KindWorkspaces          evidence.Kind = "terraform.workspaces/1"
	KindTeams               evidence.Kind = "terraform.teams/1"
	KindMemberships         evidence.Kind = "terraform.organization-memberships/1"
	KindTeamAccess          evidence.Kind = "terraform.team-access/1"
	KindProjectAccess       evidence.Kind = "terraform.team-project-access/1"
	KindPolicySets          evidence.Kind = "terraform.policy-sets/1"
	KindPolicies            evidence.Kind = "terraform.policies/1"
	KindOrganizationTokens  evidence.Kind = "terraform.organization-tokens/1"
	KindTeamTokens          evidence.Kind = "terraform.team-tokens/1"
	KindUserTokens          evidence.Kind = "terraform.user-tokens/1"
	KindAgentPools          evidence.Kind = "terraform.agent-pools/1"
	KindAgentTokens         evidence.Kind = "terraform.agent-tokens/1"
	KindMetricsTokens       evidence.Kind = "terraform.metrics-tokens/1"
	KindRuns                evidence.Kind = "terraform.runs/1"
	KindPolicyChecks        evidence.Kind = "terraform.policy-checks/1"
	KindPolicyCheckLogs     evidence.Kind = "terraform.policy-check-logs/1"
	KindTaskStages          evidence.Kind = "terraform.task-stages/1"
	KindPolicyEvaluations   evidence.Kind = "terraform.policy-evaluations/1"
	KindPolicySetOutcomes   evidence.Kind = "terraform.policy-set-outcomes/1"
	KindTFPolicyEvaluations evidence.Kind = "terraform.tf-policy-evaluations/1"
	KindRunEvents           evidence.Kind = "terraform.run-events/1"
	KindAuditTrail          evidence.Kind = "terraform.audit-trail/1"
)

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "terraform",
	Version: "3",
	Doc:     "Workspaces, runs, policies and their results, teams and access, API tokens, and the audit trail of HCP Terraform or Terraform Enterprise.",
	Kinds: []evidence.Kind{KindOrganization, KindEntitlements, KindProjects, KindWorkspaces, KindTeams, KindMemberships, KindTeamAccess,
		KindProjectAccess, KindPolicySets, KindPolicies, KindOrganizationTokens, KindTeamTokens, KindUserTokens, KindAgentPools, KindAgentTokens, KindMetricsTokens, KindRuns, KindPolicyChecks, KindPolicyCheckLogs, KindTaskStages,
		KindPolicyEvaluations, KindPolicySetOutcomes, KindTFPolicyEvaluations, KindRunEvents, KindAuditTrail},
	Config: Config{},
	Forgets: []collectors.Window{{What: "audit trail entries", Kind: KindAuditTrail, Keeps: 14 * 24 * time.Hour,
		Why: "HCP Terraform keeps the audit trail of an organization for 14 days"}},
	New: open,
}

const (
	defaultAddress  = "https://app.terraform.io"
	defaultLookback = 30 // days
	maxLookback     = 3650
)

// tokenParts need rights to change what they read, so they are asked for on demand alone; skippable are all parts that may be left out.
var (
	tokenParts = []string{organizationTokens, teamTokens, userTokens, agentTokens, metricsTokens}
	skippable  = append([]string{policySets, policies}, tokenParts...)
)

// Config is a source of type "terraform" in auditpack.yaml. Tokens come from the variables TFE_TOKEN and TFE_AUDIT_TOKEN or from
// files, never from this file.
type Config struct {
	Address        string   `yaml:"address" jsonschema:"description=URL of HCP Terraform or Terraform Enterprise; default: TFE_ADDRESS or https://app.terraform.io"`
	Organization   Names    `yaml:"organization" jsonschema:"required,oneof_type=string;array,description=Name of the organization or a list of names"`
	TokenFile      string   `yaml:"token_file" jsonschema:"description=File that holds the API token; default: the variable TFE_TOKEN"`
	AuditTokenFile Files    `yaml:"audit_token_file" jsonschema:"oneof_type=string;object,description=File that holds an organization token or audit trails token for the audit trail; for several organizations a file for each name; default: the variable TFE_AUDIT_TOKEN"`
	CAFile         string   `yaml:"ca_file" jsonschema:"description=PEM file of certificate authorities to trust besides the system's; for Terraform Enterprise"`
	LookbackDays   *int     `yaml:"lookback_days" jsonschema:"minimum=0,maximum=3650,description=How many days before the period a run may have been created and still be found when it was applied in the period; default: 30"`
	Skip           []string `yaml:"skip" jsonschema:"enum=policy sets,enum=policies,enum=organization tokens,enum=team tokens,enum=user tokens,enum=agent tokens,enum=metrics tokens,description=Parts that are not asked for; default: the lists of tokens; [] asks for everything"`
	Requests       *int     `yaml:"requests_per_second" jsonschema:"minimum=1,maximum=1000,description=How many requests are sent in a second; default: two thirds of what the server announces (HCP Terraform: 30)"`
}

// Names is one name or a list of names.
type Names []string

// UnmarshalYAML takes a text or a list of texts.
func (n *Names) UnmarshalYAML(decode func(any) error) error {
	var one string
	if decode(&one) == nil {
		*n = Names{one}
		return nil
	}
	var many []string
	if err := decode(&many); err != nil {
		return errors.New("organization: want a name or a list of names")
	}
	*n = many
	return nil
}

// collector asks one server. It keeps nothing between collections but its configuration.
type collector struct {
	env        collectors.Env
	address    *url.URL
	orgs       []string
	tokenFile  string
	auditFiles Files
	caFile     string
	lookback   time.Duration
	skip       []string
	perSecond  int                                        // 0: what the server announces decides
	sleep      func(context.Context, time.Duration) error // between attempts; nil: a timer
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	var cfg Config
	if err := decode(&cfg); err != nil {
		return nil, err
	}
	c := &collector{env: env, orgs: cfg.Organization, tokenFile: cfg.TokenFile, auditFiles: cfg.AuditTokenFile, caFile: cfg.CAFile, skip: cfg.Skip}
	var errs []error
	var err error
	if c.address, err = parseAddress(firstSet(cfg.Address, env.Getenv("TFE_ADDRESS"), defaultAddress)); err != nil {
		errs = append(errs, err)
	}
	if len(c.orgs) == 0 {
		errs = append(errs, errors.New("organization is not set"))
	}
	seen := map[string]bool{}
	for _, org := range c.orgs {
		if strings.TrimSpace(org) == "" || seen[org] {
			errs = append(errs, fmt.Errorf("organization: %q is empty or occurs twice", org))
		}
		seen[org] = true
	}
	days := defaultLookback
	if cfg.LookbackDays != nil {
		days = *cfg.LookbackDays
	}
	if days < 0 || days > maxLookback {
		errs = append(errs, fmt.Errorf("lookback_days: got %d, want 0 to %d", days, maxLookback))
	}
	c.lookback = time.Duration(days) * 24 * time.Hour
	if cfg.Requests != nil {
		c.perSecond = *cfg.Requests
		if c.perSecond < 1 || c.perSecond > maxPace {
			errs = append(errs, fmt.Errorf("requests_per_second: got %d, want 1 to %d", c.perSecond, maxPace))
		}
	}
	if c.skip == nil {
		c.skip = tokenParts
	}
	for _, part := range c.skip {
		if !slices.Contains(skippable, part) {
			errs = append(errs, fmt.Errorf("skip: %q is none of %s", part, strings.Join(skippable, ", ")))
		}
	}
	errs = append(errs, c.auditFiles.check(c.orgs))
	return c, errors.Join(errs...)
}

// parseAddress takes what people write: a URL, or a host name alone. It refuses an address that holds credentials, since the
// address is part of every record.
func parseAddress(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("address: not a URL") // url's error repeats the text, which may hold a password
	}
	switch {
	case u.User != nil:
		return nil, errors.New("address holds credentials: put the token into TFE_TOKEN or token_file")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return nil, fmt.Errorf("address %q: want https://host", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("address: want no query and no fragment")
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/api/v2"), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}, nil
}

// Collect asks each organization in turn. One that fails does not stop the others; when all failed, so did the source.
func (c *collector) Collect(ctx context.Context, p evidence.Period, out collectors.Sink) error {
	s, err := c.connect(ctx)
	if err != nil {
		return err
	}
	var last cursor
	if _, err := out.Cursor(&last); err != nil {
		return err
	}
	next := cursor{Format: cursorFormat, Organizations: map[string]orgCursor{}}
	var errs []error
	for _, name := range c.orgs {
		o := newOrganization(s, name, p, out, last.organization(name))
		o.save = func(after orgCursor) error {
			next.Organizations[name] = after
			return out.SetCursor(next.with(last))
		}
		err := o.collect(ctx)
		if err != nil {
			errs = append(errs, err)
		}
		if fatal(err) || ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
	if len(errs) == len(c.orgs) {
		return errors.Join(errs...)
	}
	return nil
}

func firstSet(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
