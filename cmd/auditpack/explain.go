package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/reports/text"
	"auditpack/templates"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "say why a requirement, control, test, exception or deviation came out as it did",
		ArgsUsage: "ID",
		Description: "Of a requirement (A.8.2), control or test it shows what was shown and what is missing, with owner and next step; of an exception who asked,\n" +
			"who approved, and whether they were allowed to; of a deviation (its key) the evidence, line and what became of it. With --population\n" +
			"it prints every row of the population of a test. --json prints the same as the Assessment has it, one object a line.",
		Flags: append([]cli.Flag{
			frameworkFlag(),
			&cli.BoolFlag{Name: "population", Usage: "print the population of the test"},
			&cli.StringFlag{Name: "format", Value: "table", Usage: "of the population: table, csv or json (one object a line)"},
		}, judgingFlags()...),
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 1 {
				return usagef("explain takes one id such as A.8.2, VAL-02, an exception's or a deviation's key; got %d arguments", c.Args().Len())
			}
			if c.Bool("population") {
				return explainPopulation(c, assessment.TestID(c.Args().First()))
			}
			if c.IsSet("format") {
				return usagef("explain --format goes with --population")
			}
			return judgingFrameworks(c, func(j *judgement, frameworks []string) error { return j.explain(c, frameworks, c.Args().First()) })
		},
	}
}

// explain judges each framework until one knows the id.
func (j *judgement) explain(c *cli.Context, frameworks []string, id string) error {
	words, err := templates.LoadText(templates.Files, templates.English)
	if err != nil {
		return err
	}
	origin, err := j.session.origins()
	if err != nil {
		return err
	}
	for _, f := range frameworks {
		a, err := j.assess(c.Context, f)
		if err != nil {
			return err
		}
		doc, ok := reports.Explain(a, id, origin, words)
		if !ok {
			continue
		}
		if out := outputOf(c); out.json {
			for _, part := range a.Named(id) {
				if err := out.object(part); err != nil {
					return err
				}
			}
			return nil
		}
		var lines bytes.Buffer
		if err := (text.Renderer{Width: lineWidth(c.App.Writer)}).Render(&lines, doc); err != nil {
			return err
		}
		_, err = outputOf(c).prose().Write(lines.Bytes())
		return err
	}
	return fmt.Errorf("explain: %q is no requirement, control or test that bears on %v, no exception, and no key of a deviation that was found; name another framework with --framework", id, frameworks)
}

// explainPopulation streams the rows of a test's population.
func explainPopulation(c *cli.Context, id assessment.TestID) error {
	format, err := rowFormatOf(c)
	if err != nil {
		return err
	}
	return judging(c, func(j *judgement) error {
		rows, err := assessment.PopulationRows(c.Context, j.input(), id)
		if err != nil {
			return fmt.Errorf("explain: %w", err)
		}
		return errors.Join(printRows(outputOf(c), format, rows), rows.Close())
	})
}
