package assessment

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMatchPattern(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"net-prod", "net-prod", true},
		{"net-prod", "net-prod-2", false},
		{"net-*", "net-prod", true},
		{"*-prod", "net-prod", true},
		{"net*prod", "net-prod", true},
		{"net*prod", "netprod", true},
		{"n*t*d", "net-prod", true},
		{"ab*ba", "aba", false}, // the two ends may not share a letter
		{"a*b*a", "aba", true},
		{"a**a", "aa", true},
		{"net-*", "Net-prod", false},
		{"*", "net-prod", false},
		{"**", "net-prod", false},
		{"terraform:*", "terraform:net-prod", false},
		{"terraform:net-*", "terraform:net-prod", true},
		{" * ", "net-prod", false},
		{"", "", false},
		{"net-?", "net-1", false}, // no other sign is special
	} {
		if got := matchPattern(tc.pattern, tc.s); got != tc.want {
			t.Errorf("matchPattern(%q, %q): got %v, want %v", tc.pattern, tc.s, got, tc.want)
		}
	}
}

func TestExceptionFaults(t *testing.T) {
	r := &runner{window: window{typ: 1, asOf: day("2026-10-01")}, known: []string{"VAL-02", "WAF-SEC-010"}}
	rules := exceptionRules{maxDays: 90, roles: []string{"Security Team", "CISO"}}
	both := []approval{{"CISO", "Max", "2026-08-01"}, {"security team", "Sina", ""}}
	good := func(change func(row)) row {
		x := row{
			"exception_id": "E1", "control": "VAL-02", "resource": "sys/*", "requested_by": "Dana",
			"approved_date": day("2026-08-01"), "expiry_date": day("2026-10-30"),
		}
		change(x)
		return x
	}
	for name, tc := range map[string]struct {
		row       row
		approvals []approval
		faults    []string
		valid     bool
	}{
		"sound":                   {good(func(row) {}), both, []string{}, true},
		"a field is missing":      {good(func(x row) { x["problems"] = []string{"reason: is missing"} }), both, []string{faultIncomplete}, false},
		"unknown control":         {good(func(x row) { x["control"] = "X" }), both, []string{faultUnknown}, false},
		"no last day":             {good(func(x row) { delete(x, "expiry_date") }), both, []string{faultNoDates}, false},
		"dates run backwards":     {good(func(x row) { x["expiry_date"] = day("2026-07-01") }), both, []string{faultNoDates, faultExpired}, false},
		"91 days":                 {good(func(x row) { x["expiry_date"] = day("2026-10-31") }), both, []string{faultTooLong}, false},
		"one approval":            {good(func(row) {}), both[:1], []string{faultNotApproved}, false},
		"approval without a name": {good(func(row) {}), []approval{both[0], {"Security Team", " ", ""}}, []string{faultNotApproved}, false},
		"requester approved":      {good(func(x row) { x["requested_by"] = " max" }), both, []string{faultSelfApproved}, false},
		"requester unknown":       {good(func(x row) { delete(x, "requested_by") }), both, []string{faultNoRequester}, false},
		"for everything":          {good(func(x row) { x["resource"] = "**" }), both, []string{faultWildcard}, false},
		"ended":                   {good(func(x row) { x["approved_date"], x["expiry_date"] = day("2026-07-01"), day("2026-09-29") }), both, []string{faultExpired}, false},
		"not yet":                 {good(func(x row) { x["approved_date"], x["expiry_date"] = day("2026-10-02"), day("2026-12-01") }), both, []string{faultNotYet}, false},
		"file is gone":            {good(func(x row) { x["removed"] = true }), both, []string{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := r.exception(tc.row, tc.approvals, rules)
			if diff := cmp.Diff(tc.faults, e.Faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if e.Valid != tc.valid {
				t.Errorf("valid: got %v, want %v", e.Valid, tc.valid)
			}
		})
	}
}

func TestExceptionCovers(t *testing.T) {
	e := Exception{ID: "E1", Control: "VAL-02", Resource: "sys/*", ApprovedOn: "2026-08-01", ExpiresOn: "2026-08-31", Faults: []string{faultExpired}}
	when := func(s string) *time.Time { t := day(s); return &t }
	endOfDay := day("2026-09-01").Add(-time.Nanosecond)
	names := []string{"VAL-02", "privileged-access"}
	for name, tc := range map[string]struct {
		change func(*Exception)
		d      Deviation
		want   bool
	}{
		"on its first day":             {nil, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, true},
		"in the last instant":          {nil, Deviation{Resource: "sys/mounts", At: &endOfDay}, true},
		"the day before":               {nil, Deviation{Resource: "sys/mounts", At: when("2026-07-31")}, false},
		"the day after":                {nil, Deviation{Resource: "sys/mounts", At: when("2026-09-01")}, false},
		"without a day, as of the end": {nil, Deviation{Resource: "sys/mounts"}, false},
		"another resource":             {nil, Deviation{Resource: "secret/x", At: when("2026-08-01")}, false},
		"another control":              {func(e *Exception) { e.Control = "VAL-01" }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, false},
		"a control of the test":        {func(e *Exception) { e.Control = "privileged-access" }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, true},
		"unsound":                      {func(e *Exception) { e.Faults = []string{faultTooLong} }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := e
			if tc.change != nil {
				tc.change(&x)
			}
			if got := x.covers(tc.d, names, "2026-10-01"); got != tc.want {
				t.Errorf("covers: got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestSamePerson(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"Max Mustermann", " max  MUSTERMANN ", true},
		{"CISO - Max Mustermann", "Mustermann, Max", true},
		{"Max Müller", "mueller, max", true},
		{"max.mustermann@acme.example", "Max Mustermann (Security)", true},
		{"Max Mustermann <mm@acme.example>", "Max Mustermann", true},
		{"@max", "max", true},
		{"Max Mustermann", "Moritz Mustermann", false},
		{"Max", "", false},
		{"?", "!", false},
	} {
		if got := samePerson(tc.a, tc.b); got != tc.want {
			t.Errorf("samePerson(%q, %q): got %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}

// One person cannot stand for two roles, even under two spellings.
func TestApprovedByAll(t *testing.T) {
	roles := []string{"Security Team", "CISO"}
	for name, tc := range map[string]struct {
		approvals []approval
		want      bool
	}{
		"two people":                  {[]approval{{"ciso", "Max", ""}, {"security-team", "Sina", ""}}, true},
		"one person twice":            {[]approval{{"CISO", "Max Muster", ""}, {"Security Team", "Muster, Max", ""}}, false},
		"a role without a name":       {[]approval{{"CISO", " ", ""}, {"Security Team", "Sina", ""}}, false},
		"the same approval, repeated": {[]approval{{"CISO", "Max", ""}, {"CISO", "max", ""}, {"Security Team", "Sina", ""}}, true},
	} {
		if got := approvedByAll(tc.approvals, roles); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}
