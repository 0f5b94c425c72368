package assessment

import "testing"

func TestRollUp(t *testing.T) {
	aspects := func(shown ...string) []AspectResult {
		var list []AspectResult
		for _, s := range shown {
			list = append(list, AspectResult{Shown: s})
		}
		return list
	}
	for name, tc := range map[string]struct {
		primary, supporting []AspectResult
		want                RequirementStatus
	}{
		"no control":                                 {nil, nil, NotAssessed},
		"all fully":                                  {aspects(shownFully, shownFully), nil, Supported},
		"one deviates among shown ones":              {aspects(shownFully, shownDeviating), nil, DeviationsNoted},
		"one deviates among ones not shown":          {aspects(shownNot, shownDeviating), nil, DeviationsNoted},
		"one is missing":                             {aspects(shownFully, shownNot), nil, PartlySupported},
		"part of the period":                         {aspects(shownPartly), nil, PartlySupported},
		"none is shown":                              {aspects(shownNot, shownNot), nil, NotAssessed},
		"supporting alone":                           {nil, aspects(shownFully), PartlySupported},
		"supporting alone, not shown":                {nil, aspects(shownNot), NotAssessed},
		"supporting alone, deviating":                {nil, aspects(shownDeviating), NotAssessed},
		"primary fully, supporting not":              {aspects(shownFully), aspects(shownNot), Supported},
		"primary fully, supporting deviating":        {aspects(shownFully), aspects(shownDeviating), Supported},
		"primary not shown, supporting fully":        {aspects(shownNot), aspects(shownFully), PartlySupported},
		"primary deviating, supporting fully":        {aspects(shownDeviating), aspects(shownFully), DeviationsNoted},
		"primary partly, supporting without support": {aspects(shownPartly, shownNot), aspects(shownNot), PartlySupported},
	} {
		t.Run(name, func(t *testing.T) {
			all := append(append([]AspectResult{}, tc.primary...), tc.supporting...)
			if got := rollUp(tc.primary, all); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestManualTestFaults(t *testing.T) {
	period := window{typ: 2, period: span("2026-07-01", "2026-10-01"), asOf: day("2026-10-01")}
	date := window{typ: 1, asOf: day("2026-10-01")}
	good := ManualTest{Performer: "Petra", Reviewer: "Rolf", Date: "2026-09-30", Expires: "2026-10-01"}
	for name, tc := range map[string]struct {
		change func(*ManualTest)
		w      window
		want   string
	}{
		"on the last day of the period": {func(*ManualTest) {}, period, ""},
		"before the period":             {func(m *ManualTest) { m.Date = "2025-10-02" }, period, ""},
		"after the period":              {func(m *ManualTest) { m.Date = "2026-10-01" }, period, codeManualLate},
		"on the as-of date":             {func(m *ManualTest) { m.Date = "2026-10-01" }, date, ""},
		"expired the day before":        {func(m *ManualTest) { m.Expires = "2026-09-30" }, period, codeManualExpired},
		"after the time it looked at":   {func(m *ManualTest) { m.Date, m.From, m.To = "2026-10-01", "2026-07-01", "2026-10-01" }, period, ""},
		"after the as-of date": {func(m *ManualTest) {
			m.Date, m.From, m.To, m.Expires = "2026-10-02", "2026-07-01", "2026-10-01", "2027-01-01"
		}, period, codeManualLate},
		"names a document that is gone": {func(m *ManualTest) { m.Missing = []string{"DOC-9"} }, period, codeManualDocument},
		"reviewed by the performer":     {func(m *ManualTest) { m.Reviewer = " PETRA" }, period, codeManualSelf},
	} {
		t.Run(name, func(t *testing.T) {
			m := good
			tc.change(&m)
			if got := m.fault(tc.w); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// The newest valid test of an aspect counts, even when a newer one is not valid.
func TestBestManualTest(t *testing.T) {
	w := window{typ: 2, period: span("2026-07-01", "2026-10-01"), asOf: day("2026-10-01")}
	list := []ManualTest{
		{Control: "c", Aspect: "a", Performer: "P", Reviewer: "R", Date: "2026-07-01", Expires: "2027-07-01"},
		{Control: "c", Aspect: "a", Performer: "P", Reviewer: "R", Date: "2026-08-01", Expires: "2027-08-01"},
		{Control: "c", Aspect: "a", Performer: "P", Reviewer: "P", Date: "2026-09-01", Expires: "2027-09-01"},
		{Control: "c", Aspect: "b", Performer: "P", Reviewer: "P", Date: "2026-09-01", Expires: "2027-09-01"},
	}
	for aspect, want := range map[string]string{"a": "2026-08-01", "b": "2026-09-01"} {
		if got := bestOf(manualTestsOf(list, "c", aspect), w); got == nil || got.Date != want {
			t.Errorf("aspect %s: got %+v, want the test of %s", aspect, got, want)
		}
	}
	if got := bestOf(manualTestsOf(list, "c", "z"), w); got != nil {
		t.Errorf("got %+v, want none", got)
	}
}

// What is to operate over a period is shown for the time that valid tests looked at, joined; a deviation found in it stays.
func TestShownOverPeriod(t *testing.T) {
	w := window{typ: 2, period: span("2026-07-01", "2026-10-01"), asOf: day("2026-10-01")}
	test := func(date, from, to, conclusion string) ManualTest {
		return ManualTest{Performer: "P", Reviewer: "R", Date: date, Expires: "2027-10-01", From: from, To: to, Conclusion: conclusion}
	}
	const none, some = "no-deviations", "deviations"
	for name, tc := range map[string]struct {
		tests         []ManualTest
		shown, reason string
	}{
		"all of it":                  {[]ManualTest{test("2026-10-01", "2026-07-01", "2026-10-01", none)}, shownFully, ""},
		"more than it":               {[]ManualTest{test("2026-10-01", "2026-01-01", "2026-10-02", none)}, shownFully, ""},
		"one day":                    {[]ManualTest{test("2026-09-01", "", "", none)}, shownPartly, codeManualPart},
		"a part":                     {[]ManualTest{test("2026-09-01", "2026-07-01", "2026-09-01", none)}, shownPartly, codeManualPart},
		"two parts that meet":        {[]ManualTest{test("2026-10-01", "2026-08-15", "2026-10-01", none), test("2026-08-15", "2026-07-01", "2026-08-15", none)}, shownFully, ""},
		"two parts with a hole":      {[]ManualTest{test("2026-08-15", "2026-07-01", "2026-08-14", none), test("2026-10-01", "2026-08-15", "2026-10-01", none)}, shownPartly, codeManualPart},
		"the quarter before":         {[]ManualTest{test("2026-07-02", "2026-04-01", "2026-07-01", none)}, shownNot, codeManualOutside},
		"a day before the period":    {[]ManualTest{test("2026-06-30", "", "", none)}, shownNot, codeManualOutside},
		"a deviation, none later":    {[]ManualTest{test("2026-08-15", "2026-07-01", "2026-08-15", some), test("2026-10-01", "2026-08-15", "2026-10-01", none)}, shownDeviating, codeDeviations},
		"a deviation before it":      {[]ManualTest{test("2026-07-01", "2026-04-01", "2026-07-01", some), test("2026-10-01", "2026-07-01", "2026-10-01", none)}, shownFully, ""},
		"one that does not count":    {[]ManualTest{{Performer: "P", Reviewer: "P", Date: "2026-09-01", Expires: "2027-01-01", From: "2026-07-01", To: "2026-09-01", Conclusion: none}}, shownNot, codeManualSelf},
		"none":                       {nil, shownNot, codeManualMissing},
		"one counts, another is old": {[]ManualTest{test("2026-10-01", "2026-07-01", "2026-10-01", none), {Performer: "P", Reviewer: "R", Date: "2025-01-01", Expires: "2026-01-01", Conclusion: some}}, shownFully, ""},
	} {
		t.Run(name, func(t *testing.T) {
			res := AspectResult{Shown: shownNot}
			reason := res.shownByPeople(tc.tests, true, w)
			if res.Shown != tc.shown || reason.Code != tc.reason {
				t.Errorf("got %s because of %q, want %s because of %q", res.Shown, reason.Code, tc.shown, tc.reason)
			}
		})
	}
}
