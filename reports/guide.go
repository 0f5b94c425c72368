package reports

import (
	"strconv"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// guide says what the report is, what its words mean, what its proofs claim, and how to follow a figure to its bytes.
func (b *builder) guide() Section {
	statuses := Table{
		ID:      "statuses",
		Columns: []Column{b.col("word.conclusion", 1), b.col("word.meaning", 3.4)},
	}
	for _, s := range requirementStatuses {
		statuses.Rows = append(statuses.Rows, []Cell{b.statusCell(s), text(b.t.Get("meaning." + string(s)))})
	}
	results := Table{
		ID:      "results",
		Columns: []Column{b.col("word.result", 1), b.col("word.meaning", 3.4)},
	}
	for _, s := range testStatuses {
		results.Rows = append(results.Rows, []Cell{b.testStatusCell(s), text(b.t.Get("meaning-of-result." + string(s)))})
	}
	s := Section{
		ID: "how-to-read", Title: b.t.Get("guide.title"), Sheet: b.t.Get("sheet.guide"), NewPage: true,
		Blocks: []Block{
			Paragraph{Text: b.t.Get("guide.nature"), Style: Strong},
			b.para("guide.no-verdict"),
			b.para("guide.structure"),
		},
		Sections: []Section{
			{ID: "statuses", Title: b.t.Get("guide.statuses"), Blocks: []Block{statuses, results, b.para("guide.excepted"), b.para("guide.type-" + typeKey(b.a))}},
			{ID: "proof", Title: b.t.Get("guide.proof"), Blocks: []Block{
				Paragraph{Text: b.t.Get("guide.proof-claim"), Style: Strong},
				b.para("guide.proof-checkpoint", "n", b.num(b.a.KnownEntries)),
				b.para("guide.proof-limits"),
			}},
			{ID: "follow", Title: b.t.Get("guide.follow"), Blocks: b.followSteps()},
			{ID: "characters", Title: b.t.Get("guide.characters"), For: Paged, Blocks: []Block{b.para("guide.characters-text")}},
		},
	}
	if attribution := b.in(b.a.Framework.Attribution); attribution != "" || b.a.Framework.Source != "" {
		s.Sections = append(s.Sections, Section{ID: "attribution", Title: b.t.Get("guide.attribution"), Blocks: []Block{
			filled(b.field("guide.attribution-text", text(attribution)), b.field("guide.attribution-source", text(b.a.Framework.Source))),
		}})
	}
	return s
}

func typeKey(a assessment.Assessment) string {
	if a.Type == 1 {
		return "1"
	}
	return "2"
}

// followSteps shows how a figure leads to its bytes, on an example of this report where it has one.
func (b *builder) followSteps() []Block {
	for _, t := range b.a.Tests {
		for _, d := range t.Deviations {
			if d.Evidence != "" && d.Line > 0 {
				return b.steps(string(t.ID), string(d.Evidence), strconv.FormatInt(d.Line, 10))
			}
		}
	}
	return b.steps("VAL-02", "sha256:…", "812")
}

func (b *builder) steps(test, blob, line string) []Block {
	file := "data/evidence/sha256/" + evidence.Digest(blob).Hex()
	return []Block{
		b.para("guide.follow-figure"),
		b.para("guide.follow-store"),
		readLine(blob, line),
		b.para("guide.follow-bundle"),
		Paragraph{Style: Code, Text: "sha256sum --check --quiet manifest-sha256.txt\nsha256sum " + file + "\nsed -n " + line + "p " + file},
		b.para("guide.follow-reperform"),
		Paragraph{Style: Code, Text: "cat data/sql/setup.sql data/sql/tests/" + test + ".sql | duckdb -line"},
	}
}

// readLine is the command that prints a line of stored evidence.
func readLine(blob, line string) Paragraph {
	return Paragraph{Style: Code, Text: "auditpack evidence cat " + blob + " | sed -n " + line + "p"}
}
