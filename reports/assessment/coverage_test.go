package assessment

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func span(from, to string) evidence.Period {
	return evidence.Period{From: day(from), To: day(to)}
}

const aDay = 24 * time.Hour

func TestCover(t *testing.T) {
	july := span("2026-07-01", "2026-08-01")
	s := func(from, to string) stretch { return stretch{day(from), day(to)} }
	for name, tc := range map[string]struct {
		spans []stretch
		age   time.Duration
		want  []evidence.Period
	}{
		"nothing":                                   {nil, aDay, []evidence.Period{}},
		"all of it":                                 {[]stretch{s("2026-06-01", "2026-09-01")}, aDay, []evidence.Period{july}},
		"holes of a day at both edges":              {[]stretch{s("2026-07-02", "2026-07-31")}, aDay, []evidence.Period{july}},
		"holes of two days at both edges":           {[]stretch{s("2026-07-03", "2026-07-30")}, aDay, []evidence.Period{span("2026-07-03", "2026-07-30")}},
		"a hole of a day in the middle":             {[]stretch{s("2026-07-01", "2026-07-10"), s("2026-07-11", "2026-08-01")}, aDay, []evidence.Period{july}},
		"a hole of two days in the middle":          {[]stretch{s("2026-07-12", "2026-08-01"), s("2026-07-01", "2026-07-10")}, aDay, []evidence.Period{span("2026-07-01", "2026-07-10"), span("2026-07-12", "2026-08-01")}},
		"a short one inside a long one":             {[]stretch{s("2026-07-01", "2026-08-01"), s("2026-07-02", "2026-07-03")}, aDay, []evidence.Period{july}},
		"a snapshot in the middle":                  {[]stretch{s("2026-07-15", "2026-07-15")}, aDay, []evidence.Period{}},
		"a snapshot long after":                     {[]stretch{s("2026-11-15", "2026-11-15")}, aDay, []evidence.Period{}},
		"a snapshot after the end, hole too long":   {[]stretch{s("2026-08-02", "2026-08-02")}, aDay, []evidence.Period{}},
		"daily snapshots, one just outside":         {[]stretch{s("2026-06-30", "2026-06-30"), s("2026-07-01", "2026-07-01"), s("2026-07-02", "2026-07-02")}, aDay, []evidence.Period{span("2026-07-01", "2026-07-02")}},
		"snapshots outside on both sides, age long": {[]stretch{s("2026-06-20", "2026-06-20"), s("2026-08-05", "2026-08-05")}, 60 * aDay, []evidence.Period{july}},
		"one snapshot before, age long":             {[]stretch{s("2026-06-20", "2026-06-20")}, 60 * aDay, []evidence.Period{july}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, cover(july, tc.spans, tc.age)); diff != "" {
				t.Errorf("covered (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIntersectAndHoles(t *testing.T) {
	a := []evidence.Period{span("2026-07-01", "2026-07-10"), span("2026-07-20", "2026-08-01")}
	b := []evidence.Period{span("2026-07-05", "2026-07-25")}
	want := []evidence.Period{span("2026-07-05", "2026-07-10"), span("2026-07-20", "2026-07-25")}
	if diff := cmp.Diff(want, intersect(a, b)); diff != "" {
		t.Errorf("intersection (-want +got):\n%s", diff)
	}
	wantHoles := []evidence.Period{span("2026-07-01", "2026-07-05"), span("2026-07-10", "2026-07-20"), span("2026-07-25", "2026-08-01")}
	if diff := cmp.Diff(wantHoles, holes(span("2026-07-01", "2026-08-01"), want)); diff != "" {
		t.Errorf("holes (-want +got):\n%s", diff)
	}
	if got := days(want); got != 10 {
		t.Errorf("days: got %d, want 10", got)
	}
}

// A testSource builds entries and records of one source with one kind.
type testSource struct {
	in Input
}

const kind evidence.Kind = "boundary.sessions/1"

func (s *testSource) collect(source, when string, asked *evidence.Period, o evidence.Outcome, records ...evidence.Record) {
	s.collectKind(kind, source, when, asked, o, records...)
}

func (s *testSource) collectKind(kind evidence.Kind, source, when string, asked *evidence.Period, o evidence.Outcome, records ...evidence.Record) {
	n := int64(len(s.in.Entries) + 1)
	s.in.Entries = append(s.in.Entries, evidence.Entry{
		Number: n, Type: evidence.EntryCollection, Source: source, Time: day(when), Period: asked,
		Parts: []evidence.PartOutcome{{Part: "sessions", Kind: kind, Outcome: o, Detail: "detail"}},
	})
	for _, r := range records {
		r.Kind, r.Source.Name, r.Collected.At = kind, source, day(when)
		s.in.Records = append(s.in.Records, StoredRecord{Digest: evidence.DigestOf([]byte{byte(len(s.in.Records))}), Record: r, Entry: n})
	}
}

func speaks(from, to string) evidence.Record {
	if to == "" {
		t := day(from)
		return evidence.Record{At: &t}
	}
	p := span(from, to)
	return evidence.Record{Period: &p}
}

// basisFor judges a test of one table over the third quarter of 2026.
func basisFor(s *testSource, need Need) basis {
	need.Age = need.MaxAge.String()
	t := &Test{ID: "TST-01", Needs: map[string]Need{"boundary_session": need}}
	w := window{typ: 2, period: span("2026-07-01", "2026-10-01"), asOf: day("2026-10-01")}
	return newLedger(s.in).basisOf(t, w, map[string][]evidence.Kind{"boundary_session": {kind}})
}

func TestBasis(t *testing.T) {
	quarter := span("2026-07-01", "2026-10-01")
	august := span("2026-08-01", "2026-09-01")
	period := Need{MaxAge: aDay, Coverage: CoverPeriod}
	asOf := Need{MaxAge: aDay, Coverage: CoverAsOf}
	absent := Need{MaxAge: aDay, Coverage: CoverPeriod, AbsentRowsDeviate: true}
	type result struct {
		Full, Blocked, Mute bool
		Days                int64
		Codes               []string
	}
	for name, tc := range map[string]struct {
		need  Need
		build func(s *testSource)
		want  result
	}{
		"nothing ever asked": {period, func(*testSource) {}, result{Blocked: true, Codes: []string{codeNoEvidence}}},
		"nothing ever asked, and what is missing deviates": {absent, func(*testSource) {}, result{Blocked: true, Mute: true, Codes: []string{codeNoEvidence}}},
		"the whole period": {period, func(s *testSource) {
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
		}, result{Full: true, Days: 92}},
		"a record speaks for no time after its collection": {period, func(s *testSource) {
			s.collect("b", "2026-08-01", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
		}, result{Days: 31, Codes: []string{codePartOfPeriod}}},
		"asked for the period, and there is none": {period, func(s *testSource) {
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeNone)
		}, result{Full: true, Days: 92}},
		"asked for a part of it, and there is none": {period, func(s *testSource) {
			s.collect("b", "2026-10-02", &august, evidence.OutcomeNone)
		}, result{Days: 31, Codes: []string{codePartOfPeriod}}},
		"a log that has nothing new covers no hole": {period, func(s *testSource) {
			s.collect("b", "2026-07-11", &quarter, evidence.OutcomeOK, speaks("2026-06-30", "2026-07-11"))
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeNone)
		}, result{Days: 10, Codes: []string{codePartOfPeriod}}},
		"a source that is asked for periods has none in one": {period, func(s *testSource) {
			july := span("2026-07-01", "2026-08-01")
			s.collect("b", "2026-08-02", &july, evidence.OutcomeOK, speaks("2026-07-01", "2026-08-01"))
			rest := span("2026-08-01", "2026-10-01")
			s.collect("b", "2026-10-02", &rest, evidence.OutcomeNone)
		}, result{Full: true, Days: 92}},
		"one snapshot never covers a period": {period, func(s *testSource) {
			s.collect("b", "2026-11-15", &quarter, evidence.OutcomeOK, speaks("2026-11-15", ""))
		}, result{Blocked: true, Codes: []string{codeStale}}},
		"one snapshot of the as-of date": {asOf, func(s *testSource) {
			s.collect("b", "2026-10-02", nil, evidence.OutcomeOK, speaks("2026-10-02", ""))
		}, result{Full: true}},
		"a snapshot too long after the as-of date": {asOf, func(s *testSource) {
			s.collect("b", "2026-10-03", nil, evidence.OutcomeOK, speaks("2026-10-03", ""))
		}, result{Blocked: true, Codes: []string{codeStale}}},
		"failed last": {period, func(s *testSource) {
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
			s.collect("b", "2026-10-03", &quarter, evidence.OutcomeFailed)
		}, result{Blocked: true, Days: 92, Codes: []string{codeFailed}}},
		"failed once, then answered": {period, func(s *testSource) {
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeDenied)
			s.collect("b", "2026-10-03", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
		}, result{Full: true, Days: 92}},
		"denied, and nothing else": {absent, func(s *testSource) {
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeDenied)
		}, result{Blocked: true, Mute: true, Codes: []string{codeDenied}}},
		"failed for another period": {period, func(s *testSource) {
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
			next := span("2026-10-01", "2027-01-01")
			s.collect("b", "2026-12-01", &next, evidence.OutcomeFailed)
		}, result{Full: true, Days: 92}},
		"not offered": {period, func(s *testSource) {
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeNotOffered)
		}, result{Blocked: true, Codes: []string{codeNotOffered}}},
		"two sources, one of which covers half": {period, func(s *testSource) {
			s.collect("a", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-08-01", "2026-09-01"))
		}, result{Days: 31, Codes: []string{codePartOfPeriod}}},
		"two sources that cover different halves": {period, func(s *testSource) {
			s.collect("a", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-08-01"))
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-08-03", "2026-10-01"))
		}, result{Blocked: true, Codes: []string{codePartOfPeriod, codePartOfPeriod}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &testSource{}
			tc.build(s)
			b := basisFor(s, tc.need)
			got := result{Full: b.full, Blocked: b.blocked, Mute: b.mute, Days: days(b.covered)}
			for _, r := range b.reasons {
				got.Codes = append(got.Codes, r.Code)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("basis (-want +got):\n%s\nreasons: %+v", diff, b.reasons)
			}
		})
	}
}

// A source that failed as a whole notes one part for each kind; once it answers for that kind, the failure is over.
func TestWholeSourceFailureIsSuperseded(t *testing.T) {
	s := &testSource{}
	s.collect("b", "2026-10-02", nil, evidence.OutcomeFailed)
	s.in.Entries[0].Parts[0].Part = wholeSource
	s.collect("b", "2026-10-03", nil, evidence.OutcomeOK)
	got := newLedger(s.in).latest(span("2026-07-01", "2026-10-01"))
	if len(got) != 1 || got[0].part.Outcome != evidence.OutcomeOK {
		t.Errorf("got %+v, want the later answer alone", got)
	}
}

// Rows parsed from a file in git speak from its commit on.
func TestDerivedRowsSpeakForTheirFiles(t *testing.T) {
	s := &testSource{}
	s.collect("b", "2026-11-20", nil, evidence.OutcomeOK, speaks("2026-06-01", "2026-11-20"), speaks("2026-11-20", ""))
	s.in.Records[0].Record.Kind = "exceptions.file/1"
	s.in.Records[1].Record.DerivedFrom = []evidence.Digest{s.in.Records[0].Digest}
	b := basisFor(s, Need{MaxAge: aDay, Coverage: CoverAsOf})
	if !b.full {
		t.Errorf("got reasons %+v, want none", b.reasons)
	}
	if got := len(b.evidence); got != 2 {
		t.Errorf("evidence: got %d records, want the rows and their file", got)
	}
}

// TestTell has a test of three tables, of which the last one is optional, made of two kinds, and its absence is told of sources of its own
// kind: never of the register.
func TestTell(t *testing.T) {
	const extra, second, rows evidence.Kind = "boundary.extra/1", "boundary.second/1", "register.rows/1"
	quarter := span("2026-07-01", "2026-10-01")
	whole := func(s *testSource) {
		s.collectKind(rows, "register", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
		s.collect("a", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
	}
	monthly := func(s *testSource) {
		whole(s)
		for _, at := range []string{"2026-07-01", "2026-08-01", "2026-09-01", "2026-10-01"} {
			s.collectKind(extra, "a", at, nil, evidence.OutcomeOK, speaks(at, ""))
		}
	}
	for name, tc := range map[string]struct {
		build func(s *testSource)
		want  []Reason
	}{
		"there is none": {whole, []Reason{{Code: codePartOfTest, Source: "a", Detail: "extra"}}},
		"every month":   {monthly, []Reason{}},
		"one kind was denied": {func(s *testSource) {
			monthly(s)
			s.collectKind(second, "a", "2026-10-01", nil, evidence.OutcomeDenied)
		}, []Reason{{Code: codePartRefused, Source: "a", Detail: "sessions: detail"}}},
		"one kind failed, and came later": {func(s *testSource) {
			monthly(s)
			s.collectKind(second, "a", "2026-09-01", nil, evidence.OutcomeFailed)
			s.collectKind(second, "a", "2026-10-01", nil, evidence.OutcomeOK, speaks("2026-10-01", ""))
		}, []Reason{}},
		"one kind is not offered": {func(s *testSource) {
			monthly(s)
			s.collectKind(second, "a", "2026-10-01", nil, evidence.OutcomeNotOffered)
		}, []Reason{}},
		"all of it was denied": {func(s *testSource) {
			whole(s)
			s.collectKind(extra, "a", "2026-10-01", nil, evidence.OutcomeDenied)
		}, []Reason{{Code: codePartOfTest, Source: "a", Detail: "extra"}}},
		"not in September, and never of the other source": {func(s *testSource) {
			whole(s)
			s.collect("b", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
			for _, at := range []string{"2026-07-01", "2026-08-01"} {
				s.collectKind(extra, "a", at, nil, evidence.OutcomeOK, speaks(at, ""))
			}
		}, []Reason{
			{Code: codePartOfTest, Source: "a", Detail: "extra: 2026-08-01T00:00:00Z/2026-10-01T00:00:00Z"},
			{Code: codePartOfTest, Source: "b", Detail: "extra"},
		}},
		"asked, and there was none": {func(s *testSource) {
			whole(s)
			s.collectKind(extra, "a", "2026-10-01", nil, evidence.OutcomeNone)
		}, []Reason{{Code: codePartOfTest, Source: "a", Detail: "extra"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &testSource{}
			tc.build(s)
			test := &Test{ID: "TST-01", Needs: map[string]Need{
				"boundary_session": {MaxAge: aDay, Age: "1d", Coverage: CoverPeriod},
				"leaver":           {MaxAge: 92 * aDay, Age: "92d", Coverage: CoverPeriod},
				"extra":            {MaxAge: 31 * aDay, Age: "31d", Coverage: CoverOptional, AbsenceIsTold: true},
			}}
			w := window{typ: 2, period: quarter, asOf: day("2026-10-01")}
			b := newLedger(s.in).basisOf(test, w, map[string][]evidence.Kind{"boundary_session": {kind}, "leaver": {rows}, "extra": {extra, second}})
			if diff := cmp.Diff(tc.want, append([]Reason{}, b.reasons...)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if b.blocked || !b.full {
				t.Errorf("got blocked %v, full %v: the rest of the test stands", b.blocked, b.full)
			}
		})
	}
}

// TestFailureBlocks has a test of two tables, of which the second one is optional; that asking for it failed is a gap, that there
// was none is not.
func TestFailureBlocks(t *testing.T) {
	const extra evidence.Kind = "test.extra/1"
	quarter := span("2026-07-01", "2026-10-01")
	for name, tc := range map[string]struct {
		outcomes []evidence.Outcome // of the optional table, in order
		want     []string
	}{
		"never asked":                {nil, nil},
		"none":                       {[]evidence.Outcome{evidence.OutcomeNone}, nil},
		"not offered":                {[]evidence.Outcome{evidence.OutcomeNotOffered}, nil},
		"failed":                     {[]evidence.Outcome{evidence.OutcomeFailed}, []string{codeFailed}},
		"denied after it was there":  {[]evidence.Outcome{evidence.OutcomeOK, evidence.OutcomeDenied}, []string{codeDenied}},
		"failed, then there is none": {[]evidence.Outcome{evidence.OutcomeFailed, evidence.OutcomeNone}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &testSource{}
			s.collect("a", "2026-10-02", &quarter, evidence.OutcomeOK, speaks("2026-07-01", "2026-10-01"))
			for i, o := range tc.outcomes {
				s.collectKind(extra, "a", []string{"2026-10-03", "2026-10-04"}[i], &quarter, o)
			}
			test := &Test{ID: "TST-01", Needs: map[string]Need{
				"boundary_session": {MaxAge: aDay, Age: "1d", Coverage: CoverPeriod},
				"extra":            {MaxAge: aDay, Age: "1d", Coverage: CoverOptional, FailureBlocks: true},
			}}
			w := window{typ: 2, period: quarter, asOf: day("2026-10-01")}
			b := newLedger(s.in).basisOf(test, w, map[string][]evidence.Kind{"boundary_session": {kind}, "extra": {extra}})
			var got []string
			for _, r := range b.reasons {
				got = append(got, r.Code)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if b.blocked != (len(tc.want) > 0) {
				t.Errorf("blocked: got %v, want %v", b.blocked, len(tc.want) > 0)
			}
		})
	}
}
