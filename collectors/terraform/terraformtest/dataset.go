package terraformtest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"auditpack/internal/strictyaml"
)

// Dataset is what one organization holds. Times are UTC; a zero time is one that the API leaves out.
type Dataset struct {
	Organization string
	Settings     Settings
	Entitlements map[string]bool
	Users        []User
	Projects     []Project
	Workspaces   []Workspace
	Teams        []Team
	Policies     []Policy
	PolicySets   []PolicySet
	AgentPools   []AgentPool
	Tokens       []APIToken
	Account      string // name of the user whose token asks; empty: a team's service account
	Runs         []Run  // of all workspaces, in any order
	Trail        []AuditEvent
}

// Settings are those of the organization.
type Settings struct {
	AuthPolicy     string    `yaml:"auth_policy"` // empty: password
	TwoFactor      bool      `yaml:"two_factor_conformant"`
	SAML           bool      `yaml:"saml"`
	SessionTimeout int       `yaml:"session_timeout"`      // minutes; 0: the server's default
	UpdatesToken   bool      `yaml:"can_update_api_token"` // the token that asks is an owner's
	Created        time.Time `yaml:"created"`
}

// User is a person or a service account and its membership, named in runs, teams and events by its name.
type User struct {
	ID        string `yaml:"id"`
	Name      string `yaml:"name"`
	Service   bool   `yaml:"service"`
	TwoFactor bool   `yaml:"two_factor"`
	Invited   bool   `yaml:"invited"` // and not yet active
	Former    bool   `yaml:"former"`  // no longer a member
}

// Project is one project.
type Project struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

// Team is one team, with what it may do.
type Team struct {
	ID           string            `yaml:"id"`
	Name         string            `yaml:"name"`
	SSO          string            `yaml:"sso"`
	Members      []string          `yaml:"members"`      // users' names
	Organization []string          `yaml:"organization"` // organization access that is granted: manage-policies
	Workspaces   map[string]string `yaml:"workspaces"`   // access by workspace name
	Projects     map[string]string `yaml:"projects"`     // access by project name
}

// Policy is one policy that is managed by itself, not in a repository.
type Policy struct {
	ID    string `yaml:"id"`
	Name  string `yaml:"name"`
	Kind  string `yaml:"kind"`  // empty: sentinel
	Level string `yaml:"level"` // advisory, soft-mandatory, hard-mandatory, mandatory
}

// PolicySet is one policy set. Workspaces, projects and policies are named.
type PolicySet struct {
	ID                string    `yaml:"id"`
	Name              string    `yaml:"name"`
	Kind              string    `yaml:"kind"` // empty: sentinel
	Global            bool      `yaml:"global"`
	Overridable       bool      `yaml:"overridable"`
	Repository        string    `yaml:"repository"`
	Commit            string    `yaml:"commit"` // of the current version
	Workspaces        []string  `yaml:"workspaces"`
	Projects          []string  `yaml:"projects"`
	ExcludeWorkspaces []string  `yaml:"exclude_workspaces"`
	ExcludeProjects   []string  `yaml:"exclude_projects"`
	Policies          []string  `yaml:"policies"`
	Updated           time.Time `yaml:"updated"`
}

// AuditEvent is one event of the audit trail.
type AuditEvent struct {
	ID       string    `yaml:"id"`
	At       time.Time `yaml:"at"`
	Actor    string    `yaml:"actor"`    // user's name; empty for the system
	Resource string    `yaml:"resource"` // "policy_check/polchk-1"
	Action   string    `yaml:"action"`
}

// Workspace is one workspace.
type Workspace struct {
	ID               string    `yaml:"id"`
	Name             string    `yaml:"name"`
	Project          string    `yaml:"project"`
	Tags             []string  `yaml:"tags"`
	AutoApply        bool      `yaml:"auto_apply"`
	ExecutionMode    string    `yaml:"execution_mode"` // empty: remote
	TerraformVersion string    `yaml:"terraform_version"`
	Created          time.Time `yaml:"created"`
	Hidden           bool      `yaml:"hidden"` // its runs may not be seen with the token
}

// Run is one run, with all that is asked for by run.
type Run struct {
	Workspace  string               `yaml:"-"` // its id; set when loaded
	ID         string               `yaml:"id"`
	Created    time.Time            `yaml:"created"`
	By         string               `yaml:"by"` // user's name
	Confirmed  string               `yaml:"confirmed"`
	Message    string               `yaml:"message"`
	Source     string               `yaml:"source"`    // empty: tfe-ui
	Operation  string               `yaml:"operation"` // empty: plan_and_apply
	Status     string               `yaml:"status"`
	AutoApply  bool                 `yaml:"auto_apply"`
	At         map[string]time.Time `yaml:"at"` // status-timestamps without "-at": planned, applied
	Checks     []Check              `yaml:"checks"`
	Stages     []Stage              `yaml:"stages"`
	Events     []Event              `yaml:"events"` // besides created, which each run has
	TFPolicies []string             `yaml:"tf_policies"`
}

// Check is one policy check: Sentinel in the platform, before task stages.
type Check struct {
	ID     string               `yaml:"id"`
	Scope  string               `yaml:"scope"` // empty: organization
	Status string               `yaml:"status"`
	At     map[string]time.Time `yaml:"at"`
	Sets   []CheckSet           `yaml:"sets"`   // none: result is null, as in a canceled check
	Opaque bool                 `yaml:"opaque"` // the result has counts but no sentinel details
}

// CheckSet is one policy set in a check.
type CheckSet struct {
	Name     string        `yaml:"name"`
	Policies []CheckPolicy `yaml:"policies"`
}

// CheckPolicy is one policy's result in a check.
type CheckPolicy struct {
	Name   string `yaml:"name"`
	Level  string `yaml:"level"`  // advisory, soft-mandatory, hard-mandatory
	Failed bool   `yaml:"failed"` // or passed
	Print  string `yaml:"print"`
}

// Stage is one task stage.
type Stage struct {
	ID          string               `yaml:"id"`
	Stage       string               `yaml:"stage"` // empty: post_plan
	Status      string               `yaml:"status"`
	Created     time.Time            `yaml:"created"`
	At          map[string]time.Time `yaml:"at"`
	TaskResults []string             `yaml:"task_results"`
	Evaluations []Evaluation         `yaml:"evaluations"`
}

// Evaluation is one policy evaluation of a task stage.
type Evaluation struct {
	ID      string               `yaml:"id"`
	Kind    string               `yaml:"kind"` // opa, sentinel; empty: opa
	Status  string               `yaml:"status"`
	Created time.Time            `yaml:"created"`
	At      map[string]time.Time `yaml:"at"`
	Sets    []OutcomeSet         `yaml:"sets"`
}

// OutcomeSet is one policy set's outcomes in an evaluation.
type OutcomeSet struct {
	ID          string          `yaml:"id"`
	Name        string          `yaml:"name"`
	Overridable bool            `yaml:"overridable"`
	Error       string          `yaml:"error"`
	Outcomes    []PolicyOutcome `yaml:"outcomes"`
}

// PolicyOutcome is one policy's outcome in an evaluation.
type PolicyOutcome struct {
	Policy string `yaml:"policy"`
	Level  string `yaml:"level"`  // advisory, mandatory
	Status string `yaml:"status"` // passed, failed, errored
}

// Event is one run event.
type Event struct {
	ID      string    `yaml:"id"`
	Action  string    `yaml:"action"`
	At      time.Time `yaml:"at"`
	Actor   string    `yaml:"actor"`  // user's name; empty for the system
	Target  string    `yaml:"target"` // "policy-checks/polchk-1"; empty: the run
	Comment string    `yaml:"comment"`
}

// Load reads organization.yaml and every runs-*.yaml of a folder, strictly.
func Load(tree fs.FS) (Dataset, error) {
	var head struct {
		Organization string          `yaml:"organization"`
		Settings     Settings        `yaml:"settings"`
		Entitlements map[string]bool `yaml:"entitlements"`
		Users        []User          `yaml:"users"`
		Projects     []Project       `yaml:"projects"`
		Workspaces   []Workspace     `yaml:"workspaces"`
		Teams        []Team          `yaml:"teams"`
		Policies     []Policy        `yaml:"policies"`
		PolicySets   []PolicySet     `yaml:"policy_sets"`
		AgentPools   []AgentPool     `yaml:"agent_pools"`
		Tokens       []APIToken      `yaml:"tokens"`
		Trail        []AuditEvent    `yaml:"audit_trail"`
	}
	if err := load(tree, "organization.yaml", &head); err != nil {
		return Dataset{}, err
	}
	d := Dataset{Organization: head.Organization, Settings: head.Settings, Entitlements: head.Entitlements, Users: head.Users, Projects: head.Projects,
		Workspaces: head.Workspaces, Teams: head.Teams, Policies: head.Policies, PolicySets: head.PolicySets, AgentPools: head.AgentPools, Tokens: head.Tokens, Trail: head.Trail}
	names, err := fs.Glob(tree, "runs-*.yaml")
	if err != nil {
		return Dataset{}, fmt.Errorf("list runs: %w", err)
	}
	for _, name := range names {
		var file struct {
			Workspace string `yaml:"workspace"`
			Runs      []Run  `yaml:"runs"`
		}
		if err := load(tree, name, &file); err != nil {
			return Dataset{}, err
		}
		i := slices.IndexFunc(d.Workspaces, func(w Workspace) bool { return w.Name == file.Workspace })
		if i < 0 {
			return Dataset{}, fmt.Errorf("%s: there is no workspace %q", name, file.Workspace)
		}
		for _, r := range file.Runs {
			r.Workspace = d.Workspaces[i].ID
			d.Runs = append(d.Runs, r)
		}
	}
	return d, d.validate()
}

func load(tree fs.FS, name string, v any) error {
	b, err := fs.ReadFile(tree, name)
	if err != nil {
		return fmt.Errorf("read data: %w", err)
	}
	return strictyaml.Decode(path.Base(name), b, v)
}

// validate finds what would make answers that no real server gives: ids that are missing or occur twice, users that do not exist.
func (d Dataset) validate() error {
	var errs []error
	seen := map[string]bool{}
	id := func(what, s string) {
		if s == "" || seen[s] {
			errs = append(errs, fmt.Errorf("%s: id %q is empty or occurs twice", what, s))
		}
		seen[s] = true
	}
	user := func(what, name string) {
		if name != "" && !slices.ContainsFunc(d.Users, func(u User) bool { return u.Name == name }) {
			errs = append(errs, fmt.Errorf("%s: there is no user %q", what, name))
		}
	}
	for _, u := range d.Users {
		id("user "+u.Name, u.ID)
	}
	for _, w := range d.Workspaces {
		id("workspace "+w.Name, w.ID)
	}
	for _, p := range d.Projects {
		id("project "+p.Name, p.ID)
	}
	for _, t := range d.Teams {
		id("team "+t.Name, t.ID)
		for _, m := range t.Members {
			user(t.Name, m)
		}
	}
	for _, p := range d.Policies {
		id("policy "+p.Name, p.ID)
	}
	for _, p := range d.PolicySets {
		id("policy set "+p.Name, p.ID)
	}
	for _, p := range d.AgentPools {
		id("agent pool "+p.Name, p.ID)
	}
	for _, t := range d.Tokens {
		id(t.Kind+" token", t.ID)
		user(t.ID, t.By)
	}
	errs = append(errs, d.validateTokens()...)
	for _, e := range d.Trail {
		id("audit event", e.ID)
		user(e.ID, e.Actor)
	}
	for _, r := range d.Runs {
		id("run", r.ID)
		user(r.ID, r.By)
		user(r.ID, r.Confirmed)
		if r.Created.IsZero() || r.Status == "" {
			errs = append(errs, fmt.Errorf("run %s lacks created or status", r.ID))
		}
		for _, c := range r.Checks {
			id("check of "+r.ID, c.ID)
		}
		for _, s := range r.Stages {
			id("stage of "+r.ID, s.ID)
			for _, e := range s.Evaluations {
				id("evaluation of "+r.ID, e.ID)
				for _, set := range e.Sets {
					id("outcome of "+e.ID, set.ID)
				}
			}
		}
		for _, e := range r.Events {
			id("event of "+r.ID, e.ID)
			user(e.ID, e.Actor)
		}
	}
	return errors.Join(errs...)
}
