package assessment

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
)

// SubserviceOrganisation is another company that operates a part of what is judged, as a file of the workspace states it, with
// what its attestations cover.
type SubserviceOrganisation struct {
	Name         string            `json:"name"`
	Aliases      []string          `json:"aliases"`  // other names under which declarations and matrices know it
	Services     []string          `json:"services"` // that are used of it
	Regions      []string          `json:"regions"`
	ServiceModel string            `json:"service_model,omitempty"` // iaas | paas | saas
	Method       string            `json:"method"`                  // carve-out | inclusive
	Whole        []RequirementID   `json:"whole"`                   // requirements of the framework that it operates alone
	Shared       []RequirementID   `json:"shared"`                  // and those that it operates in part
	CarvedOut    []RequirementID   `json:"carved_out"`              // carved out to it, and so in this assessment
	Attestations []Attestation     `json:"attestations"`
	Covered      []evidence.Period `json:"covered"` // of the period, by attestations that count; empty for a date
	Uncovered    []evidence.Period `json:"uncovered"`
	CoveredDays  int64             `json:"covered_days"`
	PeriodDays   int64             `json:"period_days"` // 0 for an assessment of a date
	CoversDate   bool              `json:"covers_date"` // of an assessment of a date: an attestation that counts speaks for it
	Owner        string            `json:"owner"`       // who on our side watches over it
	File         string            `json:"file"`
	Line         int               `json:"line"`

	shares map[FrameworkID]map[RequirementID]share
}

// share is how much of a requirement an organisation operates, by the line that says so.
type share struct{ wholeOn, sharedOn int }

// Ways to deal with a subservice organisation.
const (
	methodCarveOut  = "carve-out"
	methodInclusive = "inclusive"
)

var serviceModels = []string{"iaas", "paas", "saas"}

// subserviceFile is a subservice organisation as its file states it.
type subserviceFile struct {
	Name         string             `yaml:"name"`
	Aliases      []string           `yaml:"aliases"`
	Services     []string           `yaml:"services"`
	Regions      []string           `yaml:"regions"`
	ServiceModel string             `yaml:"service_model"`
	Method       string             `yaml:"method"`
	Owner        string             `yaml:"owner"`
	Operates     []operatedEntry    `yaml:"operates"`
	Attestations []attestationEntry `yaml:"attestations"`
}

type operatedEntry struct {
	Framework    FrameworkID     `yaml:"framework"`
	Share        string          `yaml:"share"` // whole | shared
	Requirements []RequirementID `yaml:"requirements"`
}

// readSubservices reads the subservice organisations of all files, by name. What speaks of other frameworks is checked too.
func readSubservices(files []File, c *Catalogue, framework FrameworkID) ([]SubserviceOrganisation, error) {
	list := []SubserviceOrganisation{}
	var errs []error
	for _, f := range files {
		var s subserviceFile
		doc, err := readYAML(f, &s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p := &problems{doc: doc}
		o := p.subservice(c, s)
		o.File, o.Line = f.Name, doc.line("$.name")
		for _, name := range append([]string{o.Name}, o.Aliases...) {
			if i := organisationNamed(list, name); i >= 0 {
				p.add("$.name", "%q is already named in %s, line %d", name, list[i].File, list[i].Line)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(o.shares[framework])) {
			if o.shares[framework][id].sharedOn > 0 {
				o.Shared = append(o.Shared, id)
			} else {
				o.Whole = append(o.Whole, id)
			}
		}
		list = append(list, o)
		errs = append(errs, p.err())
	}
	slices.SortFunc(list, func(a, b SubserviceOrganisation) int { return cmp.Compare(a.Name, b.Name) })
	return list, errors.Join(errs...)
}

// organisationNamed finds the organisation that a name or alias means, -1 for none. Case and space around do not count.
func organisationNamed(list []SubserviceOrganisation, name string) int {
	key := strings.ToLower(strings.TrimSpace(name))
	if key == "" {
		return -1
	}
	return slices.IndexFunc(list, func(o SubserviceOrganisation) bool {
		return slices.ContainsFunc(append([]string{o.Name}, o.Aliases...), func(s string) bool { return strings.ToLower(strings.TrimSpace(s)) == key })
	})
}

func (p *problems) subservice(c *Catalogue, s subserviceFile) SubserviceOrganisation {
	p.when(strings.TrimSpace(s.Name) == "", "$", "subservice organisation has no name")
	p.when(len(s.Services) == 0, "$", "services is empty: say what is used of %q", s.Name)
	p.when(len(s.Regions) == 0, "$", "regions is empty: say where the services of %q are used", s.Name)
	p.when(s.Method != methodCarveOut && s.Method != methodInclusive, "$.method", "method %q: want carve-out or inclusive", s.Method)
	p.when(s.ServiceModel != "" && !slices.Contains(serviceModels, s.ServiceModel), "$.service_model", "service_model %q: want one of %v", s.ServiceModel, serviceModels)
	o := SubserviceOrganisation{
		Name: s.Name, Aliases: texts(s.Aliases), Services: texts(s.Services), Regions: texts(s.Regions), ServiceModel: s.ServiceModel, Method: s.Method, Owner: s.Owner,
		Whole: []RequirementID{}, Shared: []RequirementID{}, CarvedOut: []RequirementID{}, Attestations: []Attestation{},
		Covered: []evidence.Period{}, Uncovered: []evidence.Period{}, shares: map[FrameworkID]map[RequirementID]share{},
	}
	for i, e := range s.Operates {
		p.operates(element("$.operates", i), c, e, o.shares)
	}
	seen := map[string]int{}
	for i, e := range s.Attestations {
		at := element("$.attestations", i)
		a := p.attestation(at, e)
		if first, ok := seen[a.ID]; ok {
			p.add(at, "attestation %q occurs twice, first on line %d", a.ID, first)
		}
		seen[a.ID] = a.Line
		o.Attestations = append(o.Attestations, a)
	}
	return o
}

// texts is never nil.
func texts(list []string) []string { return append([]string{}, list...) }

func (p *problems) operates(at string, c *Catalogue, e operatedEntry, shares map[FrameworkID]map[RequirementID]share) {
	of, ok := c.Framework(e.Framework)
	p.when(!ok, at, "framework %q is not in the catalogue", e.Framework)
	p.when(e.Share != "whole" && e.Share != "shared", at, "share %q: want whole or shared", e.Share)
	if !ok {
		return
	}
	if shares[of.ID] == nil {
		shares[of.ID] = map[RequirementID]share{}
	}
	for i, id := range e.Requirements {
		here := element(at+".requirements", i)
		r, ok := of.Requirement(id)
		p.when(!ok, here, "%s has no requirement %q", of.ID, id)
		p.when(ok && r.Type == typeClause, here, "clause %s cannot be operated by others", id)
		if before, ok := shares[of.ID][id]; ok {
			p.add(here, "requirement %q occurs twice, first on line %d", id, max(before.wholeOn, before.sharedOn))
			continue
		}
		line := p.doc.line("%s", here)
		if e.Share == "shared" {
			shares[of.ID][id] = share{sharedOn: line}
		} else {
			shares[of.ID][id] = share{wholeOn: line}
		}
	}
}

// mapped lists the controls of the catalogue that complementary controls are mapped to.
func mapped(organisations []SubserviceOrganisation) []ControlID {
	var ids []ControlID
	for _, o := range organisations {
		for _, a := range o.Attestations {
			for _, c := range a.Complementary {
				for _, m := range c.Controls {
					ids = append(ids, m.Control)
				}
			}
		}
	}
	return ids
}

// judge says of each attestation whether it counts for a framework, and how much of the time judged those that do cover.
func (o *SubserviceOrganisation) judge(f *Framework, controls map[ControlID]RequirementStatus, w window) {
	var spans []evidence.Period
	for i := range o.Attestations {
		a := &o.Attestations[i]
		a.Counts = o.sound(a, f, controls, w)
		if !a.Counts {
			continue
		}
		from, _ := time.Parse(time.DateOnly, a.FirstDay) // checked when it was read
		to, _ := time.Parse(time.DateOnly, a.LastDay)
		if a.Type == attestedDate {
			if w.typ == 2 {
				a.fault(faultDateOnly)
			}
			o.CoversDate = o.CoversDate || (w.typ == 1 && !to.After(w.asOf) && w.asOf.Sub(to) <= maxAttestedAge*24*time.Hour)
			continue
		}
		span := evidence.Period{From: from, To: to.AddDate(0, 0, 1)}
		o.CoversDate = o.CoversDate || (w.typ == 1 && span.Contains(w.asOf))
		spans = append(spans, span)
	}
	if w.typ == 1 {
		return
	}
	o.Covered = intersect([]evidence.Period{w.period}, spans)
	o.Uncovered = append(o.Uncovered, holes(w.period, o.Covered)...)
	o.PeriodDays = days([]evidence.Period{w.period})
	o.CoveredDays = o.PeriodDays - wholeDaysUp(o.Uncovered)
}

// covers says whether attestations that count speak for any of the time judged, and for all of it.
func (o *SubserviceOrganisation) covers(w window) (some, whole bool) {
	if w.typ == 1 {
		return o.CoversDate, o.CoversDate
	}
	return o.CoveredDays > 0, len(o.Uncovered) == 0
}

// whyNot says in codes why no attestation speaks for the time judged.
func (o *SubserviceOrganisation) whyNot() string {
	if len(o.Attestations) == 0 {
		return o.Name
	}
	var parts []string
	for _, a := range o.Attestations {
		var codes []string
		for _, f := range a.Faults {
			if f.Code != faultComplementaryOpen {
				codes = append(codes, f.Code)
			}
		}
		if len(codes) == 0 {
			codes = []string{fmt.Sprintf("%s/%s", a.FirstDay, a.LastDay)}
		}
		parts = append(parts, a.ID+" ("+strings.Join(codes, ", ")+")")
	}
	return o.Name + ": " + strings.Join(parts, "; ")
}
