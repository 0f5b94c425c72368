package rendertest

import (
	"fmt"
	"time"

	"auditpack/reports/assessment"
)

// Large returns a fictional Assessment of a size: what a company of some years has to print. The first requirement rests on
// every control, so that no table is empty.
func Large(requirements, tests, deviations int) assessment.Assessment {
	a := Sample()
	s := sampler{asOf: a.AsOf, period: *a.Period}
	template := a.Tests[4]
	base := a.Requirements
	a.Requirements, a.Tests, a.Controls = nil, nil, nil
	for i := range tests {
		t := template
		t.ID = assessment.TestID(fmt.Sprintf("TST-%02d", i+1))
		t.Title = both(fmt.Sprintf("Test number %d of the library", i+1), fmt.Sprintf("Prüfung Nummer %d der Bibliothek", i+1))
		t.Deviations = nil
		for n := i; n < deviations; n += tests {
			d := template.Deviations[n%len(template.Deviations)]
			d.Test, d.Exception, d.Response = t.ID, "", ""
			d.Key = digestOf(fmt.Sprint("large", i, n)).Hex()[:16]
			d.At = ptr(s.period.From.Add(time.Duration(n) * 17 * time.Minute))
			t.Deviations = append(t.Deviations, d)
		}
		t.Open, t.Excepted = int64(len(t.Deviations)), 0
		if t.Open == 0 {
			t.Status = assessment.TestNoDeviations
		}
		a.Tests = append(a.Tests, t)
		status := assessment.DeviationsNoted
		if t.Open == 0 {
			status = assessment.Supported
		}
		a.Controls = append(a.Controls, assessment.ControlResult{
			ID: assessment.ControlID(fmt.Sprintf("control-%02d", i+1)), Title: both(fmt.Sprintf("Control %d", i+1), fmt.Sprintf("Maßnahme %d", i+1)),
			Statement: both("What the organisation does, day by day.", "Was die Organisation Tag für Tag tut."), Owner: "platform-team", Frequency: "continuous", Status: status,
			Aspects: []assessment.AspectResult{{ID: "one", Title: both("The aspect", "Der Aspekt"), Tests: []assessment.TestID{t.ID}, Shown: "deviating"}},
		})
	}
	for i := range requirements {
		f := base[i%len(base)]
		f.ID = assessment.RequirementID(fmt.Sprintf("A.%d.%d", 5+i/24, i%24+1))
		f.Kind, f.Reasons, f.Controls = "annex-a-control", base[i%len(base)].Reasons, nil
		if f.Status != assessment.NotAssessed {
			f.Controls = []assessment.ControlTarget{{Control: a.Controls[i%len(a.Controls)].ID, Strength: "primary", Status: f.Status}}
		}
		a.Requirements = append(a.Requirements, f)
	}
	return a
}
