package assessment_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/reports/assessment"
)

// In the world TST-02 finds sys/mounts/kv1 on 3 July and secret/data/app on 4 July 2026.
func TestFaultsOfResponses(t *testing.T) {
	const action = "kind: corrective-action, cause: c, corrective_action: d, owner: Platform"
	db := fixtureDB(t, openEngine(t, 1), worldRows())
	type judged struct {
		Answers, Redundant int
		Overdue, Done      bool
		Faults             []string
	}
	for name, tc := range map[string]struct {
		responses []string
		asOf      string // the end of the period where empty
		want      map[string]judged
	}{
		"in progress": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["secret/*"], due: 2026-10-01, ` + action + "}"},
			want:      map[string]judged{"R1": {Answers: 1, Faults: []string{}}},
		},
		"overdue": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["secret/*"], due: 2026-09-30, ` + action + "}"},
			want:      map[string]judged{"R1": {Answers: 1, Overdue: true, Faults: []string{}}},
		},
		"done late": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["secret/*"], due: 2026-09-01, done: 2026-10-01, ` + action + "}"},
			want:      map[string]judged{"R1": {Answers: 1, Done: true, Faults: []string{}}},
		},
		"done after the as-of date": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["secret/*"], due: 2026-09-01, done: 2026-10-02, ` + action + "}"},
			want:      map[string]judged{"R1": {Answers: 1, Overdue: true, Faults: []string{"done-after-as-of"}}},
		},
		"the same on a later date": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["secret/*"], due: 2026-09-01, done: 2026-10-02, ` + action + "}"},
			asOf:      "2026-10-02",
			want:      map[string]judged{"R1": {Answers: 1, Done: true, Faults: []string{}}},
		},
		"due before": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["secret/*"], due: 2026-07-03, done: 2026-07-10, ` + action + "}"},
			want:      map[string]judged{"R1": {Answers: 1, Done: true, Faults: []string{"due-before-deviation"}}},
		},
		"on the day itself": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["secret/*"], due: 2026-07-04, done: 2026-07-04, ` + action + "}"},
			want:      map[string]judged{"R1": {Answers: 1, Done: true, Faults: []string{}}},
		},
		"done before": {
			responses: []string{`{id: R1, test: TST-02, deviations: ["s*"], due: 2026-07-31, done: 2026-07-03, ` + action + "}"},
			want:      map[string]judged{"R1": {Answers: 2, Done: true, Faults: []string{"done-before-deviation"}}},
		},
		"answers nothing": {
			responses: []string{`{id: R1, test: TST-02, deviations: [secret/data/other], due: 2026-12-01, ` + action + "}"},
			want:      map[string]judged{"R1": {Faults: []string{"answers-nothing"}}},
		},
		"answers nothing of the period in which it was done": {
			responses: []string{`{id: R1, test: TST-02, deviations: [secret/data/other], due: 2026-08-01, done: 2026-07-01, ` + action + "}"},
			want:      map[string]judged{"R1": {Done: true, Faults: []string{"answers-nothing"}}},
		},
		"done before the period": {
			responses: []string{`{id: R1, test: TST-02, deviations: [secret/data/other], due: 2026-06-30, done: 2026-06-30, ` + action + "}"},
			want:      map[string]judged{"R1": {Done: true, Faults: []string{}}},
		},
		"two for one": {
			responses: []string{
				`{id: R2, test: TST-02, deviations: ["secret/*"], due: 2026-12-01, ` + action + "}",
				`{id: R1, test: TST-02, deviations: ["s*"], kind: false-positive, cause: c, owner: a, reviewed_by: b}`,
			},
			want: map[string]judged{
				"R1": {Answers: 2, Faults: []string{}},
				"R2": {Redundant: 1, Faults: []string{"answered-by-another"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := world(t, db)
			in.Responses = []assessment.File{{Name: "workspace/responses/r.yaml", Content: []byte("responses:\n  - " + strings.Join(tc.responses, "\n  - ") + "\n")}}
			if tc.asOf != "" {
				day, err := time.Parse(time.DateOnly, tc.asOf)
				if err != nil {
					t.Fatal(err)
				}
				in.AsOf = day
			}
			a, err := assessment.Assess(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]judged{}
			for _, r := range a.Responses {
				got[r.ID] = judged{len(r.Answers), len(r.Redundant), r.Overdue, r.IsDone(), r.Faults}
				for _, x := range r.Redundant {
					if x.Counts != "R1" || x.Deviation == "" {
						t.Errorf("%s: redundant %+v, want a deviation for which R1 counts", r.ID, x)
					}
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("responses (-want +got):\n%s", diff)
			}
		})
	}
}
