package reports

import (
	"slices"
	"strings"

	"auditpack/reports/assessment"
)

// manualMissing is the reason that no manual test of an aspect was supplied.
const manualMissing = "manual-missing"

// unshown says that people were to show every aspect of a control and showed none, so that a table row says all there is to say. A
// spreadsheet has its aspects as rows like those of any other control.
func unshown(c assessment.ControlResult) bool {
	silent := func(a assessment.AspectResult) bool { return a.IsManual && a.Manual == nil && len(a.Tests) == 0 }
	for _, a := range c.Aspects {
		if !silent(a) {
			return false
		}
	}
	return len(c.Aspects) > 0 && !slices.ContainsFunc(c.Reasons, func(r assessment.Reason) bool { return r.Code != manualMissing })
}

// unshownControls has a row for each control of which nothing was shown.
func (b *builder) unshownControls(controls []assessment.ControlResult) Section {
	t := Table{
		ID: "controls-unshown",
		Columns: []Column{
			b.col("word.control", 2), b.col("word.statement", 3.2), b.col("word.owner", 1.2), b.col("word.frequency", 1.1), b.col("controls.unshown-aspects", 3.6), b.col("controls.bears-on", 1.3),
		},
	}
	for _, c := range controls {
		id := text(lines(string(c.ID), b.in(c.Title)))
		id.Anchor = controlAnchor(c.ID)
		var aspects []string
		for _, a := range c.Aspects {
			aspects = append(aspects, "– "+firstOf(b.in(a.Title), a.ID))
		}
		t.Rows = append(t.Rows, []Cell{
			id, text(b.in(c.Statement)), text(c.Owner), text(b.word("frequency.", c.Frequency)), text(strings.Join(aspects, "\n")), text(join(b.bears[c.ID], ", ")),
		})
	}
	return Section{
		ID: "controls-unshown", Title: b.t.Get("controls.unshown"),
		Blocks: []Block{b.para("controls.unshown-lead", "n", b.num(int64(len(controls))), "all", b.num(int64(len(b.a.Controls)))), t},
	}
}

// unshownRow stands in a requirement for a control of which nothing was shown, in place of a row for each aspect.
func (b *builder) unshownRow(head []Cell, c assessment.ControlResult) []Cell {
	row := slices.Clone(head)
	row[1], row[2] = b.shownCell(c.Aspects[0].Shown), text(b.t.Get("word.manual"))
	row[7].Text = lines(b.t.Get("requirements.unshown", "n", b.num(int64(len(c.Aspects)))), row[7].Text)
	return row
}

// restsOnUnshown says that nothing was shown of any control that bears on a requirement: naming them says all there is to say.
func (b *builder) restsOnUnshown(f assessment.Finding) bool {
	return !slices.ContainsFunc(f.Controls, func(t assessment.ControlTarget) bool {
		i, ok := b.controls[t.Control]
		return !ok || !unshown(b.a.Controls[i])
	})
}

// unshownField names the controls of such a requirement, one a line, with what is missing of each.
func (b *builder) unshownField(f assessment.Finding) Field {
	var out []string
	for _, target := range f.Controls {
		c := b.a.Controls[b.controls[target.Control]]
		out = append(out, b.t.Get("requirements.unshown-control", "control", string(c.ID), "title", b.in(c.Title),
			"strength", b.word("strength.", target.Strength), "owner", c.Owner, "n", b.num(int64(len(c.Aspects)))))
	}
	return b.field("word.controls", link(strings.Join(out, "\n"), controlAnchor(f.Controls[0].Control)))
}

// listedGaps leaves out that nothing was supplied for controls of which nothing was shown, since their table says it, and counts these
// controls.
func (b *builder) listedGaps(gaps []gap) (listed []gap, silent int64) {
	left := map[assessment.ControlID]bool{}
	for _, g := range gaps {
		i, ok := b.controls[g.reason.Control]
		if ok && g.reason.Code == manualMissing && unshown(b.a.Controls[i]) {
			left[g.reason.Control] = true
			continue
		}
		listed = append(listed, g)
	}
	return listed, int64(len(left))
}
