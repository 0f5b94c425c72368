package reports

import (
	"testing"

	"auditpack/reports/assessment"
)

func TestIsOn(t *testing.T) {
	e := assessment.Exception{ID: "EXC-1", Source: "exceptions", File: "a.yml", Evidence: "sha256:aa"}
	for name, tc := range map[string]struct {
		d    assessment.Deviation
		want bool
	}{
		"by its id":                    {assessment.Deviation{Item: "EXC-1", Evidence: "sha256:bb"}, true},
		"by its file's bytes":          {assessment.Deviation{Item: "raci.yaml", Evidence: "sha256:aa"}, true},
		"by its file's name":           {assessment.Deviation{Item: "gone 5b9b6f88", Resource: "exceptions a.yml"}, true},
		"a change of it":               {assessment.Deviation{Item: "EXC-1 added by 5b9b6f88", Resource: "elsewhere"}, true},
		"the chain that it begins":     {assessment.Deviation{Item: "renewals of EXC-1"}, true},
		"one whose id begins like it":  {assessment.Deviation{Item: "EXC-10"}, false},
		"one whose id ends like it":    {assessment.Deviation{Item: "OLD-EXC-1"}, false},
		"a file of the same name":      {assessment.Deviation{Item: "x", Resource: "others a.yml"}, false},
		"neither evidence nor name":    {assessment.Deviation{}, false},
		"another's change":             {assessment.Deviation{Item: "EXC-2 added by 5b9b6f88", Resource: "exceptions b.yml"}, false},
		"the number of a compensation": {assessment.Deviation{Item: "EXC-1 2"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isOn(tc.d, e); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	t.Run("an exception without id or evidence", func(t *testing.T) {
		if isOn(assessment.Deviation{Item: "anything"}, assessment.Exception{File: "a.yml"}) {
			t.Error("got true, want false")
		}
	})
}
