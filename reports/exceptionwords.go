package reports

import (
	"slices"
	"strings"
	"time"

	"auditpack/reports/assessment"
)

// approvalWords has one line for each approval: role, name, day, and whether it was one that the policy takes.
func (b *builder) approvalWords(e assessment.Exception) string {
	if len(e.Approvals) == 0 { // an Assessment of before they were taken apart
		return strings.Join(e.ApprovedBy, "\n")
	}
	var lines []string
	for _, a := range e.Approvals {
		who := strings.TrimPrefix(a.Role+": "+firstOf(a.Name, "–"), ": ")
		if d, err := time.Parse(time.DateOnly, a.Date); err == nil {
			who += " (" + FormatDate(b.t.Language, d) + ")"
		}
		lines = append(lines, who+": "+b.word("allowed.", a.Allowed))
	}
	return strings.Join(lines, "\n")
}

// chainWords are the exceptions that e renews, from the first one on, with the days of all of them; empty where it renews none.
func (b *builder) chainWords(e assessment.Exception) string {
	if len(e.Chain) < 2 || e.ChainDays == nil {
		return ""
	}
	return b.t.Get("exceptions.chain-value", "chain", strings.Join(e.Chain, ", "), "days", b.num(*e.ChainDays))
}

// measureWords has one line for each compensating control, with what shows it and whether it did.
func (b *builder) measureWords(e assessment.Exception) string {
	if len(e.Measures) == 0 { // an Assessment of before they were taken apart
		return strings.Join(e.Compensating, "\n")
	}
	var lines []string
	for _, m := range e.Measures {
		line := m.Control
		var named []string
		for _, s := range []string{m.Proof, m.Interval} {
			if s != "" {
				named = append(named, s)
			}
		}
		if len(named) > 0 {
			line += " (" + strings.Join(named, ", ") + ")"
		}
		line += ": " + b.word("measure.", m.Shown)
		if m.Detail != "" {
			line += ": " + m.Detail
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// impactWords has one line for each requirement that e speaks of.
func (b *builder) impactWords(e assessment.Exception) string {
	var lines []string
	for _, i := range e.Impact {
		lines = append(lines, string(i.Framework)+" "+string(i.Requirement)+": "+b.word("effect.", i.Effect)+": "+i.Reason)
	}
	return strings.Join(lines, "\n")
}

// redundantWords says which exception or response counts for each deviation.
func (b *builder) redundantWords(list []assessment.Redundancy) string {
	var lines []string
	for _, r := range list {
		lines = append(lines, b.t.Get("exceptions.redundant-value", "key", r.Deviation, "id", r.Counts))
	}
	return strings.Join(lines, "\n")
}

// versionWords says which version of the file is judged, and how many there are; empty for an Assessment that knew none.
func (b *builder) versionWords(e assessment.Exception) string {
	if len(e.Versions) == 0 {
		return ""
	}
	since := b.t.Get("exceptions.since-unknown")
	if e.Since != nil {
		since = b.t.Get("exceptions.since-value", "since", FormatCell(b.t.Language, instant(*e.Since)))
	}
	if e.Until != nil {
		since += ", " + b.t.Get("exceptions.until-value", "until", FormatCell(b.t.Language, instant(*e.Until)))
	}
	basis := b.t.Get("exceptions.by-collection")
	if e.History {
		basis = b.t.Get("exceptions.by-commit")
	}
	return since + " (" + basis + "); " + b.t.Get("exceptions.versions-value", "n", b.num(int64(len(e.Versions))))
}

// openTogether lists the exceptions that hold at once: under one risk owner, and for one control. Together they are a risk of
// their own, which their owners see here.
func (b *builder) openTogether() []Block {
	groups := map[string][]string{}
	var order []string
	add := func(kind, name, id string) {
		k := kind + "\x00" + name
		if _, ok := groups[k]; !ok {
			order = append(order, k)
		}
		groups[k] = append(groups[k], id)
	}
	for _, e := range b.a.Exceptions {
		if e.Valid {
			add(b.t.Get("exceptions.risk-owner-short"), firstOf(e.RiskOwner, "–"), e.ID)
			add(b.t.Get("word.control"), e.Control, e.ID)
		}
	}
	if len(order) == 0 {
		return nil
	}
	slices.Sort(order)
	t := Table{ID: "exceptions-together", Caption: b.t.Get("exceptions.together"), Columns: []Column{
		b.col("word.what", 1.5), b.col("exceptions.of", 3), b.numberCol("exceptions.open-at-once", 1), b.col("word.exception", 5),
	}}
	for _, k := range order {
		kind, name, _ := strings.Cut(k, "\x00")
		t.Rows = append(t.Rows, []Cell{text(kind), text(name), number(int64(len(groups[k]))), text(strings.Join(groups[k], ", "))})
	}
	return []Block{t}
}
