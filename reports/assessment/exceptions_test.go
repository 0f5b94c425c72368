package assessment

import (
	"fmt"
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
	r := &runner{window: window{typ: 1, asOf: day("2026-10-01")}, setting: setting{known: []string{"VAL-02", "WAF-SEC-010"}}}
	rules := exceptionRules{maxDays: 90, roles: []string{"Security Team", "CISO"}}
	both := []approval{{"CISO", "Max", "2026-08-01"}, {"security team", "Sina", ""}}
	good := func(change func(row)) row {
		x := row{
			"exception_id": "E1", "control": "VAL-02", "resource": "sys/*", "requested_by": "Dana", "risk_owner": "Olga", "since": day("2026-08-01"),
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
		"entered by another":      {good(func(x row) { delete(x, "requested_by"); x["entered_by"] = "Dana" }), both, []string{}, true},
		"entered by an approver":  {good(func(x row) { delete(x, "requested_by"); x["entered_by"] = "Max" }), both, []string{faultSelfApproved}, false},
		"nobody carries the risk": {good(func(x row) { x["risk_owner"] = " " }), both, []string{faultNoRiskOwner}, false},
		"entered too late":        {good(func(x row) { x["since"] = day("2026-10-02") }), both, []string{faultNotYet}, false},
		"on the as-of date":       {good(func(x row) { x["since"] = day("2026-10-01").Add(23 * time.Hour) }), both, []string{}, true},
		"without history":         {good(func(x row) { delete(x, "since") }), both, []string{faultNoHistory}, true},
		"for everything":          {good(func(x row) { x["resource"] = "**" }), both, []string{faultWildcard}, false},
		"ended":                   {good(func(x row) { x["approved_date"], x["expiry_date"] = day("2026-07-01"), day("2026-09-29") }), both, []string{faultExpired}, false},
		"not yet":                 {good(func(x row) { x["approved_date"], x["expiry_date"] = day("2026-10-02"), day("2026-12-01") }), both, []string{faultNotYet}, false},
		"file is gone":            {good(func(x row) { x["until"] = day("2026-09-01") }), both, []string{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := r.standing([]Exception{r.exception(tc.row, tc.approvals, rules)})[0]
			if diff := cmp.Diff(tc.faults, e.Faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if got := r.valid(e); got != tc.valid {
				t.Errorf("valid: got %v, want %v", got, tc.valid)
			}
		})
	}
}

func TestExceptionCovers(t *testing.T) {
	version := ExceptionVersion{Control: "VAL-02", Resource: "sys/*", ApprovedOn: "2026-08-01", ExpiresOn: "2026-08-31"}
	when := func(s string) *time.Time { t := day(s); return &t }
	endOfDay := day("2026-09-01").Add(-time.Nanosecond)
	names := []string{"VAL-02", "privileged-access"}
	for name, tc := range map[string]struct {
		change func(*ExceptionVersion)
		d      Deviation
		want   bool
	}{
		"on its first day":             {nil, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, true},
		"in the last instant":          {nil, Deviation{Resource: "sys/mounts", At: &endOfDay}, true},
		"the day before":               {nil, Deviation{Resource: "sys/mounts", At: when("2026-07-31")}, false},
		"the day after":                {nil, Deviation{Resource: "sys/mounts", At: when("2026-09-01")}, false},
		"without a day, as of the end": {nil, Deviation{Resource: "sys/mounts"}, false},
		"another resource":             {nil, Deviation{Resource: "secret/x", At: when("2026-08-01")}, false},
		"another control":              {func(e *ExceptionVersion) { e.Control = "VAL-01" }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, false},
		"a control of the test":        {func(e *ExceptionVersion) { e.Control = "privileged-access" }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, true},
		"entered that day":             {func(e *ExceptionVersion) { e.Since = when("2026-08-01") }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, true},
		"entered the day after":        {func(e *ExceptionVersion) { e.Since = when("2026-08-02") }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, false},
		"removed that day":             {func(e *ExceptionVersion) { e.Until = when("2026-08-02") }, Deviation{Resource: "sys/mounts", At: when("2026-08-02")}, false},
		"what is wrong with itself":    {nil, Deviation{Resource: "sys/mounts", At: when("2026-08-01"), Item: "E1 2"}, false},
		"what is wrong with another":   {nil, Deviation{Resource: "sys/mounts", At: when("2026-08-01"), Item: "E10 2"}, true},
		"unsound":                      {func(e *ExceptionVersion) { e.Faults = []string{faultTooLong} }, Deviation{Resource: "sys/mounts", At: when("2026-08-01")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := version
			if tc.change != nil {
				tc.change(&v)
			}
			e := Exception{ID: "E1", Versions: []ExceptionVersion{v}, Faults: []string{faultExpired}}
			if got := e.covers(tc.d, names, day("2026-10-01")) == 0; got != tc.want {
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

// A version covers what happened while it was in force, and nothing else: an edit that widens an exception does not reach back, one
// that narrows it takes nothing from before.
func TestVersionsCoverTheirOwnDays(t *testing.T) {
	when := func(s string) *time.Time { t := day(s); return &t }
	r := &runner{window: window{typ: 2, asOf: day("2026-10-01")}, setting: setting{known: []string{"VAL-02"}}}
	rules := exceptionRules{maxDays: 90, maxTotalDays: 180, roles: []string{"CISO"}}
	state := func(since, until, resource string) Exception {
		x := row{
			"exception_id": "E1", "control": "VAL-02", "resource": resource, "requested_by": "Dana", "risk_owner": "Olga", "file": "e1.yml",
			"approved_date": day("2026-07-06"), "expiry_date": day("2026-10-02"), "since": day(since), "history": true,
		}
		if until != "" {
			x["until"] = day(until)
		}
		return r.exception(x, []approval{{"CISO", "Max", "2026-07-06"}}, rules)
	}
	e := r.standing([]Exception{state("2026-08-20", "", "sys/*"), state("2026-07-06", "2026-08-20", "sys/mounts")})[0]
	if e.Resource != "sys/*" || len(e.Versions) != 2 || e.Versions[0].Resource != "sys/mounts" {
		t.Fatalf("got the resource %q and the versions %+v, want the last state and both in order", e.Resource, e.Versions)
	}
	results := []TestResult{{ID: "VAL-02", Status: TestDeviations, Deviations: []Deviation{
		{Key: "narrow-then", Resource: "sys/policy", At: when("2026-08-01")},
		{Key: "always", Resource: "sys/mounts", At: when("2026-08-01")},
		{Key: "wide-now", Resource: "sys/policy", At: when("2026-08-20")},
		{Key: "before-entry", Resource: "sys/mounts", At: when("2026-07-05")},
		{Key: "as-of", Resource: "sys/policy"},
	}}}
	list := []Exception{e}
	except(results, list, &Catalogue{}, r.window)
	if diff := cmp.Diff([]string{"always", "as-of", "wide-now"}, list[0].Covers); diff != "" {
		t.Errorf("covers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"always"}, list[0].Versions[0].Covers); diff != "" {
		t.Errorf("first version covers (-want +got):\n%s", diff)
	}
	if results[0].Open != 2 || results[0].Excepted != 3 {
		t.Errorf("got %d open and %d excepted, want 2 and 3", results[0].Open, results[0].Excepted)
	}
}

// Of two exceptions for one deviation the first by id counts, and the other one says so; one for nothing is not needed, unless nothing was looked at.
func TestRedundantAndNotNeeded(t *testing.T) {
	made := func(id, control, resource string) Exception {
		v := ExceptionVersion{Control: control, Resource: resource, ApprovedOn: "2026-07-06", ExpiresOn: "2026-10-02", Covers: []string{}}
		return Exception{ID: id, Control: control, Resource: resource, Valid: true, Faults: []string{}, Covers: []string{}, Redundant: []Redundancy{}, Versions: []ExceptionVersion{v}}
	}
	list := []Exception{
		made("E1", "VAL-02", "sys/*"), made("E2", "VAL-02", "sys/mounts"), made("E3", "VAL-02", "auth/*"),
		made("E4", "VAL-01", "sys/*"), made("E5", "VAL-02", "terraform:prod"),
	}
	results := []TestResult{
		{ID: "VAL-02", Status: TestDeviations, Deviations: []Deviation{{Key: "k", Resource: "sys/mounts"}}},
		{ID: "VAL-01", Status: TestNotAssessed},
	}
	except(results, list, &Catalogue{}, window{asOf: day("2026-10-01")})
	got := map[string][]string{}
	for _, e := range list {
		got[e.ID] = e.Faults
	}
	want := map[string][]string{"E1": {}, "E2": {faultRedundant}, "E3": {faultNotNeeded}, "E4": {}, "E5": {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Redundancy{{Deviation: "k", Counts: "E1"}}, list[1].Redundant); diff != "" {
		t.Errorf("redundant (-want +got):\n%s", diff)
	}
}

func TestChain(t *testing.T) {
	made := func(id, renews, resource, from, to string) Exception {
		return Exception{ID: id, Renews: renews, Control: "C", Resource: resource, ApprovedOn: from, ExpiresOn: to, Versions: []ExceptionVersion{{ApprovedOn: from, ExpiresOn: to}}}
	}
	list := []Exception{
		made("A", "", "r", "2026-01-01", "2026-04-01"),
		made("B", "", "r", "2026-03-01", "2026-05-01"),        // the same control and resource; 31 days are counted once
		made("C", "B", "spelt:r", "2026-05-01", "2026-07-01"), // by name
		made("D", "gone", "x", "2026-05-01", "2026-07-01"),
		made("E", "F", "y", "2026-05-01", "2026-05-02"),
		made("F", "E", "z", "2026-05-01", "2026-05-02"),
		made("G", "B", "v", "2026-05-02", "2026-05-03"), // the day after the last one
		made("H", "B", "w", "2026-05-03", "2026-05-04"), // a day later: on the second of May none held
		made("I", "", "r", "2026-09-01", "2026-09-02"),  // says of no other that it renews it
	}
	chain(list, 180)
	got := []string{}
	for _, e := range list {
		got = append(got, fmt.Sprint(e.ID, e.Chain, *e.ChainDays, e.Faults))
	}
	want := []string{
		"A[A] 90 []", "B[A B] 120 []", "C[A B C] 181 [renewed-too-long]", "D[D] 61 [renews-unknown]", "E[F E] 1 [renewal-circle]", "F[E F] 1 [renewal-circle]",
		"G[A B G] 121 []", "H[A B H] 121 [renewal-gap]", "I[A B I] 121 []",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chains (-want +got):\n%s", diff)
	}
}

func TestJudgeApprovals(t *testing.T) {
	approvals := []approval{{"CISO", "Max Muster", "2026-07-01"}, {"Security Team", "Sina", "2026-07-01"}, {"Lead", "Lea", ""}, {"Security-Team", "Muster, Max", ""}, {"CISO", " ", ""}, {"CISO", "Carl", "2026-11-01"}}
	for _, tc := range []struct {
		requester string
		want      []string
	}{
		{"Sina", []string{deniedTwoRoles, deniedRequester, deniedOtherRole, deniedTwoRoles, deniedNobody, deniedAfterwards}},
		{"Dana", []string{deniedTwoRoles, allowedYes, deniedOtherRole, deniedTwoRoles, deniedNobody, deniedAfterwards}},
		{"", []string{deniedTwoRoles, allowedUnknown, deniedOtherRole, deniedTwoRoles, deniedNobody, deniedAfterwards}},
	} {
		got := []string{}
		for _, a := range judgeApprovals(approvals, []string{"Security Team", "CISO"}, tc.requester, "2026-10-01") {
			got = append(got, a.Allowed)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("requested by %q (-want +got):\n%s", tc.requester, diff)
		}
	}
}

func TestIsConcernedBy(t *testing.T) {
	e := Exception{ID: "EXC-1", Source: "exceptions", File: "a.yml", Evidence: "sha256:aa"}
	for name, tc := range map[string]struct {
		d    Deviation
		want bool
	}{
		"by its id":                    {Deviation{Item: "EXC-1", Evidence: "sha256:bb"}, true},
		"by its file's bytes":          {Deviation{Item: "raci.yaml", Evidence: "sha256:aa"}, true},
		"by its file's name":           {Deviation{Item: "gone 5b9b6f88", Resource: "exceptions a.yml"}, true},
		"a change of it":               {Deviation{Item: "EXC-1 added by 5b9b6f88", Resource: "elsewhere"}, true},
		"the chain that it begins":     {Deviation{Item: "renewals of EXC-1"}, true},
		"one whose id begins like it":  {Deviation{Item: "EXC-10"}, false},
		"one whose id ends like it":    {Deviation{Item: "OLD-EXC-1"}, false},
		"a file of the same name":      {Deviation{Item: "x", Resource: "others a.yml"}, false},
		"neither evidence nor name":    {Deviation{}, false},
		"another's change":             {Deviation{Item: "EXC-2 added by 5b9b6f88", Resource: "exceptions b.yml"}, false},
		"the number of a compensation": {Deviation{Item: "EXC-1 2"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := e.IsConcernedBy(tc.d); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	t.Run("an exception without id or evidence", func(t *testing.T) {
		if (Exception{File: "a.yml"}).IsConcernedBy(Deviation{Item: "anything"}) {
			t.Error("got true, want false")
		}
	})
}
