package assessment

import (
	"slices"

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
	Requirements []Requirement       `yaml:"requirements"`

	File   string          `yaml:"-"` // that it was read from
	Digest evidence.Digest `yaml:"-"` // of that file

	byID map[RequirementID]int
}

// Requirement is one numbered statement of a framework.
type Requirement struct {
	ID     RequirementID       `yaml:"id"`
	Type   string              `yaml:"type"` // one of requirementTypes
	Group  templates.Localized `yaml:"group"`
	Title  templates.Localized `yaml:"title"`
	Parent RequirementID       `yaml:"parent"` // a clause's clause; empty for none
	Note   templates.Localized `yaml:"note"`   // what a reader must know of the entry itself; may be empty
}

const typeClause = "clause"

// requirementTypes are what a requirement can be.
var requirementTypes = []string{typeClause, "annex-a-control", "basic-criterion", "additional-criterion", "general-condition", "waf-control", "control"}

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
	return FrameworkRef{ID: f.ID, Edition: f.Edition, Title: f.Title, Source: f.Source, Attribution: f.Attribution}
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
	if err := p.err(); err != nil {
		return nil, err
	}
	return f, nil
}

func (p *problems) requirement(at string, r Requirement) {
	p.when(r.ID == "", at, "requirement has no id")
	p.when(!slices.Contains(requirementTypes, r.Type), at+".type", "type %q of requirement %q: want one of %v", r.Type, r.ID, requirementTypes)
	p.localized(at+".group", "group", r.Group)
	p.localized(at+".title", "title", r.Title)
}

// localized wants a text in every language.
func (p *problems) localized(at, what string, t templates.Localized) {
	p.when(t.EN == "", at, "%s has no English text (en)", what)
	p.when(t.DE == "", at, "%s has no German text (de)", what)
}
