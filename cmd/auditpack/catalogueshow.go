package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

func showCatalogueCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show a requirement, control, test or framework", ArgsUsage: "ID...",
		Description: "ID is that of a requirement (A.8.2, IDM-06, WAF-SEC-020), a control, a test or a framework. Where several have it, all are shown; FRAMEWORK:ID names\n" +
			"one requirement. What reaches a requirement, and what a control or test reaches, stands beside it.",
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usagef("catalogue show takes an id, got none")
			}
			l, err := openLibrary(c)
			if err != nil {
				return err
			}
			out := outputOf(c)
			var shown []any
			for _, id := range c.Args().Slice() {
				found := l.find(id)
				if len(found) == 0 {
					return fmt.Errorf("nothing in the catalogue has the id %q; see auditpack catalogue list", id)
				}
				shown = append(shown, found...)
			}
			for i, v := range shown {
				if out.json {
					if err := out.object(v); err != nil {
						return err
					}
					continue
				}
				if i > 0 {
					fmt.Fprintln(out.w)
				}
				v.(interface{ print(io.Writer) }).print(out.prose())
			}
			return nil
		},
	}
}

// find looks for an id among requirements, controls, tests and frameworks.
func (l *library) find(id string) []any {
	var found []any
	framework, requirement, one := strings.Cut(id, ":")
	if !one {
		requirement = id
	}
	for _, f := range l.catalogue.Frameworks {
		if one && string(f.ID) != framework {
			continue
		}
		if string(f.ID) == id {
			n := l.catalogue.ReachOf(f)
			found = append(found, shownFramework{"framework", f.ID, f.Edition, f.Title, f.Source, f.Attribution, f.Successor, n.Requirements, n.Primary, n.Supporting})
		}
		if r, ok := f.Requirement(assessment.RequirementID(requirement)); ok {
			found = append(found, l.showRequirement(f, r))
		}
	}
	if x, ok := l.catalogue.Control(assessment.ControlID(id)); ok {
		found = append(found, showControl(x))
	}
	if t, ok := l.catalogue.Test(assessment.TestID(id)); ok {
		found = append(found, l.showTest(t))
	}
	return found
}

type shownFramework struct {
	What         string                 `json:"what"`
	ID           assessment.FrameworkID `json:"id"`
	Edition      string                 `json:"edition"`
	Title        templates.Localized    `json:"title"`
	Source       string                 `json:"source"`
	Attribution  templates.Localized    `json:"attribution"`
	Successor    *assessment.Successor  `json:"successor,omitempty"`
	Requirements int                    `json:"requirements"`
	Primary      int                    `json:"primary"`
	Supporting   int                    `json:"supporting"`
}

func (s shownFramework) print(w io.Writer) {
	fmt.Fprintf(w, "framework %s, edition %s\n", s.ID, s.Edition)
	printTexts(w, "title", s.Title)
	fmt.Fprintf(w, "  source: %s\n", s.Source)
	printTexts(w, "attribution", s.Attribution)
	if s.Successor != nil {
		fmt.Fprintf(w, "  successor: %s, for Type 1 reports dated, and Type 2 periods starting, on or after %s\n", s.Successor.Framework, s.Successor.From)
	}
	fmt.Fprintf(w, "  requirements: %d; %d with a primary control, %d with supporting ones alone\n", s.Requirements, s.Primary, s.Supporting)
}

// shownBearing is a control with what it asks for, as far as it bears on a requirement.
type shownBearing struct {
	Control  assessment.ControlID `json:"control"`
	Strength string               `json:"strength"`
	Owner    string               `json:"owner"`
	Aspects  []shownAspect        `json:"aspects"`
}

type shownAspect struct {
	ID       string              `json:"id"`
	Title    templates.Localized `json:"title"`
	Tests    []assessment.TestID `json:"tests"`
	Manual   bool                `json:"manual"`
	Coverage assessment.Coverage `json:"coverage,omitempty"`
}

func shownAspects(x *assessment.Control) []shownAspect {
	list := []shownAspect{}
	for _, a := range x.Aspects {
		list = append(list, shownAspect{a.ID, a.Title, append([]assessment.TestID{}, a.Tests...), a.Manual, a.Asks()})
	}
	return list
}

func (a shownAspect) String() string {
	if a.Manual {
		return fmt.Sprintf("%s: %s [manual test, %s]", a.ID, a.Title.EN, a.Coverage)
	}
	return fmt.Sprintf("%s: %s [%s]", a.ID, a.Title.EN, joined(a.Tests))
}

func shownBearings(on []assessment.Bearing) []shownBearing {
	list := []shownBearing{}
	for _, b := range on {
		list = append(list, shownBearing{b.Control.ID, b.Strength, b.Control.Owner, shownAspects(b.Control)})
	}
	return list
}

type shownRequirement struct {
	What        string                   `json:"what"`
	Framework   assessment.FrameworkID   `json:"framework"`
	ID          assessment.RequirementID `json:"id"`
	Kind        string                   `json:"kind"`
	Title       templates.Localized      `json:"title"`
	Group       templates.Localized      `json:"group"`
	Parent      assessment.RequirementID `json:"parent,omitempty"`
	Note        templates.Localized      `json:"note"`
	Subcriteria assessment.Subcriteria   `json:"subcriteria"`
	Controls    []shownBearing           `json:"controls"`
	Related     []shownPair              `json:"related"`   // in other frameworks, by the crosswalks
	Otherwise   []assessment.FrameworkID `json:"otherwise"` // frameworks that give this id to another subject
}

func (l *library) showRequirement(f *assessment.Framework, r assessment.Requirement) shownRequirement {
	s := shownRequirement{
		"requirement", f.ID, r.ID, r.Type, r.Title, r.Group, r.Parent, r.Note, r.Subcriteria,
		shownBearings(l.catalogue.ControlsOf(f.ID, r.ID)), []shownPair{}, []assessment.FrameworkID{},
	}
	for _, to := range l.catalogue.Frameworks {
		if to.ID == f.ID {
			continue
		}
		for _, p := range assessment.Pairs(l.crosswalks, f, to) {
			if p.From == r.ID {
				s.Related = append(s.Related, newShownPair(p, f, to))
			}
		}
		if assessment.Reused(l.crosswalks, f.ID, to.ID, r.ID) {
			s.Otherwise = append(s.Otherwise, to.ID)
		}
	}
	return s
}

func (s shownRequirement) print(w io.Writer) {
	fmt.Fprintf(w, "%s %s (%s)\n", s.Framework, s.ID, s.Kind)
	printTexts(w, "title", s.Title)
	printTexts(w, "group", s.Group)
	if s.Note.EN != "" {
		printTexts(w, "note", s.Note)
	}
	for _, f := range s.Otherwise {
		fmt.Fprintf(w, "  beware: %s gives the id %s to another subject\n", f, s.ID)
	}
	for _, part := range []struct {
		kind string
		ids  []string
	}{{"basic", s.Subcriteria.Basic}, {"additional, sharpening", s.Subcriteria.Sharpening}, {"additional, complementing", s.Subcriteria.Complementing}} {
		if len(part.ids) > 0 {
			fmt.Fprintf(w, "  sub-criteria, %s: %s\n", part.kind, strings.Join(part.ids, ", "))
		}
	}
	if len(s.Controls) == 0 {
		fmt.Fprintln(w, "  no control bears on it")
	}
	for _, b := range s.Controls {
		fmt.Fprintf(w, "  %s control %s, owner %s\n", b.Strength, b.Control, b.Owner)
		for _, a := range b.Aspects {
			fmt.Fprintf(w, "    %s\n", a)
		}
	}
	for _, p := range s.Related {
		fmt.Fprintf(w, "  related: %s\n", p)
	}
}

type shownControl struct {
	What      string               `json:"what"`
	ID        assessment.ControlID `json:"id"`
	Title     templates.Localized  `json:"title"`
	Statement templates.Localized  `json:"statement"`
	Owner     string               `json:"owner"`
	Frequency string               `json:"frequency"`
	Aspects   []shownAspect        `json:"aspects"`
	Targets   []shownTarget        `json:"targets"`
	File      string               `json:"file"`
}

type shownTarget struct {
	Framework assessment.FrameworkID   `json:"framework"`
	ID        assessment.RequirementID `json:"id"`
	Strength  string                   `json:"strength"`
}

func showControl(x *assessment.Control) shownControl {
	s := shownControl{"control", x.ID, x.Title, x.Statement, x.Owner, x.Frequency, shownAspects(x), []shownTarget{}, x.File}
	for _, t := range x.Targets {
		s.Targets = append(s.Targets, shownTarget(t))
	}
	return s
}

func (s shownControl) print(w io.Writer) {
	fmt.Fprintf(w, "control %s, owner %s, %s (%s)\n", s.ID, s.Owner, s.Frequency, s.File)
	printTexts(w, "title", s.Title)
	printTexts(w, "statement", s.Statement)
	for _, a := range s.Aspects {
		fmt.Fprintf(w, "  aspect %s\n", a)
	}
	printTargets(w, s.Targets)
}

// printTargets prints one line for each framework and strength.
func printTargets(w io.Writer, targets []shownTarget) {
	type key struct {
		framework assessment.FrameworkID
		strength  string
	}
	var keys []key
	ids := map[key][]assessment.RequirementID{}
	for _, t := range targets {
		k := key{t.Framework, t.Strength}
		if ids[k] == nil {
			keys = append(keys, k)
		}
		ids[k] = append(ids[k], t.ID)
	}
	for _, k := range keys {
		fmt.Fprintf(w, "  %s, %s: %s\n", k.framework, k.strength, joined(ids[k]))
	}
}

type shownTest struct {
	What       string                 `json:"what"`
	ID         assessment.TestID      `json:"id"`
	Title      templates.Localized    `json:"title"`
	Procedure  templates.Localized    `json:"procedure"`
	Limits     templates.Localized    `json:"limits"`
	Purpose    assessment.Purpose     `json:"purpose"`
	Assurance  assessment.Assurance   `json:"assurance"`
	Severity   string                 `json:"severity"`
	Needs      map[string]string      `json:"needs"` // table: coverage, max_age
	Parameters map[string]any         `json:"parameters"`
	Controls   []assessment.ControlID `json:"controls"`
	Targets    []shownTarget          `json:"targets"` // through these controls
	File       string                 `json:"file"`
}

func (l *library) showTest(t *assessment.Test) shownTest {
	s := shownTest{
		"test", t.ID, t.Title, t.Procedure, t.Limits, t.Purpose, t.Assurance, t.Severity, map[string]string{}, t.Parameters, []assessment.ControlID{}, []shownTarget{}, t.File,
	}
	if s.Parameters == nil {
		s.Parameters = map[string]any{}
	}
	for table, n := range t.Needs {
		s.Needs[table] = fmt.Sprintf("%s, max_age %s", n.Coverage, n.Age)
	}
	at := map[shownTarget]int{} // by framework and id, whatever the strength
	for _, x := range l.catalogue.UsedBy(t.ID) {
		s.Controls = append(s.Controls, x.ID)
		for _, target := range x.Targets {
			k := shownTarget{Framework: target.Framework, ID: target.ID}
			if i, ok := at[k]; !ok {
				at[k] = len(s.Targets)
				s.Targets = append(s.Targets, shownTarget(target))
			} else if target.Strength == assessment.Primary {
				s.Targets[i].Strength = assessment.Primary
			}
		}
	}
	return s
}

func (s shownTest) print(w io.Writer) {
	fmt.Fprintf(w, "test %s, purpose %s, %s, severity %s (%s)\n", s.ID, s.Purpose, s.Assurance, s.Severity, s.File)
	printTexts(w, "title", s.Title)
	printTexts(w, "procedure", s.Procedure)
	printTexts(w, "limits", s.Limits)
	for _, table := range slices.Sorted(maps.Keys(s.Needs)) {
		fmt.Fprintf(w, "  needs %s: %s\n", table, s.Needs[table])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		fmt.Fprintf(w, "  parameter %s: %v\n", name, s.Parameters[name])
	}
	fmt.Fprintf(w, "  controls: %s\n", joined(s.Controls))
	printTargets(w, s.Targets)
}

// printTexts prints a text in both languages.
func printTexts(w io.Writer, name string, t templates.Localized) {
	fmt.Fprintf(w, "  %s (en): %s\n  %s (de): %s\n", name, t.EN, name, t.DE)
}
