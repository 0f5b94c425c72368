package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors"
	"auditpack/collectors/exceptions"
	"auditpack/evidence/memstore"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// lintFramework is judged unless --framework names another: any that reaches the tests of exceptions would do, because most of them find
// the same under each.
const lintFramework = "iso27001-2022"

// exceptionRules is what exception files are judged by where there is no store.
type exceptionRules struct {
	catalogue  *assessment.Catalogue
	frameworks []assessment.FrameworkID
}

// exceptionRulesOf gives the rules of the workspace that --workspace names, or of what is shipped where nobody named one and there is none.
// The framework is that of the flag, else the usual one and those of the workspace.
func exceptionRulesOf(c *cli.Context) (exceptionRules, error) {
	catalogue, configured, err := catalogueAt(c)
	if err != nil {
		return exceptionRules{}, err
	}
	names := append([]string{lintFramework}, configured...)
	if f := c.String("framework"); f != "" {
		names = []string{f}
	}
	rules := exceptionRules{catalogue: catalogue}
	for _, name := range names {
		f, err := frameworkOf(catalogue, name)
		if err != nil {
			return exceptionRules{}, err
		}
		if !slices.Contains(rules.frameworks, f.ID) {
			rules.frameworks = append(rules.frameworks, f.ID)
		}
	}
	return rules, nil
}

// catalogueAt loads the workspace's catalogue, with the frameworks that it is judged by, or the shipped one.
func catalogueAt(c *cli.Context) (*assessment.Catalogue, []string, error) {
	_, err := os.Stat(filepath.Join(c.String("workspace"), workspace.FileName))
	if errors.Is(err, fs.ErrNotExist) && !c.IsSet("workspace") {
		catalogue, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: templates.Files}}, assessment.Overrides{})
		return catalogue, nil, err
	}
	w, err := openWorkspace(c)
	if err != nil {
		return nil, nil, err
	}
	catalogue, err := (&session{Workspace: w, shown: c.String("workspace")}).catalogue()
	return catalogue, w.Config.Frameworks, err
}

// names are the frameworks, for people.
func (r exceptionRules) names() string {
	var names []string
	for _, f := range r.frameworks {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// testOfImpact looks at which requirements of a framework an exception touches.
const testOfImpact assessment.TestID = "EXC-06"

// asksForImpact is the last of the frameworks that want to know which of their requirements an exception touches; empty for none.
func (r exceptionRules) asksForImpact() (last assessment.FrameworkID) {
	if t, ok := r.catalogue.Test(testOfImpact); ok {
		for _, f := range r.frameworks {
			if slices.Contains(t.Frameworks, f) {
				last = f
			}
		}
	}
	return last
}

// lintResult is what a test found in exception files alone.
type lintResult struct {
	framework assessment.FrameworkID // that it was judged for; empty where it finds the same under all
	assessment.TestResult
}

// lint runs the tests that need nothing but exception files over those that paths name, as of a day.
func (r exceptionRules) lint(ctx context.Context, paths []string, asOf time.Time) (files lintFiles, results []lintResult, err error) {
	sql, err := factFiles()
	if err != nil {
		return lintFiles{}, nil, err
	}
	files, err = r.over(ctx, paths, asOf, func(in assessment.Input) error {
		done := map[assessment.TestID]bool{}
		for _, f := range r.frameworks {
			in.Framework = f
			for _, id := range r.catalogue.TestsNeeding(f, exceptions.Type.Kinds, sql) {
				if done[id] {
					continue
				}
				found, err := assessment.RunTest(ctx, in, id)
				if err != nil {
					return err
				}
				res := lintResult{TestResult: found}
				if t, _ := r.catalogue.Test(id); len(t.Frameworks) > 0 {
					res.framework = f
				} else {
					done[id] = true
				}
				results = append(results, res)
			}
		}
		return nil
	})
	return files, results, err
}

// register reads the exceptions that paths name as they stand on a day.
func (r exceptionRules) register(ctx context.Context, paths []string, asOf time.Time) (files lintFiles, list []assessment.Exception, err error) {
	files, err = r.over(ctx, paths, asOf, func(in assessment.Input) (err error) {
		list, err = assessment.ReadExceptions(ctx, in)
		return err
	})
	return files, list, err
}

// over goes the way of the audit with nothing but the exception files that paths name: they are collected, and do gets the facts.
func (r exceptionRules) over(ctx context.Context, paths []string, asOf time.Time, do func(assessment.Input) error) (lintFiles, error) {
	dir, err := os.MkdirTemp("", "auditpack-lint-*")
	if err != nil {
		return lintFiles{}, err
	}
	defer os.RemoveAll(dir)
	files, err := gather(paths, dir)
	if err != nil {
		return files, err
	}
	store, err := collectFolder(ctx, dir)
	if err == nil {
		err = r.overStore(ctx, store, asOf, do)
	}
	if err != nil {
		err = errors.New(files.shown(err.Error())) // nobody decides by this error
	}
	return files, err
}

// collectFolder collects the exception files of a folder into a store in memory.
func collectFolder(ctx context.Context, dir string) (*memstore.Store, error) {
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
	return store, errors.Join(failures(res)...)
}

// overStore gives do the facts of a store in memory.
func (r exceptionRules) overStore(ctx context.Context, store *memstore.Store, asOf time.Time, do func(assessment.Input) error) error {
	engine, err := openFacts(ctx, store, "")
	if err != nil {
		return err
	}
	defer engine.Close()
	known, err := readJournal(ctx, store, store, time.Time{})
	if err != nil {
		return err
	}
	db, err := engine.Project(ctx, int64(len(known.entries)), nil)
	if err != nil {
		return err
	}
	defer db.Close()
	day := asOf.Truncate(24 * time.Hour)
	return do(assessment.Input{
		Organization: assessment.Organization{Name: "lint"}, Framework: lintFramework, Catalogue: r.catalogue,
		Type: 1, AsOf: day.Add(24*time.Hour - time.Second), // so that what was approved on the day holds already
		Facts: db, Entries: known.entries, KnownLast: known.last, Records: known.records,
	})
}
