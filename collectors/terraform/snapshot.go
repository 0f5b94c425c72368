package terraform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
)

// snapshotList is a list of an organization that is asked for once.
type snapshotList struct {
	kind       evidence.Kind
	what       string
	path       string // below the organization
	permission string // that reading it needs, in the vendor's words
	features   []string
	options    func(tfe.ListOptions) any
	plain      func(tfe.ListOptions) any // for a server that refuses options
}

// Source: HCP Terraform API, "Projects", "Teams", "Organization memberships", "Policy sets", "Policies",
// "Team tokens" and "Agents and agent pools", as of 2026-11.
var snapshotLists = []snapshotList{
	{kind: KindProjects, what: "projects", path: "projects", permission: "read access to the organization's projects",
		options: func(page tfe.ListOptions) any { return &tfe.ProjectListOptions{ListOptions: page} }},
	{kind: KindTeams, what: "teams", path: "teams", permission: "membership in the organization; to see every team, secret ones too: the token of an owner or of the organization", features: []string{"teams"},
		options: func(page tfe.ListOptions) any {
			return &tfe.TeamListOptions{ListOptions: page, Include: []tfe.TeamIncludeOpt{tfe.TeamUsers, tfe.TeamOrganizationMemberships}}
		},
		plain: func(page tfe.ListOptions) any { return &tfe.TeamListOptions{ListOptions: page} }},
	{kind: KindMemberships, what: "organization memberships", path: "organization-memberships", permission: "Manage membership, or the token of an owner or of the organization",
		options: func(page tfe.ListOptions) any {
			return &tfe.OrganizationMembershipListOptions{ListOptions: page, Include: []tfe.OrgMembershipIncludeOpt{tfe.OrgMembershipUser, tfe.OrgMembershipTeam}}
		},
		plain: func(page tfe.ListOptions) any { return &tfe.OrganizationMembershipListOptions{ListOptions: page} }},
	{kind: KindPolicySets, what: policySets, path: "policy-sets", permission: "Manage policies", features: []string{"policy-enforcement", "sentinel"},
		options: func(page tfe.ListOptions) any {
			return &tfe.PolicySetListOptions{ListOptions: page, Include: []tfe.PolicySetIncludeOpt{tfe.PolicySetPolicies, tfe.PolicySetCurrentVersion, tfe.PolicySetNewestVersion}}
		},
		plain: func(page tfe.ListOptions) any { return &tfe.PolicySetListOptions{ListOptions: page} }},
	{kind: KindPolicies, what: policies, path: "policies", permission: "Manage policies", features: []string{"policy-enforcement", "sentinel"},
		options: func(page tfe.ListOptions) any { return &tfe.PolicyListOptions{ListOptions: page} }},
	{kind: KindTeamTokens, what: teamTokens, path: "team-tokens", permission: manageTeams, features: []string{"teams"},
		options: func(page tfe.ListOptions) any { return &tfe.TeamTokenListOptions{ListOptions: page} }},
	{kind: KindAgentPools, what: "agent pools", path: "agent-pools", permission: managePools, features: []string{"agents"},
		options: func(page tfe.ListOptions) any { return &tfe.AgentPoolListOptions{ListOptions: page} }},
}

// snapshotLedgers are those of what is asked for once.
func snapshotLedgers(o *organization) []*ledger {
	all := []*ledger{
		{kind: KindOrganization, procedure: o.procedure("GET /organizations/" + o.name)},
		{kind: KindEntitlements, procedure: o.procedure("GET /organizations/" + o.name + "/entitlement-set")},
		{kind: KindWorkspaces, procedure: o.procedure("GET /organizations/" + o.name + "/workspaces, all pages")},
		{kind: KindOrganizationTokens, procedure: o.procedure("GET /organizations/" + o.name + "/authentication-token, and the same with token=audit-trails")},
		{kind: KindMetricsTokens, procedure: o.procedure("GET /organizations/" + o.name + "/metrics-tokens")},
		{kind: KindUserTokens, procedure: o.procedure("GET /users/ID/authentication-tokens of the user whose token asked, all pages")},
	}
	for _, s := range snapshotLists {
		all = append(all, &ledger{kind: s.kind, procedure: o.procedure("GET /organizations/" + o.name + "/" + s.path + ", all pages")})
	}
	return all
}

// snapshots reads what is true of the organization now: its plan, projects, teams, members and policies, which team may do
// what where, and which API tokens there are.
func (o *organization) snapshots(ctx context.Context, workspaces []workspace) {
	o.entitledTo(ctx)

	listed := map[evidence.Kind][]string{}
	for _, s := range snapshotLists {
		if !o.wants(s.kind) {
			continue
		}
		got, err := o.list(ctx, o.out, query{kind: s.kind, path: "organizations/" + segment(o.name) + "/" + s.path, options: s.options, plain: s.plain})
		if missing(err) && len(s.features) > 0 {
			err = o.unlessInPlan(ctx, s.permission, err, s.features...)
		}
		o.take(s.kind, place{}, got)
		o.outcome(s.what, s.kind, got, o.refused(s.permission, err))
		o.unlistedOf[s.kind] = o.cause(o.refused(s.permission, err))
		for _, item := range got.items {
			listed[s.kind] = append(listed[s.kind], item.ID)
		}
	}
	o.tokens(ctx)
	o.access(ctx, workspaces, listed[KindProjects], listed[KindAgentPools])
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.ledgers {
		l.open = false
	}
}

// access reads which team may do what in each workspace and project, and which tokens each agent pool has.
func (o *organization) access(ctx context.Context, workspaces []workspace, projects, pools []string) {
	slots := make(chan struct{}, workspacesAtOnce)
	var wg sync.WaitGroup
	ask := func(order int, kind evidence.Kind, id, name string, q query) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			got := o.details.list(ctx, kind, resource{}, name, q)
			o.mu.Lock()
			defer o.mu.Unlock()
			o.details.take(place{order}, nil, []detail{got})
		})
	}
	for i, w := range workspaces {
		ask(i, KindTeamAccess, w.id, w.name, query{path: "team-workspaces", options: func(page tfe.ListOptions) any {
			return &tfe.TeamAccessListOptions{ListOptions: page, WorkspaceID: w.id}
		}})
	}
	for i, id := range projects {
		ask(i, KindProjectAccess, id, id, query{path: "team-projects", options: func(page tfe.ListOptions) any {
			return &tfe.TeamProjectAccessListOptions{ListOptions: page, ProjectID: id}
		}})
	}
	for i, id := range pools {
		ask(i, KindAgentTokens, id, id, query{path: "agent-pools/" + segment(id) + "/authentication-tokens", options: func(page tfe.ListOptions) any {
			return &tfe.AgentTokenListOptions{ListOptions: page}
		}})
	}
	wg.Wait()
}

// missing says whether the server answers that something is not there.
func missing(err error) bool {
	var api *apiError
	return errors.As(err, &api) && (api.status == http.StatusNotFound || api.status == http.StatusGone)
}

// unlessInPlan is what err, an answer 404, means: not offered when the organization's plan is known to include none of the
// features, else a lack of permission.
func (o *organization) unlessInPlan(ctx context.Context, permission string, err error, features ...string) error {
	if entitled, known := o.entitledTo(ctx, features...); known && !entitled {
		return fmt.Errorf("%w: not in the organization's plan: %w", collectors.ErrNotOffered, err)
	}
	return o.refused(permission, err)
}
