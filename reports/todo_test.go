package reports

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// lacking is an assessment with one requirement for each kind of thing that can be missing.
func lacking() assessment.Assessment {
	period, err := evidence.Quarter("2026-Q3")
	if err != nil {
		panic(err)
	}
	primary := func(ids ...assessment.ControlID) (list []assessment.ControlTarget) {
		for _, id := range ids {
			list = append(list, assessment.ControlTarget{Control: id, Strength: assessment.Primary})
		}
		return list
	}
	manual := assessment.Reason{Code: "manual-missing", Control: "access", Aspect: "mfa", Owner: "platform"}
	stale := assessment.Reason{Code: "stale", Control: "logging", Aspect: "kept", Test: "VAL-02", Source: "vault-prod", Detail: "vault_audit: 2026-07-01T00:00:00Z, max_age 24h", Owner: "platform"}
	older := stale
	older.Test, older.Detail = "VAL-01", "vault_audit: 2026-07-01T00:00:00Z, max_age 7d"
	deviating := assessment.Reason{Code: "deviations", Control: "changes", Aspect: "checked", Test: "TFP-01", Detail: "open 2, excepted 1", Owner: "cloud"}
	return assessment.Assessment{
		Framework: assessment.FrameworkRef{ID: "own"}, Type: 2, Period: &period, AsOf: period.To,
		Controls: []assessment.ControlResult{{ID: "access", Aspects: []assessment.AspectResult{{ID: "mfa", IsManual: true}}}},
		Tests: []assessment.TestResult{{ID: "TFP-01", Open: 2, Excepted: 1, Deviations: []assessment.Deviation{
			{Key: "a", Response: "RSP-1"}, {Key: "b"}, {Key: "c", Exception: "EXC-1"},
		}}},
		Responses: []assessment.Response{{ID: "RSP-1", Due: "2026-10-15", Answers: []string{"a"}}},
		Requirements: []assessment.Finding{
			{ID: "R-1", Status: assessment.PartlySupported, Controls: primary("access"), Reasons: []assessment.Reason{manual}},
			{ID: "R-2", Status: assessment.PartlySupported, Controls: primary("access", "logging"), Reasons: []assessment.Reason{manual, stale, older}},
			{ID: "R-3", Status: assessment.PartlySupported, Controls: primary("logging"), Reasons: []assessment.Reason{stale, older}},
			{ID: "R-4", Status: assessment.DeviationsNoted, Controls: primary("changes"), Reasons: []assessment.Reason{deviating}},
			{ID: "R-5", Status: assessment.NotAssessed, Reasons: []assessment.Reason{{Code: "no-control"}}},
			{ID: "R-6", Status: assessment.Supported, Controls: primary("access")},
			{ID: "R-7", Status: assessment.NotApplicable, Reasons: []assessment.Reason{{Code: "not-applicable"}}},
			{ID: "R-8", Status: assessment.NotAssessed, Controls: primary("logging"), Reasons: []assessment.Reason{{Code: "no-occurrences", Control: "logging", Test: "BND-01"}}},
			{ID: "R-9", Status: assessment.NotAssessed, Controls: primary("logging"), Reasons: []assessment.Reason{{Code: "no-evidence", Control: "logging", Test: "VAL-06", Detail: "leaver"}}},
			// what a supporting control lacks does not stand in the way
			{ID: "R-10", Status: assessment.PartlySupported, Controls: append(primary("access"), assessment.ControlTarget{Control: "logging", Strength: assessment.Supporting}),
				Reasons: []assessment.Reason{manual, stale}},
		},
	}
}

// What the declaration says has no part in what completes a requirement, what was collected too late comes last, and a source
// that has no more to give is to be configured.
func TestToDoAfterThePeriod(t *testing.T) {
	text, err := templates.LoadText(templates.Files, templates.English)
	if err != nil {
		t.Fatal(err)
	}
	a := lacking()
	a.Sources = []assessment.SourceResult{{Source: "vault-prod", Time: a.AsOf.AddDate(0, 1, 0)}, {Source: "hr", Time: a.AsOf.AddDate(0, 0, -1)}}
	primary := []assessment.ControlTarget{{Control: "access", Strength: assessment.Primary}}
	manual := assessment.Reason{Code: "manual-missing", Control: "access", Aspect: "mfa"}
	fromVault := func(code, detail string) assessment.Reason {
		return assessment.Reason{Code: code, Control: "access", Test: "VAL-02", Source: "vault-prod", Detail: detail}
	}
	a.Requirements = []assessment.Finding{
		{ID: "R-1", Status: assessment.NotAssessed, Controls: primary, Reasons: []assessment.Reason{manual, {Code: "declared-implemented-not-shown"}}},
		{ID: "R-2", Status: assessment.NotAssessed, Controls: primary, Reasons: []assessment.Reason{manual, {Code: "not-in-statement"}}},
		{ID: "R-3", Status: assessment.NotAssessed, Controls: primary, Reasons: []assessment.Reason{
			fromVault("stale", "vault_token: 2026-10-31T09:00:00Z, max_age 24h"), fromVault("part-of-period", "vault_mount: 2026-07-01T00:00:00Z/2026-08-01T00:00:00Z"),
			fromVault("part-of-test", "vault_canary"),
			{Code: "part-of-period", Control: "access", Source: "hr", Detail: "leaver: 2026-09-01T00:00:00Z/2026-10-01T00:00:00Z"},
			{Code: "no-evidence", Control: "access", Test: "VAL-02", Detail: "vault_policy"}, {Code: "no-evidence", Control: "access", Test: "VAL-02", Detail: "ticket"},
		}},
	}
	origin := func(table string) Origin {
		return map[string]Origin{"vault_policy": {Sources: []string{"vault-prod"}}, "ticket": {Sources: []string{"hr", "desk"}}}[table]
	}
	type row struct {
		Code, Next       string
		Late             bool
		Completes, Helps []string
	}
	var got []row
	for _, task := range ToDo([]assessment.Assessment{a}, origin, text) {
		got = append(got, row{task.Code, task.Next, task.Late, task.Completes, task.Helps})
	}
	none, third := []string{}, []string{"own R-3"}
	more := "; configure what docs/sources says that it takes, then auditpack collect --source vault-prod"
	late := "too late for what is judged, unless vault-prod still shows that time; for the next period: auditpack collect --source vault-prod --every 15m"
	want := []row{
		{"manual-missing", "manual-tests/: write one for control access, aspect mfa", false, []string{"own R-1", "own R-2"}, none},
		{"no-evidence", "auditpack collect --source desk", false, none, third},
		{"no-evidence", "auditpack.yaml: vault-prod was collected without vault_policy" + more, false, none, third},
		{"not-in-statement", "statement-of-applicability.yaml: state whether R-2 applies, why, and how far it is implemented", false, none, []string{"own R-2"}},
		{"part-of-period", "auditpack collect --source hr", false, none, third},
		{"part-of-test", "auditpack.yaml: vault-prod was collected without vault_canary" + more, false, none, third},
		{"part-of-period", late, true, none, third},
		{"stale", late, true, none, third},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
}

func TestToDo(t *testing.T) {
	text, err := templates.LoadText(templates.Files, templates.English)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Code, Next, Due          string
		Tests                    []assessment.TestID
		Owners, Completes, Helps []string
	}
	var got []row
	origin := func(table string) Origin {
		if table != "leaver" {
			t.Errorf("asked where %q comes from", table)
		}
		return Origin{Types: []string{"register"}}
	}
	for _, task := range ToDo([]assessment.Assessment{lacking()}, origin, text) {
		got = append(got, row{task.Code, task.Next, task.Due, task.Tests, task.Owners, task.Completes, task.Helps})
	}
	none := []string{}
	want := []row{
		{"manual-missing", "manual-tests/: write one for control access, aspect mfa", "2026-09-30", []assessment.TestID{}, []string{"platform"}, []string{"own R-1", "own R-10"}, []string{"own R-2"}},
		{"stale", "auditpack collect --source vault-prod", "", []assessment.TestID{"VAL-02", "VAL-01"}, []string{"platform"}, []string{"own R-3"}, []string{"own R-2"}},
		{"no-evidence", "auditpack.yaml: add a source of type register, which gives leaver; then auditpack collect", "", []assessment.TestID{"VAL-06"}, none, []string{"own R-9"}, none},
		{"deviations", "responses/: answer the deviations of TFP-01, 1 in number (cause, corrective action, owner, due day), or have exceptions approved", "2026-10-15",
			[]assessment.TestID{"TFP-01"}, []string{"cloud"}, none, []string{"own R-4"}},
		{"no-control", "controls/: add a control that bears on own R-5, or state in statement-of-applicability.yaml why it does not apply", "", []assessment.TestID{}, none, none, []string{"own R-5"}},
		{"no-occurrences", "", "", []assessment.TestID{"BND-01"}, none, none, []string{"own R-8"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
}

// What a test found in files of exceptions alone is put right in them; a deviation anywhere else is answered.
func TestToDoOfExceptionFiles(t *testing.T) {
	text, err := templates.LoadText(templates.Files, templates.English)
	if err != nil {
		t.Fatal(err)
	}
	next := func(elsewhere evidence.Digest) string {
		a := lacking()
		a.Exceptions = []assessment.Exception{{ID: "EXC-1", Evidence: "sha256:now", Versions: []assessment.ExceptionVersion{{Evidence: "sha256:before"}}}}
		a.Tests[0].Deviations = []assessment.Deviation{{Key: "a", Evidence: "sha256:now"}, {Key: "b", Evidence: elsewhere}}
		for _, task := range ToDo([]assessment.Assessment{a}, func(string) Origin { return Origin{} }, text) {
			if task.Code == "deviations" {
				return task.Next
			}
		}
		return ""
	}
	if got := next("sha256:before"); !strings.HasPrefix(got, "the exception files: put right what TFP-01 found, 2 in number") {
		t.Errorf("all in exception files: got %q", got)
	}
	if got := next("sha256:log"); !strings.HasPrefix(got, "responses/: answer the deviations of TFP-01") {
		t.Errorf("one elsewhere: got %q", got)
	}
}

// What two frameworks lack alike is one task.
func TestToDoOverFrameworks(t *testing.T) {
	text, err := templates.LoadText(templates.Files, templates.German)
	if err != nil {
		t.Fatal(err)
	}
	other := lacking()
	other.Framework.ID = "other"
	both := []assessment.Assessment{lacking(), other}
	tasks := ToDo(both, func(string) Origin { return Origin{Sources: []string{"hr"}} }, text)
	want := []string{"own R-1", "own R-10", "other R-1", "other R-10"}
	if diff := cmp.Diff(want, tasks[0].Completes); diff != "" {
		t.Errorf("the first task completes (-want +got):\n%s", diff)
	}
	if len(tasks) != 7 { // a missing control is a task of each framework
		t.Errorf("got %d tasks, want 7", len(tasks))
	}
}
