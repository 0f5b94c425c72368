package assessment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"auditpack/templates"
)

// Statement is one version of a statement of applicability for the framework that is judged.
type Statement struct {
	Version    string   `json:"version"`
	ApprovedBy string   `json:"approved_by"`
	ApprovedOn string   `json:"approved_on"` // YYYY-MM-DD; empty: nobody approved it
	InForce    bool     `json:"in_force"`    // it is the one whose declarations count
	Entries    int64    `json:"entries"`     // additions among them
	Missing    int64    `json:"missing"`     // requirements that may be excluded and that it does not mention
	Faults     []string `json:"faults"`      // codes
	File       string   `json:"file"`
	Line       int      `json:"line"`
}

// What can be said of a statement of applicability, and of a description of a system.
const (
	faultUnapproved     = "approved-by-nobody"     // nobody approved it, so it is nobody's declaration yet
	faultSuperseded     = "superseded"             // a newer version was in force at the end
	faultNotInForce     = "approved-later"         // approved after the last day that is judged
	faultWithinPeriod   = "approved-within-period" // in force for a part of the period only
	faultEntriesMissing = "entries-missing"        // requirements are not mentioned
	faultUnstated       = "statement-not-supplied" // management's statement is not there
)

// soaFile is a statement of applicability as its file states it. docs/formats/workspace-inputs.md describes it.
type soaFile struct {
	Framework    FrameworkID   `yaml:"framework"`
	Version      string        `yaml:"version"`
	ApprovedBy   string        `yaml:"approved_by"`
	ApprovedDate string        `yaml:"approved_date"`
	Entries      []soaEntry    `yaml:"entries"`
	Additions    []soaAddition `yaml:"additions"`
}

type soaEntry struct {
	ID            RequirementID `yaml:"id"`
	Applicable    *bool         `yaml:"applicable"`
	Justification string        `yaml:"justification"`
	Status        string        `yaml:"status"`
	Owner         string        `yaml:"owner"`
	CarvedOutTo   string        `yaml:"carved_out_to"`
}

// soaAddition is a control beyond those of the framework, with the controls of the catalogue that are it.
type soaAddition struct {
	ID            RequirementID       `yaml:"id"`
	Title         templates.Localized `yaml:"title"`
	Controls      []ControlID         `yaml:"controls"`
	Justification string              `yaml:"justification"`
	Status        string              `yaml:"status"`
	Owner         string              `yaml:"owner"`
}

// What management can declare of the implementation.
const (
	declaredImplemented    = "implemented"
	declaredPlanned        = "planned"
	declaredNotImplemented = "not-implemented"
)

var declarations = []string{declaredImplemented, "partly-implemented", declaredPlanned, declaredNotImplemented}

// declared is what one file declares of the requirements of a framework.
type declared struct {
	statement Statement
	entries   map[RequirementID]SoAEntry
	additions []addition
}

// addition is a requirement that a statement of applicability adds.
type addition struct {
	requirement Requirement
	controls    []ControlID
	entry       SoAEntry
}

// readSoA reads statements of applicability and returns those of one framework, in the order of approval. All problems of all
// files are reported.
func readSoA(files []File, c *Catalogue, framework FrameworkID, organisations []SubserviceOrganisation) ([]declared, error) {
	var out []declared
	var errs []error
	for _, f := range files {
		var s soaFile
		doc, err := readYAML(f, &s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p := &problems{doc: doc}
		of, ok := c.Framework(s.Framework)
		switch {
		case !ok:
			p.add("$.framework", "framework %q is not in the catalogue", s.Framework)
		case len(of.Description) > 0:
			p.add("$.framework", "%s has no statement of applicability: what does not apply to the service belongs under applicability in the system description", of.ID)
		default:
			p.approval(s.ApprovedBy, s.ApprovedDate)
			d := p.declared(of, s, organisations)
			d.statement.File, d.statement.Line = f.Name, doc.line("$.framework")
			if s.Framework == framework {
				p.versions(out, d)
				out = append(out, d)
			}
		}
		errs = append(errs, p.err())
	}
	slices.SortStableFunc(out, func(a, b declared) int { return cmp.Compare(a.statement.ApprovedOn, b.statement.ApprovedOn) })
	return out, errors.Join(errs...)
}

// approval wants both who approved and when, or neither.
func (p *problems) approval(by, date string) {
	p.when(by == "" && date != "", "$.approved_date", "approved_date without approved_by: say who approved it")
	p.when(by != "" && date == "", "$.approved_by", "approved_by without approved_date: say when it was approved")
	if date != "" {
		p.date("$.approved_date", "approved_date", date)
	}
}

// versions refuses two statements of which nobody can say which one counts.
func (p *problems) versions(before []declared, d declared) {
	for _, b := range before {
		same := b.statement.ApprovedOn == d.statement.ApprovedOn
		p.when(same && d.statement.ApprovedOn == "", "$.framework", "a second statement that nobody approved, beside %s: the approved one counts, so give each its approved_by and approved_date", b.statement.File)
		p.when(same && d.statement.ApprovedOn != "", "$.approved_date", "approved on the day of %s: the newest counts, so two cannot be of one day", b.statement.File)
	}
}

// declared checks and keeps what a file says.
func (p *problems) declared(of *Framework, s soaFile, organisations []SubserviceOrganisation) declared {
	d := declared{entries: map[RequirementID]SoAEntry{}, statement: Statement{
		Version: s.Version, ApprovedBy: s.ApprovedBy, ApprovedOn: s.ApprovedDate, Entries: int64(len(s.Entries) + len(s.Additions)), Faults: []string{},
	}}
	p.entries("$.entries", of, s.Entries, true, organisations, d.entries)
	for i, a := range s.Additions {
		at := element("$.additions", i)
		p.soaAddition(at, of, a)
		entry := SoAEntry{Applicable: true, Justification: a.Justification, Status: a.Status, Owner: a.Owner, File: p.doc.name, Line: p.doc.line("%s", at)}
		if before, ok := d.entries[a.ID]; ok {
			p.add(at, "requirement %q occurs twice, first on line %d", a.ID, before.Line)
			continue
		}
		d.entries[a.ID] = entry
		d.additions = append(d.additions, addition{
			requirement: Requirement{ID: a.ID, Type: typeAdditional, Group: of.Additions, Title: a.Title}, controls: a.Controls, entry: entry,
		})
	}
	for _, r := range of.Requirements {
		if _, ok := d.entries[r.ID]; !ok && r.Type != typeClause {
			d.statement.Missing++
		}
	}
	return d
}

// entries checks declarations and adds them to out. With status, each says how far it is implemented.
func (p *problems) entries(list string, of *Framework, entries []soaEntry, status bool, organisations []SubserviceOrganisation, out map[RequirementID]SoAEntry) {
	for i, e := range entries {
		at := element(list, i)
		p.soaEntry(at, of, e, status, organisations)
		if before, ok := out[e.ID]; ok {
			p.add(at, "requirement %q occurs twice, first on line %d", e.ID, before.Line)
			continue
		}
		out[e.ID] = SoAEntry{
			Applicable: e.Applicable == nil || *e.Applicable, Justification: e.Justification, Status: e.Status, Owner: e.Owner,
			CarvedOutTo: e.CarvedOutTo, File: p.doc.name, Line: p.doc.line("%s", at),
		}
	}
}

func (p *problems) soaEntry(at string, f *Framework, e soaEntry, status bool, organisations []SubserviceOrganisation) {
	r, ok := f.Requirement(e.ID)
	p.when(!ok, at, "%s has no requirement %q", f.ID, e.ID)
	if e.Applicable == nil {
		p.add(at, "requirement %q: applicable is not set: want true or false", e.ID)
		return
	}
	clause := ok && r.Type == typeClause
	p.when(clause && !*e.Applicable, at, "clause %s cannot be excluded: the clauses of the framework always apply", e.ID)
	p.when(clause && e.CarvedOutTo != "", at, "clause %s cannot be carved out", e.ID)
	condition := ok && r.Type == typeGeneralCondition
	p.when(condition, at, "%s is a general condition: answer it under conditions", e.ID)
	blank := strings.TrimSpace(e.Justification) == ""
	p.when(!*e.Applicable && blank, at, "requirement %q is excluded without a justification", e.ID)
	p.when(*e.Applicable && blank && !clause, at, "requirement %q is included without a justification: a statement of applicability says why, for included controls too", e.ID)
	p.when(!*e.Applicable && e.CarvedOutTo != "", at, "requirement %q is excluded and carved out: want one of them", e.ID)
	stated := status || e.Status != ""
	p.when(stated && *e.Applicable && !slices.Contains(declarations, e.Status), at, "requirement %q: status %q: want one of %v", e.ID, e.Status, declarations)
	p.when(!*e.Applicable && e.Status != "", at, "requirement %q is excluded, so it has no status", e.ID)
	if i := organisationNamed(organisations, e.CarvedOutTo); i >= 0 {
		o := organisations[i]
		p.when(o.Method == methodInclusive, at, "requirement %q is carved out to %q, whose method in %s, line %d is inclusive: its controls are judged here", e.ID, o.Name, o.File, o.Line)
		line := o.shares[f.ID][e.ID].sharedOn
		p.when(line > 0, at, "requirement %q is carved out, and shared with %q in %s, line %d: what is shared is never wholly carved out", e.ID, o.Name, o.File, line)
	}
}

func (p *problems) soaAddition(at string, f *Framework, a soaAddition) {
	_, known := f.Requirement(a.ID)
	p.when(f.Additions.EN == "", at, "%s takes no additions", f.ID)
	p.when(known, at, "%s has %q: an addition needs an id of its own", f.ID, a.ID)
	p.when(strings.TrimSpace(string(a.ID)) == "", at, "addition has no id")
	p.localized(at, fmt.Sprintf("title of addition %q", a.ID), a.Title)
	p.when(strings.TrimSpace(a.Justification) == "", at, "requirement %q is included without a justification: a statement of applicability says why, for included controls too", a.ID)
	p.when(!slices.Contains(declarations, a.Status), at, "requirement %q: status %q: want one of %v", a.ID, a.Status, declarations)
	p.when(len(a.Controls) == 0, at, "addition %q names no controls: nothing could show it", a.ID)
}

// additionControls checks that the controls of additions are in the catalogue; they are named by file and line.
func additionControls(c *Catalogue, all []declared) error {
	var errs []error
	for _, d := range all {
		for _, a := range d.additions {
			for _, id := range a.controls {
				if _, ok := c.Control(id); !ok {
					errs = append(errs, fmt.Errorf("%s:%d: addition %q: control %q is not in the catalogue", a.entry.File, a.entry.Line, a.requirement.ID, id))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// inForce says which version's declarations count, the newest approved by the last day that is judged, and what is to be said of
// each. Where another version was in force in a part of the period and took a requirement in that the last one leaves out, or the
// other way round, the entry says since when it is so. The result is nil when no version was in force.
func inForce(all []declared, w window) (current *declared, statements []Statement) {
	last, first := w.lastDay(), w.firstDay()
	chosen := -1
	for i := range all {
		if all[i].statement.ApprovedOn <= last {
			chosen = i // sorted by approval, and without one first
		}
	}
	earlier := -1 // the version in force on the first day
	for i := range all {
		s := &all[i].statement
		switch {
		case s.ApprovedOn > last:
			s.Faults = append(s.Faults, faultNotInForce)
		case i < chosen:
			s.Faults = append(s.Faults, faultSuperseded)
		default:
			s.InForce = true
		}
		if s.ApprovedOn == "" {
			s.Faults = append(s.Faults, faultUnapproved)
		}
		if s.ApprovedOn > first && s.ApprovedOn <= last {
			s.Faults = append(s.Faults, faultWithinPeriod)
		}
		if s.InForce && s.Missing > 0 {
			s.Faults = append(s.Faults, faultEntriesMissing)
		}
		if s.ApprovedOn != "" && s.ApprovedOn <= first {
			earlier = i
		}
	}
	statements = []Statement{}
	for _, d := range all {
		statements = append(statements, d.statement)
	}
	if chosen < 0 {
		return nil, statements
	}
	for i := max(earlier, 0); i < chosen; i++ {
		if all[i].statement.ApprovedOn != "" {
			all[chosen].changedSince(all[i])
		}
	}
	return &all[chosen], statements
}

// changedSince notes where an earlier version that was in force in the period said otherwise.
func (d *declared) changedSince(before declared) {
	for id, e := range d.entries {
		b, ok := before.entries[id]
		if !ok {
			b.Applicable = true
		}
		if b.Applicable != e.Applicable || b.CarvedOutTo != e.CarvedOutTo {
			e.ChangedOn = d.statement.ApprovedOn
			d.entries[id] = e
		}
	}
}
