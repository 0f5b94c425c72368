package assessment_test

import (
	"context"
	"strings"
	"testing"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

func TestWorkspaceInputsRefused(t *testing.T) {
	const soa = "framework: iso27001-2022\nentries:\n"
	const manual = "manual_tests:\n"
	const response = "responses:\n"
	db := fixtureDB(t, openEngine(t, 1), nil)
	catalogue := shipped(t)
	for name, tc := range map[string]struct{ soa, manual, responses, want string }{
		"unknown key":                  {soa: soa + "  - {id: A.8.2, applicable: true, status: planned, team: x}\n", want: `workspace/soa.yaml:3: unknown field "team"`},
		"wrong type":                   {soa: soa + "  - {id: A.8.2, applicable: perhaps, status: planned}\n", want: `workspace/soa.yaml:3: `},
		"framework that is not there":  {soa: "framework: iso\nentries: []\n", want: `workspace/soa.yaml:1: framework "iso" is not in the catalogue`},
		"id that the edition lacks":    {soa: soa + "  - {id: A.9.1, applicable: true, status: planned}\n", want: `workspace/soa.yaml:3: iso27001-2022 has no requirement "A.9.1"`},
		"stated twice":                 {soa: soa + "  - {id: A.8.2, applicable: true, status: planned}\n  - {id: A.8.2, applicable: true, status: planned}\n", want: `workspace/soa.yaml:4: requirement "A.8.2" occurs twice, first on line 3`},
		"neither yes nor no":           {soa: soa + "  - {id: A.8.2, status: planned}\n", want: `workspace/soa.yaml:3: requirement "A.8.2": applicable is not set`},
		"excluded without a reason":    {soa: soa + "  - {id: A.8.2, applicable: false}\n", want: `workspace/soa.yaml:3: requirement "A.8.2" is excluded without a justification`},
		"excluded clause":              {soa: soa + "  - {id: \"8.2\", applicable: false, justification: x}\n", want: `workspace/soa.yaml:3: clause 8.2 cannot be excluded`},
		"carved-out clause":            {soa: soa + "  - {id: \"8.2\", applicable: true, status: planned, carved_out_to: x}\n", want: `workspace/soa.yaml:3: clause 8.2 cannot be carved out`},
		"status of no kind":            {soa: soa + "  - {id: A.8.2, applicable: true, status: done}\n", want: `workspace/soa.yaml:3: requirement "A.8.2": status "done"`},
		"no YAML":                      {soa: "framework: [\n", want: `workspace/soa.yaml:1: `},
		"empty":                        {soa: "\n", want: `workspace/soa.yaml: file is empty`},
		"control that is not there":    {manual: manual + "  - {control: x, aspect: mfa, procedure: p, performer: a, reviewer: b, conclusion: deviations, date: 2026-09-01, expires: 2026-10-01}\n", want: `workspace/manual.yaml:2: control "x" is not in the catalogue`},
		"aspect that is not there":     {manual: manual + "  - {control: privileged-access, aspect: x, procedure: p, performer: a, reviewer: b, conclusion: deviations, date: 2026-09-01, expires: 2026-10-01}\n", want: `workspace/manual.yaml:2: control "privileged-access" has no aspect "x"`},
		"aspect that tests show":       {manual: manual + "  - {control: privileged-access, aspect: root-token, procedure: p, performer: a, reviewer: b, conclusion: deviations, date: 2026-09-01, expires: 2026-10-01}\n", want: `is shown by tests, not by a manual test`},
		"bad date":                     {manual: manual + "  - {control: privileged-access, aspect: mfa, procedure: p, performer: a, reviewer: b, conclusion: deviations, date: 2026-09-31, expires: 2026-10-01}\n", want: `workspace/manual.yaml:2: date "2026-09-31": want a day as YYYY-MM-DD`},
		"expires before it was made":   {manual: manual + "  - {control: privileged-access, aspect: mfa, procedure: p, performer: a, reviewer: b, conclusion: deviations, date: 2026-09-01, expires: 2026-08-01}\n", want: `workspace/manual.yaml:2: expires 2026-08-01 lies before date 2026-09-01`},
		"conclusion of no kind":        {manual: manual + "  - {control: privileged-access, aspect: mfa, procedure: p, performer: a, reviewer: b, conclusion: passed, date: 2026-09-01, expires: 2026-10-01}\n", want: `workspace/manual.yaml:2: conclusion "passed"`},
		"no reviewer":                  {manual: manual + "  - {control: privileged-access, aspect: mfa, procedure: p, performer: a, conclusion: deviations, date: 2026-09-01, expires: 2026-10-01}\n", want: `workspace/manual.yaml:2: reviewer is not set`},
		"tested twice on a day":        {manual: manual + strings.Repeat("  - {control: privileged-access, aspect: mfa, procedure: p, performer: a, reviewer: b, conclusion: deviations, date: 2026-09-01, expires: 2026-10-01}\n", 2), want: `workspace/manual.yaml:3: aspect "mfa" of control "privileged-access" was already tested on 2026-09-01 in workspace/manual.yaml, line 2`},
		"no manual tests":              {manual: "manual_tests: []\n", want: `workspace/manual.yaml:1: file has no manual_tests`},
		"test that is not there":       {responses: response + "  - {id: R1, test: VAL-77, deviations: [x], kind: false-positive, cause: c, owner: a, reviewed_by: b}\n", want: `workspace/responses.yaml:2: test "VAL-77" is not in the catalogue`},
		"answer to everything":         {responses: response + "  - {id: R1, test: VAL-02, deviations: [\"*\"], kind: false-positive, cause: c, owner: a, reviewed_by: b}\n", want: `workspace/responses.yaml:2: deviation "*": want a key`},
		"answer to nothing":            {responses: response + "  - {id: R1, test: VAL-02, deviations: [], kind: false-positive, cause: c, owner: a, reviewed_by: b}\n", want: `response "R1" answers no deviations`},
		"answer of no kind":            {responses: response + "  - {id: R1, test: VAL-02, deviations: [x], kind: waiver, cause: c, owner: a}\n", want: `kind "waiver": want corrective-action or false-positive`},
		"action without a due day":     {responses: response + "  - {id: R1, test: VAL-02, deviations: [x], kind: corrective-action, cause: c, owner: a, corrective_action: d}\n", want: `workspace/responses.yaml:2: due "": want a day`},
		"false positive of one person": {responses: response + "  - {id: R1, test: VAL-02, deviations: [x], kind: false-positive, cause: c, owner: a, reviewed_by: A}\n", want: `is reviewed by another person than its owner "a"`},
		"response twice":               {responses: response + strings.Repeat("  - {id: R1, test: VAL-02, deviations: [x], kind: false-positive, cause: c, owner: a, reviewed_by: b}\n", 2), want: `workspace/responses.yaml:3: response "R1" occurs twice, first in workspace/responses.yaml, line 2`},
	} {
		t.Run(name, func(t *testing.T) {
			in := assessment.Input{
				Organization: assessment.Organization{Name: "ACME"}, Framework: "iso27001-2022", Catalogue: catalogue, Facts: db, Type: 2, Period: quarter,
			}
			for _, f := range []struct {
				to            *[]assessment.File
				name, content string
			}{{&in.SoA, "soa", tc.soa}, {&in.ManualTests, "manual", tc.manual}, {&in.Responses, "responses", tc.responses}} {
				if f.content != "" {
					*f.to = []assessment.File{{Name: "workspace/" + f.name + ".yaml", Content: []byte(f.content)}}
				}
			}
			_, err := assessment.Assess(context.Background(), in)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestAssessRefuses(t *testing.T) {
	db := fixtureDB(t, openEngine(t, 1), nil)
	good := assessment.Input{
		Organization: assessment.Organization{Name: "ACME"}, Framework: "waf-sec", Catalogue: shipped(t), Facts: db, Type: 2, Period: quarter,
	}
	for name, tc := range map[string]struct {
		change func(*assessment.Input)
		want   string
	}{
		"framework that is not there": {func(in *assessment.Input) { in.Framework = "soc2" }, `framework "soc2" is not in the catalogue; there are c5-2020, c5-2026, iso27001-2022, waf-sec`},
		"no organization":             {func(in *assessment.Input) { in.Organization.Name = "" }, "organization has no name"},
		"type of no kind":             {func(in *assessment.Input) { in.Type = 3 }, "type 3: want 1 (of a date) or 2 (of a period)"},
		"no period":                   {func(in *assessment.Input) { in.Period = evidence.Period{} }, "period lacks its start or its end"},
		"a date and a period":         {func(in *assessment.Input) { in.Type, in.AsOf = 1, quarter.To }, "an assessment of type 1 is of a date"},
		"no date":                     {func(in *assessment.Input) { in.Type, in.Period = 1, evidence.Period{} }, "wants an as-of date"},
		"record of no entry":          {func(in *assessment.Input) { in.Records = []assessment.StoredRecord{{Entry: 4}} }, "journal entry 4 is not among those judged"},
		"one name for two files": {func(in *assessment.Input) {
			in.SoA = []assessment.File{{Name: "a", Content: []byte("framework: waf-sec\nentries: []\n")}, {Name: "a", Content: []byte("framework: waf-sec\nentries: []\n")}}
		}, `input "a" occurs twice`},
	} {
		t.Run(name, func(t *testing.T) {
			in := good
			tc.change(&in)
			_, err := assessment.Assess(context.Background(), in)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := assessment.Assess(ctx, good); err == nil {
		t.Error("a cancelled context gave an assessment")
	}
}
