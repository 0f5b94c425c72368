package assessment

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
)

// Codes of reasons. Each is a key of the wording.
const (
	codeNoControl      = "no-control"
	codeNoEvidence     = "no-evidence"
	codeStale          = "stale"
	codePartOfPeriod   = "part-of-period"
	codePartOfTest     = "part-of-test"
	codePartRefused    = "part-refused"
	codeFailed         = "failed"
	codeDenied         = "denied"
	codeNotRead        = "not-read" // evidence of a newer schema than this program knows
	codeNotOffered     = "not-offered"
	codeNoOccurrences  = "no-occurrences"
	codeDeviations     = "deviations"
	codeManualMissing  = "manual-missing"
	codeManualExpired  = "manual-expired"
	codeManualSelf     = "manual-self-reviewed"
	codeManualLate     = "manual-after-period"
	codeManualDocument = "manual-document-missing"
	codeManualOutside  = "manual-outside-period"
	codeManualPart     = "manual-part-of-period"
	codeSupportingOnly = "supporting-only"
	codeContradicted   = "declared-implemented-contradicted"
	codeNotApplicable  = "not-applicable"
	codeCarvedOut      = "carved-out"
)

// Codes of reasons that come from what people declare, and from who operates a requirement.
const (
	codeUndeclared         = "not-in-statement"
	codeNothingShown       = "declared-implemented-not-shown"
	codeShownBeyond        = "declared-less-than-shown"
	codeDeclarationChanged = "declaration-changed"
	codeNotApproved        = "declaration-not-approved"
	codeCarveOutUnknown    = "carve-out-organisation-unknown"
	codeCarveOutUnlisted   = "carve-out-not-listed"
	codeCarveOutShared     = "carve-out-shared"
	codeCarveOutUnattested = "carve-out-not-attested"
	codeUncoveredDays      = "attestation-part-of-period"
	codeComplementaryOpen  = "complementary-control-not-shown"
	codeSharedOpen         = "shared-part-not-attested"
	codeProvidersPart      = "providers-part-not-attested"
	codeProviderAttested   = "provider-attested"
	codeUnanswered         = "condition-unanswered"
	codeAnswerUnsound      = "condition-answer-not-counting"
)

// basis is what a test has to stand on.
type basis struct {
	reasons  []Reason
	covered  []evidence.Period // of the period; empty when no table asks for it
	full     bool              // nothing is missing
	blocked  bool              // the test cannot be assessed
	mute     bool              // what the test would report may only mean that there is no evidence
	period   bool              // a table asks for the whole period
	evidence []evidence.Digest // records used, sorted
}

// maxHoles bounds how many holes a reason lists.
const maxHoles = 12

// basisOf judges the evidence for a test.
func (l *ledger) basisOf(t *Test, w window, tables map[string][]evidence.Kind) basis {
	b := basis{full: true, covered: []evidence.Period{}}
	span := w.span(t.longestAge())
	if w.typ == 2 {
		b.covered = []evidence.Period{span}
	}
	outcomes := l.latest(w.reach(t.longestAge()))
	if w.typ == 2 {
		outcomes = l.latest(span)
	}
	seen := map[string]bool{}
	used := map[evidence.Digest]bool{}
	for _, table := range t.Tables() {
		need, kinds := t.Needs[table], tables[table]
		l.use(used, kinds, w.reach(t.longestAge()))
		l.unread(&b, kinds, w.reach(t.longestAge()), tables)
		key := fmt.Sprint(kinds, need.MaxAge, need.Coverage, need.AbsentRowsDeviate)
		if need.AbsenceIsTold {
			l.tell(&b, need, table, kinds, w, l.sourcesOf(t, tables, kinds))
			l.tellRefused(&b, kinds, outcomes)
		}
		if need.FailureBlocks {
			l.failures(&b, kinds, outcomes)
		}
		if need.Coverage == CoverOptional || seen[key] {
			continue
		}
		seen[key] = true
		l.judge(&b, need, table, kinds, w, outcomes)
	}
	b.evidence = slices.AppendSeq([]evidence.Digest{}, maps.Keys(used))
	slices.Sort(b.evidence)
	if !b.period || w.typ == 1 {
		b.covered = []evidence.Period{}
	} else if len(b.covered) == 0 {
		b.blocked = true
	}
	return b
}

// judge looks at the evidence for one table.
func (l *ledger) judge(b *basis, need Need, table string, kinds []evidence.Kind, w window, outcomes []asked) {
	spans := l.bySource(kinds)
	explained := l.failures(b, kinds, outcomes)
	if len(spans) == 0 {
		b.mute = b.mute || need.AbsentRowsDeviate
		b.period = b.period || need.Coverage == CoverPeriod
		b.covered = []evidence.Period{}
		b.missing(table, kinds, outcomes, explained)
		return
	}
	for _, source := range slices.Sorted(maps.Keys(spans)) {
		if need.Coverage == CoverAsOf || w.typ == 1 {
			b.asOf(source, table, need, spans[source], w.asOf)
			continue
		}
		b.overPeriod(source, table, need, spans[source], w.period)
	}
}

// failures blocks the test for each part that feeds a table and failed or was denied when it was asked last, and says whether there
// is one.
func (l *ledger) failures(b *basis, kinds []evidence.Kind, outcomes []asked) bool {
	related := l.relatedKinds(kinds)
	found := false
	for _, a := range outcomes {
		code := map[evidence.Outcome]string{evidence.OutcomeFailed: codeFailed, evidence.OutcomeDenied: codeDenied}[a.part.Outcome]
		if code == "" || !slices.Contains(related, a.part.Kind) {
			continue
		}
		found = true
		b.block(Reason{Code: code, Source: a.source, Detail: a.part.Part + ": " + a.part.Detail})
	}
	return found
}

// unread blocks the test for evidence of a newer schema of the kinds than any table reads: what it says is not known here.
func (l *ledger) unread(b *basis, kinds []evidence.Kind, reach evidence.Period, tables map[string][]evidence.Kind) {
	found := map[sourceKind]int{}
	for i, r := range l.records {
		k := r.Record.Kind
		if newerThanAll(k, kinds) && !readByAny(k, tables) && l.reaches(i, reach) {
			found[sourceKind{r.Record.Source.Name, k}]++
		}
	}
	for _, x := range slices.SortedFunc(maps.Keys(found), func(x, y sourceKind) int {
		return cmp.Or(strings.Compare(x.source, y.source), strings.Compare(string(x.kind), string(y.kind)))
	}) {
		b.block(Reason{Code: codeNotRead, Source: x.source, Detail: fmt.Sprintf("%s: %d", x.kind, found[x])})
	}
}

// newerThanAll says whether k is a newer version of one of the kinds than each of them that has its name.
func newerThanAll(k evidence.Kind, kinds []evidence.Kind) bool {
	named := false
	for _, known := range kinds {
		if known.Name() != k.Name() {
			continue
		}
		if known.Version() >= k.Version() {
			return false
		}
		named = true
	}
	return named
}

func readByAny(k evidence.Kind, tables map[string][]evidence.Kind) bool {
	for _, kinds := range tables {
		if slices.Contains(kinds, k) {
			return true
		}
	}
	return false
}

// sourcesOf returns the sources that speak for a table that t must have, and that is of the same kind of source as the kinds: a register
// has no tokens.
func (l *ledger) sourcesOf(t *Test, tables map[string][]evidence.Kind, kinds []evidence.Kind) []string {
	related := func(k evidence.Kind) bool {
		return slices.ContainsFunc(kinds, func(other evidence.Kind) bool { return familyOf(other) == familyOf(k) })
	}
	sources := map[string]bool{}
	for table, need := range t.Needs {
		if need.Coverage == CoverOptional || !slices.ContainsFunc(tables[table], related) {
			continue
		}
		for source := range l.bySource(tables[table]) {
			sources[source] = true
		}
	}
	return slices.Sorted(maps.Keys(sources))
}

// tell notes where one of the sources has no evidence for a table that only a part of the test rests on. It takes nothing from
// what the rest of the test shows.
func (l *ledger) tell(b *basis, need Need, table string, kinds []evidence.Kind, w window, sources []string) {
	spans := l.recorded(kinds) // "asked, and there was none" is what is told here
	for _, source := range sources {
		r := Reason{Code: codePartOfTest, Source: source, Detail: table}
		if w.typ == 1 {
			if slices.ContainsFunc(spans[source], func(s stretch) bool { return s.near(w.asOf, need.MaxAge) }) {
				continue
			}
		} else if len(spans[source]) > 0 {
			missing := holes(w.period, cover(w.period, spans[source], need.MaxAge))
			if len(missing) == 0 {
				continue
			}
			r.Detail += ": " + periods(missing)
		}
		b.reasons = append(b.reasons, r)
	}
}

// tellRefused notes each kind of a table that failed or was denied when it was asked last, where the source has others of the table: what
// the test shows of these is not whole. A source that has none of them is told already.
func (l *ledger) tellRefused(b *basis, kinds []evidence.Kind, outcomes []asked) {
	spans, told := l.recorded(kinds), map[sourceKind]bool{}
	for _, a := range outcomes {
		refused := a.part.Outcome == evidence.OutcomeFailed || a.part.Outcome == evidence.OutcomeDenied
		which := sourceKind{a.source, a.part.Kind}
		if refused && slices.Contains(kinds, a.part.Kind) && len(spans[a.source]) > 0 && !told[which] {
			told[which] = true
			b.reasons = append(b.reasons, Reason{Code: codePartRefused, Source: a.source, Detail: a.part.Part + ": " + a.part.Detail})
		}
	}
}

// block notes a reason that keeps the test from being assessed.
func (b *basis) block(r Reason) {
	if !slices.Contains(b.reasons, r) {
		b.reasons = append(b.reasons, r)
	}
	b.full, b.blocked = false, true
}

// missing says why there is no evidence at all for a table.
func (b *basis) missing(table string, kinds []evidence.Kind, outcomes []asked, explained bool) {
	offered := true
	for _, a := range outcomes {
		if a.part.Outcome == evidence.OutcomeNotOffered && slices.Contains(kinds, a.part.Kind) {
			offered = false
			b.block(Reason{Code: codeNotOffered, Source: a.source, Detail: joinText(": ", a.part.Part, a.part.Detail)})
		}
	}
	if offered && !explained {
		b.block(Reason{Code: codeNoEvidence, Detail: table})
	}
	b.full, b.blocked = false, true
}

// asOf wants evidence within the maximum age of the as-of date.
func (b *basis) asOf(source, table string, need Need, spans []stretch, at time.Time) {
	if slices.ContainsFunc(spans, func(s stretch) bool { return s.near(at, need.MaxAge) }) {
		return
	}
	b.block(Reason{Code: codeStale, Source: source, Detail: fmt.Sprintf("%s: %s, max_age %s", table, nearest(spans, at), need.Age)})
}

// nearest names the instant of the evidence that lies nearest to t.
func nearest(spans []stretch, t time.Time) string {
	var best time.Time
	for _, s := range spans {
		for _, x := range []time.Time{s.from, s.to} {
			if best.IsZero() || x.Sub(t).Abs() < best.Sub(t).Abs() {
				best = x
			}
		}
	}
	return best.UTC().Format(time.RFC3339)
}

// overPeriod wants evidence for the whole period.
func (b *basis) overPeriod(source, table string, need Need, spans []stretch, p evidence.Period) {
	b.period = true
	covered := cover(p, spans, need.MaxAge)
	b.covered = intersect(b.covered, covered)
	missing := holes(p, covered)
	if len(missing) == 0 {
		return
	}
	b.full = false
	r := Reason{Code: codePartOfPeriod, Source: source, Detail: table + ": " + periods(missing)}
	if len(covered) == 0 {
		r = Reason{Code: codeStale, Source: source, Detail: fmt.Sprintf("%s: %s, max_age %s", table, nearest(spans, p.To), need.Age)}
		b.blocked = true
	}
	if !slices.Contains(b.reasons, r) {
		b.reasons = append(b.reasons, r)
	}
}

// periods writes spans as RFC 3339 intervals.
func periods(list []evidence.Period) string {
	var texts []string
	for i, p := range list {
		if i == maxHoles {
			texts = append(texts, fmt.Sprintf("+%d", len(list)-maxHoles))
			break
		}
		texts = append(texts, p.String())
	}
	return strings.Join(texts, ", ")
}

// use notes the records of the kinds that reach into a span, and what they were derived from.
func (l *ledger) use(used map[evidence.Digest]bool, kinds []evidence.Kind, reach evidence.Period) {
	for i, r := range l.records {
		if !slices.Contains(kinds, r.Record.Kind) || !l.reaches(i, reach) {
			continue
		}
		used[r.Digest] = true
		for _, d := range r.Record.DerivedFrom {
			for _, parent := range l.parents[d] {
				used[l.records[parent].Digest] = true
			}
		}
	}
}

// withReadFrom adds the records that deviations were read from: they can be newer than the period. A blob of several records is
// that of the first.
func (l *ledger) withReadFrom(records []evidence.Digest, deviations []Deviation) []evidence.Digest {
	all := map[evidence.Digest]bool{}
	for _, d := range records {
		all[d] = true
	}
	for _, d := range deviations {
		of := l.parents[d.Evidence]
		if len(of) > 0 && !slices.ContainsFunc(of, func(i int) bool { return all[l.records[i].Digest] }) {
			all[l.records[of[0]].Digest] = true
		}
	}
	out := slices.AppendSeq([]evidence.Digest{}, maps.Keys(all))
	slices.Sort(out)
	return out
}

// reaches says whether record i speaks for an instant of p, its end included.
func (l *ledger) reaches(i int, p evidence.Period) bool {
	return slices.ContainsFunc(l.speaks(i), func(s stretch) bool { return !s.from.After(p.To) && !s.to.Before(p.From) })
}

// joinText joins the texts that are not empty.
func joinText(separator string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), separator)
}
