package terraformtest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings: "Organizations", show an organization: one document; its id is its name. The authentication policy says whether two
// factors are required, saml-enabled whether single sign-on is.
func (s *Server) settings(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "include") || !s.organization(w, r) {
		return
	}
	var timeout any
	if s.data.Settings.SessionTimeout > 0 {
		timeout = s.data.Settings.SessionTimeout
	}
	s.answer(w, object{"data": object{"id": s.data.Organization, "type": "organizations", "attributes": object{
		"external-id": "org-AcmeAcmeAcme0001", "name": s.data.Organization, "email": "platform@" + s.data.Organization + ".example", "created-at": iso(s.data.Settings.Created),
		"collaborator-auth-policy": cmp.Or(s.data.Settings.AuthPolicy, "password"), "two-factor-conformant": s.data.Settings.TwoFactor, "saml-enabled": s.data.Settings.SAML,
		"session-timeout": timeout, "session-remember": nil, "owners-team-saml-role-id": nil, "plan-expired": false, "cost-estimation-enabled": false,
		"default-execution-mode": "remote", "allow-force-delete-workspaces": false, "assessments-enforced": false,
		"send-passing-statuses-for-untriggered-speculative-plans": false, "aggregated-commit-status-enabled": true, "user-tokens-enabled": true,
		"permissions": object{"can-traverse": true, "can-update-api-token": s.data.Settings.UpdatesToken},
	}, "relationships": object{"entitlement-set": ref("entitlement-sets", "org-AcmeAcmeAcme0001")}}})
}

// projects: "Projects", list projects: paged.
func (s *Server) projects(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "q", "filter[names]", "include") || !s.organization(w, r) {
		return
	}
	var all []object
	for _, p := range s.data.Projects {
		all = append(all, object{"id": p.ID, "type": "projects", "attributes": object{"name": p.Name, "description": "", "workspace-count": 0, "team-count": 0},
			"relationships": object{"organization": ref("organizations", s.data.Organization)}})
	}
	s.page(w, r, all)
}

// teams: "Teams", list teams: paged; users and organization-memberships may be included. The entitlement is teams; the team
// owners is always there.
func (s *Server) teams(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "q", "filter[names]", "include") || !includes(w, r, "users", "organization-memberships") || !s.organization(w, r) || !s.entitled(w, "teams") {
		return
	}
	var all []object
	for _, t := range s.data.Teams {
		access := object{}
		for _, name := range []string{"manage-policies", "manage-policy-overrides", "manage-workspaces", "manage-vcs-settings", "manage-projects", "read-workspaces", "read-projects", "manage-membership", "manage-teams", "manage-organization-access", "access-secret-teams"} {
			access[name] = slices.Contains(t.Organization, name)
		}
		var users, memberships []string
		for _, name := range t.Members {
			users, memberships = append(users, s.user(name)), append(memberships, membershipOf(s.user(name)))
		}
		var sso any
		if t.SSO != "" {
			sso = t.SSO
		}
		all = append(all, object{"id": t.ID, "type": "teams", "attributes": object{"name": t.Name, "sso-team-id": sso, "users-count": len(t.Members), "visibility": "organization",
			"allow-member-token-management": true, "permissions": object{"can-update-membership": false, "can-destroy": false}, "organization-access": access},
			"relationships": object{"users": refs("users", users), "organization-memberships": refs("organization-memberships", memberships)}})
	}
	s.page(w, r, all, s.included(r, "users")...)
}

// memberships: "Organization memberships", list memberships for an organization: paged, 20 unless asked otherwise; user and teams may be
// included. Only a user's own page and those who manage memberships see whether two factors are enabled.
func (s *Server) memberships(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "q", "filter[status]", "filter[email]", "include") || !includes(w, r, "user", "teams") || !s.organization(w, r) {
		return
	}
	var all []object
	for _, u := range s.data.Users {
		if u.Former {
			continue
		}
		var teams []string
		for _, t := range s.data.Teams {
			if slices.Contains(t.Members, u.Name) {
				teams = append(teams, t.ID)
			}
		}
		status := "active"
		if u.Invited {
			status = "invited"
		}
		all = append(all, object{"id": membershipOf(u.ID), "type": "organization-memberships", "attributes": object{"status": status, "email": u.Name + "@" + s.data.Organization + ".example"},
			"relationships": object{"user": ref("users", u.ID), "teams": refs("teams", teams), "organization": ref("organizations", s.data.Organization)}})
	}
	s.page(w, r, all, s.included(r, "user")...)
}

func membershipOf(user string) string { return "ou-" + strings.TrimPrefix(user, "user-") }

// included returns the users where a request asks for them under that name.
func (s *Server) included(r *http.Request, name string) (all []any) {
	if !slices.Contains(strings.Split(r.URL.Query().Get("include"), ","), name) {
		return nil
	}
	for _, u := range s.data.Users {
		all = append(all, object{"id": u.ID, "type": "users", "attributes": object{"username": u.Name, "is-service-account": u.Service, "auth-method": "tfc", "avatar-url": "",
			"two-factor": object{"enabled": u.TwoFactor, "verified": u.TwoFactor}}})
	}
	return all
}

// teamWorkspaces: "Team access", list team access to a workspace: filter[workspace][id] is required; paged if a page parameter is
// given, whole otherwise.
func (s *Server) teamWorkspaces(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "filter[workspace][id]") || !s.entitled(w, "teams") {
		return
	}
	i := slices.IndexFunc(s.data.Workspaces, func(ws Workspace) bool { return ws.ID == r.URL.Query().Get("filter[workspace][id]") })
	if i < 0 {
		refuse(w, http.StatusNotFound, "")
		return
	}
	ws := s.data.Workspaces[i]
	var all []object
	for _, t := range s.data.Teams {
		access, ok := t.Workspaces[ws.Name]
		if !ok {
			continue
		}
		runs := map[string]string{"read": "read", "plan": "plan"}[access]
		all = append(all, object{"id": "tws-" + strings.TrimPrefix(t.ID, "team-") + strings.TrimPrefix(ws.ID, "ws-"), "type": "team-workspaces",
			"attributes":    object{"access": access, "runs": cmp.Or(runs, "apply"), "variables": "read", "state-versions": "read", "sentinel-mocks": "none", "workspace-locking": access == "admin" || access == "write", "run-tasks": access == "admin"},
			"relationships": object{"team": ref("teams", t.ID), "workspace": ref("workspaces", ws.ID)}})
	}
	if r.URL.Query().Has("page[number]") || r.URL.Query().Has("page[size]") {
		s.page(w, r, all)
		return
	}
	s.answer(w, object{"data": nonNil(all)})
}

// teamProjects: "Project team access", list team access to a project: filter[project][id] is required; paged.
func (s *Server) teamProjects(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "filter[project][id]") || !s.entitled(w, "teams") {
		return
	}
	i := slices.IndexFunc(s.data.Projects, func(p Project) bool { return p.ID == r.URL.Query().Get("filter[project][id]") })
	if i < 0 {
		refuse(w, http.StatusNotFound, "")
		return
	}
	p := s.data.Projects[i]
	var all []object
	for _, t := range s.data.Teams {
		access, ok := t.Projects[p.Name]
		if !ok {
			continue
		}
		all = append(all, object{"id": "tprj-" + strings.TrimPrefix(t.ID, "team-") + strings.TrimPrefix(p.ID, "prj-"), "type": "team-projects",
			"attributes": object{"access": access, "project-access": object{"settings": "read", "teams": "none"},
				"workspace-access": object{"create": access == "admin", "move": false, "locking": false, "delete": false, "runs": "apply", "variables": "read", "state-versions": "read", "sentinel-mocks": "none", "run-tasks": false}},
			"relationships": object{"team": ref("teams", t.ID), "project": ref("projects", p.ID)}})
	}
	s.page(w, r, all)
}

// policies: "Policies", list policies: paged; those in the repository of a policy set are not among them.
func (s *Server) policies(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "search[name]", "filter[kind]") || !s.organization(w, r) || !s.entitled(w, "policy-enforcement") {
		return
	}
	var all []object
	for _, p := range s.data.Policies {
		all = append(all, s.policy(p))
	}
	s.page(w, r, all)
}

func (s *Server) policy(p Policy) object {
	sets := []string{}
	for _, set := range s.data.PolicySets {
		if slices.Contains(set.Policies, p.Name) {
			sets = append(sets, set.ID)
		}
	}
	var query any
	if p.Kind == "opa" {
		query = "data.terraform.main"
	}
	return object{"id": p.ID, "type": "policies", "attributes": object{"name": p.Name, "description": "", "kind": cmp.Or(p.Kind, "sentinel"), "query": query, "enforcement-level": p.Level,
		"enforce": []any{object{"path": p.Name + ".sentinel", "mode": p.Level}}, "policy-set-count": len(sets), "updated-at": nil},
		"relationships": object{"organization": ref("organizations", s.data.Organization), "policy-sets": refs("policy-sets", sets)}}
}

// policySets: "Policy sets", list policy sets: paged. A global set says nothing of workspaces and projects; a versioned one, from a
// repository, nothing of policies. The versions may be included.
func (s *Server) policySets(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "filter[versioned]", "filter[kind]", "search[name]", "include") ||
		!includes(w, r, "projects", "workspaces", "workspace_exclusions", "project_exclusions", "policies", "newest_version", "current_version") || !s.organization(w, r) || !s.entitled(w, "policy-enforcement") {
		return
	}
	var all []object
	var included []any
	for _, p := range s.data.PolicySets {
		relationships := object{"organization": ref("organizations", s.data.Organization), "workspace-exclusions": refs("workspaces", s.workspaceIDs(p.ExcludeWorkspaces)), "project-exclusions": refs("projects", s.projectIDs(p.ExcludeProjects))}
		if !p.Global {
			relationships["workspaces"], relationships["projects"] = refs("workspaces", s.workspaceIDs(p.Workspaces)), refs("projects", s.projectIDs(p.Projects))
		}
		var repository any
		if p.Repository != "" {
			version := "polsetver-" + strings.TrimPrefix(p.ID, "polset-")
			repository = object{"branch": "", "identifier": p.Repository, "ingress-submodules": false}
			relationships["current-version"], relationships["newest-version"] = ref("policy-set-versions", version), ref("policy-set-versions", version)
			if strings.Contains(r.URL.Query().Get("include"), "current_version") {
				included = append(included, object{"id": version, "type": "policy-set-versions", "attributes": object{"source": "github", "status": "ready", "error": nil, "created-at": iso(p.Updated), "updated-at": iso(p.Updated),
					"status-timestamps": object{"ready-at": iso(p.Updated)}, "ingress-attributes": object{"commit-sha": p.Commit, "commit-url": "", "identifier": p.Repository}},
					"relationships": object{"policy-set": ref("policy-sets", p.ID)}})
			}
		} else {
			var policies []string
			for _, one := range s.data.Policies {
				if slices.Contains(p.Policies, one.Name) {
					policies = append(policies, one.ID)
				}
			}
			relationships["policies"] = refs("policies", policies)
		}
		all = append(all, object{"id": p.ID, "type": "policy-sets", "attributes": object{"name": p.Name, "description": "", "kind": cmp.Or(p.Kind, "sentinel"), "global": p.Global, "overridable": p.Overridable,
			"agent-enabled": p.Kind == "opa", "policy-tool-version": "latest", "versioned": p.Repository != "", "policies-path": nil, "vcs-repo": repository, "policy-count": len(p.Policies),
			"workspace-count": len(p.Workspaces), "project-count": len(p.Projects), "created-at": iso(p.Updated), "updated-at": iso(p.Updated)},
			"relationships": relationships, "links": object{"self": "/api/v2/policy-sets/" + p.ID}})
	}
	s.page(w, r, all, included...)
}

func (s *Server) workspaceIDs(names []string) (ids []string) {
	for _, ws := range s.data.Workspaces {
		if slices.Contains(names, ws.Name) {
			ids = append(ids, ws.ID)
		}
	}
	return ids
}

func (s *Server) projectIDs(names []string) (ids []string) {
	for _, p := range s.data.Projects {
		if slices.Contains(names, p.Name) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// auditTrail: "Audit trails", list an organization's audit events: HCP Terraform alone, and with a token of the organization; 1,000
// events a page; since is exclusive, UTC with milliseconds; underscores instead of hyphens, and pagination beside the data. Events
// are kept for 14 days.
func (s *Server) auditTrail(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "since", "page[number]", "page[size]") || !s.entitled(w, "audit-logging") {
		return
	}
	var since time.Time
	if v := r.URL.Query().Get("since"); v != "" {
		var err error
		if since, err = time.Parse("2006-01-02T15:04:05.000Z", v); err != nil {
			refuse(w, http.StatusBadRequest, "since is no date")
			return
		}
	}
	if s.now != nil {
		if kept := s.now().Add(-14 * 24 * time.Hour); kept.After(since) {
			since = kept
		}
	}
	events := slices.SortedFunc(slices.Values(s.data.Trail), func(a, b AuditEvent) int { return b.At.Compare(a.At) })
	all := []object{}
	for _, e := range events {
		if !e.At.After(since) {
			continue
		}
		typ, id, _ := strings.Cut(e.Resource, "/")
		auth := object{"accessor_id": nil, "description": nil, "type": "System", "impersonator_id": nil, "organization_id": "org-AcmeAcmeAcme0001"}
		if e.Actor != "" {
			auth["accessor_id"], auth["description"], auth["type"] = s.user(e.Actor), e.Actor, "Client"
		}
		all = append(all, object{"id": e.ID, "version": "0", "type": "Resource", "timestamp": iso(e.At), "auth": auth, "request": object{"id": "req-" + e.ID},
			"resource": object{"id": id, "type": typ, "action": e.Action, "meta": nil}})
	}
	number, ok := whole(r, "page[number]", 1, 1<<30)
	size, ok2 := whole(r, "page[size]", 1000, 1000)
	if !ok || !ok2 {
		refuse(w, http.StatusBadRequest, "page[number] and page[size] are numbers from 1")
		return
	}
	pages := max((len(all)+size-1)/size, 1)
	from := min((number-1)*size, len(all))
	var next, previous any
	if number < pages {
		next = number + 1
	}
	if number > 1 {
		previous = number - 1
	}
	s.answer(w, object{"data": all[from:min(from+size, len(all))],
		"pagination": object{"current_page": number, "prev_page": previous, "next_page": next, "total_pages": pages, "total_count": len(all)}})
}

// oneRun: "Runs", get run details. tf_policy_evaluations as go-tfe has it; they are in no documentation.
func (s *Server) oneRun(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "include") || !includes(w, r, "plan", "apply", "created_by", "cost_estimate", "configuration_version", "task_stages", "tf_policy_evaluations") {
		return
	}
	run, ok := s.find(w, "run", r.PathValue("run"))
	if !ok {
		return
	}
	document := object{"data": s.run(run)}
	if r.URL.Query().Get("include") == "tf_policy_evaluations" {
		included := []any{}
		for _, id := range run.TFPolicies {
			included = append(included, object{"id": id, "type": "tf-policy-evaluations", "attributes": object{"status": "tf_policy_checked"}})
		}
		document["included"] = included
	}
	s.answer(w, document)
}

// policyCheckOutput: "Policy checks", each check links to its output: the engine's own text.
func (s *Server) policyCheckOutput(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r) || !s.entitled(w, "policy-enforcement") {
		return
	}
	run, ok := s.find(w, "check", r.PathValue("check"))
	if !ok {
		return
	}
	check := run.Checks[slices.IndexFunc(run.Checks, func(c Check) bool { return c.ID == r.PathValue("check") })]
	var b strings.Builder
	b.WriteString("Sentinel Result: " + strconv.FormatBool(check.Status == "passed") + "\n\n")
	for _, set := range check.Sets {
		for _, p := range set.Policies {
			b.WriteString("Policy: " + set.Name + "/" + p.Name + " (" + p.Level + ")\nResult: " + strconv.FormatBool(!p.Failed) + "\n" + p.Print)
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-RateLimit-Limit", s.limit)
	w.WriteHeader(http.StatusOK)
	w.Write([]byte(b.String()))
}

// includes refuses to include what is not among known.
func includes(w http.ResponseWriter, r *http.Request, known ...string) bool {
	v := r.URL.Query().Get("include")
	if v == "" {
		return true
	}
	for _, i := range strings.Split(v, ",") {
		if !slices.Contains(known, i) {
			refuse(w, http.StatusBadRequest, "Invalid include parameter")
			return false
		}
	}
	return true
}
