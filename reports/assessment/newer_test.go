package assessment_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// Evidence of a newer schema lies beside what is read: nobody knows what it says, so the tests of its kind are not assessed.
func TestNewerSchemaIsTold(t *testing.T) {
	db := fixtureDB(t, openEngine(t, 1), worldRows())
	for name, tc := range map[string]struct {
		kind evidence.Kind
		want []assessment.Reason
	}{
		"newer":           {"boundary.sessions/99", []assessment.Reason{{Code: "not-read", Test: "TST-03", Source: "boundary", Detail: "boundary.sessions/99: 1"}}},
		"of another name": {"boundary.session-list/99", nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := world(t, db)
			for _, r := range in.Records {
				if r.Record.Kind == "boundary.sessions/1" {
					r.Record.Kind, r.Digest = tc.kind, digest("newer")
					in.Records = append(in.Records, r)
					break
				}
			}
			a, err := assessment.Assess(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			var got []assessment.Reason
			for _, test := range a.Tests {
				for _, r := range test.Reasons {
					if r.Code != "not-read" {
						continue
					}
					got = append(got, r)
					if test.Status != assessment.TestNotAssessed {
						t.Errorf("%s is %s, want not-assessed", test.ID, test.Status)
					}
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}
