package assessment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"auditpack/evidence/facts"
	"auditpack/internal/strictyaml"
	"auditpack/templates"
)

// LintInput is a catalogue that is looked at before anything is judged by it.
type LintInput struct {
	Layers    []Layer // as for LoadCatalogue
	Overrides Overrides
	Engine    *facts.Engine // checks the SQL, and makes the tables of fixtures

	// Teams are those that the RACI and the responsibility matrix name; empty where there are none, and then owners are not compared.
	Teams Teams

	// Own is the layer that people can put right: its fixtures are run, and what they cannot change elsewhere is a warning. Empty
	// takes all layers for own.
	Own string
}

// Levels of what lint finds.
const (
	LintError   = "error"
	LintWarning = "warning"
)

// LintFinding is one thing that is wrong with a catalogue.
type LintFinding struct {
	Level string // error | warning
	File  string // as Problem has it; may be empty
	Line  int
	Text  string
}

// linter collects findings.
type linter struct {
	LintInput
	catalogue *Catalogue
	findings  []LintFinding
}

// Lint looks at a catalogue and returns what is wrong with it, ordered by file and line: everything that LoadCatalogue,
// LoadCrosswalks and Check refuse, texts that are not translated, tests without fixtures, fixtures that disagree, tests that no
// control uses, and owners whom nobody knows. An error means that it could not be looked at.
func Lint(ctx context.Context, in LintInput) ([]LintFinding, error) {
	l := &linter{LintInput: in}
	defaults, err := load(in.Layers, Overrides{}) // fixtures are written for the defaults of parameters
	if err == nil {
		l.catalogue, err = load(in.Layers, in.Overrides)
	} else {
		l.catalogue = defaults
	}
	l.add(LintError, err)
	_, err = LoadCrosswalks(in.Layers, l.catalogue)
	l.add(LintError, err)
	if err := l.statements(ctx); err != nil {
		return nil, err
	}
	if err := l.fixtures(ctx, defaults); err != nil {
		return nil, err
	}
	l.translations()
	l.uses()
	l.owners()
	slices.SortStableFunc(l.findings, func(a, b LintFinding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(l.findings), nil
}

// add notes each of the errors that err joins.
func (l *linter) add(level string, err error) {
	for _, p := range flatten(err) {
		l.findings = append(l.findings, LintFinding{level, p.File, p.Line, p.Text})
	}
}

// flatten takes joined errors apart into problems; what has no place is a problem without one.
func flatten(err error) []Problem {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Problem
		for _, e := range joined.Unwrap() {
			all = append(all, flatten(e)...)
		}
		return all
	}
	if p, ok := err.(*Problem); ok {
		return []Problem{*p}
	}
	if y, ok := err.(*strictyaml.Error); ok {
		return []Problem{{File: y.File, Line: y.Line, Text: y.Text}}
	}
	inner := errors.Unwrap(err)
	if found := flatten(inner); len(found) > 0 && (len(found) > 1 || found[0].File != "") {
		return found
	}
	return []Problem{{Text: err.Error()}}
}

// own says whether a file is one that people can put right.
func (l *linter) own(file string) bool {
	return l.Own == "" || strings.HasPrefix(file, l.Own+"/")
}

// levelOf is an error in a file that people can put right, else a warning.
func (l *linter) levelOf(file string) string {
	if l.own(file) {
		return LintError
	}
	return LintWarning
}

// statements prepares the SQL of all tests.
func (l *linter) statements(ctx context.Context) error {
	db, err := l.Engine.Fixture(ctx, nil)
	if err != nil {
		return fmt.Errorf("lint catalogue: %w", err)
	}
	defer db.Close()
	l.add(LintError, l.catalogue.Check(ctx, db))
	return nil
}

// fixtures looks for the fixture of each test beside it, and runs those of the tests that people can put right.
func (l *linter) fixtures(ctx context.Context, defaults *Catalogue) error {
	for _, layer := range l.Layers {
		files, err := readFolder(layer, "tests/fixtures", ".yaml")
		if err != nil {
			l.add(LintError, err)
			continue
		}
		for _, f := range files {
			id := TestID(strings.TrimSuffix(path.Base(f.Name), ".yaml"))
			_, err := fs.Stat(layer.Files, path.Join("tests", path.Base(f.Name)))
			switch t, ok := defaults.Test(id); {
			case errors.Is(err, fs.ErrNotExist):
				l.findings = append(l.findings, LintFinding{l.levelOf(f.Name), f.Name, 0, fmt.Sprintf("fixture of no test: there is no %s", fixtureTest(f.Name))})
			case ok && l.own(f.Name) && t.File == fixtureTest(f.Name):
				l.add(LintError, defaults.RunFixture(ctx, l.Engine, t, f))
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		for _, t := range defaults.Tests {
			name := fixtureOf(t.File)
			if strings.HasPrefix(t.File, layer.Name+"/") && !slices.ContainsFunc(files, func(f File) bool { return f.Name == name }) {
				l.findings = append(l.findings, LintFinding{l.levelOf(t.File), t.File, 0, fmt.Sprintf("test %s has no fixture: want %s, with a case that must find something and one that must not", t.ID, name)})
			}
		}
	}
	return nil
}

// fixtureOf is the fixture beside a test's file, fixtureTest the reverse.
func fixtureOf(test string) string { return path.Join(path.Dir(test), "fixtures", path.Base(test)) }

func fixtureTest(fixture string) string {
	return path.Join(path.Dir(path.Dir(fixture)), path.Base(fixture))
}

// translations finds texts that are the same in both languages and not listed as such.
func (l *linter) translations() {
	for _, f := range l.catalogue.Frameworks {
		p := &problems{doc: f.doc}
		for i, slot := range f.Description {
			p.translated(element("$.description", i)+".title", slot.Title, f.Untranslated)
		}
		for i, r := range f.Requirements {
			p.translated(element("$.requirements", i)+".group", r.Group, f.Untranslated)
			p.translated(element("$.requirements", i)+".title", r.Title, f.Untranslated)
		}
		l.add(LintError, p.err())
	}
	for _, c := range l.catalogue.Controls {
		p := &problems{doc: c.doc}
		p.translated("$.title", c.Title, c.Untranslated)
		p.translated("$.statement", c.Statement, c.Untranslated)
		for i, a := range c.Aspects {
			p.translated(element("$.aspects", i)+".title", a.Title, c.Untranslated)
		}
		l.add(LintError, p.err())
	}
	for _, t := range l.catalogue.Tests {
		p := &problems{doc: t.doc}
		p.translated("$.title", t.Title, t.Untranslated)
		p.translated("$.procedure", t.Procedure, t.Untranslated)
		p.translated("$.limits", t.Limits, t.Untranslated)
		l.add(LintError, p.err())
	}
}

func (p *problems) translated(at string, text templates.Localized, same []string) {
	p.when(text.EN != "" && text.EN == text.DE && !slices.Contains(same, text.EN), at,
		"%q is the same in German: translate it, or list it under untranslated", text.EN)
}

// uses finds tests that show no aspect of any control.
func (l *linter) uses() {
	for _, t := range l.catalogue.Tests {
		if t.Purpose == PurposeControl && len(l.catalogue.UsedBy(t.ID)) == 0 {
			l.findings = append(l.findings, LintFinding{l.levelOf(t.File), t.File, 0, fmt.Sprintf("test %s shows no aspect of any control, so it is never run", t.ID)})
		}
	}
}

// owners compares the owners of controls with the teams that the organization knows.
func (l *linter) owners() {
	known := owners{spelled: map[string]string{}}
	known.learn(l.Teams.Named...)
	for _, path := range l.Teams.Escalation {
		known.escalate(path)
	}
	shipped := map[string]int{} // controls that people cannot change, by their unknown owner
	for _, c := range l.catalogue.Controls {
		switch {
		case known.knows(c.Owner):
		case l.own(c.File):
			p := &problems{doc: c.doc}
			p.add("$.owner", "owner %q of control %s is in neither the RACI nor the responsibility matrix", c.Owner, c.ID)
			l.add(LintError, p.err())
		default:
			shipped[c.Owner]++
		}
	}
	for _, owner := range slices.Sorted(maps.Keys(shipped)) {
		l.findings = append(l.findings, LintFinding{LintWarning, "", 0, fmt.Sprintf(
			"owner %q, of %d controls, is in neither the RACI nor the responsibility matrix: name it there, or give your own name for it under owners: in auditpack.yaml", owner, shipped[owner])})
	}
}

// Teams are whom the RACI and the responsibility matrix of a workspace know.
type Teams struct {
	Named      []string // none where there is neither document
	Escalation []string // paths of escalation, in words: who stands in one is known too
}

const teamsSQL = `select unnest(responsible || accountable || consulted || informed) as team
from raci_task
union
select team
from responsibility
union
select validates
from responsibility
union
select responds
from responsibility`

const escalationSQL = `select distinct escalation as team
from responsibility`

// ReadTeams reads whom the RACI and the responsibility matrix name.
func ReadTeams(ctx context.Context, db Facts) (Teams, error) {
	read := func(sql string) ([]string, error) {
		var list []string
		err := query(ctx, db, sql, nil, func(columns []string, values []any) error {
			if team := newRow(columns, values).text("team"); team != "" {
				list = append(list, team)
			}
			return nil
		})
		return list, err
	}
	named, err := read(teamsSQL)
	if err != nil {
		return Teams{}, fmt.Errorf("read teams: %w", err)
	}
	escalation, err := read(escalationSQL)
	if err != nil {
		return Teams{}, fmt.Errorf("read paths of escalation: %w", err)
	}
	return Teams{Named: named, Escalation: escalation}, nil
}
