package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors"
	"auditpack/collectors/responsibility"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
	"auditpack/reports/assessment"
)

var errLint = errors.New("the catalogue has errors")

func lintCatalogueCommand() *cli.Command {
	return &cli.Command{
		Name: "lint", Usage: "check frameworks, controls, crosswalks and tests before anything is judged by them",
		Description: "Finds ids that an edition lacks, duplicates, references to what is not there, texts that are not translated, aspects without test or manual test,\n" +
			"tests without fixture or control, SQL that does not prepare, gives other columns, writes, reads files or depends on anything but its tables, and\n" +
			"owners that neither the RACI nor the responsibility matrix of the workspace names. Fixtures of the workspace's own tests are run; with --all\n" +
			"those of shipped tests too. Exit status 1 when there are errors; warnings are for what only the next version can put right.",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "all", Usage: "take what is shipped for your own: run its fixtures, and let no warning pass"}},
		Action: func(c *cli.Context) error {
			if err := refuseArguments(c); err != nil {
				return err
			}
			return lintCatalogue(c)
		},
	}
}

// listedLint is one thing that lint found.
type listedLint struct {
	Level string `json:"level"` // error | warning
	File  string `json:"file"`
	Line  int    `json:"line"`
	Text  string `json:"text"`
}

// String is the finding as compilers write theirs.
func (l listedLint) String() string {
	switch {
	case l.File == "":
		return fmt.Sprintf("%s: %s", l.Level, l.Text)
	case l.Line == 0:
		return fmt.Sprintf("%s: %s: %s", l.File, l.Level, l.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", l.File, l.Line, l.Level, l.Text)
}

func lintCatalogue(c *cli.Context) error {
	l, err := findLibrary(c)
	if err != nil {
		return err
	}
	findings, err := l.lint(c.Context, c.Bool("all"))
	if err != nil {
		return err
	}
	out, wrong := outputOf(c), 0
	for _, f := range findings {
		shown := listedLint{f.Level, ownPlaces(l.shown, f.File), f.Line, ownPlaces(l.shown, f.Text)}
		if f.Level == assessment.LintError {
			wrong++
		}
		if out.json {
			err = out.object(shown)
		} else {
			_, err = fmt.Fprintln(out.w, shown)
		}
		if err != nil {
			return err
		}
	}
	note(c, "%s, %s", count(wrong, "error"), count(len(findings)-wrong, "warning"))
	if wrong > 0 {
		return errLint
	}
	return nil
}

// lint looks at the layers, with the teams that the workspace's own files name.
func (l *library) lint(ctx context.Context, all bool) ([]assessment.LintFinding, error) {
	store := memstore.New()
	entries, err := collectTeams(ctx, l.workspace, store)
	if err != nil {
		return nil, err
	}
	engine, err := openFacts(ctx, store, "")
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	in := assessment.LintInput{Layers: l.layers, Overrides: l.overrides, Engine: engine, Own: ownLayer}
	if all {
		in.Own = ""
	}
	if entries > 0 {
		db, err := engine.Project(ctx, entries, nil)
		if err != nil {
			return nil, err
		}
		defer db.Close()
		if in.Teams, err = assessment.ReadTeams(ctx, db); err != nil {
			return nil, err
		}
	}
	return assessment.Lint(ctx, in)
}

// collectTeams reads the responsibility files of a workspace into a store in memory, and returns the size of its journal.
func collectTeams(ctx context.Context, w *workspace.Workspace, store *memstore.Store) (int64, error) {
	if w == nil {
		return 0, nil
	}
	var names []string
	for _, s := range w.Config.Sources {
		if s.Type == responsibility.Type.Name {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return 0, nil
	}
	sources, err := w.Sources(names, toolName())
	if err != nil {
		return 0, err
	}
	res := collectors.Run(ctx, sources, collectors.Options{Store: store, Journal: store, Actor: actor(), Now: now})
	if err := errors.Join(failures(res)...); err != nil {
		return 0, err
	}
	var entries int64
	for e, err := range evidence.Journal(store).Entries(ctx, 1) {
		if err != nil {
			return 0, err
		}
		entries = e.Number
	}
	return entries, nil
}
