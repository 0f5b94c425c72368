package assessment

import (
	"fmt"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/templates"
)

// Framework is a published set of requirements in one edition: identifiers and titles only.
type Framework struct {
	ID           FrameworkID         `yaml:"id"`
	Edition      string              `yaml:"edition"`
	Title        templates.Localized `yaml:"title"`
	Source       string              `yaml:"source"`
	Attribution  templates.Localized `yaml:"attribution"`
	Binds        string              `yaml:"binds"`        // "provider": it binds who provides a cloud service; empty: whoever is judged
	Additions    templates.Localized `yaml:"additions"`    // group of the controls that a statement of applicability may add; empty: it may add none
	Description  []Slot              `yaml:"description"`  // what a description of the system must say; a framework with slots has no statement of applicability
	Successor    *Successor          `yaml:"successor"`    // the edition that takes its place; nil for none
	Untranslated []string            `yaml:"untranslated"` // texts that are the same in German
	Requirements []Requirement       `yaml:"requirements"`

	File   string          `yaml:"-"` // that it was read from
	Digest evidence.Digest `yaml:"-"` // of that file

	byID map[RequirementID]int
	doc  document
}

// Successor is the edition of a framework that takes its place.
type Successor struct {
	Framework FrameworkID `yaml:"framework" json:"framework"`
	From      string      `yaml:"from" json:"from"` // YYYY-MM-DD: for reports of type 1 dated, and periods of type 2 starting, on or after it
}

// Subcriteria are the numbered parts of a criterion, by kind; nobody targets them singly.
type Subcriteria struct {
	Basic         []string `yaml:"basic" json:"basic,omitempty"`
	Sharpening    []string `yaml:"sharpening" json:"sharpening,omitempty"`       // additional ones, in place of basic ones
	Complementing []string `yaml:"complementing" json:"complementing,omitempty"` // additional ones, besides basic ones
}

// All returns the ids of all kinds, in order.
func (s Subcriteria) All() []string { return slices.Concat(s.Basic, s.Sharpening, s.Complementing) }

// Requirement is one numbered statement of a framework.
type Requirement struct {
	ID     RequirementID       `yaml:"id"`
	Type   string              `yaml:"type"` // one of requirementTypes
	Group  templates.Localized `yaml:"group"`
	Title  templates.Localized `yaml:"title"`
	Parent RequirementID       `yaml:"parent"` // a clause's clause; empty for none
	Note   templates.Localized `yaml:"note"`   // what a reader must know of the entry itself; may be empty

	Subcriteria Subcriteria `yaml:"subcriteria"` // where the publisher numbers them
}

// Slot is one thing that the description of a system must say.
type Slot struct {
	ID       string              `yaml:"id"`
	Title    templates.Localized `yaml:"title"`
	OfPeriod bool                `yaml:"of_period"` // speaks of a period, so that nothing is asked of it for a date
}

// Types of requirements that are treated apart.
const (
	typeClause           = "clause"
	typeGeneralCondition = "general-condition"
	typeAdditional       = "additional-control" // added by a statement of applicability; no framework lists one
)

// bindsProvider says that a framework binds who provides a cloud service.
const bindsProvider = "provider"

// requirementTypes are what a requirement can be.
var requirementTypes = []string{typeClause, "annex-a-control", "basic-criterion", "additional-criterion", typeGeneralCondition, "waf-control", "control"}

// Requirement returns the requirement that id names.
func (f *Framework) Requirement(id RequirementID) (Requirement, bool) {
	i, ok := f.byID[id]
	if !ok {
		return Requirement{}, false
	}
	return f.Requirements[i], true
}

// Ref names the framework in an Assessment.
func (f *Framework) Ref() FrameworkRef {
	return FrameworkRef{ID: f.ID, Edition: f.Edition, Title: f.Title, Source: f.Source, Attribution: f.Attribution, Binds: f.Binds}
}

// readFramework reads a framework file strictly. All problems are reported, each with file and line.
func readFramework(file File) (*Framework, error) {
	f := &Framework{}
	doc, err := readYAML(file, f)
	if err != nil {
		return nil, err
	}
	f.File, f.Digest = file.Name, file.Digest()
	p := &problems{doc: doc}
	p.when(f.ID == "", "$", "framework has no id")
	p.when(f.Edition == "", "$", "framework has no edition")
	p.when(f.Source == "", "$", "framework has no source")
	p.localized("$.title", "title", f.Title)
	p.localized("$.attribution", "attribution", f.Attribution)
	p.when(len(f.Requirements) == 0, "$", "framework has no requirements")
	p.when(f.Binds != "" && f.Binds != bindsProvider, "$.binds", "binds %q: want provider, or leave it out", f.Binds)
	p.when((f.Additions.EN == "") != (f.Additions.DE == ""), "$.additions", "additions: want a text in English (en) and in German (de)")
	p.slots(f.Description)
	f.byID = make(map[RequirementID]int, len(f.Requirements))
	for i, r := range f.Requirements {
		p.requirement(element("$.requirements", i), r)
		if first, ok := f.byID[r.ID]; ok {
			p.add(element("$.requirements", i), "requirement %q occurs twice, first on line %d", r.ID, doc.line("%s", element("$.requirements", first)))
			continue
		}
		f.byID[r.ID] = i
	}
	for i, r := range f.Requirements {
		_, ok := f.byID[r.Parent]
		p.when(r.Parent != "" && !ok, element("$.requirements", i)+".parent", "parent %q of requirement %q is not in this framework", r.Parent, r.ID)
	}
	p.subcriteria(f.Requirements)
	if f.Successor != nil {
		p.date("$.successor.from", "successor.from", f.Successor.From)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	f.doc = doc
	return f, nil
}

func (p *problems) slots(slots []Slot) {
	seen := map[string]bool{}
	for i, slot := range slots {
		at := element("$.description", i)
		p.when(!slugPattern.MatchString(slot.ID), at, "slot id %q: want lower-case words joined by dashes", slot.ID)
		p.when(seen[slot.ID], at, "slot %q occurs twice", slot.ID)
		p.localized(at, fmt.Sprintf("title of slot %q", slot.ID), slot.Title)
		seen[slot.ID] = true
	}
}

// subcriteria wants each id once, below its criterion.
func (p *problems) subcriteria(requirements []Requirement) {
	seen := map[string]bool{}
	for i, r := range requirements {
		at := element("$.requirements", i) + ".subcriteria"
		for _, id := range r.Subcriteria.All() {
			p.when(!strings.HasPrefix(id, string(r.ID)+"."), at, "sub-criterion %q is listed under %q", id, r.ID)
			p.when(seen[id], at, "sub-criterion %q occurs twice", id)
			seen[id] = true
		}
	}
}

func (p *problems) requirement(at string, r Requirement) {
	p.when(r.ID == "", at, "requirement has no id")
	p.when(!slices.Contains(requirementTypes, r.Type), at+".type", "type %q of requirement %q: want one of %v", r.Type, r.ID, requirementTypes)
	p.localized(at+".group", "group", r.Group)
	p.localized(at+".title", "title", r.Title)
}
