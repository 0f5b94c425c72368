package reports

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// evidenceIndex has each record with the fields that make it information an auditor can rely on: source, scope, who, when, how,
// and what was stated of completeness. Digests stand here in full.
func (b *builder) evidenceIndex() Section {
	t := Table{
		ID: "evidence",
		Columns: []Column{
			b.col("word.number", 0.6), b.col("evidence-index.source", 3.45), b.col("evidence-index.procedure", 3.05), b.col("evidence-index.collected", 2.3),
			b.col("evidence-index.stated", 2.95), b.col("evidence-index.record", 2.65),
		},
		Empty: b.t.Get("evidence-index.none"),
	}
	for i, e := range b.a.Evidence {
		name := styled(evidenceName(i), Strong)
		name.Anchor = evidenceAnchor(i)
		t.Rows = append(t.Rows, []Cell{
			name, text(b.sourceText(e)), text(e.Data.Procedure), text(b.collectedText(e)), text(b.statedText(e.Data)), styled(string(e.Record), Code),
		})
	}
	s := Section{
		ID: "evidence-index", Title: b.t.Get("evidence-index.title"), For: Paged,
		Blocks: []Block{b.para("evidence-index.lead"), t},
	}
	if len(t.Rows) > 0 {
		s.Sections = []Section{{
			ID: "evidence-parts", Title: b.t.Get("evidence-index.parts"),
			Blocks: []Block{b.para("evidence-index.parts-lead"), b.partTable()},
		}}
	}
	return s
}

// partTable has every stored part of every record, and what it was derived from, a line each.
func (b *builder) partTable() Table {
	t := Table{
		ID: "evidence-parts",
		Columns: []Column{
			b.col("word.number", 0.6), b.col("word.part", 3.8), b.numberCol("evidence-index.size", 1), b.col("word.digest", 7.1),
		},
	}
	anchored := map[evidence.Digest]bool{}
	for i, e := range b.a.Evidence {
		for _, p := range e.Data.Content {
			d := Cell{Text: p.Digest.Hex(), Style: Code}
			if !anchored[p.Digest] {
				d.Anchor, anchored[p.Digest] = blobAnchor(p.Digest), true
			}
			t.Rows = append(t.Rows, []Cell{link(evidenceName(i), evidenceAnchor(i)), text(p.Name), number(p.SizeBytes), d})
		}
		for _, d := range e.Data.DerivedFrom {
			from := b.t.Get("evidence-index.derived-from")
			if n, ok := b.indexOf(d); ok {
				from += " " + evidenceName(n)
			}
			t.Rows = append(t.Rows, []Cell{link(evidenceName(i), evidenceAnchor(i)), text(from), text(""), styled(d.Hex(), Code)})
		}
	}
	return t
}

func lines(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n")
}

func (b *builder) labelled(key, value string) string {
	if value == "" {
		return ""
	}
	return b.t.Get(key) + ": " + value
}

func (b *builder) sourceText(e assessment.EvidenceItem) string {
	r := e.Data
	return lines(r.Source.Name+" ("+r.Source.Type+")", string(r.Kind), r.Source.System, b.labelled("evidence-index.version", r.Source.Version),
		b.labelled("evidence-index.identity", r.Source.Identity), b.labelled("evidence-index.speaks-of", b.spanOf(r)), b.labelled("evidence-index.nature", b.nature(r)))
}

// nature says whether the bytes are as received: what was parsed by our program, or redacted, is labelled.
func (b *builder) nature(r evidence.Record) string {
	var words []string
	switch {
	case len(r.DerivedFrom) > 0:
		words = append(words, b.t.Get("evidence-index.derived"))
	case len(r.Redactions) == 0:
		words = append(words, b.t.Get("evidence-index.raw"))
	}
	if len(r.Redactions) > 0 {
		words = append(words, b.t.Get("evidence-index.redacted", "n", b.num(r.Redacted()), "rules", b.redactionRules(r)))
	}
	return strings.Join(words, "; ")
}

// redactionRules names the rules that took something out of a record, with how much, in the order of their names.
func (b *builder) redactionRules(r evidence.Record) string {
	counts := map[string]int64{}
	for _, x := range r.Redactions {
		counts[x.Rule] += x.Count
	}
	var words []string
	for _, rule := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, rule+": "+b.num(counts[rule]))
	}
	return strings.Join(words, ", ")
}

func (b *builder) spanOf(r evidence.Record) string {
	if r.At != nil {
		return formatTime(b.t.Language, *r.At)
	}
	return b.periodText(r.Period)
}

func (b *builder) collectedText(e assessment.EvidenceItem) string {
	c := e.Data.Collected
	who := c.Principal
	if c.Host != "" {
		who += " @ " + c.Host
	}
	collected, n := formatTime(b.t.Language, c.At), strconv.FormatInt(e.Entry, 10)
	entry := b.t.Get("evidence-index.entry-then", "n", n)
	if entered := formatTime(b.t.Language, e.EntryTime); entered != collected {
		entry = b.t.Get("evidence-index.entry", "n", n, "time", entered)
	}
	return lines(collected, who, c.Tool, c.Collector, entry)
}

func (b *builder) statedText(r evidence.Record) string {
	s := r.Stated
	count := func(key string, n *int64) string {
		if n == nil {
			return ""
		}
		return b.labelled(key, b.num(*n))
	}
	var first, last string
	if s.First != nil {
		first = formatTime(b.t.Language, *s.First)
	}
	if s.Last != nil {
		last = formatTime(b.t.Language, *s.Last)
	}
	return lines(append([]string{
		count("evidence-index.items-expected", s.ItemsExpected), count("evidence-index.items-seen", s.ItemsSeen), count("evidence-index.lines", s.Lines),
		count("evidence-index.odd-lines", s.OddLines), b.labelled("evidence-index.first", first), b.labelled("evidence-index.last", last),
	}, s.Notes...)...)
}

// evidenceRows is one row for each part of each record: the IPE index.
func (b *builder) evidenceRows() Section {
	t := Table{
		ID: "evidence-rows",
		Columns: []Column{
			b.col("word.number", 0.8), b.col("word.source", 1.8), b.col("evidence-index.type", 1.4), b.col("word.kind", 2.4), b.col("evidence-index.system", 3),
			b.col("evidence-index.version", 1.2), b.col("evidence-index.identity", 2), b.col("evidence-index.from", 2), b.col("evidence-index.to", 2),
			b.col("word.procedure", 5), b.col("evidence-index.collected-at", 2), b.col("evidence-index.principal", 2), b.col("evidence-index.host", 1.6),
			b.col("evidence-index.tool", 2), b.col("evidence-index.collector", 2), b.numberCol("evidence-index.items-expected", 1.2), b.numberCol("evidence-index.items-seen", 1.2),
			b.numberCol("evidence-index.lines", 1.2), b.numberCol("evidence-index.odd-lines", 1.2), b.col("evidence-index.first", 2), b.col("evidence-index.last", 2),
			b.col("evidence-index.notes", 3), b.col("evidence-index.nature", 2), b.col("word.part", 3), b.col("evidence-index.media-type", 2),
			b.numberCol("evidence-index.size", 1.4), b.col("evidence-index.part-digest", 5), b.col("evidence-index.record", 5), b.numberCol("word.entry", 0.9),
			b.col("evidence-index.entry-time", 2), b.col("evidence-index.derived-from", 5), b.col("word.tests", 2),
		},
		Empty: b.t.Get("evidence-index.none"),
	}
	anchored := map[evidence.Digest]bool{}
	for i, e := range b.a.Evidence {
		for n, p := range e.Data.Content {
			d := digest(p.Digest)
			if !anchored[p.Digest] {
				d.Anchor, anchored[p.Digest] = blobAnchor(p.Digest), true
			}
			t.Rows = append(t.Rows, b.evidenceRow(i, n, e, p, d))
		}
	}
	return Section{ID: "evidence-rows", Title: b.t.Get("evidence-index.title"), Sheet: b.t.Get("sheet.evidence"), For: Spreadsheet, Blocks: []Block{t}}
}

func (b *builder) evidenceRow(index, part int, e assessment.EvidenceItem, p evidence.Part, partDigest Cell) []Cell {
	r := e.Data
	name := text(evidenceName(index))
	if part == 0 {
		name.Anchor = evidenceAnchor(index)
	}
	from, to := instantOrNone(r.At), instantOrNone(r.At)
	if r.Period != nil {
		from, to = instant(r.Period.From), instant(r.Period.To)
	}
	return []Cell{
		name, text(r.Source.Name), text(r.Source.Type), text(string(r.Kind)), text(r.Source.System), text(r.Source.Version), text(r.Source.Identity), from, to,
		text(r.Procedure), instant(r.Collected.At), text(r.Collected.Principal), text(r.Collected.Host), text(r.Collected.Tool), text(r.Collected.Collector),
		optional(r.Stated.ItemsExpected), optional(r.Stated.ItemsSeen), optional(r.Stated.Lines), optional(r.Stated.OddLines), instantOrNone(r.Stated.First), instantOrNone(r.Stated.Last),
		text(strings.Join(r.Stated.Notes, "\n")), text(b.nature(r)), text(p.Name), text(p.MediaType), number(p.SizeBytes), partDigest, digest(e.Record),
		ordinal(e.Entry), instant(e.EntryTime), text(join(r.DerivedFrom, "\n")), text(join(e.Tests, "\n")),
	}
}

// inputs are the files besides evidence that can change a verdict.
func (b *builder) inputs() Section {
	t := Table{
		ID:      "inputs",
		Columns: []Column{b.col("word.file", 2), b.col("word.digest", 3)},
		Empty:   b.t.Get("inputs.none"),
	}
	for _, in := range b.a.Inputs {
		t.Rows = append(t.Rows, []Cell{text(in.Name), styled(string(in.Digest), Code)})
	}
	return Section{
		ID: "inputs", Title: b.t.Get("inputs.title"), Sheet: b.t.Get("sheet.inputs"),
		Blocks: []Block{b.para("inputs.lead"), t},
	}
}
