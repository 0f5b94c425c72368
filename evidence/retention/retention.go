// Package retention says which evidence may go under configured rules, and lets it go: the raw bytes, never the record that says what they
// were, and never the journal. What goes leaves a tombstone entry behind, and checkpoints, proofs and the chain hold as before.
package retention

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"auditpack/evidence"
)

// maxRecordBytes bounds a record or a manifest that is read into memory.
const maxRecordBytes = 64 << 20

// Rule says how long evidence of a kind is kept after the time that it speaks for. The first rule that matches a record is its rule;
// what none matches is kept for good.
type Rule struct {
	Kind   string        // name of a kind without its version, such as vault.audit-log; empty for all
	Source string        // configured name; empty for all
	Keep   time.Duration // more than 0
	Text   string        // the rule as it is configured, for the tombstone
}

// Hold keeps what it matches, whatever rules say, until it is taken out of the configuration.
type Hold struct {
	Kind, Source string           // as in Rule
	Period       *evidence.Period // what a record speaks for; nil for all times
	Reason       string
}

// Policy is what is configured.
type Policy struct {
	Rules       []Rule
	Holds       []Hold
	Sources     []string      // that are configured: a rule or hold of any other source than these and the journal's is a mistake
	Kinds       []string      // that collectors make, without versions; likewise
	KeepBundled time.Duration // how long all that was in a bundle stays, from the day on which the bundle was made; 0 for good
}

// Reason says why a record stays although its rule lets it go.
type Reason string

// The reasons.
const (
	ReasonHold   Reason = "hold"    // Detail is the hold's reason
	ReasonBundle Reason = "bundle"  // Detail is the bundle, and until when
	ReasonParent Reason = "derived" // Detail is the record that is derived from it and stays
	ReasonChild  Reason = "belongs" // Detail is the record that it was derived from and that stays: it cannot be read without it
	ReasonLatest Reason = "latest"  // of the last collection of its source and kind: where the next collection goes on from, and what is so today
)

// Item is a record whose time is over.
type Item struct {
	Record evidence.Digest `json:"record"`
	Entry  int64           `json:"entry"` // that committed it
	Source string          `json:"source"`
	Kind   evidence.Kind   `json:"kind"`
	Ended  time.Time       `json:"ended"` // of what it speaks for
	Rule   string          `json:"rule"`
	Stays  Reason          `json:"stays,omitempty"` // empty: it goes
	Detail string          `json:"detail,omitempty"`

	parts []evidence.Part
}

// Plan is what would be done.
type Plan struct {
	Items []Item            // in the order of the journal
	Blobs []evidence.Digest // that no record needs any more, sorted: also those that an interrupted Apply left
	Bytes int64             // raw bytes of the parts of records that go
}

// Goes returns the items that go.
func (p Plan) Goes() []Item {
	return slices.DeleteFunc(slices.Clone(p.Items), func(i Item) bool { return i.Stays != "" })
}

// stored is a record of the journal.
type stored struct {
	digest evidence.Digest
	entry  int64
	record evidence.Record
	gone   bool // under an earlier tombstone
}

// Make plans for the instant now, which decides what is over.
func Make(ctx context.Context, s evidence.Store, j evidence.Journal, p Policy, now time.Time) (Plan, error) {
	k, err := read(ctx, s, j)
	if err != nil {
		return Plan{}, fmt.Errorf("plan retention: %w", err)
	}
	if err := k.refuseUnknown(p); err != nil {
		return Plan{}, fmt.Errorf("plan retention: %w", err)
	}
	bundles, err := k.bundles(ctx, s, p, now)
	if err != nil {
		return Plan{}, fmt.Errorf("plan retention: %w", err)
	}
	latest := k.latest()
	var plan Plan
	for _, r := range k.records {
		rule, ok := p.ruleOf(r.record)
		if r.gone || !ok || now.Sub(ended(r.record)) <= rule.Keep {
			continue
		}
		i := Item{Record: r.digest, Entry: r.entry, Source: r.record.Source.Name, Kind: r.record.Kind, Ended: ended(r.record), Rule: rule.Text,
			parts: r.record.Content}
		switch hold, held := p.holdOf(r.record); {
		case held:
			i.Stays, i.Detail = ReasonHold, hold.Reason
		case latest[sourceKind{r.record.Source.Name, r.record.Kind.Name()}] == r.entry:
			i.Stays = ReasonLatest
		default:
			i.Stays, i.Detail = bundles.reason(r)
		}
		plan.Items = append(plan.Items, i)
	}
	k.keepTogether(&plan)
	if err := k.addBlobs(ctx, s, &plan); err != nil {
		return Plan{}, fmt.Errorf("plan retention: %w", err)
	}
	return plan, nil
}

// knowledge is what the journal lists.
type knowledge struct {
	records []stored
	exports []evidence.Entry
}

func read(ctx context.Context, s evidence.Store, j evidence.Journal) (knowledge, error) {
	var k knowledge
	gone, seen := map[evidence.Digest]bool{}, map[evidence.Digest]bool{}
	for e, err := range j.Entries(ctx, 1) {
		if err != nil {
			return k, err
		}
		switch e.Type {
		case evidence.EntryRetention:
			for _, d := range e.Subjects {
				gone[d] = true
			}
		case evidence.EntryExported:
			k.exports = append(k.exports, e)
		}
		for _, d := range e.Records {
			if seen[d] {
				continue
			}
			seen[d] = true
			b, err := evidence.ReadAll(ctx, s, d, maxRecordBytes)
			if err != nil {
				return k, fmt.Errorf("read record of journal entry %d: %w", e.Number, err)
			}
			r, err := evidence.DecodeRecord(b)
			if err != nil {
				return k, fmt.Errorf("read record %s of journal entry %d: %w", d, e.Number, err)
			}
			k.records = append(k.records, stored{digest: d, entry: e.Number, record: r})
		}
	}
	for i := range k.records {
		k.records[i].gone = gone[k.records[i].digest]
	}
	return k, nil
}

// refuseUnknown finds rules and holds that can match nothing: what they should protect would go.
func (k knowledge) refuseUnknown(p Policy) error {
	sources, kinds := slices.Clone(p.Sources), slices.Clone(p.Kinds)
	for _, r := range k.records {
		sources, kinds = append(sources, r.record.Source.Name), append(kinds, r.record.Kind.Name())
	}
	var errs []error
	check := func(of, source, kind string) {
		if source != "" && !slices.Contains(sources, source) {
			errs = append(errs, fmt.Errorf("%s: there is no source %q, configured or in the journal", of, source))
		}
		if kind != "" && !slices.Contains(kinds, kind) {
			errs = append(errs, fmt.Errorf("%s: there is no kind %q of evidence; a kind goes without its version", of, kind))
		}
	}
	for _, r := range p.Rules {
		check("rule "+strconv.Quote(r.Text), r.Source, r.Kind)
	}
	for _, h := range p.Holds {
		check("hold "+strconv.Quote(h.Reason), h.Source, h.Kind)
	}
	return errors.Join(errs...)
}

// ended is the end of the time that a record speaks for.
func ended(r evidence.Record) time.Time {
	if r.Period != nil {
		return r.Period.To
	}
	return *r.At
}

type sourceKind struct{ source, kind string }

// latest finds the entry with the newest records of each source and kind: one collection may add several.
func (k knowledge) latest() map[sourceKind]int64 {
	out := map[sourceKind]int64{}
	for _, r := range k.records {
		out[sourceKind{r.record.Source.Name, r.record.Kind.Name()}] = r.entry
	}
	return out
}

// keepTogether keeps what a record that stays is derived from, and what is derived from a record that stays: a log that is held is not
// whole without the list of its odd lines.
func (k knowledge) keepTogether(p *Plan) {
	going := map[evidence.Digest]*Item{} // by record
	for i := range p.Items {
		if p.Items[i].Stays == "" {
			going[p.Items[i].Record] = &p.Items[i]
		}
	}
	owners := map[evidence.Digest][]evidence.Digest{} // records that are, or have as a part, what a record may be derived from
	for _, r := range k.records {
		if r.gone {
			continue
		}
		owners[r.digest] = append(owners[r.digest], r.digest)
		for _, part := range r.record.Content {
			owners[part.Digest] = append(owners[part.Digest], r.digest)
		}
	}
	stay := func(d evidence.Digest, why Reason, with evidence.Digest) {
		going[d].Stays, going[d].Detail = why, string(with)
		delete(going, d)
	}
	for before := -1; before != len(going); {
		before = len(going)
		for _, r := range k.records {
			if r.gone {
				continue
			}
			for _, d := range r.record.DerivedFrom {
				for _, parent := range owners[d] {
					switch childGoes, parentGoes := going[r.digest] != nil, going[parent] != nil; {
					case childGoes && !parentGoes:
						stay(r.digest, ReasonChild, parent)
					case !childGoes && parentGoes:
						stay(parent, ReasonParent, r.digest)
					}
				}
			}
		}
	}
}

// addBlobs finds the parts that only records have that go, or went, and that are there yet.
func (k knowledge) addBlobs(ctx context.Context, s evidence.Store, p *Plan) error {
	goes := map[evidence.Digest]bool{}
	for _, i := range p.Goes() {
		goes[i.Record] = true
		for _, part := range i.parts {
			p.Bytes += part.SizeBytes
		}
	}
	kept := map[evidence.Digest]bool{}
	for _, r := range k.records {
		kept[r.digest] = true // a record stays itself
		if !r.gone && !goes[r.digest] {
			for _, part := range r.record.Content {
				kept[part.Digest] = true
			}
		}
	}
	for _, r := range k.records {
		if !r.gone && !goes[r.digest] {
			continue
		}
		for _, part := range r.record.Content {
			if kept[part.Digest] {
				continue
			}
			kept[part.Digest] = true
			r, err := s.Get(ctx, part.Digest)
			if errors.Is(err, evidence.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			r.Close()
			p.Blobs = append(p.Blobs, part.Digest)
		}
	}
	slices.Sort(p.Blobs)
	return nil
}

func (p Policy) ruleOf(r evidence.Record) (Rule, bool) {
	i := slices.IndexFunc(p.Rules, func(rule Rule) bool { return matches(rule.Kind, rule.Source, r) })
	if i < 0 {
		return Rule{}, false
	}
	return p.Rules[i], true
}

func (p Policy) holdOf(r evidence.Record) (Hold, bool) {
	i := slices.IndexFunc(p.Holds, func(h Hold) bool {
		return matches(h.Kind, h.Source, r) && (h.Period == nil || !begins(r).After(h.Period.To) && !ended(r).Before(h.Period.From))
	})
	if i < 0 {
		return Hold{}, false
	}
	return p.Holds[i], true
}

func begins(r evidence.Record) time.Time {
	if r.Period != nil {
		return r.Period.From
	}
	return *r.At
}

func matches(kind, source string, r evidence.Record) bool {
	return (kind == "" || kind == r.Kind.Name()) && (source == "" || source == r.Source.Name)
}

// bundle is one that left the house and is within its time.
type bundle struct {
	entry    evidence.Entry
	until    string // date, or in words
	manifest []byte // nil: it was not kept
}

type bundles []bundle

func (k knowledge) bundles(ctx context.Context, s evidence.Store, p Policy, now time.Time) (bundles, error) {
	var out bundles
	for _, e := range k.exports {
		b := bundle{entry: e, until: "kept for good"}
		if p.KeepBundled > 0 {
			until := e.Time.Add(p.KeepBundled)
			if until.Before(now) {
				continue
			}
			b.until = "kept until " + until.UTC().Format(time.DateOnly)
		}
		for _, d := range e.Subjects {
			text, err := evidence.ReadAll(ctx, s, d, maxRecordBytes)
			switch {
			case errors.Is(err, evidence.ErrNotFound):
				continue
			case err != nil:
				return nil, fmt.Errorf("read manifest of journal entry %d: %w", e.Number, err)
			}
			b.manifest = append(b.manifest, text...)
		}
		out = append(out, b)
	}
	return out, nil
}

// reason says which bundle keeps a record. A bundle whose manifest was not kept keeps all that was there when it was made.
func (all bundles) reason(r stored) (Reason, string) {
	for _, b := range all {
		inIt := b.manifest == nil && r.entry < b.entry.Number || bytes.Contains(b.manifest, []byte(r.digest.Hex()))
		for _, p := range r.record.Content {
			inIt = inIt || bytes.Contains(b.manifest, []byte(p.Digest.Hex()))
		}
		if inIt {
			return ReasonBundle, b.entry.Note + ", " + b.until
		}
	}
	return "", ""
}

// Remover is the ability of a store to let a blob go.
type Remover interface {
	// Remove takes a blob away for good; one that is not there is no error.
	Remove(ctx context.Context, d evidence.Digest) error
}

// Apply does what the plan says: first the tombstones, an entry for each rule, then the blobs. An interrupted Apply loses nothing that
// was to stay; the next plan has the blobs that it left. The plan must be of this store and of now.
func Apply(ctx context.Context, r Remover, j evidence.Journal, p Plan, actor evidence.Actor, now time.Time) error {
	byRule := map[string][]evidence.Digest{}
	var rules []string
	for _, i := range p.Goes() {
		if byRule[i.Rule] == nil {
			rules = append(rules, i.Rule)
		}
		byRule[i.Rule] = append(byRule[i.Rule], i.Record)
	}
	for _, rule := range rules {
		_, err := j.Append(ctx, evidence.Entry{
			Type: evidence.EntryRetention, Time: now.UTC(), Actor: actor, Subjects: byRule[rule],
			Note: "the raw bytes of these records went under the rule: " + strings.TrimSpace(rule),
		})
		if err != nil {
			return fmt.Errorf("apply retention: %w", err)
		}
	}
	for _, d := range p.Blobs {
		if err := r.Remove(ctx, d); err != nil {
			return fmt.Errorf("apply retention: %w", err)
		}
	}
	return nil
}
