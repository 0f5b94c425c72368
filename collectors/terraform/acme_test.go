package terraform_test

import (
	"strconv"
	"testing"

	"auditpack/evidence/facts/factstest"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func TestAcme(t *testing.T) {
	w := newWorld(t, acme(t))
	res := w.collect()
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	for _, p := range parts(res) {
		t.Log(p)
	}
	for k, r := range w.records(res) {
		t.Log(k, len(r.Content), *r.Stated.ItemsSeen, r.Stated.ItemsExpected, r.Stated.Notes)
	}
	t.Log(len(w.fake.Asked()))
	db := w.facts()
	for _, q := range []string{
		"select workspace, organization, tags, created_at from terraform_workspace order by all",
		"select run_id, workspace, status, created_at, applied_at, plan_only, created_by from terraform_run order by created_at",
		"select run_id, source, policy_set, policy, enforcement_level, outcome, check_status, completed_at, overridden, overridden_by, override_comment, overridden_at from terraform_policy_result where outcome <> 'passed' or policy is null order by all",
		"select source, outcome, count(*) from terraform_policy_result group by all order by all",
		"select * exclude evidence from terraform_task_stage order by all limit 3",
		"select * exclude evidence from terraform_run_event where comment is not null order by all",
	} {
		t.Log(q)
		for _, r := range factstest.Rows(t, db, q) {
			t.Log("   ", r)
		}
	}
}
