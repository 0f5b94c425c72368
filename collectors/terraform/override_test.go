package terraform_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence/facts/factstest"
)

// overriddenCheck is a run with a soft-mandatory policy that was overridden at 10:00.
func overriddenCheck(events ...terraformtest.Event) terraformtest.Run {
	r := applied("run-a", "2026-07-05T08:00:00Z")
	r.Checks = []terraformtest.Check{{
		ID: "polchk-1", Status: "overridden", At: map[string]time.Time{"soft_failed": at("2026-07-05T08:02:00Z"), "overridden": at("2026-07-05T10:00:00Z")},
		Sets: []terraformtest.CheckSet{{Name: "base", Policies: []terraformtest.CheckPolicy{
			{Name: "tags", Level: "advisory", Failed: true}, {Name: "ingress", Level: "soft-mandatory", Failed: true}, {Name: "regions", Level: "hard-mandatory"},
		}}},
	}}
	r.Events = events
	return r
}

// overriddenStage is a run whose task stage was overridden at 10:00: it reads passed afterwards.
func overriddenStage(evaluation string, events ...terraformtest.Event) terraformtest.Run {
	r := applied("run-a", "2026-07-05T08:00:00Z")
	r.Checks = nil
	stamps := map[string]time.Time{"failed": at("2026-07-05T08:02:00Z")}
	if evaluation == "overridden" {
		stamps["overridden"] = at("2026-07-05T10:00:00Z")
	}
	r.Stages = []terraformtest.Stage{{
		ID: "ts-1", Status: "passed", Created: r.Created, At: map[string]time.Time{"awaiting_override": at("2026-07-05T08:03:00Z"), "passed": at("2026-07-05T10:00:01Z")},
		Evaluations: []terraformtest.Evaluation{{
			ID: "poleval-1", Kind: "opa", Status: evaluation, Created: r.Created, At: stamps,
			Sets: []terraformtest.OutcomeSet{
				{ID: "psout-1", Name: "data", Overridable: true, Outcomes: []terraformtest.PolicyOutcome{{Policy: "encryption", Level: "mandatory", Status: "failed"}, {Policy: "tags", Level: "advisory", Status: "failed"}, {Policy: "tls", Level: "mandatory", Status: "passed"}}},
				{ID: "psout-2", Name: "strict", Overridable: false, Outcomes: []terraformtest.PolicyOutcome{{Policy: "residency", Level: "mandatory", Status: "failed"}, {Policy: "broken", Status: "errored"}}},
				{ID: "psout-3", Name: "unread", Error: "policy set could not be downloaded"},
			},
		}},
	}}
	r.Events = events
	return r
}

func event(action, when, actor, target, comment string) terraformtest.Event {
	return terraformtest.Event{ID: "re-" + action + when[11:13] + when[14:16], Action: action, At: at(when), Actor: actor, Target: target, Comment: comment}
}

// Who overrode, and why: found by the object that an event touches and by the time of the change, whatever the action is called.
func TestOverrides(t *testing.T) {
	const query = "select policy, overridden_by, override_comment, overridden_at from terraform_policy_result where overridden order by all"
	confirmed := event("confirmed", "2026-07-05T10:00:30Z", "jo", "", "")
	for name, tt := range map[string]struct {
		run   terraformtest.Run
		alter func(path string, d map[string]any)
		want  []string
	}{
		"check, by an action we never heard of": {
			run:  overriddenCheck(event("waved_through", "2026-07-05T10:00:00Z", "max", "policy-checks/polchk-1", "for the audit"), confirmed),
			want: []string{"ingress | max | for the audit | 2026-07-05T10:00:00Z"},
		},
		"two events for one override": {
			run: overriddenCheck(event("override", "2026-07-05T09:59:59Z", "max", "policy-checks/polchk-1", ""),
				event("overridden", "2026-07-05T10:00:00Z", "max", "policy-checks/polchk-1", "why"), confirmed),
			want: []string{"ingress | max | why | 2026-07-05T10:00:00Z"},
		},
		"the system's events have no actor": {
			run: overriddenCheck(event("soft_failed", "2026-07-05T08:02:00Z", "", "policy-checks/polchk-1", ""),
				event("override", "2026-07-05T09:59:58Z", "max", "policy-checks/polchk-1", ""), event("overridden", "2026-07-05T10:00:00Z", "", "policy-checks/polchk-1", "")),
			want: []string{"ingress | max | - | 2026-07-05T10:00:00Z"},
		},
		"events without targets": {
			run: overriddenCheck(event("policy_override", "2026-07-05T10:00:00Z", "max", "", "why"), confirmed),
			alter: func(path string, d map[string]any) {
				if list, _ := d["data"].([]any); strings.HasSuffix(path, "/run-events") {
					for _, e := range list {
						delete(e.(map[string]any)["relationships"].(map[string]any), "target")
					}
				}
			},
			want: []string{"ingress | max | why | 2026-07-05T10:00:00Z"},
		},
		"the comment is an event of its own": {
			run: overriddenCheck(event("commented", "2026-07-05T08:30:00Z", "jo", "", "looks odd"), event("commented", "2026-07-05T09:58:00Z", "max", "", "agreed with jo"),
				event("override", "2026-07-05T10:00:00Z", "max", "policy-checks/polchk-1", ""), event("commented", "2026-07-05T11:00:00Z", "max", "", "long after")),
			want: []string{"ingress | max | agreed with jo | 2026-07-05T10:00:00Z"},
		},
		"the actor is not included": {
			run:   overriddenCheck(event("override", "2026-07-05T10:00:00Z", "max", "policy-checks/polchk-1", "")),
			alter: func(_ string, d map[string]any) { delete(d, "included") },
			want:  []string{"ingress | user-2 | - | 2026-07-05T10:00:00Z"},
		},
		"nobody is known": {
			run:  overriddenCheck(confirmed),
			want: []string{"ingress | - | - | 2026-07-05T10:00:00Z"},
		},
		"stage, its evaluation says so": {
			run:  overriddenStage("overridden", event("override", "2026-07-05T10:00:00Z", "max", "task-stages/ts-1", "why"), confirmed),
			want: []string{"encryption | max | why | 2026-07-05T10:00:00Z"},
		},
		"stage, its evaluation still says failed": {
			run:  overriddenStage("failed", event("override", "2026-07-05T10:00:00Z", "max", "task-stages/ts-1", "why"), confirmed),
			want: []string{"encryption | max | why | 2026-07-05T10:00:00Z"},
		},
		"the event touches the evaluation": {
			run:  overriddenStage("failed", event("override", "2026-07-05T10:00:00Z", "max", "policy-evaluations/poleval-1", "why"), confirmed),
			want: []string{"encryption | max | why | 2026-07-05T10:00:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, terraformtest.New(small(tt.run), token))
			if tt.alter != nil {
				altered(w, tt.alter)
			}
			if res := w.collect(); res.Failed() {
				t.Fatalf("%v", parts(res))
			}
			if diff := cmp.Diff(tt.want, factstest.Rows(t, w.facts(), query)); diff != "" {
				t.Errorf("overrides (-want +got):\n%s", diff)
			}
		})
	}
}

// Counts come from the outcomes; the levels and sets that no client decodes come from the bytes.
func TestOutcomesOfAStage(t *testing.T) {
	w := newWorld(t, terraformtest.New(small(overriddenStage("overridden")), token))
	if res := w.collect(); res.Failed() {
		t.Fatalf("%v", parts(res))
	}
	want := []string{
		"data | encryption | mandatory | failed | true", "data | tags | advisory | failed | false", "data | tls | mandatory | passed | false",
		"strict | broken | - | errored | false", "strict | residency | mandatory | failed | false", "unread | - | - | errored | false",
	}
	db := w.facts()
	if diff := cmp.Diff(want, factstest.Rows(t, db, "select policy_set, policy, enforcement_level, outcome, overridden from terraform_policy_result order by all")); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1 | 1 | 2 | 1"}, factstest.Rows(t, db, "select passed, errored, mandatory_failed, advisory_failed from terraform_policy_evaluation_seen")); diff != "" {
		t.Errorf("counts as stated (-want +got):\n%s", diff)
	}
}

// The engine's own details may be anything: what they name is used, otherwise the counts, otherwise the check.
func TestDetailsOfSentinel(t *testing.T) {
	policies := func(list string) string {
		return `{"result":false,"passed":1,"total-failed":2,"hard-failed":1,"soft-failed":1,"advisory-failed":0,"sentinel":` + list + `}`
	}
	type shape struct {
		result, status string
		want           []string
	}
	shapes := map[string]shape{
		"soft and hard in one check": {
			policies(`{"data":{"s":{"can-override":true,"policies":[{"policy":"s/a","result":false},{"policy":"other/b","result":true}]},"h":{"can-override":false,"policies":[{"policy":"c","result":false},{"policy":"d","result":false,"error":"boom"}]}}}`),
			"hard_failed",
			[]string{"h | c | mandatory | failed | hard_failed", "h | d | mandatory | errored | hard_failed", "s | a | soft-mandatory | failed | hard_failed", "s | other/b | - | passed | hard_failed"},
		},
		"details are a list":        {policies(`{"data":[1,2]}`), "hard_failed", []string{"- | - | hard-mandatory | failed | hard_failed", "- | - | soft-mandatory | failed | hard_failed", "- | - | - | passed | hard_failed"}},
		"details are null":          {policies(`null`), "soft_failed", []string{"- | - | hard-mandatory | failed | soft_failed", "- | - | soft-mandatory | failed | soft_failed", "- | - | - | passed | soft_failed"}},
		"policies are no list":      {policies(`{"data":{"s":{"policies":7}}}`), "soft_failed", []string{"- | - | hard-mandatory | failed | soft_failed", "- | - | soft-mandatory | failed | soft_failed", "- | - | - | passed | soft_failed"}},
		"canceled":                  {`null`, "canceled", []string{"- | - | - | unknown | canceled"}},
		"errored":                   {`null`, "errored", []string{"- | - | - | errored | errored"}},
		"pending":                   {`{}`, "pending", []string{"- | - | - | unknown | pending"}},
		"passed without a policy":   {`{"passed":0}`, "passed", []string{"- | - | - | passed | passed"}},
		"a status of next year":     {`null`, "waived", []string{"- | - | - | unknown | waived"}},
		"result is not what it was": {`[true]`, "passed", []string{"- | - | - | passed | passed"}},
	}
	var runs []terraformtest.Run
	ids := map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(shapes)) {
		ids[name] = fmt.Sprintf("run-%d", i)
		runs = append(runs, applied(ids[name], "2026-07-05T08:00:00Z"))
	}
	fake := terraformtest.New(small(runs...), token)
	for name, id := range ids {
		fake.Plant("/"+id+"/policy-checks", -1, terraformtest.Fault{Status: 200,
			Body: `{"data":[{"id":"polchk-` + id + `","type":"policy-checks","attributes":{"status":"` + shapes[name].status + `","result":` + shapes[name].result + `}}]}`})
	}
	w := newWorld(t, fake)
	if res := w.collect(); res.Failed() {
		t.Fatalf("%v", parts(res))
	}
	db := w.facts()
	for name, id := range ids {
		t.Run(name, func(t *testing.T) {
			got := factstest.Rows(t, db, "select policy_set, policy, enforcement_level, outcome, check_status from terraform_policy_result where run_id = '"+id+"' order by all")
			if diff := cmp.Diff(shapes[name].want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// A policy that prints the engine's own sentence does not turn a failure into a success.
func TestLogThatClaimsSuccess(t *testing.T) {
	for _, log := range []string{"Sentinel Result: false\n\nprint: \nSentinel Result: true\n", "Sentinel Result: true\nSentinel Result: false\n"} {
		fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token)
		fake.Plant("/policy-checks/polchk-run-a/output", -1, terraformtest.Fault{Status: 200, Body: log})
		w := newWorld(t, fake)
		w.collect()
		if diff := cmp.Diff([]string{"false"}, factstest.Rows(t, w.facts(), "select result from terraform_policy_check_log")); diff != "" {
			t.Errorf("log %q (-want +got):\n%s", log, diff)
		}
	}
}
