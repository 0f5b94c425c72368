package retention

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/filestore"
	"auditpack/evidence/seal"
)

var (
	now  = day("2027-12-01")
	year = Rule{Kind: "vault.audit-log", Keep: 365 * 24 * time.Hour, Text: "vault.audit-log is kept for 365 days"}
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err) // a constant of this test
	}
	return t
}

// house is a store with records that speak for a day each.
type house struct {
	t *testing.T
	*filestore.Store
	last map[string]int64
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := filestore.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &house{t: t, Store: s, last: map[string]int64{}}
}

// add commits a record and returns its digest.
func (h *house) add(source string, kind evidence.Kind, ended string, parents []evidence.Digest, contents ...string) evidence.Digest {
	h.t.Helper()
	d := h.record(source, kind, ended, parents, contents...)
	h.commit(source, ended, d)
	return d
}

// record stores a record with one part for each content and returns its digest.
func (h *house) record(source string, kind evidence.Kind, ended string, parents []evidence.Digest, contents ...string) evidence.Digest {
	h.t.Helper()
	to := day(ended)
	period := evidence.Period{From: to.AddDate(0, 0, -1), To: to}
	r := evidence.Record{
		Format: evidence.RecordFormat, Kind: kind, Source: evidence.Source{Name: source, Type: "vault"}, Period: &period,
		Collected: evidence.Collected{At: to}, Procedure: "read the file", DerivedFrom: parents,
	}
	for _, text := range contents {
		d, err := evidence.PutBytes(h.t.Context(), h, []byte(text))
		if err != nil {
			h.t.Fatal(err)
		}
		r.Content = append(r.Content, evidence.Part{Name: text, MediaType: "text/plain", Digest: d, SizeBytes: int64(len(text))})
	}
	b, d, err := r.Encode()
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := evidence.PutBytes(h.t.Context(), h, b); err != nil {
		h.t.Fatal(err)
	}
	return d
}

// commit appends a collection of records.
func (h *house) commit(source, at string, records ...evidence.Digest) {
	h.t.Helper()
	e, err := h.Append(h.t.Context(), evidence.Entry{
		Type: evidence.EntryCollection, Time: day(at), Source: source, SourcePrevious: h.last[source], Records: records,
		Actor: evidence.Actor{Principal: "ada", Host: "h", Tool: "test"},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.last[source] = e.Number
}

// export notes a bundle; an empty manifest is one that was not kept.
func (h *house) export(at, manifest string) {
	h.t.Helper()
	subject := evidence.DigestOf([]byte("manifest that was not kept"))
	if manifest != "" {
		var err error
		if subject, err = evidence.PutBytes(h.t.Context(), h, []byte(manifest)); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := h.Append(h.t.Context(), evidence.Entry{Type: evidence.EntryExported, Time: day(at), Subjects: []evidence.Digest{subject}, Note: "bundle of " + at}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) plan(p Policy) Plan {
	h.t.Helper()
	plan, err := Make(h.t.Context(), h, h, p, now)
	if err != nil {
		h.t.Fatal(err)
	}
	return plan
}

// verdicts are the planned records with why they stay.
func verdicts(p Plan) map[evidence.Digest]Reason {
	out := map[evidence.Digest]Reason{}
	for _, i := range p.Items {
		out[i.Record] = i.Stays
	}
	return out
}

func TestPlan(t *testing.T) {
	h := newHouse(t)
	const log = evidence.Kind("vault.audit-log/1")
	old := h.add("vault", log, "2026-01-10", nil, "old", "shared")
	edge := h.add("vault", log, "2026-12-01", nil, "on its last day")
	held := h.add("vault", log, "2026-03-10", nil, "held")
	bundled := h.add("vault", log, "2026-04-10", nil, "bundled")
	parent := h.add("vault", log, "2026-05-10", nil, "parent")
	h.add("vault", "vault.audit-odd-lines/1", "2026-05-10", []evidence.Digest{parent}, "odd")
	h.add("vault", log, "2027-11-01", nil, "young", "shared")
	last := h.add("other", log, "2026-01-10", nil, "last of its source")
	h.add("vault", "vault.health/1", "2026-01-10", nil, "of a kind without a rule")
	h.export("2027-01-10", evidence.DigestOf([]byte("bundled")).Hex()+"  data/evidence/sha256/x\n")
	h.export("2020-01-10", evidence.DigestOf([]byte("old")).Hex()+"  data/evidence/sha256/x\n")

	period := evidence.Period{From: day("2026-03-01"), To: day("2026-04-01")}
	plan := h.plan(Policy{Rules: []Rule{year}, Holds: []Hold{{Period: &period, Reason: "case 17"}}, KeepBundled: 3650 * 24 * time.Hour / 2})
	want := map[evidence.Digest]Reason{old: "", held: ReasonHold, bundled: ReasonBundle, parent: ReasonParent, last: ReasonLatest}
	if diff := cmp.Diff(want, verdicts(plan)); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	if _, there := want[edge]; there {
		t.Error("what was kept for just as long as the rule says is over")
	}
	// "shared" is also of a younger record.
	if diff := cmp.Diff([]evidence.Digest{evidence.DigestOf([]byte("old"))}, plan.Blobs); diff != "" {
		t.Errorf("blobs (-want +got):\n%s", diff)
	}

	if got := h.plan(Policy{}); len(got.Items) > 0 || len(got.Blobs) > 0 {
		t.Errorf("without rules: %+v", got)
	}
	if got := verdicts(h.plan(Policy{Rules: []Rule{year}})); got[old] != ReasonBundle {
		t.Errorf("bundles that are kept for good: got %q, want %q", got[old], ReasonBundle)
	}
	first := Rule{Source: "vault", Keep: 10 * 365 * 24 * time.Hour, Text: "longer"}
	if got := verdicts(h.plan(Policy{Rules: []Rule{first, year}, KeepBundled: 1})); len(got) != 1 || got[last] != ReasonLatest {
		t.Errorf("the first rule that matches counts: got %v", got)
	}
}

// A bundle whose manifest nobody kept holds all that was there when it was made.
func TestUnknownManifestKeepsAll(t *testing.T) {
	h := newHouse(t)
	before := h.add("vault", "vault.audit-log/1", "2026-01-10", nil, "before")
	h.export("2027-01-10", "")
	after := h.add("vault", "vault.audit-log/1", "2026-01-11", nil, "after")
	h.add("vault", "vault.audit-log/1", "2026-01-12", nil, "last")
	got := verdicts(h.plan(Policy{Rules: []Rule{year}}))
	if got[before] != ReasonBundle || got[after] != "" {
		t.Errorf("before the bundle %q, after it %q", got[before], got[after])
	}
}

func TestApply(t *testing.T) {
	h := newHouse(t)
	const log = evidence.Kind("vault.audit-log/1")
	old := h.add("vault", log, "2026-01-10", nil, "old", "shared")
	h.add("vault", log, "2026-02-10", nil, "old too")
	h.add("vault", log, "2027-11-01", nil, "young", "shared")
	origin := seal.Origin(h.UUID())
	before, err := seal.VerifyJournal(t.Context(), h, origin)
	if err != nil {
		t.Fatal(err)
	}
	policy := Policy{Rules: []Rule{year}}

	// It breaks off after the tombstone and one blob: the next plan has the other.
	actor := evidence.Actor{Principal: "ada", Host: "h", Tool: "test"}
	broken := errors.New("disk gone")
	if err := Apply(t.Context(), &failing{h.Store, 1, broken}, h, h.plan(policy), actor, now); !errors.Is(err, broken) {
		t.Fatalf("got %v, want %v", err, broken)
	}
	rest := h.plan(policy)
	if len(rest.Items) != 0 || len(rest.Blobs) != 1 {
		t.Errorf("after breaking off: %d items, %d blobs, want 0 and 1", len(rest.Items), len(rest.Blobs))
	}
	if err := Apply(t.Context(), h.Store, h, rest, actor, now); err != nil {
		t.Fatal(err)
	}

	for text, want := range map[string]bool{"old": false, "old too": false, "shared": true, "young": true} {
		_, err := evidence.ReadAll(t.Context(), h, evidence.DigestOf([]byte(text)), 100)
		if (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := evidence.ReadAll(t.Context(), h, old, 1<<20); err != nil {
		t.Errorf("the record went too: %v", err)
	}
	var tombstones []evidence.Entry
	for e, err := range h.Entries(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == evidence.EntryRetention {
			tombstones = append(tombstones, e)
		}
	}
	if len(tombstones) != 1 || len(tombstones[0].Subjects) != 2 || tombstones[0].Note != "the raw bytes of these records went under the rule: "+year.Text {
		t.Errorf("tombstones: %+v", tombstones)
	}
	if _, err := seal.VerifyJournal(t.Context(), h, origin, before); err != nil {
		t.Errorf("an older checkpoint: %v", err)
	}
	faults, err := filestore.Fsck(t.Context(), h.Store, nil)
	if err != nil || len(faults) > 0 {
		t.Errorf("fsck: %v, %v", faults, err)
	}
}

// failing lets some blobs go and then no more.
type failing struct {
	*filestore.Store
	left int
	err  error
}

func (f *failing) Remove(ctx context.Context, d evidence.Digest) error {
	if f.left == 0 {
		return f.err
	}
	f.left--
	return f.Store.Remove(ctx, d)
}

// What belongs together stays together: the odd lines of a log that is held, all records of the last collection; and a rule or hold of
// something that there is not is a mistake.
func TestPlanKeepsTogether(t *testing.T) {
	h := newHouse(t)
	const log = evidence.Kind("vault.audit-log/1")
	segment := evidence.DigestOf([]byte("segment"))
	held := h.add("vault", log, "2026-01-10", nil, "segment")
	odd := h.add("vault", "vault.audit-odd-lines/1", "2026-01-10", []evidence.Digest{segment}, "odd")
	h.add("vault", log, "2027-11-01", nil, "young")
	h.add("vault", "vault.audit-odd-lines/1", "2027-11-01", nil, "young odd")
	all := Rule{Keep: year.Keep, Text: "all"}
	got := verdicts(h.plan(Policy{Rules: []Rule{all}, Holds: []Hold{{Kind: "vault.audit-log", Reason: "case 17"}}}))
	if diff := cmp.Diff(map[evidence.Digest]Reason{held: ReasonHold, odd: ReasonChild}, got); diff != "" {
		t.Errorf("odd lines of a log that is held (-want +got):\n%s", diff)
	}

	for name, p := range map[string]Policy{
		"source":  {Rules: []Rule{year}, Holds: []Hold{{Source: "valut", Reason: "case 17"}}},
		"kind":    {Rules: []Rule{{Kind: "vault.audit-log/1", Keep: year.Keep}}},
		"nothing": {Rules: []Rule{{Kind: "vault.adit-log", Keep: year.Keep}}},
	} {
		if _, err := Make(t.Context(), h, h, p, now); err == nil {
			t.Errorf("unknown %s: got no error", name)
		}
	}
	if _, err := Make(t.Context(), h, h, Policy{Holds: []Hold{{Source: "new", Reason: "r"}}, Sources: []string{"new"}}, now); err != nil {
		t.Errorf("a source that is configured and has no record yet: %v", err)
	}
}

// A collection may add several records of a kind: the last one's are all the latest.
func TestLatestIsACollection(t *testing.T) {
	h := newHouse(t)
	first := h.record("vault", "vault.entities/1", "2026-01-10", nil, "first thousand")
	second := h.record("vault", "vault.entities/1", "2026-01-10", nil, "second thousand")
	h.commit("vault", "2026-01-10", first, second)
	got := verdicts(h.plan(Policy{Rules: []Rule{{Keep: year.Keep, Text: "all"}}}))
	if diff := cmp.Diff(map[evidence.Digest]Reason{first: ReasonLatest, second: ReasonLatest}, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

// Odd lines that go with their segment leave no fault behind.
func TestApplyWithOddLines(t *testing.T) {
	h := newHouse(t)
	segment := evidence.DigestOf([]byte("segment"))
	h.add("vault", "vault.audit-log/1", "2026-01-10", nil, "segment")
	h.add("vault", "vault.audit-odd-lines/1", "2026-01-10", []evidence.Digest{segment}, "odd")
	h.add("vault", "vault.audit-log/1", "2027-11-01", nil, "young")
	h.add("vault", "vault.audit-odd-lines/1", "2027-11-01", nil, "young odd")
	plan := h.plan(Policy{Rules: []Rule{{Keep: year.Keep, Text: "all"}}})
	if len(plan.Blobs) != 2 {
		t.Fatalf("got %d blobs, want 2", len(plan.Blobs))
	}
	if err := Apply(t.Context(), h.Store, h, plan, evidence.Actor{Principal: "ada", Host: "h", Tool: "test"}, now); err != nil {
		t.Fatal(err)
	}
	if faults, err := filestore.Fsck(t.Context(), h.Store, nil); err != nil || len(faults) > 0 {
		t.Errorf("fsck: %v, %v", faults, err)
	}
}
