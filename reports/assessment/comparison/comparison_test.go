package comparison_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/reports/assessment/comparison"
)

func at(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err) // a typo in this file
	}
	return t
}

func quarter(name string) assessment.Assessment {
	p, err := evidence.Quarter(name)
	if err != nil {
		panic(err) // a typo in this file
	}
	return assessment.Assessment{Format: assessment.Format, Framework: assessment.FrameworkRef{ID: "waf-sec"}, Type: 2, Period: &p, AsOf: p.To}
}

func deviation(test assessment.TestID, key, exception, day string) assessment.Deviation {
	d := assessment.Deviation{Key: key, Test: test, Item: key, Exception: exception}
	if day != "" {
		t := at(day)
		d.At = &t
	}
	return d
}

func result(id assessment.TestID, status assessment.TestStatus, population int64, deviations ...assessment.Deviation) assessment.TestResult {
	return assessment.TestResult{ID: id, Status: status, Population: population, Deviations: deviations, Parameters: map[string]any{}}
}

// Each state has its deviation, and its age counts from the day of the deviation or the assessment that had it first.
func TestDeviations(t *testing.T) {
	before, after := quarter("2026-Q2"), quarter("2026-Q3")
	before.Tests = []assessment.TestResult{
		result("EXC-01", assessment.TestDeviations, 9,
			deviation("EXC-01", "open", "", ""), deviation("EXC-01", "fixed", "", ""), deviation("EXC-01", "covered", "EXC-1", ""),
			deviation("EXC-01", "ended", "EXC-2", ""), deviation("EXC-01", "granted", "", "2026-05-01")),
		result("VAL-02", assessment.TestDeviations, 5, deviation("VAL-02", "event", "", "2026-06-30")),
		result("VAL-09", assessment.TestDeviations, 5, deviation("VAL-09", "unknown", "", "")),
		result("COD-01", assessment.TestDeviations, 5, deviation("COD-01", "no test", "", "")),
	}
	after.Tests = []assessment.TestResult{
		result("EXC-01", assessment.TestDeviations, 9,
			deviation("EXC-01", "open", "", ""), deviation("EXC-01", "new", "", "2026-09-30"), deviation("EXC-01", "covered", "EXC-3", ""),
			deviation("EXC-01", "ended", "", ""), deviation("EXC-01", "granted", "EXC-4", "2026-05-01"), deviation("EXC-01", "new and covered", "EXC-4", "")),
		result("VAL-02", assessment.TestNoDeviations, 7),
		result("VAL-09", assessment.TestNotAssessed, 0),
	}
	c, err := comparison.Compare(before, after)
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		State comparison.State
		Key   string
		Since string
		Days  int64
	}
	var got []line
	for _, d := range c.Deviations {
		got = append(got, line{d.State, d.Key, d.FirstSeen.Format(time.DateOnly), d.AgeDays})
	}
	want := []line{
		{comparison.New, "new", "2026-09-30", 1},
		{comparison.ExceptionEnded, "ended", "2026-07-01", 92},
		{comparison.StillOpen, "open", "2026-07-01", 92},
		{comparison.NewlyExcepted, "granted", "2026-05-01", 153},
		{comparison.NewlyExcepted, "new and covered", "2026-10-01", 0},
		{comparison.StillExcepted, "covered", "2026-07-01", 92},
		{comparison.Fixed, "fixed", "2026-07-01", 92},
		{comparison.Past, "event", "2026-06-30", 93},
		{comparison.NotJudged, "no test", "2026-07-01", 92},
		{comparison.NotJudged, "unknown", "2026-07-01", 92},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deviations (-want +got):\n%s", diff)
	}
	if c.Counts[comparison.NotJudged] != 2 || c.Counts[comparison.New] != 1 {
		t.Errorf("counts: got %v", c.Counts)
	}
	n := func(n int64) *int64 { return &n }
	changes := []comparison.StatusChange{
		{ID: "COD-01", Old: "deviations", OldPopulation: n(5)},
		{ID: "VAL-02", Old: "deviations", New: "no-deviations", OldPopulation: n(5), NewPopulation: n(7)},
		{ID: "VAL-09", Old: "deviations", New: "not-assessed", OldPopulation: n(5), NewPopulation: n(0)},
	}
	if diff := cmp.Diff(changes, c.Tests); diff != "" {
		t.Errorf("tests (-want +got):\n%s", diff)
	}
}

func TestWhatElseChanged(t *testing.T) {
	record := func(n byte, source string) assessment.EvidenceItem {
		return assessment.EvidenceItem{Record: evidence.DigestOf([]byte{n}), Data: evidence.Record{Kind: "vault.audit-log/1", Source: evidence.Source{Name: source}}}
	}
	file := func(name, content string) assessment.InputFile {
		return assessment.InputFile{Name: name, Digest: evidence.DigestOf([]byte(content))}
	}
	before, after := quarter("2026-Q2"), quarter("2026-Q3")
	before.Evidence = []assessment.EvidenceItem{record(1, "a"), record(2, "a"), record(3, "b")}
	after.Evidence = []assessment.EvidenceItem{record(2, "a"), record(4, "a"), record(5, "a")}
	before.Sources, after.Sources = []assessment.SourceResult{{Source: "a"}, {Source: "b"}}, []assessment.SourceResult{{Source: "a"}, {Source: "c"}}
	before.Inputs = []assessment.InputFile{file("templates/tests/VAL-02.yaml", "1"), file("workspace/auditpack.yaml", "1"), file("templates/facts/x.sql", "1")}
	after.Inputs = []assessment.InputFile{file("templates/tests/VAL-02.yaml", "2"), file("workspace/auditpack.yaml", "1"), file("workspace/soa.yaml", "1"), file("templates/facts/x.sql", "1")}
	before.Requirements = []assessment.Finding{{ID: "WAF-SEC-010", Status: assessment.Supported}, {ID: "WAF-SEC-020", Status: assessment.Supported}, {ID: "gone", Status: assessment.Supported}}
	after.Requirements = []assessment.Finding{{ID: "WAF-SEC-010", Status: assessment.Supported}, {ID: "WAF-SEC-020", Status: assessment.PartlySupported}}
	before.Tests, after.Tests = []assessment.TestResult{result("VAL-02", assessment.TestNoDeviations, 1)}, []assessment.TestResult{result("VAL-02", assessment.TestNoDeviations, 2)}
	before.Tests[0].Parameters["max_uses"] = int64(0)
	after.Tests[0].Parameters["max_uses"] = float64(2) // as JSON gives it
	c, err := comparison.Compare(before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := comparison.Comparison{
		Uneven: []comparison.InputChange{
			{Kind: "parameter", Name: "VAL-02 max_uses", Old: "0", New: "2"},
			{Kind: "program", Name: "templates/tests/VAL-02.yaml", Old: string(evidence.DigestOf([]byte("1"))), New: string(evidence.DigestOf([]byte("2")))},
			{Kind: "workspace", Name: "workspace/soa.yaml", New: string(evidence.DigestOf([]byte("1")))},
		},
		Requirements: []comparison.StatusChange{{ID: "WAF-SEC-020", Old: "supported", New: "partly-supported"}, {ID: "gone", Old: "supported"}},
		Gained:       []comparison.EvidenceChange{{Source: "a", Kind: "vault.audit-log/1", Records: []evidence.Digest{evidence.DigestOf([]byte{4}), evidence.DigestOf([]byte{5})}}},
		Lost: []comparison.EvidenceChange{
			{Source: "a", Kind: "vault.audit-log/1", Records: []evidence.Digest{evidence.DigestOf([]byte{1})}},
			{Source: "b", Kind: "vault.audit-log/1", Records: []evidence.Digest{evidence.DigestOf([]byte{3})}},
		},
		Sources: []comparison.SourceChange{{Source: "b"}, {Source: "c", Gained: true}},
	}
	got := comparison.Comparison{Uneven: c.Uneven, Requirements: c.Requirements, Gained: c.Gained, Lost: c.Lost, Sources: c.Sources}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
}

func TestUnevenTimes(t *testing.T) {
	year := quarter("2026-Q2")
	year.Period = &evidence.Period{From: at("2026-01-01"), To: at("2027-01-01")}
	date := quarter("2026-Q3")
	date.Type, date.Period = 1, nil
	c, err := comparison.Compare(year, date)
	if err != nil {
		t.Fatal(err)
	}
	want := []comparison.InputChange{{Kind: "type", Name: "type of assessment", Old: "2", New: "1"}, {Kind: "length", Name: "days of the period", Old: "365", New: "0"}}
	if diff := cmp.Diff(want, c.Uneven); diff != "" {
		t.Errorf("uneven (-want +got):\n%s", diff)
	}
	other := quarter("2026-Q3")
	other.Framework.ID = "c5-2020"
	if _, err := comparison.Compare(year, other); err == nil || !strings.Contains(err.Error(), "one is of waf-sec, the other of c5-2020") {
		t.Errorf("two frameworks: got %v", err)
	}
}
