package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors"
	"auditpack/collectors/all"
	"auditpack/collectors/register"
	"auditpack/evidence"
	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

func todoCommand() *cli.Command {
	return &cli.Command{
		Name:  "todo",
		Usage: "list what is missing for support, who owes it, by when, and the next step",
		Description: "Judges as assess does and lists each thing that stands between requirements and support once, the most valuable first: what\n" +
			"completes requirements that lack nothing else, then what many requirements lack. What can hardly be helped any more for the time\n" +
			"that is judged, because its source was collected later, comes last; what cannot has no next step. The exit status is 0\n" +
			"however much is missing; assess and status have the alarm.",
		Flags: append([]cli.Flag{
			frameworkFlag(),
			&cli.StringFlag{Name: "owner", Usage: "only what `TEAM` owes"},
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "en or de"},
		}, judgingFlags()...),
		Action: func(c *cli.Context) error {
			language, err := oneOf(c, "lang", "en", "de")
			if err != nil {
				return err
			}
			t, err := templates.LoadText(templates.Files, templates.Language(language))
			if err != nil {
				return err
			}
			return judged(c, func(j *judgement, assessments []assessment.Assessment) error { return printToDo(c, j, assessments, t) })
		},
	}
}

func printToDo(c *cli.Context, j *judgement, assessments []assessment.Assessment, t templates.Text) error {
	origin, err := j.session.origins()
	if err != nil {
		return err
	}
	tasks := reports.ToDo(assessments, origin, t)
	if owner := c.String("owner"); owner != "" {
		if tasks, err = owedBy(tasks, owner); err != nil {
			return err
		}
	}
	out := outputOf(c)
	if out.json {
		for _, task := range tasks {
			if err := out.object(task); err != nil {
				return err
			}
		}
		return nil
	}
	for i, task := range tasks {
		fmt.Fprintf(out.prose(), "%d. %s\n", i+1, strings.Join(task.Lines(t), "\n   "))
	}
	return nil
}

// owedBy keeps the tasks of one owner. An owner that no task has is told, since a misspelt name would look like good news.
func owedBy(tasks []reports.Task, owner string) ([]reports.Task, error) {
	var owners []string
	list := slices.DeleteFunc(slices.Clone(tasks), func(task reports.Task) bool {
		owners = append(owners, task.Owners...)
		return !slices.ContainsFunc(task.Owners, func(o string) bool { return strings.EqualFold(o, owner) })
	})
	if len(list) == 0 && len(tasks) > 0 {
		slices.Sort(owners)
		return nil, fmt.Errorf("nothing is owed by %q; there are %s", owner, strings.Join(slices.Compact(owners), ", "))
	}
	return list, nil
}

// origins says for a table which configured sources, and which types of sources, can give its evidence.
func (s *session) origins() (func(table string) reports.Origin, error) {
	files, err := factFiles()
	if err != nil {
		return nil, err
	}
	sources, err := s.Types(nil)
	if err != nil {
		return nil, err
	}
	kinds := assessment.KindsOf(files)
	return func(table string) reports.Origin {
		gives := func(t collectors.Type) bool {
			return slices.ContainsFunc(t.Kinds, func(k evidence.Kind) bool { return slices.Contains(kinds[table], k) })
		}
		var o reports.Origin
		for _, x := range sources {
			if gives(x.Type) && registerOf(x, table) {
				o.Sources = append(o.Sources, x.Name)
			}
		}
		for _, t := range all.Types() {
			if gives(t) {
				o.Types = append(o.Types, t.Name)
			}
		}
		return o
	}, nil
}

// registerOf says whether a source can give a table as far as its configuration tells: a register is one table's alone.
func registerOf(s workspace.TypedSource, table string) bool {
	if s.Type.Name != register.Type.Name {
		return true
	}
	var cfg register.Config
	return s.Decode(&cfg) == nil && cfg.Table == table
}
