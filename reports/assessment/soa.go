package assessment

import (
	"errors"
	"slices"
	"time"
)

// soaFile is a statement of applicability as its file states it. docs/formats/workspace-inputs.md describes it.
type soaFile struct {
	Framework FrameworkID `yaml:"framework"`
	Entries   []soaEntry  `yaml:"entries"`
}

type soaEntry struct {
	ID            RequirementID `yaml:"id"`
	Applicable    *bool         `yaml:"applicable"`
	Justification string        `yaml:"justification"`
	Status        string        `yaml:"status"`
	Owner         string        `yaml:"owner"`
	CarvedOutTo   string        `yaml:"carved_out_to"`
}

// What management can declare of the implementation.
const declaredImplemented = "implemented"

var declarations = []string{declaredImplemented, "partly-implemented", "planned", "not-implemented"}

// readSoA reads statements of applicability and returns the entries of one framework. All problems of all files are reported.
func readSoA(files []File, c *Catalogue, framework FrameworkID) (map[RequirementID]SoAEntry, error) {
	out := map[RequirementID]SoAEntry{}
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
		if !ok {
			p.add("$.framework", "framework %q is not in the catalogue", s.Framework)
			errs = append(errs, p.err())
			continue
		}
		first := map[RequirementID]int{}
		for i, e := range s.Entries {
			at := element("$.entries", i)
			p.soaEntry(at, of, e)
			if before, ok := first[e.ID]; ok {
				p.add(at, "requirement %q occurs twice, first on line %d", e.ID, before)
				continue
			}
			first[e.ID] = doc.line("%s", at)
			if s.Framework != framework {
				continue
			}
			if before, ok := out[e.ID]; ok {
				p.add(at, "requirement %q is already stated in %s, line %d", e.ID, before.File, before.Line)
			}
			out[e.ID] = SoAEntry{
				Applicable: e.Applicable == nil || *e.Applicable, Justification: e.Justification, Status: e.Status, Owner: e.Owner,
				CarvedOutTo: e.CarvedOutTo, File: f.Name, Line: doc.line("%s", at),
			}
		}
		errs = append(errs, p.err())
	}
	return out, errors.Join(errs...)
}

func (p *problems) soaEntry(at string, f *Framework, e soaEntry) {
	r, ok := f.Requirement(e.ID)
	p.when(!ok, at, "%s has no requirement %q", f.ID, e.ID)
	if e.Applicable == nil {
		p.add(at, "requirement %q: applicable is not set: want true or false", e.ID)
		return
	}
	clause := ok && r.Type == typeClause
	p.when(clause && !*e.Applicable, at, "clause %s cannot be excluded: the clauses of the framework always apply", e.ID)
	p.when(clause && e.CarvedOutTo != "", at, "clause %s cannot be carved out", e.ID)
	p.when(!*e.Applicable && e.Justification == "", at, "requirement %q is excluded without a justification", e.ID)
	p.when(!*e.Applicable && e.CarvedOutTo != "", at, "requirement %q is excluded and carved out: want one of them", e.ID)
	p.when(*e.Applicable && !slices.Contains(declarations, e.Status), at, "requirement %q: status %q: want one of %v", e.ID, e.Status, declarations)
	p.when(!*e.Applicable && e.Status != "", at, "requirement %q is excluded, so it has no status", e.ID)
}

// date checks a day as YYYY-MM-DD.
func (p *problems) date(at, what, s string) {
	_, err := time.Parse(time.DateOnly, s)
	p.when(err != nil, at, "%s %q: want a day as YYYY-MM-DD", what, s)
}
