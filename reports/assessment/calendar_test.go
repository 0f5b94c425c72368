package assessment

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts"
)

// calendarOf makes the calendar of July 2026 for a test that needs one table.
func calendarOf(t *testing.T, need Need, at string, s *testSource, lost ...LostSpan) (TestDays, []SourceDays) {
	t.Helper()
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	test := &Test{ID: "TST-01", Needs: map[string]Need{"boundary_session": need}}
	c := &Catalogue{
		Controls: []*Control{{Aspects: []Aspect{{Tests: []TestID{"TST-01"}}}, Targets: []Target{{Framework: "own"}}}},
		Tests:    []*Test{test, {ID: "TST-02"}},
	}
	calendar, err := MakeCalendar(CalendarInput{
		Catalogue: c, Frameworks: []FrameworkID{"own"}, Files: []facts.File{{Table: "boundary_session", Kinds: []evidence.Kind{kind}}},
		Entries: s.in.Entries, Records: s.in.Records, Period: span("2026-07-01", "2026-08-01"), At: when, Lost: lost,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(calendar.Tests) != 1 || calendar.Tests[0].Test != "TST-01" {
		t.Fatalf("tests: got %+v, want TST-01 alone", calendar.Tests)
	}
	return calendar.Tests[0], calendar.Sources
}

func TestCalendarDays(t *testing.T) {
	period := Need{MaxAge: aDay, Coverage: CoverPeriod}
	twoSpans := func(s *testSource) {
		s.collect("b", "2026-07-05", nil, evidence.OutcomeOK, speaks("2026-07-01", "2026-07-05"))
		s.collect("b", "2026-07-12", nil, evidence.OutcomeOK, speaks("2026-07-10", "2026-07-12"))
	}
	for name, tc := range map[string]struct {
		at    string
		build func(*testSource)
		lost  []LostSpan
		want  string
	}{
		"nothing":                     {"2026-08-02T00:00:00Z", func(*testSource) {}, nil, strings.Repeat(".", 31)},
		"two spans, the month over":   {"2026-08-02T00:00:00Z", twoSpans, nil, "####.....##" + strings.Repeat(".", 20)},
		"two spans, in the month":     {"2026-07-12T12:00:00Z", twoSpans, nil, "####.....##" + strings.Repeat("-", 20)},
		"the last day is too old":     {"2026-07-14T12:00:00Z", twoSpans, nil, "####.....##..." + strings.Repeat("-", 17)},
		"a part of the hole is lost":  {"2026-07-12T12:00:00Z", twoSpans, []LostSpan{{"b", kind, span("2026-07-06", "2026-07-08")}}, "####.xx..##" + strings.Repeat("-", 20)},
		"what is lost was covered":    {"2026-07-12T12:00:00Z", twoSpans, []LostSpan{{"b", kind, span("2026-07-01", "2026-07-04")}}, "####.....##" + strings.Repeat("-", 20)},
		"another kind is lost":        {"2026-07-12T12:00:00Z", twoSpans, []LostSpan{{"b", "other/1", span("2026-07-06", "2026-07-08")}}, "####.....##" + strings.Repeat("-", 20)},
		"at the very start of period": {"2026-07-01T00:00:00Z", twoSpans, nil, "-" + strings.Repeat("-", 30)},
	} {
		t.Run(name, func(t *testing.T) {
			s := &testSource{}
			tc.build(s)
			got, sources := calendarOf(t, period, tc.at, s, tc.lost...)
			if diff := cmp.Diff(tc.want, string(got.Days)); diff != "" {
				t.Errorf("days (-want +got):\n%s", diff)
			}
			if len(s.in.Records) > 0 {
				want := []SourceDays{{Source: "b", Tables: []string{"boundary_session"}, Days: Days(tc.want)}}
				if diff := cmp.Diff(want, sources); diff != "" {
					t.Errorf("sources (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestEvidenceAge(t *testing.T) {
	period := Need{MaxAge: 2 * aDay, Coverage: CoverPeriod}
	asOf := Need{MaxAge: 2 * aDay, Coverage: CoverAsOf}
	until := func(days ...string) func(*testSource) {
		return func(s *testSource) {
			for _, d := range days {
				s.collect("b", d, nil, evidence.OutcomeOK, speaks("2026-07-01", d))
			}
		}
	}
	for name, tc := range map[string]struct {
		need    Need
		at      string
		build   func(*testSource)
		newest  string
		due     string
		overdue bool
	}{
		"young enough":                               {period, "2026-07-11T00:00:00Z", until("2026-07-10"), "2026-07-10", "2026-07-12", false},
		"too old":                                    {period, "2026-07-12T00:00:01Z", until("2026-07-10"), "2026-07-10", "2026-07-12", true},
		"the end is covered":                         {period, "2026-08-20T00:00:00Z", until("2026-07-30"), "2026-07-30", "", false},
		"the end is not, and was not asked for":      {period, "2026-08-20T00:00:00Z", until("2026-07-20"), "2026-07-20", "2026-07-22", true},
		"the end is not, and was asked for":          {period, "2026-08-20T00:00:00Z", func(s *testSource) { until("2026-07-20")(s); s.collect("b", "2026-08-02", nil, evidence.OutcomeNone) }, "2026-08-02", "", false},
		"the end was asked for and failed":           {period, "2026-08-20T00:00:00Z", func(s *testSource) { until("2026-07-20")(s); s.collect("b", "2026-08-02", nil, evidence.OutcomeFailed) }, "2026-07-20", "2026-07-22", true},
		"a snapshot counts from near the end on":     {asOf, "2026-07-20T00:00:00Z", until("2026-07-10"), "2026-07-10", "2026-08-03", false},
		"no snapshot near the end yet":               {asOf, "2026-08-01T00:00:00Z", until("2026-07-10"), "2026-07-10", "2026-08-03", true},
		"no snapshot near the end, and now too late": {asOf, "2026-08-04T00:00:00Z", until("2026-07-10"), "2026-07-10", "2026-08-03", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &testSource{}
			tc.build(s)
			got, _ := calendarOf(t, tc.need, tc.at, s)
			want := EvidenceAge{Source: "b", Table: "boundary_session", Newest: day(tc.newest), Limit: 2 * aDay, Overdue: tc.overdue}
			if want.Newest.After(day("2026-08-01")) {
				want.Newest = day("2026-08-01")
			}
			if tc.due != "" {
				want.Due = day(tc.due)
			}
			if diff := cmp.Diff([]EvidenceAge{want}, got.Ages); diff != "" {
				t.Errorf("ages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCalendarFaults(t *testing.T) {
	s := &testSource{}
	s.collect("b", "2026-07-05", nil, evidence.OutcomeOK, speaks("2026-07-01", "2026-07-05"))
	s.collect("b", "2026-07-06", nil, evidence.OutcomeDenied)
	got, _ := calendarOf(t, Need{MaxAge: aDay, Coverage: CoverPeriod}, "2026-07-06T00:00:00Z", s)
	want := []Reason{{Code: codeDenied, Source: "b", Detail: "sessions: detail"}}
	if diff := cmp.Diff(want, got.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestCalendarBeforeThePeriod(t *testing.T) {
	if _, err := MakeCalendar(CalendarInput{Period: span("2026-07-01", "2026-08-01"), At: day("2026-06-30")}); err == nil {
		t.Error("got no error for a moment before the period")
	}
}
