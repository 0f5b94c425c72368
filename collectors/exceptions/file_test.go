package exceptions_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/exceptions"
)

func problemsOf(t *testing.T, source string) []string {
	t.Helper()
	_, problems := exceptions.Parse("x.yml", []byte(source))
	out := []string{}
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}

func TestParse(t *testing.T) {
	got, problems := exceptions.Parse("x.yml", []byte(complete))
	if len(problems) > 0 {
		t.Errorf("problems: got %v, want none", problems)
	}
	want := exceptions.File{
		Name: "x.yml", Line: 1, ExceptionID: "EXC-1", Control: "WAF-SEC-020", Resource: "terraform:acme-prod-network",
		Reason: "Quotes \" and | and ä.", RiskLevel: "high", RiskOwner: "Head of Platform", RequestedBy: "Dana Developer",
		ApprovedBy: "CISO - Max Mustermann", ApprovedDate: "2026-07-15", ExpiryDate: "2026-09-30", ReviewDate: "2026-08-31",
		Approvals: []exceptions.Approval{
			{Line: 13, Role: "Security Team", Name: "Sam Security", Date: "2026-07-14"},
			{Line: 8, Role: "CISO", Name: "Max Mustermann", Date: "2026-07-15"},
		},
		CompensatingControls: []exceptions.CompensatingControl{{Control: "Flow logs are read", Evidence: "DOC-2", Interval: "weekly"}, {Control: "Alerts"}},
		CriterionImpact:      []exceptions.CriterionImpact{{Framework: "c5-2020", ID: "COS-01", Reason: "Weaker segmentation"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestParseNamesEachFault(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(complete, old) {
			t.Fatalf("%q is not in the complete file", old)
		}
		return strings.Replace(complete, old, new, 1)
	}
	for name, c := range map[string]struct{ source, want string }{
		"no YAML":              {"exception_id: [\n", "x.yml:1: file: no YAML: sequence end token ']' not found"},
		"nothing":              {"", "x.yml:1: file: holds nothing"},
		"comment only":         {"# later\n", "x.yml:1: file: holds nothing"},
		"a list":               {"- a\n", "x.yml:1: file: got a list, want a mapping (One approved, dated acceptance of a deviation from a control. One file holds one exception)"},
		"not UTF-8":            {"reason: \xe4\n", "x.yml:1: file: bytes that are not UTF-8; save the file as UTF-8"},
		"NUL":                  {"a: 1\nb: \x00\n", "x.yml:2: file: a NUL byte; this is no text file"},
		"two documents":        {complete + "---\nexception_id: EXC-2\n", "x.yml:20: file: a second YAML document begins here and is not read; move it to a file of its own"},
		"unknown key":          {change("review_date", "reviev_date"), "x.yml:11: reviev_date: unknown key; did you mean review_date?"},
		"missing field":        {change("resource: terraform:acme-prod-network\n", ""), "x.yml:1: resource: missing (the one resource that deviates, such as terraform:acme-prod-network)"},
		"null field":           {change("resource: terraform:acme-prod-network", "resource:"), "x.yml:3: resource: got nothing, want text (the one resource that deviates, such as terraform:acme-prod-network)"},
		"blank field":          {change("resource: terraform:acme-prod-network", `resource: "  "`), "x.yml:3: resource: empty (the one resource that deviates, such as terraform:acme-prod-network)"},
		"wrong type":           {change("control: WAF-SEC-020", "control: 20"), "x.yml:2: control: got number 20, want text: put it in quotes (identifier of the control that is deviated from, such as WAF-SEC-020)"},
		"unknown level":        {change("risk_level: high", "risk_level: High"), `x.yml:5: risk_level: got text "High", want one of low, medium, high, critical (the risk while the exception holds)`},
		"no such month":        {change("approved_date: 2026-07-15", "approved_date: 2025-13-01"), `x.yml:9: approved_date: "2025-13-01" is no date, want the form 2026-03-31 (the day of approval)`},
		"other form of date":   {change("approved_date: 2026-07-15", "approved_date: 15.07.2026"), `x.yml:9: approved_date: "15.07.2026" is no date, want the form 2026-03-31 (the day of approval)`},
		"a time":               {change("approved_date: 2026-07-15", "approved_date: 2026-07-15T10:00:00Z"), `x.yml:9: approved_date: "2026-07-15T10:00:00Z" is no date, want the form 2026-03-31 (the day of approval)`},
		"end before approval":  {change("expiry_date: 2026-09-30", "expiry_date: 2026-07-14"), "x.yml:10: expiry_date: 2026-07-14 lies before approved_date 2026-07-15; correct one of them"},
		"key twice":            {complete + "control: WAF-SEC-030\n", "x.yml:19: control: written twice, first in line 2; keep one"},
		"anchor":               {change("reason: ", "reason: &r "), "x.yml:4: reason: anchors, aliases, merge keys and tags are not accepted; write the value out"},
		"approval without day": {change(", date: 2026-07-14", ""), "x.yml:13: approvals[0].date: missing (the day of this approval)"},
		"control as a number":  {change("  - Alerts", "  - 3"), "x.yml:16: compensating_controls[1]: got number 3, want text: put it in quotes"},
		"brackets":             {"a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n", "x.yml:1: file: brackets nest more than 32 levels deep"},
		"a line without end":   {"a: " + strings.Repeat("- ", 10_000) + "\n", "x.yml:1: file: the line has 20004 bytes, at most 16384 are read; break it"},
	} {
		t.Run(name, func(t *testing.T) {
			got := problemsOf(t, c.source)
			for _, p := range got {
				if p == c.want {
					return
				}
			}
			t.Errorf("problems: got %q, want among them %q", got, c.want)
		})
	}
}

func TestApprovals(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		want   []exceptions.Approval
	}{
		"role and name":      {"approved_by: CISO - Max Mustermann\napproved_date: 2026-07-01\n", []exceptions.Approval{{1, "CISO", "Max Mustermann", "2026-07-01"}}},
		"a longer dash":      {"approved_by: CISO – Max Mustermann\n", []exceptions.Approval{{1, "CISO", "Max Mustermann", ""}}},
		"a name with hyphen": {"approved_by: Anna-Lena Maier\n", []exceptions.Approval{{1, "", "Anna-Lena Maier", ""}}},
		"listed already":     {"approved_by: ciso - max mustermann\napprovals:\n  - {role: CISO, name: Max Mustermann, date: 2026-07-01}\n", []exceptions.Approval{{3, "CISO", "Max Mustermann", "2026-07-01"}}},
		"nobody":             {"approved_by: \"\"\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := exceptions.Parse("x.yml", []byte(c.source))
			if diff := cmp.Diff(c.want, f.Approvals); diff != "" {
				t.Errorf("approvals (-want +got):\n%s", diff)
			}
		})
	}
}

// The schema that editors are given is the one that files are checked with.
func TestSchemaInDocs(t *testing.T) {
	const path = "../../docs/formats/schemas/exception.schema.json"
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, exceptions.Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, exceptions.Schema()) {
		t.Errorf("%s differs from the schema in the program: go test -update rewrites it", path)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(complete))
	for _, s := range []string{"", "a: [", "- - - -", "? {a: b}\n: c", "%YAML 1.2\n---\na: !!int 3\n", "a: |\n  x\n y", "a: &b *b", "\"\\x", "a:\n\t- b", "{a: {b: {c: 1}}}", "<<: a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, problems := exceptions.Parse("x.yml", b)
		for _, p := range problems {
			if p.Line < 1 || p.Field == "" || p.What == "" {
				t.Errorf("problem without line, field or words: %+v", p)
			}
		}
	})
}
