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
func TestManualOf(t *testing.T) {
	w := window{typ: 2, period: span("2026-07-01", "2026-10-01"), asOf: day("2026-10-01")}
	list := []ManualTest{
		{Control: "c", Aspect: "a", Performer: "P", Reviewer: "R", Date: "2026-07-01", Expires: "2027-07-01"},
		{Control: "c", Aspect: "a", Performer: "P", Reviewer: "R", Date: "2026-08-01", Expires: "2027-08-01"},
		{Control: "c", Aspect: "a", Performer: "P", Reviewer: "P", Date: "2026-09-01", Expires: "2027-09-01"},
		{Control: "c", Aspect: "b", Performer: "P", Reviewer: "P", Date: "2026-09-01", Expires: "2027-09-01"},
	}
	for aspect, want := range map[string]string{"a": "2026-08-01", "b": "2026-09-01"} {
		if got := manualOf(list, "c", aspect, w); got == nil || got.Date != want {
			t.Errorf("aspect %s: got %+v, want the test of %s", aspect, got, want)
		}
	}
	if got := manualOf(list, "c", "z", w); got != nil {
		t.Errorf("got %+v, want none", got)
	}
}
