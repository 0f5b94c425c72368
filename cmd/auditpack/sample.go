package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/reports/assessment/sampling"
	"auditpack/templates"
)

func sampleCommand() *cli.Command {
	return &cli.Command{
		Name:      "sample",
		Usage:     "draw a sample from the population of a test, so that anybody can draw it again",
		ArgsUsage: "TEST",
		Description: "First --fix: the population's root goes into the journal, and to the auditor. The auditor answers with a nonce (openssl rand -hex 16),\n" +
			"and --nonce draws: the seed is SHA-256 over both, so that nobody can choose what is drawn. Without a nonce it is a self-test sample.\n" +
			"--out DIR gets the sheet with columns to tick (XLSX), the population, the raw evidence of each item, and scripts that draw again.\n" +
			"docs/formats/sample.md is the format.",
		Flags: append(append([]cli.Flag{
			&cli.Int64Flag{Name: "size", Usage: "`N` items to draw"},
			&cli.StringFlag{Name: "method", Value: string(sampling.Random), Usage: strings.Join(sampling.Methods(), ", ")},
			&cli.StringFlag{Name: "stratify", Usage: "`COLUMN` of the population: each of its values takes part in proportion, with one item at least"},
			&cli.StringFlag{Name: "nonce", Usage: "the auditor's nonce: 32 to 128 hexadecimal digits (`HEX`)"},
			&cli.BoolFlag{Name: "fix", Usage: "fix the population in the journal and draw nothing"},
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "`LIST` of en, de: the languages of the sheet"},
		}, judgingFlags()...), outFlags()...),
		Action: func(c *cli.Context) error {
			id, err := testArgument(c)
			if err != nil {
				return err
			}
			o, err := sampleOptionsOf(c)
			if err != nil {
				return err
			}
			return judging(c, func(j *judgement) error { return j.sample(c, id, o) })
		},
	}
}

// testArgument is the one test that the command is about.
func testArgument(c *cli.Context) (assessment.TestID, error) {
	if c.Args().Len() != 1 {
		return "", usagef("%s takes one test such as VAL-02, got %d arguments", commandName(c), c.Args().Len())
	}
	return assessment.TestID(c.Args().First()), nil
}

// sampleOptions say what is drawn, and where it goes.
type sampleOptions struct {
	plan      sampling.Plan
	nonce     []byte
	fix       bool
	languages []string
	out       string
	force     bool
}

func sampleOptionsOf(c *cli.Context) (o sampleOptions, err error) {
	o = sampleOptions{fix: c.Bool("fix"), out: c.String("out"), force: c.Bool("force")}
	if o.fix {
		for _, flag := range []string{"size", "method", "stratify", "nonce", "out"} {
			if c.IsSet(flag) {
				return o, usagef("--fix fixes the population and draws nothing: it goes without --%s", flag)
			}
		}
		return o, nil
	}
	o.plan = sampling.Plan{Method: sampling.Method(c.String("method")), Size: c.Int64("size"), Stratify: c.String("stratify")}
	if !c.IsSet("size") && o.plan.Method != sampling.All {
		return o, usagef("sample: say how many items to draw with --size, or fix the population first with --fix")
	}
	if err := o.plan.Validate(); err != nil {
		return o, usagef("sample: %v", err)
	}
	if c.IsSet("nonce") {
		if o.nonce, err = sampling.ParseNonce(c.String("nonce")); err != nil {
			return o, usagef("sample: %v", err)
		}
	}
	o.languages, err = listOf(c, "lang", "en", "de")
	return o, err
}

// sample runs the test, and fixes its population or draws from it.
func (j *judgement) sample(c *cli.Context, id assessment.TestID, o sampleOptions) error {
	res, err := assessment.RunTest(c.Context, j.input(), id)
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if err := drawable(res); err != nil {
		return fmt.Errorf("sample %s: %w", id, err)
	}
	if o.fix {
		return j.fixPopulation(c, res)
	}
	fixed, err := j.session.fixedPopulation(c.Context, sampling.NewStatement(j.input(), res))
	if err != nil {
		return fmt.Errorf("sample %s: %w", id, err)
	}
	if o.nonce != nil && fixed == nil {
		return fmt.Errorf("sample %s: this population (root %s) was not fixed before the nonce was given; fix it with: auditpack sample %s --fix, hand the root over, and ask for a new nonce", id, res.PopulationRoot, id)
	}
	f, err := newSampleFolder(o.out, o.force)
	if err != nil {
		return err
	}
	defer f.discard()
	sheet, err := j.draw(c.Context, f, res, o)
	if err != nil {
		return fmt.Errorf("sample %s: %w", id, err)
	}
	sheet.Fixed = fixed
	if o.out != "" {
		if err := j.fill(c.Context, f, &sheet, o); err != nil {
			return fmt.Errorf("sample %s: %w", id, err)
		}
	}
	return printSample(c, sheet, o.out)
}

// drawable refuses a population that is not known, or empty.
func drawable(res assessment.TestResult) error {
	switch {
	case res.Status == assessment.TestNotAssessed:
		words, err := templates.LoadText(templates.Files, templates.English)
		if err != nil {
			return err
		}
		return fmt.Errorf("the test is not assessed, so nobody knows its population:\n%s", reports.ReasonLines(res.Reasons, words))
	case res.Population == 0:
		return errors.New("the population is empty: there is nothing to draw")
	}
	return nil
}

func printSample(c *cli.Context, sheet sampling.Sheet, dir string) error {
	out := outputOf(c)
	if out.json {
		b, err := sheet.Encode()
		if err != nil {
			return err
		}
		_, err = out.w.Write(b)
		return err
	}
	fmt.Fprintf(out.w, "%s: population %d, root %s\n", sheet.Population.Test, sheet.Population.Rows, sheet.Population.Root)
	switch {
	case sheet.SelfTest():
		fmt.Fprintf(out.w, "self-test sample, seed %s\n\n", sheet.Seed)
	default:
		fmt.Fprintf(out.prose(), "fixed in journal entry %d at %s; nonce %s, seed %s\n\n", sheet.Fixed.Entry, sheet.Fixed.Time.Format(time.RFC3339), sheet.Nonce, sheet.Seed)
	}
	var head []string
	for _, col := range sheet.Columns {
		head = append(head, col.Name)
	}
	var rows [][]any
	for _, it := range sheet.Items {
		row := []any{it.Line}
		var values map[string]any
		dec := json.NewDecoder(bytes.NewReader(it.Row))
		dec.UseNumber()
		if err := dec.Decode(&values); err != nil {
			return fmt.Errorf("print sample: row %d: %w", it.Line, err)
		}
		for _, col := range sheet.Columns {
			row = append(row, cellText(values[col.Name]))
		}
		rows = append(rows, row)
	}
	if err := out.table(append([]string{"row"}, head...), rows); err != nil {
		return err
	}
	if dir != "" {
		fmt.Fprintf(out.w, "\n%s\n", dir)
	}
	return nil
}
