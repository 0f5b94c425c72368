package reports

import (
	"slices"
	"strings"

	"auditpack/reports/assessment"
)

// contradicted is the reason that evidence speaks against what management declares.
const contradicted = "declared-implemented-contradicted"

// notShown is the reason that management declares what no evidence shows.
const notShown = "declared-implemented-not-shown"

// declarationCodes are the reasons that compare what is declared with what is shown, or say what a declaration lacks. They are results:
// nothing is missing for a conclusion because of them.
var declarationCodes = []string{
	contradicted, notShown, "declared-less-than-shown", "not-in-statement", "declaration-changed", "declaration-not-approved",
	"complementary-control-not-shown",
}

func ofDeclaration(r assessment.Reason) bool { return slices.Contains(declarationCodes, r.Code) }

// with lists the requirements of findings that have a reason of a code.
func with(findings []assessment.Finding, code string) []string {
	var ids []string
	for _, f := range findings {
		if slices.ContainsFunc(f.Reasons, func(r assessment.Reason) bool { return r.Code == code }) {
			ids = append(ids, string(f.ID))
		}
	}
	return ids
}

// comparisons are the sentences that set declarations beside evidence, one for each way in which they differ.
func (b *builder) comparisons(declared []assessment.Finding) []Block {
	var blocks []Block
	for _, x := range []struct {
		code, key string
		style     Style
	}{
		{contradicted, "soa.contradicted", Bad},
		{"declared-implemented-not-shown", "soa.not-shown", Warn},
		{"declared-less-than-shown", "soa.beyond", Warn},
		{"not-in-statement", "soa.missing", Warn},
		{"declaration-changed", "soa.changed", Warn},
		{"carve-out-organisation-unknown", "soa.carve-out-unknown", Warn},
		{"carve-out-not-attested", "soa.carve-out-unattested", Warn},
		{"carve-out-shared", "soa.carve-out-shared", Warn},
	} {
		if ids := with(declared, x.code); len(ids) > 0 {
			blocks = append(blocks, Paragraph{Style: x.style, Text: b.t.Get(x.key, "n", b.num(int64(len(ids))), "requirements", strings.Join(ids, ", "))})
		}
	}
	return blocks
}

// statements lists the versions of the statement of applicability and which of them counts.
func (b *builder) statements() Table {
	t := Table{
		ID: "statements",
		Columns: []Column{
			b.col("statements.version", 0.8), b.col("statements.approved-by", 2), b.col("statements.approved-on", 1.2), b.col("statements.in-force", 1),
			b.numberCol("statements.entries", 0.9), b.numberCol("statements.missing", 1.1), b.col("requirements.remarks", 3), b.col("word.file", 2.4),
		},
		Empty: b.t.Get("statements.none"),
	}
	for _, s := range b.a.Statements {
		missing := warn(s.Missing)
		t.Rows = append(t.Rows, []Cell{
			text(s.Version), text(s.ApprovedBy), dayText(s.ApprovedOn), b.yesNo(s.InForce), number(s.Entries), missing,
			b.faultCell(s.Faults), text(place(s.File, int64(s.Line))),
		})
	}
	return t
}

// faultCell has faults in words, coloured when there is one.
func (b *builder) faultCell(faults []string) Cell {
	c := text(b.words("fault.", faults))
	if len(faults) > 0 {
		c.Style = Warn
	}
	return c
}

// roleWords say whom the framework binds, and what that means for this report; none for a framework that binds whoever is judged.
func (b *builder) roleWords() []Block {
	if b.a.Framework.Binds != "provider" {
		return nil
	}
	switch b.a.Organization.Role {
	case "customer":
		return []Block{Paragraph{Style: Strong, Text: b.t.Get("binding.customer", "organization", b.a.Organization.Name)}, b.para("binding.customer-rule")}
	case "provider":
		return []Block{b.para("binding.provider", "organization", b.a.Organization.Name)}
	}
	return []Block{Paragraph{Style: Warn, Text: b.t.Get("binding.unknown", "organization", b.a.Organization.Name)}}
}
