package reports

import (
	"testing"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// What management declares reads the same whether it states a status, names who operates the requirement, or both.
func TestDeclaration(t *testing.T) {
	words, err := templates.LoadText(templates.Files, templates.English)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		entry assessment.SoAEntry
		want  string
	}{
		{assessment.SoAEntry{Applicable: true, Status: "implemented"}, "implemented"},
		{assessment.SoAEntry{Applicable: true, Status: "implemented", CarvedOutTo: "Cloud AG"}, "implemented, carved out to Cloud AG"},
		{assessment.SoAEntry{Applicable: true, CarvedOutTo: "Cloud AG"}, "carved out to Cloud AG"},
		{assessment.SoAEntry{Applicable: true}, ""},
		{assessment.SoAEntry{CarvedOutTo: "Cloud AG"}, "not applicable"},
	} {
		if got := newBuilder(assessment.Assessment{}, words).declaration(test.entry); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.entry, got, test.want)
		}
	}
}
