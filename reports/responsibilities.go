package reports

import "strings"

// responsibilities is the matrix of who secures what between provider and customer, as the organisation documents it.
func (b *builder) responsibilities() Section {
	t := Table{
		ID: "responsibilities",
		Columns: []Column{
			b.col("responsibilities.area", 2), b.col("responsibilities.iaas", 1.25), b.col("responsibilities.paas", 1.25), b.col("responsibilities.saas", 1.25), b.col("responsibilities.team", 1.4),
			b.col("responsibilities.validates", 1.4), b.col("responsibilities.responds", 1.4), b.col("responsibilities.contact", 3.4), b.col("word.evidence", 1.35), b.numberCol("word.line", 0.7),
		},
		Empty: b.t.Get("responsibilities.none"),
	}
	for _, r := range b.a.Responsible {
		area := strings.TrimSpace(r.Control + " " + r.Area)
		contact := r.Contact
		if r.Escalation != "" {
			contact = strings.TrimSpace(contact + "\n" + b.t.Get("responsibilities.escalation", "to", r.Escalation))
		}
		t.Rows = append(t.Rows, []Cell{
			text(area), text(b.word("side.", r.IaaS)), text(b.word("side.", r.PaaS)), text(b.word("side.", r.SaaS)), text(r.Team), text(r.Validates), text(r.Responds),
			text(contact), b.blobCell(r.Evidence), lineCell(r.Line),
		})
	}
	return Section{
		ID: "responsibilities", Title: b.t.Get("responsibilities.title"), Sheet: b.t.Get("sheet.responsibilities"),
		Blocks: []Block{b.para("responsibilities.lead"), t},
	}
}

// raci has the tasks with their roles and the faults that tests found.
func (b *builder) raci() Section {
	t := Table{
		ID: "raci",
		Columns: []Column{
			b.col("raci.task", 2.4), b.col("raci.responsible", 1.5), b.col("raci.accountable", 1.5), b.col("raci.consulted", 1.4), b.col("raci.informed", 1.4),
			b.col("raci.faults", 2.6), b.col("word.evidence", 1.35), b.numberCol("word.line", 0.7),
		},
		Empty: b.t.Get("raci.none"),
	}
	for _, r := range b.a.RACI {
		faults := strings.Join(append(append([]string{}, r.Faults...), r.Other...), "\n")
		fault := text(faults)
		if faults != "" {
			fault.Style = Bad
		}
		t.Rows = append(t.Rows, []Cell{
			text(r.Task), text(strings.Join(r.Responsible, "\n")), text(strings.Join(r.Accountable, "\n")), text(strings.Join(r.Consulted, "\n")),
			text(strings.Join(r.Informed, "\n")), fault, b.blobCell(r.Evidence), lineCell(r.Line),
		})
	}
	return Section{
		ID: "raci", Title: b.t.Get("raci.title"), Sheet: b.t.Get("sheet.raci"),
		Blocks: []Block{b.para("raci.lead"), t},
	}
}
