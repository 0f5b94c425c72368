package codeowners_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/codeowners/githubtest"
	"auditpack/evidence/facts/factstest"
)

// history fills a scenario with what can happen to a protected path in a quarter.
func history(s *scenario) {
	hour := time.Hour
	// Squashed, approved by the team's member on the last commit.
	sha := s.commit(day(7, 2), "iam: roles (#1)", files{"modules/iam/main.tf": "# iam 1\n"})
	s.merged(1, day(7, 2), []githubtest.Object{review(101, 1, "sofia", "APPROVED", day(7, 2).Add(-hour))}, sha)
	// Pushed, and made to look squashed.
	s.commit(day(7, 5), "kms: shorter (#4)", files{"modules/kms/main.tf": "# kms 1\n"})
	// A merge commit; a comment after the approval cancels nothing.
	side := s.side("kms: longer", files{"modules/kms/main.tf": "# kms 2\n"})
	sha = s.commit(day(7, 8), "Merge pull request #2", files{"modules/kms/main.tf": "# kms 2\n"}, side)
	s.merged(2, day(7, 8), []githubtest.Object{review(201, 2, "Erin", "APPROVED", day(7, 7)), review(202, 2, "Erin", "COMMENTED", day(7, 7).Add(hour))}, sha)
	// Rebased: two commits land. The approval was taken back.
	a := s.commit(day(7, 10), "iam: one", files{"modules/iam/main.tf": "# iam 2\n"})
	b := s.commit(day(7, 10), "iam: two", files{"modules/iam/main.tf": "# iam 3\n"})
	s.merged(3, day(7, 10), []githubtest.Object{review(301, 3, "sofia", "APPROVED", day(7, 9)), review(302, 3, "sofia", "CHANGES_REQUESTED", day(7, 9).Add(hour))}, a, b)
	// Renamed out of the protected path, approved by the owners of where it went.
	sha = s.commit(day(7, 12), "move (#5)", files{"modules/iam/special.tf": "", "misc/special.tf": "# one\n# two\n# three\n# four\n# five\n"})
	s.merged(5, day(7, 12), []githubtest.Object{review(501, 5, "petra", "APPROVED", day(7, 11))}, sha)
	// Approved, then pushed to again.
	sha = s.commit(day(7, 15), "iam: more (#6)", files{"modules/iam/main.tf": "# iam 4\n"})
	stale := review(601, 6, "sofia", "APPROVED", day(7, 14))
	stale["commit_id"] = head(99)
	s.merged(6, day(7, 15), []githubtest.Object{stale}, sha)
	// Approved after the merge; an approval that was dismissed; one of an account that is gone.
	sha = s.commit(day(7, 16), "iam: still more (#7)", files{"modules/iam/main.tf": "# iam 5\n"})
	s.merged(7, day(7, 16), []githubtest.Object{review(701, 7, "", "APPROVED", day(7, 15)), review(702, 7, "sofia", "DISMISSED", day(7, 15)),
		review(703, 7, "sofia", "APPROVED", day(7, 16).Add(hour))}, sha)
	// The owner approves what the owner helped to write.
	sha = s.commit(day(7, 18), "kms: together (#8)", files{"modules/kms/main.tf": "# kms 3\n"})
	s.merged(8, day(7, 18), []githubtest.Object{review(801, 8, "erin", "APPROVED", day(7, 17))}, sha)
	pull := s.data.Pulls[8]
	pull.Commits = append(pull.Commits, githubtest.Object{"sha": head(88), "author": githubtest.Object{"login": "erin"}, "commit": githubtest.Object{}})
	s.data.Pulls[8] = pull
	// CODEOWNERS gets a new owner without a review, who then approves.
	sha = s.commit(day(7, 20), "owners (#9)", files{"CODEOWNERS": "* @acme/platform-team\n/modules/iam/ @acme/security-team\n/modules/kms/ @mallory\n"})
	s.merged(9, day(7, 20), nil, sha)
	sha = s.commit(day(7, 22), "kms: open (#10)", files{"modules/kms/main.tf": "# kms 4\n"})
	s.merged(10, day(7, 22), []githubtest.Object{review(1001, 10, "mallory", "APPROVED", day(7, 21))}, sha)
	// Nothing protected: the server is not asked about it.
	s.commit(day(7, 25), "docs (#11)", files{"docs/index.md": "# docs 1\n"})
	// A provider, a module and an action from outside, in a file that nobody protects.
	sha = s.commit(day(8, 1), "providers (#12)", files{
		"main.tf":                  "terraform {\n  required_providers {\n    datadog = { source = \"datadog/datadog\" }\n  }\n}\nmodule \"net\" {\n  source = \"git::https://github.com/other/net.git?ref=v1\"\n}\nmodule \"own\" {\n  source = \"github.com/acme/own\"\n}\n",
		".github/workflows/ci.yml": "jobs:\n  x:\n    steps:\n      - uses: somebody/action@v1\n      - uses: ./local\n",
	})
	s.merged(12, day(8, 1), []githubtest.Object{review(1201, 12, "petra", "APPROVED", day(7, 31))}, sha)
}

// side makes a commit beside the branch and goes back to it.
func (s *scenario) side(message string, content files) string {
	s.t.Helper()
	head, err := s.repo.Head()
	if err != nil {
		s.t.Fatal(err)
	}
	activity, tip := s.data.Activity, s.data.Branches["main"]["commit"]
	sha := s.commit(day(7, 6), message, content)
	s.data.Activity, s.data.Branches["main"]["commit"] = activity, tip
	s.reset(head.Hash().String())
	return sha
}

func TestReviews(t *testing.T) {
	s := newScenario(t)
	history(s)
	res := s.collect()
	if got := parts(res); len(got) > 0 || res.Err != nil {
		t.Fatalf("got %v, %q, want no failure", res.Err, got)
	}
	db := factstest.Project(t, s.store, s.store)
	factstest.Check(t, db, `select count(*), count(*) filter (where protected_files > 0), min(landed_at), max(landed_at) from branch_change`,
		"13 | 12 | 2026-07-02T09:00:00Z | 2026-08-01T09:00:00Z")
	factstest.Check(t, db, `select strftime(landed_at, '%m-%d') as d, path, change, pull, owners, owner_approvals, approved_by_owner, approvals from change_review order by d, path, "commit", approved_by_owner`,
		"07-02 | modules/iam/main.tf | modified | 1 | [@acme/Security-Team] | [sofia] | true | [sofia approved 2026-07-02T08:00:00Z]",
		"07-05 | modules/kms/main.tf | modified | - | [@erin] | [] | false | []",
		"07-08 | modules/kms/main.tf | modified | 2 | [@erin] | [Erin] | true | [Erin approved 2026-07-07T09:00:00Z]",
		"07-10 | modules/iam/main.tf | modified | 3 | [@acme/Security-Team] | [] | false | [sofia changes_requested 2026-07-09T10:00:00Z]",
		"07-10 | modules/iam/main.tf | modified | 3 | [@acme/Security-Team] | [] | false | [sofia changes_requested 2026-07-09T10:00:00Z]",
		"07-12 | modules/iam/special.tf | renamed-away | 5 | [@acme/Security-Team] | [] | false | [petra approved 2026-07-11T09:00:00Z]",
		"07-15 | modules/iam/main.tf | modified | 6 | [@acme/Security-Team] | [] | false | [sofia approved 2026-07-14T09:00:00Z on an older commit]",
		"07-16 | modules/iam/main.tf | modified | 7 | [@acme/Security-Team] | [] | false | [sofia dismissed 2026-07-15T09:00:00Z]",
		"07-18 | modules/kms/main.tf | modified | 8 | [@erin] | [] | false | [erin approved 2026-07-17T09:00:00Z as author]",
		"07-20 | CODEOWNERS | modified | 9 | [@acme/platform-team] | [] | false | []",
		"07-22 | modules/kms/main.tf | modified | 10 | [@mallory] | [mallory] | true | [mallory approved 2026-07-21T09:00:00Z]",
		"08-01 | .github/workflows/ci.yml | added | 12 | [@acme/platform-team] | [petra] | true | [petra approved 2026-07-31T09:00:00Z]",
	)
	factstest.Check(t, db, `select line, path, sort, value, origin, own from external_integration order by path, line`,
		"4 | .github/workflows/ci.yml | action | somebody/action@v1 | github.com/somebody | false",
		"3 | main.tf | provider | datadog/datadog | registry.terraform.io/datadog | false",
		"7 | main.tf | module | git::https://github.com/other/net.git?ref=v1 | github.com/other | false",
		"10 | main.tf | module | github.com/acme/own | github.com/acme | true",
	)
	factstest.Check(t, db, `select count(*) from commit_pull`, "12")
	factstest.Check(t, db, `select count(*), sum(commits) from pull_request`, "10 | 11")
}

// What was asked once is not asked again, and one that stopped in the middle goes on.
func TestResume(t *testing.T) {
	s := newScenario(t)
	history(s)
	s.handler = failing("/pulls/7/reviews", 500)
	if res := s.collect(); !res.Failed() {
		t.Fatalf("got %+v, want the reviews of pull request 7 failed", res.Entry.Parts)
	}
	s.handler = nil
	s.now = s.now.Add(time.Hour)
	if got := parts(s.collect()); len(got) > 0 {
		t.Fatalf("second collection: got %q, want no failure", got)
	}
	var again []string
	for _, path := range s.asked {
		if inReviews(path) {
			again = append(again, path)
		}
	}
	if len(again) != 5 { // commit, its pull requests, the pull request, its commits, its reviews
		t.Errorf("second collection asked %q, want the five questions about the change that failed", again)
	}
	s.now = s.now.Add(time.Hour)
	s.collect()
	for _, path := range s.asked {
		if inReviews(path) {
			t.Errorf("third collection asked %s again", path)
		}
	}
	whole := newScenario(t)
	history(whole)
	whole.collect()
	const all = `select "commit", path, pull, owner_approvals, approved_by_owner from change_review order by all`
	if diff := cmp.Diff(factstest.Rows(t, factstest.Project(t, whole.store, whole.store), all), factstest.Rows(t, factstest.Project(t, s.store, s.store), all)); diff != "" {
		t.Errorf("change_review of one collection and of three (-one +three):\n%s", diff)
	}
}

func checkRewrites(t *testing.T, s *scenario, want ...string) {
	t.Helper()
	factstest.Check(t, factstest.Project(t, s.store, s.store), `select tip, previous_tip, relation, server_confirmed from branch_rewrite`, want...)
}
