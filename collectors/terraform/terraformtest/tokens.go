package terraformtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Token kinds of a [APIToken].
const (
	OrganizationToken = "organization"
	AuditTrailsToken  = "audit-trails"
	TeamToken         = "team"
	UserToken         = "user"
	AgentToken        = "agent"
	MetricsToken      = "metrics"
)

// APIToken is what the API tells of one API token: never its secret.
type APIToken struct {
	ID          string    `yaml:"id"`
	Kind        string    `yaml:"kind"` // organization, audit-trails, team, user, agent, metrics
	Of          string    `yaml:"of"`   // name of the team, user or agent pool; empty for the organization's
	Description string    `yaml:"description"`
	Created     time.Time `yaml:"created"`
	Used        time.Time `yaml:"last_used"`
	Expires     time.Time `yaml:"expires"`
	By          string    `yaml:"by"` // user's name
	Secret      string    `yaml:"-"`  // what no real server shows in a list: for tests of refusal
}

// AgentPool is one agent pool.
type AgentPool struct {
	ID      string    `yaml:"id"`
	Name    string    `yaml:"name"`
	Created time.Time `yaml:"created"`
}

// token is an authentication token as lists and single reads have it: metadata, the secret null. A token of an agent has no end.
func (s *Server) apiToken(t APIToken) object {
	var description, secret any
	if t.Description != "" {
		description = t.Description
	}
	if t.Secret != "" {
		secret = t.Secret
	}
	attributes := object{"created-at": iso(t.Created), "last-used-at": iso(t.Used), "description": description, "token": secret}
	if t.Kind != AgentToken {
		attributes["expired-at"] = iso(t.Expires)
	}
	by := object{"data": nil}
	if t.By != "" {
		by = ref("users", s.user(t.By))
	}
	relationships := object{"created-by": by}
	if t.Kind == TeamToken {
		i := slices.IndexFunc(s.data.Teams, func(team Team) bool { return team.Name == t.Of })
		relationships["team"] = ref("teams", s.data.Teams[i].ID)
	}
	return object{"id": t.ID, "type": "authentication-tokens", "attributes": attributes, "relationships": relationships}
}

// tokensOf returns the tokens of a kind, of all or of one.
func (s *Server) tokensOf(kind, of string) (all []object) {
	for _, t := range s.data.Tokens {
		if t.Kind == kind && (of == "" || t.Of == of) {
			all = append(all, s.apiToken(t))
		}
	}
	return all
}

// organizationToken: "Organization tokens" and "Audit trail tokens" have how to make and remove one; go-tfe reads one at the same path,
// the second with token=audit-trails. 404 when there is none, and for all but owners.
func (s *Server) organizationToken(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "token") || !s.organization(w, r) {
		return
	}
	kind := cmp.Or(r.URL.Query().Get("token"), OrganizationToken)
	if kind != OrganizationToken && kind != AuditTrailsToken {
		refuse(w, http.StatusBadRequest, "unknown token type")
		return
	}
	all := s.tokensOf(kind, "")
	if !s.data.Settings.UpdatesToken || len(all) == 0 {
		refuse(w, http.StatusNotFound, "")
		return
	}
	s.answer(w, object{"data": all[0]})
}

// teamTokens: "Team tokens", list team tokens: paged, those of all teams of the organization; by the end, the first one first.
func (s *Server) teamTokens(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "q", "sort", "filter[status]") || !s.organization(w, r) || !s.entitled(w, "teams") {
		return
	}
	s.page(w, r, s.tokensOf(TeamToken, ""))
}

// userTokens: "User tokens", list user tokens: paged. For anybody but the user whose token is shown the list is empty.
func (s *Server) userTokens(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]") {
		return
	}
	var all []object
	if s.data.Account != "" && r.PathValue("user") == s.user(s.data.Account) {
		all = s.tokensOf(UserToken, s.data.Account)
	}
	s.page(w, r, all)
}

// agentPools: "Agents and agent pools", list agent pools: paged; their tokens are a link.
func (s *Server) agentPools(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "q", "sort", "filter[allowed_workspaces][name]", "filter[allowed_projects][name]") || !s.organization(w, r) || !s.entitled(w, "agents") {
		return
	}
	var all []object
	for _, p := range s.data.AgentPools {
		path := "/api/v2/agent-pools/" + p.ID
		all = append(all, object{"id": p.ID, "type": "agent-pools", "attributes": object{"name": p.Name, "created-at": iso(p.Created), "organization-scoped": true, "agent-count": 1},
			"relationships": object{"agents": object{"links": object{"related": path + "/agents"}}, "authentication-tokens": object{"links": object{"related": path + "/authentication-tokens"}},
				"workspaces": refs("workspaces", nil), "allowed-workspaces": refs("workspaces", nil)},
			"links": object{"self": path}})
	}
	s.page(w, r, all)
}

// agentTokens: "Agent tokens", list agent tokens: paged.
func (s *Server) agentTokens(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "sort") {
		return
	}
	i := slices.IndexFunc(s.data.AgentPools, func(p AgentPool) bool { return p.ID == r.PathValue("pool") })
	if i < 0 {
		refuse(w, http.StatusNotFound, "")
		return
	}
	s.page(w, r, s.tokensOf(AgentToken, s.data.AgentPools[i].Name))
}

// metricsTokens: "Metrics service tokens", list tokens: in one piece, a form of its own; 404 for all but owners.
func (s *Server) metricsTokens(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r) || !s.organization(w, r) {
		return
	}
	if !s.data.Settings.UpdatesToken {
		refuse(w, http.StatusNotFound, "")
		return
	}
	all := []object{}
	for _, t := range s.data.Tokens {
		if t.Kind == MetricsToken {
			all = append(all, object{"id": t.ID, "type": "metrics-tokens", "attributes": object{"name": t.Description, "token-id": t.ID, "created-at": t.Created.UTC().Format(time.RFC3339)}})
		}
	}
	s.answer(w, object{"data": all})
}

// validateTokens finds tokens that belong to nobody.
func (d Dataset) validateTokens() (errs []error) {
	has := func(kind, name string) bool {
		switch kind {
		case OrganizationToken, AuditTrailsToken, MetricsToken:
			return name == ""
		case TeamToken:
			return slices.ContainsFunc(d.Teams, func(t Team) bool { return t.Name == name })
		case UserToken:
			return slices.ContainsFunc(d.Users, func(u User) bool { return u.Name == name })
		case AgentToken:
			return slices.ContainsFunc(d.AgentPools, func(p AgentPool) bool { return p.Name == name })
		}
		return false
	}
	for _, t := range d.Tokens {
		if !has(t.Kind, t.Of) {
			errs = append(errs, fmt.Errorf("token %s: there is no %s %q", t.ID, strings.TrimSpace(t.Kind), t.Of))
		}
	}
	return errs
}
