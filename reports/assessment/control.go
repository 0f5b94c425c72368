package assessment

import (
	"fmt"
	"regexp"
	"slices"

	"auditpack/evidence"
	"auditpack/templates"
)

// Control is a measure that the organisation operates. It stands between tests and requirements.
type Control struct {
	ID        ControlID           `yaml:"id"`
	Title     templates.Localized `yaml:"title"`
	Statement templates.Localized `yaml:"statement"`
	Owner     string              `yaml:"owner"`     // the team that answers for it
	Frequency string              `yaml:"frequency"` // one of frequencies
	Aspects   []Aspect            `yaml:"aspects"`   // what must be shown before it counts as supported
	Targets   []Target            `yaml:"targets"`   // requirements that it bears on

	Untranslated []string `yaml:"untranslated"` // texts that are the same in German

	File   string          `yaml:"-"`
	Digest evidence.Digest `yaml:"-"`

	doc document
}

// Aspect is one thing that must be shown of a control: by tests, or by a person's manual test.
type Aspect struct {
	ID     string              `yaml:"id"`
	Title  templates.Localized `yaml:"title"`
	Tests  []TestID            `yaml:"tests"`
	Manual bool                `yaml:"manual"`

	// Coverage is what a manual test of the aspect must speak for: CoverPeriod, also where nothing is said, for what is to operate
	// over a period; CoverAsOf for what one look on one day shows, such as a document, a setting, or an exercise of the year.
	Coverage Coverage `yaml:"coverage"`
}

// Asks is the coverage of a manual aspect; empty for one that tests show, since they say theirs.
func (a Aspect) Asks() Coverage {
	switch {
	case !a.Manual:
		return ""
	case a.Coverage == "":
		return CoverPeriod
	}
	return a.Coverage
}

// overPeriod says whether people must show a for the whole of what is judged.
func (a Aspect) overPeriod(w window) bool { return a.Asks() == CoverPeriod && w.typ == 2 }

// Target is a requirement that a control bears on.
type Target struct {
	Framework FrameworkID   `yaml:"framework"`
	ID        RequirementID `yaml:"id"`
	Strength  string        `yaml:"strength"` // primary | supporting
}

// Strengths of a control's bearing on a requirement.
const (
	Primary    = "primary"
	Supporting = "supporting"
)

var (
	frequencies = []string{"continuous", "per-change", "per-event", "daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly"}
	slugPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// element is the YAML path of element i of the list at base.
func element(base string, i int) string { return fmt.Sprintf("%s[%d]", base, i) }

// Reaches says whether c bears on anything of a framework.
func (c *Control) Reaches(f FrameworkID) bool {
	return slices.ContainsFunc(c.Targets, func(t Target) bool { return t.Framework == f })
}

// Tests lists the tests of all aspects, each once, in the order of the aspects.
func (c *Control) Tests() []TestID {
	var ids []TestID
	for _, a := range c.Aspects {
		for _, id := range a.Tests {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// without is c without the tests that are unwanted, and without aspects that had no others. What people show stays.
func (c *Control) without(unwanted func(TestID) bool) *Control {
	if !slices.ContainsFunc(c.Tests(), unwanted) {
		return c
	}
	out := *c
	out.Aspects = nil
	for _, a := range c.Aspects {
		had := len(a.Tests) > 0
		a.Tests = slices.DeleteFunc(slices.Clone(a.Tests), unwanted)
		if !had || len(a.Tests) > 0 {
			out.Aspects = append(out.Aspects, a)
		}
	}
	return &out
}

// readControl reads a control file strictly. Whether its tests and targets exist is the catalogue's to say.
func readControl(file File) (*Control, error) {
	c := &Control{}
	doc, err := readYAML(file, c)
	if err != nil {
		return nil, err
	}
	c.File, c.Digest, c.doc = file.Name, file.Digest(), doc
	p := &problems{doc: doc}
	p.when(!slugPattern.MatchString(string(c.ID)), "$.id", "control id %q: want lower-case words joined by dashes", c.ID)
	p.localized("$.title", "title", c.Title)
	p.localized("$.statement", "statement", c.Statement)
	p.when(c.Owner == "", "$", "control %q has no owner", c.ID)
	p.when(!slices.Contains(frequencies, c.Frequency), "$.frequency", "frequency %q: want one of %v", c.Frequency, frequencies)
	p.when(len(c.Aspects) == 0, "$", "control %q has no aspects", c.ID)
	p.when(len(c.Targets) == 0, "$", "control %q has no targets", c.ID)
	p.aspects(c.Aspects)
	p.targets(c.Targets)
	if err := p.err(); err != nil {
		return nil, err
	}
	return c, nil
}

func (p *problems) aspects(aspects []Aspect) {
	seen := map[string]bool{}
	for i, a := range aspects {
		at := element("$.aspects", i)
		p.when(!slugPattern.MatchString(a.ID), at, "aspect id %q: want lower-case words joined by dashes", a.ID)
		p.when(seen[a.ID], at, "aspect %q occurs twice", a.ID)
		p.when(a.Manual == (len(a.Tests) > 0), at, "aspect %q: want either tests or manual: true", a.ID)
		p.when(!a.Manual && a.Coverage != "", at, "aspect %q: coverage is for manual aspects; tests say theirs under needs", a.ID)
		p.when(a.Coverage != "" && a.Coverage != CoverPeriod && a.Coverage != CoverAsOf, at, "coverage %q of aspect %q: want period or as-of", a.Coverage, a.ID)
		p.localized(at, fmt.Sprintf("title of aspect %q", a.ID), a.Title)
		seen[a.ID] = true
	}
}

func (p *problems) targets(targets []Target) {
	type key struct {
		framework FrameworkID
		id        RequirementID
	}
	seen := map[key]bool{}
	for i, t := range targets {
		at, k := element("$.targets", i), key{t.Framework, t.ID}
		p.when(t.Framework == "" || t.ID == "", at, "target has no framework or no id")
		p.when(t.Strength != Primary && t.Strength != Supporting, at, "strength %q of target %q: want primary or supporting", t.Strength, t.ID)
		p.when(seen[k], at, "target %q of %s occurs twice", t.ID, t.Framework)
		seen[k] = true
	}
}
