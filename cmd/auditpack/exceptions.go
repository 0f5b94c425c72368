package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors"
	"auditpack/collectors/exceptions"
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
		Subcommands: []*cli.Command{
			{
				Name: "lint", Usage: "check exception files as the audit will", ArgsUsage: "PATH...",
				Description: "Reads .yml and .yaml files, and those below folders, and runs the control tests of exceptions over them: what a merge pipeline lets through\n" +
					"is what the audit accepts. It needs no workspace. Exit status 3 when something is wrong.",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "as-of", Usage: "`DATE` on which the exceptions must hold; today unless given"},
					&cli.StringFlag{Name: "format", Usage: "`FORMAT` of what is found: text, json or sarif (2.1.0, for code scanning)"},
				},
				Action: lintExceptions,
			},
			{
				Name: "list", Usage: "list exceptions with their state on a date", ArgsUsage: "[PATH...]",
				Description: "Lists the exception files of the workspace's sources as they lie there now, or those of PATH, which needs no workspace. The state is that\n" +
					"of the audit: valid, expired, not-yet, or rejected with what is wrong. The first to end comes first.",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "as-of", Usage: "`DATE` of the state; today unless given"},
					&cli.StringFlag{Name: "state", Usage: "only in the `STATE` valid, expired, not-yet or rejected"},
				},
				Action: listExceptions,
			},
			newExceptionCommand(),
		},
	}
}

// asOfFlag is the day that --as-of names, today without it.
func asOfFlag(c *cli.Context) (time.Time, error) {
	text := c.String("as-of")
	if text == "" {
		return now().Truncate(24 * time.Hour), nil
	}
	asOf, err := workspace.ParseTime(text)
	if err != nil {
		return time.Time{}, usagef("--as-of: %v", err)
	}
	return asOf, nil
}

func lintExceptions(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("exceptions lint takes files or folders, got none")
	}
	asOf, err := asOfFlag(c)
	if err != nil {
		return err
	}
	format := c.String("format")
	switch {
	case format == "" && c.Bool("json"):
		format = "json"
	case format == "":
		format = "text"
	case c.Bool("json") && format != "json":
		return usagef("--json goes with --format json alone")
	case !slices.Contains([]string{"text", "json", "sarif"}, format):
		return usagef("--format: unknown %q, want text, json, sarif", format)
	}
	files, a, err := auditExceptions(c.Context, c.Args().Slice(), asOf, nil)
	if err != nil {
		return fmt.Errorf("lint exceptions: %w", err)
	}
	findings := findingsOf(a, files)
	if err := printFindings(outputOf(c).w, format, findings, a); err != nil {
		return err
	}
	if len(findings) > 0 {
		return errDeviations
	}
	note(c, "%s, nothing found", count(len(files.typed), "file"))
	return nil
}

func printFindings(w io.Writer, format string, findings []lintFinding, a assessment.Assessment) error {
	if format == "sarif" {
		return writeSARIF(w, findings, a)
	}
	out := output{w: w, json: true}
	for _, f := range findings {
		if format == "json" {
			if err := out.object(f); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	return nil
}

// auditExceptions judges the exception files that paths name as of a day, by a catalogue or, without one, by the shipped one.
func auditExceptions(ctx context.Context, paths []string, asOf time.Time, catalogue *assessment.Catalogue) (lintFiles, assessment.Assessment, error) {
	dir, err := os.MkdirTemp("", "auditpack-lint-*")
	if err != nil {
		return lintFiles{}, assessment.Assessment{}, err
	}
	defer os.RemoveAll(dir)
	files, err := gather(paths, dir)
	if err != nil {
		return files, assessment.Assessment{}, err
	}
	if catalogue == nil {
		if catalogue, err = assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: templates.Files}}, assessment.Overrides{}); err != nil {
			return files, assessment.Assessment{}, err
		}
	}
	a, err := lintFolder(ctx, dir, asOf, catalogue.Keeping(lintTests...))
	if err != nil {
		err = errors.New(files.shown(err.Error())) // nobody decides by this error
	}
	return files, a, err
}

// lintFolder goes the way of the audit with nothing but the files: collect, facts, assess.
func lintFolder(ctx context.Context, dir string, asOf time.Time, catalogue *assessment.Catalogue) (assessment.Assessment, error) {
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
		return assessment.Assessment{}, err
	}
	res := collectors.Run(ctx, []collectors.Source{{Name: "lint", Type: exceptions.Type, Collector: collector}},
		collectors.Options{Store: store, Journal: store, Actor: actor(), Now: now})
	if err := errors.Join(failures(res)...); err != nil {
		return assessment.Assessment{}, err
	}
	return assessStore(ctx, store, asOf, catalogue)
}

// assessStore judges what a store in memory holds.
func assessStore(ctx context.Context, store *memstore.Store, asOf time.Time, catalogue *assessment.Catalogue) (assessment.Assessment, error) {
	engine, err := openFacts(ctx, store, "")
	if err != nil {
		return assessment.Assessment{}, err
	}
	defer engine.Close()
	known, err := readJournal(ctx, store, store, time.Time{})
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
