package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors"
	"auditpack/collectors/exceptions"
	"auditpack/evidence/facts"
	"auditpack/evidence/memstore"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// lintFramework is any framework that reaches the tests of exceptions; which one plays no part in what they find.
const lintFramework = "iso27001-2022"

// lintTests are the control tests that look at exception files alone.
var lintTests = []assessment.TestID{"EXC-01", "EXC-02", "EXC-03", "EXC-07"}

func exceptionsCommand() *cli.Command {
	return &cli.Command{
		Name:  "exceptions",
		Usage: "exception files",
		Subcommands: []*cli.Command{{
			Name: "lint", Usage: "check exception files as the audit will", ArgsUsage: "PATH...",
			Description: "Reads .yml and .yaml files, and those below folders, and runs the control tests of exceptions over them: what a merge pipeline lets through\n" +
				"is what the audit accepts. It needs no workspace. Exit status 3 when something is wrong.",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "as-of", Usage: "`DATE` on which the exceptions must hold; today unless given"},
			},
			Action: func(c *cli.Context) error {
				if !c.Args().Present() {
					return usagef("exceptions lint takes files or folders, got none")
				}
				asOf := now().Truncate(24 * time.Hour)
				if text := c.String("as-of"); text != "" {
					var err error
					if asOf, err = workspace.ParseTime(text); err != nil {
						return usagef("--as-of: %v", err)
					}
				}
				return lint(c, c.Args().Slice(), asOf)
			},
		}},
	}
}

func lint(c *cli.Context, paths []string, asOf time.Time) error {
	dir, err := os.MkdirTemp("", "auditpack-lint-*")
	if err != nil {
		return fmt.Errorf("lint exceptions: %w", err)
	}
	defer os.RemoveAll(dir)
	files, err := gather(paths, dir)
	if err != nil {
		return fmt.Errorf("lint exceptions: %w", err)
	}
	findings, err := lintFolder(c.Context, dir, files, asOf)
	if err != nil {
		return fmt.Errorf("lint exceptions: %s", files.shown(err.Error())) // nobody decides by this error
	}
	out := outputOf(c)
	for _, f := range findings {
		if out.json {
			if err := out.object(f); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(out.w, f)
	}
	if len(findings) > 0 {
		return errDeviations
	}
	note(c, "%s, nothing found", count(len(files.typed), "file"))
	return nil
}

// lintFolder goes the way of the audit with nothing but the files: collect, facts, assess.
func lintFolder(ctx context.Context, dir string, files lintFiles, asOf time.Time) ([]lintFinding, error) {
	store := memstore.New()
	env := collectors.Env{
		Name: "lint", Now: now, Tool: toolName(), Getenv: func(string) string { return "" },
		Path: func(string) string { return dir }, Open: func(string) fs.FS { return os.DirFS(dir) },
	}
	collector, err := exceptions.Type.New(func(v any) error {
		v.(*exceptions.Config).Path = dir
		return nil
	}, env)
	if err != nil {
		return nil, err
	}
	res := collectors.Run(ctx, []collectors.Source{{Name: "lint", Type: exceptions.Type, Collector: collector}},
		collectors.Options{Store: store, Journal: store, Actor: actor(), Now: now})
	if err := errors.Join(failures(res)...); err != nil {
		return nil, err
	}
	a, err := assessStore(ctx, store, asOf)
	if err != nil {
		return nil, err
	}
	return findingsOf(a, files), nil
}

// assessStore judges what a store in memory holds, by the shipped catalogue.
func assessStore(ctx context.Context, store *memstore.Store, asOf time.Time) (assessment.Assessment, error) {
	catalogue, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: templates.Files}}, assessment.Overrides{})
	if err != nil {
		return assessment.Assessment{}, err
	}
	sql, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		return assessment.Assessment{}, err
	}
	engine, err := facts.Open(ctx, facts.Options{SQL: sql, Store: store, Journal: store})
	if err != nil {
		return assessment.Assessment{}, err
	}
	defer engine.Close()
	known, err := readJournal(ctx, store, store)
	if err != nil {
		return assessment.Assessment{}, err
	}
	db, err := engine.Project(ctx, int64(len(known.entries)), nil)
	if err != nil {
		return assessment.Assessment{}, err
	}
	defer db.Close()
	return assessment.Assess(ctx, assessment.Input{
		Organization: assessment.Organization{Name: "lint"}, Framework: lintFramework, Catalogue: catalogue, Type: 1, AsOf: asOf,
		Facts: db, Entries: known.entries, KnownLast: known.last, Records: known.records,
	})
}
