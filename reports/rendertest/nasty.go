package rendertest

import (
	"fmt"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/reports"
	"auditpack/templates"
)

// NastyDocument has every block and every kind of cell, with text as nasty as evidence can be in every place where a renderer
// puts text.
func NastyDocument() reports.Document {
	at := time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC)
	long := strings.Repeat("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz ", 8) + LongPath
	table := reports.Table{
		ID: "nasty-table", Caption: Nasty[0],
		Columns: []reports.Column{{Title: Nasty[1], Width: 1}, {Title: "Number", Width: 1, Align: reports.Right}, {Title: "Date", Width: 1}, {Title: "Instant", Width: 1}, {Title: "Digest", Width: 1}, {Title: "Input", Width: 1}},
		Total:   99,
	}
	for i, s := range append(append([]string{}, Nasty...), long, "") {
		table.Rows = append(table.Rows, []reports.Cell{
			{Text: s, Anchor: fmt.Sprintf("row-%d", i)}, {Kind: reports.CellNumber, Number: int64(i*i*i*1_000_000 - 7)}, {Kind: reports.CellDate, Time: at.AddDate(0, 0, i)}, {Kind: reports.CellTime, Time: at.Add(time.Duration(i) * time.Hour)},
			{Kind: reports.CellDigest, Text: string(digestOf(s)), Link: fmt.Sprintf("row-%d", i)}, {Kind: reports.CellInput, Text: s, Choices: []string{"keep", "change, later", "revoke \"now\""}},
		})
	}
	blocks := []reports.Block{
		reports.Paragraph{Text: long, Basis: []evidence.Digest{digestOf("a"), digestOf("b")}},
		reports.Paragraph{Text: "select *\n    from t -- " + Nasty[7] + "\n\n  where x = '" + Nasty[0] + "'", Style: reports.Code},
		reports.Paragraph{Text: "note", Style: reports.Note}, reports.Paragraph{Text: "strong", Style: reports.Strong}, reports.Paragraph{Text: "warn", Style: reports.Warn},
		table,
		reports.Table{ID: "no-rows", Columns: []reports.Column{{Title: "A", Width: 1}, {Title: "B", Width: 0}}, Empty: "There are no rows."},
		reports.Chart{ID: "nasty-chart", Title: Nasty[0], Bars: []reports.Bar{
			{Label: Nasty[2], Parts: []reports.BarPart{{Label: "one", Value: 3, Style: reports.Good}, {Label: Nasty[3], Value: 0, Style: reports.Bad}}},
			{Label: "nothing", Parts: []reports.BarPart{{Label: "one", Style: reports.Good}, {Label: Nasty[3], Style: reports.Bad}}},
		}},
		reports.SignOff{Columns: []string{"Role", "Name", "Date", "Signature"}, Rows: []reports.SignOffRow{{Role: Nasty[0], Name: Nasty[4]}, {Role: "CISO"}}},
	}
	for i, s := range Nasty {
		blocks = append(blocks, reports.Fields{Items: []reports.Field{{Label: fmt.Sprintf("field %d", i), Value: reports.Cell{Text: s}}}})
	}
	doc := reports.Document{
		Title: "Nasty " + Nasty[0], Subtitle: Nasty[14], Language: templates.German, AsOf: at, Seal: "SHA256:" + strings.Repeat("ab", 32), Footer: Nasty[4],
		Cover:  []reports.Field{{Label: "Organisation", Value: reports.Cell{Text: long, Style: reports.Strong}}, {Label: "Stand", Value: reports.Cell{Kind: reports.CellDate, Time: at}}},
		Labels: reports.Labels{Contents: "Inhalt", Page: "Seite", Of: "von", Continued: "Fortsetzung", Sheets: "Blätter", Back: "Übersicht", Evidence: "Nachweise:", Shown: "{shown} von {total}", Legend: "Legende", Seal: "Siegel"},
	}
	for i, title := range []string{"History: a/b\\c?*[x]", "history: a/b\\c?*[x]", "'" + strings.Repeat("long name ", 5), strings.Repeat("long name ", 5) + "2", Nasty[0], "History"} {
		doc.Sections = append(doc.Sections, reports.Section{ID: fmt.Sprintf("section-%d", i), Title: title, Sheet: title, NewPage: i%2 == 0, Blocks: []reports.Block{
			reports.Paragraph{Text: title}, reports.Table{ID: fmt.Sprintf("t%d", i), Columns: []reports.Column{{Title: "A", Width: 1}, {Title: "A", Width: 1}}, Rows: [][]reports.Cell{{{Text: "x"}, {Text: "y"}}}},
		}})
	}
	doc.Sections[0].Blocks = append(doc.Sections[0].Blocks, blocks...)
	doc.Sections[0].Sections = []reports.Section{{ID: "deep", Title: long, Compact: true, Sections: []reports.Section{{ID: "deeper", Title: "deeper", Blocks: []reports.Block{reports.Paragraph{Text: "at the bottom"}}}}}}
	return doc
}
