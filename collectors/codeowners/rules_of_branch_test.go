package codeowners_test

import (
	"testing"

	"auditpack/collectors/codeowners/githubtest"
	"auditpack/evidence/facts/factstest"
)

func rule(ruleset int, sort string, parameters githubtest.Object) githubtest.Object {
	r := githubtest.Object{"type": sort, "ruleset_id": ruleset, "ruleset_source_type": "Repository", "ruleset_source": "acme/infra"}
	if parameters != nil {
		r["parameters"] = parameters
	}
	return r
}

// TestBranchRules: rulesets and the older protection side by side, each with who may bypass it.
func TestBranchRules(t *testing.T) {
	s := newScenario(t)
	s.data.Rules = []githubtest.Object{
		rule(1, "pull_request", githubtest.Object{"require_code_owner_review": true, "dismiss_stale_reviews_on_push": false, "require_last_push_approval": true, "required_approving_review_count": 2}),
		rule(1, "deletion", nil),
		rule(2, "non_fast_forward", nil),
	}
	s.data.Rulesets = []githubtest.Object{
		{"id": 1, "name": "review", "target": "branch", "enforcement": "active", "bypass_actors": []githubtest.Object{
			{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}, {"actor_id": nil, "actor_type": "OrganizationAdmin", "bypass_mode": "pull_request"}}},
		{"id": 2, "name": "history", "target": "branch", "enforcement": "active", "bypass_actors": []githubtest.Object{}},
		{"id": 3, "name": "tried", "target": "branch", "enforcement": "evaluate", "bypass_actors": []githubtest.Object{}},
	}
	s.data.Protection = githubtest.Object{
		"required_pull_request_reviews": githubtest.Object{
			"require_code_owner_reviews": true, "dismiss_stale_reviews": true, "required_approving_review_count": 1,
			"bypass_pull_request_allowances": githubtest.Object{
				"users": []githubtest.Object{{"login": "root"}}, "teams": []githubtest.Object{{"slug": "release"}}, "apps": []githubtest.Object{{"slug": "bot"}}},
		},
		"enforce_admins": githubtest.Object{"enabled": false}, "allow_force_pushes": githubtest.Object{"enabled": true}, "allow_deletions": githubtest.Object{"enabled": false},
	}
	if got := parts(s.collect()); len(got) > 0 {
		t.Fatalf("got %q, want no failure", got)
	}
	const query = `select origin, owner_review_required, stale_approvals_dismissed, last_push_approval_required, required_approvals, force_push_blocked, deletion_blocked, bypass_known, bypass_actors from branch_rule order by origin`
	db := factstest.Project(t, s.store, s.store)
	factstest.Check(t, db, query,
		"branch protection | true | true | false | 1 | false | true | true | [user root, team release, app bot, administrators]",
		"ruleset history | false | false | false | 0 | true | false | true | []",
		"ruleset review | true | false | true | 2 | false | true | true | [RepositoryRole 5 (always), OrganizationAdmin (pull_request)]",
	)
	factstest.Check(t, db, `select source, branch, protected from protected_branch`, "infra | main | true")

	bare := newScenario(t)
	bare.data.Branches["main"]["protected"] = false
	bare.collect()
	db = factstest.Project(t, bare.store, bare.store)
	factstest.Check(t, db, `select count(*) from branch_rule`, "0")
	factstest.Check(t, db, `select source, branch, protected from protected_branch`, "infra | main | false")
}

// TestUnknownTeams: an approval by somebody who may be in a team that the token may not see decides nothing; without any approval the
// case is clear. Teams of equal members are one answer in two places.
func TestUnknownTeams(t *testing.T) {
	s := newScenario(t)
	sha := oneChange(s)
	other := s.commit(day(7, 3), "iam: more", files{"modules/iam/main.tf": "# iam 2\n"})
	s.data.ReadOrg = false
	s.collect()
	db := factstest.Project(t, s.store, s.store)
	factstest.Check(t, db, `select "commit", asked, unknown_owners, approved_by_owner from change_review order by landed_at`,
		sha+" | true | [@acme/Security-Team] | -", other+" | true | [@acme/Security-Team] | false")

	s = newScenario(t)
	oneChange(s)
	s.commit(day(7, 3), "workflow", files{".github/workflows/x.yml": "x\n"})
	s.data.Teams["acme/platform-team"] = s.data.Teams["acme/security-team"]
	s.collect()
	db = factstest.Project(t, s.store, s.store)
	factstest.Check(t, db, `select team, login from team_member order by team`, "@acme/platform-team | Sofia", "@acme/security-team | Sofia")
	factstest.Check(t, db, `select path, owner_approvals, commit_author, verified, verification from change_review order by landed_at`,
		"modules/iam/main.tf | [sofia] | dave | false | unsigned", ".github/workflows/x.yml | [] | dave | false | unsigned")
}
