package terraform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/terraform"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
)

// The data of the demo, from the fake through the store to the facts: the planted faults must be there, and nothing else that
// looks like one.
func TestAcme(t *testing.T) {
	for name, pretty := range map[string]bool{"one line": false, "many lines": true} {
		t.Run(name, func(t *testing.T) {
			fake := acme(t)
			if pretty {
				fake.Pretty()
			}
			w := newWorld(t, fake)
			res := w.collect()
			if res.Err != nil || res.Failed() {
				t.Fatalf("collect: %v, parts %v", res.Err, parts(res))
			}
			if diff := cmp.Diff([]string{
				"agent pools: ok 1", "agent tokens: ok 1",
				"audit trail: ok 4 (what happened before 2026-09-17T06:00:00Z can never be had again: HCP Terraform keeps the audit trail for 14 days, and it was not collected before)",
				"audit trails token: ok 1", "entitlements: ok 1", "metrics tokens: none", "organization: ok 1", "organization memberships: ok 5", "organization token: none", "policies: ok 1", "policy check logs: ok 18",
				"policy checks: ok 19", "policy evaluations: ok 11", "policy set outcomes: ok 11", "policy sets: ok 3", "project team access: ok 2", "projects: ok 2", "run events: ok 85",
				"runs of prod-data-platform: ok 12", "runs of prod-network: ok 12", "runs of sandbox: ok 7", "runs of staging-data-platform: ok 9",
				"task stages: ok 12", "team access: ok 3", "team tokens: ok 4", "teams: ok 3", "tf policy evaluations: none",
				"user tokens: not-offered (the source does not offer this: the API shows a user's tokens to that user alone, and the source's token is not a user's)", "workspaces: ok 4",
			}, parts(res)); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
			checkAcmeFacts(t, w)
		})
	}
}

func checkAcmeFacts(t *testing.T, w *world) {
	db := w.facts()
	for _, tt := range []struct {
		what, query string
		want        []string
	}{
		{"workspaces", "select workspace, organization, project_id, auto_apply, execution_mode, terraform_version, tags, created_at, \"at\", source from terraform_workspace order by workspace limit 2", []string{
			"prod-data-platform | acme | prj-Production000001 | false | remote | 1.13.4 | [production, data] | 2024-05-02T09:00:00Z | 2026-10-01T06:00:00Z | hcp-terraform",
			"prod-network | acme | prj-Production000001 | false | remote | 1.13.4 | [production, network] | 2024-03-11T09:00:00Z | 2026-10-01T06:00:00Z | hcp-terraform",
		}},
		{"one row for each run", "select count(*), count(distinct run_id), count(workspace), count(*) filter (plan_only), count(*) filter (is_destroy) from terraform_run", []string{"40 | 40 | 40 | 5 | 2"}},
		{"created in June, applied in July", "select workspace, organization, status, created_at, planned_at, confirmed_at, applied_at, created_by, confirmed_by, run_source, message from terraform_run where run_id = 'run-Jun3Appl1edJuly'", []string{
			"prod-data-platform | acme | applied | 2026-06-29T15:20:00Z | 2026-06-29T15:20:58Z | 2026-07-01T08:29:45Z | 2026-07-01T08:31:00Z | user-SofiaLindner0001 | user-AnnaSchulz000001 | tfe-ui | Object storage: lifecycle rules",
		}},
		{"its policies were evaluated", "select count(*), bool_and(completed_at < timestamp_ns '2026-07-01') from terraform_policy_result where run_id = 'run-Jun3Appl1edJuly'", []string{"4 | true"}},
		{"applied to production without a policy result", `select run_id from terraform_run where workspace like 'prod-%' and applied_at >= '2026-07-01' and applied_at < '2026-10-01'
			and run_id not in (select run_id from terraform_policy_result where completed_at is not null) order by all`, []string{"run-NetApp1iedNoChek"}},
		{"overrides", "select run_id, engine, source, source_name, policy_set, policy, enforcement_level, overridden_by, override_comment, overridden_at from terraform_policy_result where overridden order by all", []string{
			"run-Dat0verr1deExcep | opa | policy-evaluation | hcp-terraform | acme-data-protection | encryption-at-rest | mandatory | anna.schulz | Exception granted for terraform:prod-data-platform until the bucket is re-encrypted | 2026-09-03T14:20:00Z",
			"run-Net0verr1deNoExc | sentinel | policy-check | hcp-terraform | acme-baseline | no-public-ingress | soft-mandatory | jonas.weber | Load test of the new gateway, open until Friday | 2026-07-22T16:58:00Z",
		}},
		{"what did not pass", "select outcome, enforcement_level, check_status, completed_at is null, overridden, count(*) from terraform_policy_result where outcome <> 'passed' group by all order by all", []string{
			"failed | advisory | passed | false | false | 2",
			"failed | hard-mandatory | hard_failed | false | false | 1",
			"failed | mandatory | failed | false | false | 1",
			"failed | mandatory | overridden | false | true | 1",
			"failed | soft-mandatory | overridden | false | true | 1",
			"failed | soft-mandatory | soft_failed | false | false | 2",
			"unknown | - | canceled | true | false | 1",
		}},
		{"counted, not named", "select run_id, outcome, policy_set, policy from terraform_policy_result where policy is null and outcome = 'passed'", []string{"run-DwUszjVGef6ffDgZ | passed | - | -"}},
		{"stage of run tasks only", "select stage, status, evaluations, task_results from terraform_task_stage where task_results > 0", []string{"pre_apply | passed | [] | 1"}},
		{"who did it", "select act, basis, count(*), count(actor_name) from terraform_run_actor group by all order by all", []string{
			"applied | run | 21 | 21", "confirmed | run | 21 | 21", "created | run | 40 | 40", "discarded | run-event | 2 | 2",
		}},
		{"a run that was discarded", "select created_by_name, discarded_by, discarded_at, applied_by from terraform_run where run_id = 'run-eGE2zJPgEJqRcY38'", []string{"sofia.lindner | sofia.lindner | 2026-07-30T14:00:00Z | -"}},
		{"logs, four of them of a failure", "select result, count(*), sum(lines) > 0 from terraform_policy_check_log group by all order by all", []string{"false | 4 | true", "true | 14 | true"}},
		{"organization", "select organization, collaborator_auth_policy, two_factor_conformant, saml_enabled, session_timeout_minutes from terraform_organization", []string{"acme | two_factor_mandatory | true | true | 480"}},
		{"plan", "select feature, entitled from terraform_entitlement where feature in ('sso', 'cost-estimation') order by all", []string{"cost-estimation | false", "sso | true"}},
		{"teams", "select team, sso_team_id, organization_access, len(members), users_count from terraform_team order by all", []string{
			"deployment | - | [] | 1 | 1", "owners | acme-tf-owners | [manage-membership, manage-policies, manage-policy-overrides, manage-projects, manage-teams, manage-workspaces] | 1 | 1",
			"platform-team | acme-platform | [manage-policy-overrides, read-workspaces] | 3 | 3",
		}},
		{"members without a second factor", "select username, status, service_account, teams from terraform_membership where not two_factor_enabled", []string{"ci-deploy | active | true | [team-Deploy0000000001]"}},
		{"access", "select w.workspace, access, runs, workspace_locking from terraform_team_access as a join terraform_workspace as w using (workspace_id) order by all", []string{
			"prod-data-platform | write | apply | true", "prod-network | write | apply | true", "staging-data-platform | write | apply | true",
		}},
		{"access to projects", "select p.project, access, workspace_create from terraform_team_project_access join terraform_project as p using (project_id) order by all", []string{"non-production | admin | true", "production | write | false"}},
		{"policy sets", "select policy_set, engine, global, overridable, repository, left(version_commit, 7), version_status, policies from terraform_policy_set order by all", []string{
			"acme-baseline | sentinel | true | false | acme/policies | 5f1c0ff | ready | []", "acme-data-protection | opa | false | true | acme/policies | 5f1c0ff | ready | []",
			"acme-ingress | sentinel | false | false | - | - | - | [pol-N0PublicIngress01]",
		}},
		{"where they apply", "select policy_set, scope, target_id from terraform_policy_set_scope order by all", []string{
			"acme-baseline | excluded-workspace | ws-Sandbox000000001", "acme-baseline | global | -", "acme-data-protection | project | prj-Production000001", "acme-ingress | workspace | ws-ProdNetwork00001",
		}},
		{"tokens", "select token_id, token_type, owner_id, description, created_by, last_used_at, expires_at from terraform_token order by all", []string{
			"at-0000000000000001 | team | team-Platform00000001 | drift report | user-MiraHoffmann0001 | - | 2026-12-28T09:30:00Z",
			"at-AgentDataCentre1 | agent | apool-DataCentre000001 | agent in the data centre | user-J0nasWeber000001 | 2026-09-30T17:59:00Z | -",
			"at-AuditPackReader1 | team | team-Owners0000000001 | auditpack | user-AnnaSchulz000001 | 2026-09-30T18:00:00Z | 2027-01-12T09:05:00Z",
			"at-AuditTrai1sT0ken | audit-trails | - | - | user-AnnaSchulz000001 | 2026-09-30T18:00:00Z | 2027-01-12T09:00:00Z",
			"at-Leg4cyN0End00001 | team | team-Platform00000001 | - | user-J0nasWeber000001 | 2026-09-24T07:41:00Z | -",
			"at-Pipe1ineDep1oy01 | team | team-Deploy0000000001 | pipeline | user-AnnaSchulz000001 | 2026-09-30T15:12:00Z | 2027-02-02T08:00:00Z",
		}},
		{"agent pools", "select agent_pool_id, agent_pool, organization, agents, created_at from terraform_agent_pool", []string{"apool-DataCentre000001 | data-centre | acme | 1 | 2024-06-03T09:00:00Z"}},
		{"policies", "select policy, enforcement_level, policy_sets from terraform_policy", []string{"no-public-ingress | soft-mandatory | [polset-AcmeIngress00001]"}},
		{"audit trail", "select \"time\", actor_name, resource_type, action from terraform_audit_event order by all limit 2", []string{"2026-09-21T07:58:00Z | anna.schulz | team | update", "2026-09-22T12:10:00Z | jonas.weber | workspace | update"}},
		{"events", "select action, actor is null, actor_name, target_type, comment from terraform_run_event where run_id = 'run-Net0verr1deNoExc' order by created_at", []string{
			"created | false | mira.hoffmann | runs | -",
			"policy_checked_override | false | jonas.weber | policy-checks | Load test of the new gateway, open until Friday",
			"confirmed | false | jonas.weber | runs | -",
			"applied | true | - | runs | -",
		}},
	} {
		if diff := cmp.Diff(tt.want, factstest.Rows(t, db, tt.query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
}

// What the records say of themselves, for the evidence index.
func TestRecords(t *testing.T) {
	w := newWorld(t, acme(t))
	all := w.records(w.collect())
	var got []string
	for _, kind := range terraform.Type.Kinds {
		r, ok := all[kind]
		if !ok {
			got = append(got, string(kind)+" none")
			continue
		}
		expected := "-"
		if r.Stated.ItemsExpected != nil {
			expected = itoa(*r.Stated.ItemsExpected)
		}
		snapshot := "period"
		if r.At != nil {
			snapshot = "snapshot"
		}
		got = append(got, string(kind)+" "+snapshot+" "+expected+"/"+itoa(*r.Stated.ItemsSeen)+" parts "+itoa(int64(len(r.Content))))
	}
	if diff := cmp.Diff([]string{
		"terraform.organization/1 snapshot 1/1 parts 1",
		"terraform.entitlements/1 snapshot 1/1 parts 1",
		"terraform.projects/1 snapshot 2/2 parts 1",
		"terraform.workspaces/1 snapshot 4/4 parts 1",
		"terraform.teams/1 snapshot 3/3 parts 1",
		"terraform.organization-memberships/1 snapshot 5/5 parts 1",
		"terraform.team-access/1 snapshot 3/3 parts 4",
		"terraform.team-project-access/1 snapshot 2/2 parts 2",
		"terraform.policy-sets/1 snapshot 3/3 parts 1",
		"terraform.policies/1 snapshot 1/1 parts 1",
		"terraform.organization-tokens/1 snapshot 1/1 parts 1", // the organization itself has none
		"terraform.team-tokens/1 snapshot 4/4 parts 1",
		"terraform.user-tokens/1 none",
		"terraform.agent-pools/1 snapshot 1/1 parts 1",
		"terraform.agent-tokens/1 snapshot 1/1 parts 1",
		"terraform.metrics-tokens/1 snapshot -/0 parts 1",
		"terraform.runs/1 period 40/40 parts 4",
		"terraform.policy-checks/1 period -/19 parts 38", // an unpaged list states no total
		"terraform.policy-check-logs/1 period 18/18 parts 18",
		"terraform.task-stages/1 period 12/12 parts 38",
		"terraform.policy-evaluations/1 period 11/11 parts 11",
		"terraform.policy-set-outcomes/1 period 11/11 parts 11",
		"terraform.tf-policy-evaluations/1 none",
		"terraform.run-events/1 period -/85 parts 38",
		"terraform.audit-trail/1 period 4/4 parts 1",
	}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	runs := all[terraform.KindRuns]
	if want := (evidence.Source{Name: "hcp-terraform", Type: "terraform", System: w.server.URL, Version: "HCP Terraform API 2.6", Identity: "organization acme"}); runs.Source != want {
		t.Errorf("source: got %+v, want %+v", runs.Source, want)
	}
	if want := "user audit-reader (user-AudItReaDer00001)"; runs.Collected.Principal != want {
		t.Errorf("principal: got %q, want %q", runs.Collected.Principal, want)
	}
	if got, want := runs.Stated.First.Format("2006-01-02")+" "+runs.Stated.Last.Format("2006-01-02"), "2026-04-08 2026-10-05"; got != want {
		t.Errorf("first and last: got %s, want %s", got, want)
	}
	wantName := "/api/v2/workspaces/ws-ProdDataPlatform/runs?filter[operation]=plan_and_apply,plan_only,save_plan,refresh_only,destroy,empty_apply,action_only&page[number]=1&page[size]=100"
	if got := runs.Content[0].Name; got != wantName {
		t.Errorf("name of part: got %q, want %q", got, wantName)
	}
	if !slices.ContainsFunc(w.fake.Asked(), func(s string) bool { return strings.HasSuffix(s, "/run-events?include=actor,comment") }) {
		t.Error("run events were not asked for with actor and comment")
	}
}
