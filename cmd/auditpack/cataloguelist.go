package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

func listCatalogueCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list frameworks, requirements, controls or tests", ArgsUsage: "[frameworks|requirements|controls|tests]",
		Description: "frameworks counts the requirements that a primary control reaches; requirements lists what reaches each; controls and tests list where each\n" +
			"is used. --framework keeps to what bears on one.",
		Flags: []cli.Flag{frameworkFlag()},
		Action: func(c *cli.Context) error {
			if c.Args().Len() > 1 {
				return usagef("catalogue list takes one argument, got %d", c.Args().Len())
			}
			l, err := openLibrary(c)
			if err != nil {
				return err
			}
			var only *assessment.Framework
			if id := c.String("framework"); id != "" {
				if only, err = l.framework(id); err != nil {
					return err
				}
			}
			out := outputOf(c)
			switch what := c.Args().First(); what {
			case "", "frameworks":
				return l.listFrameworks(out, only)
			case "requirements":
				return l.listRequirements(out, only)
			case "controls":
				return l.listControls(out, only)
			case "tests":
				return l.listTests(out, only)
			default:
				return usagef("catalogue list: unknown %q, want frameworks, requirements, controls or tests", what)
			}
		},
	}
}

// frameworks are those to list: one, or all.
func (l *library) frameworks(only *assessment.Framework) []*assessment.Framework {
	if only != nil {
		return []*assessment.Framework{only}
	}
	return l.catalogue.Frameworks
}

type listedFramework struct {
	ID           assessment.FrameworkID `json:"id"`
	Edition      string                 `json:"edition"`
	Title        templates.Localized    `json:"title"`
	Source       string                 `json:"source"`
	Attribution  templates.Localized    `json:"attribution"`
	Successor    *assessment.Successor  `json:"successor,omitempty"`
	Requirements int                    `json:"requirements"`
	Primary      int                    `json:"primary"`    // reached by a primary control
	Supporting   int                    `json:"supporting"` // by supporting controls alone
	Controls     int                    `json:"controls"`
	Tests        int                    `json:"tests"`
	Manual       int                    `json:"manual_aspects"`
}

func (l *library) listFrameworks(out output, only *assessment.Framework) error {
	list := listing{out: out}
	var notes []string
	for _, f := range l.frameworks(only) {
		n := l.catalogue.ReachOf(f)
		object := listedFramework{f.ID, f.Edition, f.Title, f.Source, f.Attribution, f.Successor, n.Requirements, n.Primary, n.Supporting, n.Controls, n.Tests, n.Manual}
		if err := list.add(object, f.ID, f.Edition, n.Requirements, n.Primary, n.Supporting, n.Requirements-n.Primary-n.Supporting, n.Controls, n.Tests, n.Manual); err != nil {
			return err
		}
		note := fmt.Sprintf("%s: %s", f.ID, f.Attribution.EN)
		if s := f.Successor; s != nil {
			note += fmt.Sprintf(" %s takes its place for Type 1 reports dated, and Type 2 periods starting, on or after %s.", s.Framework, s.From)
		}
		notes = append(notes, note)
	}
	if err := list.end("framework", "edition", "requirements", "primary", "supporting", "not reached", "controls", "tests", "manual aspects"); err != nil || out.json {
		return err
	}
	_, err := fmt.Fprintf(out.prose(), "\n%s\n", strings.Join(notes, "\n"))
	return err
}

type listedRequirement struct {
	Framework assessment.FrameworkID   `json:"framework"`
	ID        assessment.RequirementID `json:"id"`
	Kind      string                   `json:"kind"`
	Title     templates.Localized      `json:"title"`
	Controls  []shownBearing           `json:"controls"`
	Tests     []assessment.TestID      `json:"tests"` // of these controls
}

func (l *library) listRequirements(out output, only *assessment.Framework) error {
	list := listing{out: out}
	for _, f := range l.frameworks(only) {
		for _, r := range f.Requirements {
			on := l.catalogue.ControlsOf(f.ID, r.ID)
			tests := testsOf(on)
			object := listedRequirement{f.ID, r.ID, r.Type, r.Title, shownBearings(on), tests}
			if err := list.add(object, f.ID, r.ID, r.Title.EN, joined(tests), bearings(on)); err != nil {
				return err
			}
		}
	}
	return list.end("framework", "requirement", "title", "tests", "controls")
}

// testsOf lists the tests of controls, each once, primary controls first.
func testsOf(on []assessment.Bearing) []assessment.TestID {
	ids, seen := []assessment.TestID{}, map[assessment.TestID]bool{}
	for _, b := range on {
		for _, id := range b.Control.Tests() {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// joined writes identifiers with commas between them.
func joined[T ~string](ids []T) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, ", ")
}

type listedControl struct {
	ID        assessment.ControlID `json:"id"`
	Title     templates.Localized  `json:"title"`
	Owner     string               `json:"owner"`
	Frequency string               `json:"frequency"`
	Tests     []assessment.TestID  `json:"tests"`
	Manual    []string             `json:"manual_aspects"`
	Targets   int                  `json:"targets"`
}

func (l *library) listControls(out output, only *assessment.Framework) error {
	list := listing{out: out}
	for _, x := range l.catalogue.Controls {
		targets, manual := 0, []string{}
		for _, t := range x.Targets {
			if only == nil || t.Framework == only.ID {
				targets++
			}
		}
		if targets == 0 {
			continue
		}
		for _, a := range x.Manual() {
			manual = append(manual, a.ID)
		}
		object := listedControl{x.ID, x.Title, x.Owner, x.Frequency, append([]assessment.TestID{}, x.Tests()...), manual, targets}
		if err := list.add(object, x.ID, x.Owner, x.Frequency, joined(x.Tests()), strings.Join(manual, ", "), targets); err != nil {
			return err
		}
	}
	return list.end("control", "owner", "frequency", "tests", "manual aspects", "targets")
}

type listedTest struct {
	ID        assessment.TestID      `json:"id"`
	Title     templates.Localized    `json:"title"`
	Purpose   assessment.Purpose     `json:"purpose"`
	Assurance assessment.Assurance   `json:"assurance"`
	Severity  string                 `json:"severity"`
	Needs     []string               `json:"needs"`
	Controls  []assessment.ControlID `json:"controls"`
}

func (l *library) listTests(out output, only *assessment.Framework) error {
	list := listing{out: out}
	for _, t := range l.catalogue.Tests {
		controls := []assessment.ControlID{}
		for _, x := range l.catalogue.UsedBy(t.ID) {
			if only == nil || x.Reaches(only.ID) {
				controls = append(controls, x.ID)
			}
		}
		if only != nil && len(controls) == 0 {
			continue
		}
		object := listedTest{t.ID, t.Title, t.Purpose, t.Assurance, t.Severity, t.Tables(), controls}
		if err := list.add(object, t.ID, t.Purpose, t.Assurance, t.Severity, t.Title.EN, joined(controls)); err != nil {
			return err
		}
	}
	return list.end("test", "purpose", "assurance", "severity", "title", "controls")
}
