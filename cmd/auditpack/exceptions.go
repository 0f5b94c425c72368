package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
)

func exceptionsCommand() *cli.Command {
	return &cli.Command{
		Name:  "exceptions",
		Usage: "exception files",
		Subcommands: []*cli.Command{
			{
				Name: "lint", Usage: "check exception files as the audit will", ArgsUsage: "PATH...",
				Description: "Reads .yml and .yaml files, and those below folders, and runs the control tests of exceptions over them: what a merge pipeline lets through\n" +
					"is what the audit accepts. It needs no workspace; where there is one, its own controls, tests and parameters count, and the rules of its frameworks.\n" +
					"Without --framework those are added to what holds under every framework. What only a store shows, such as the commit, is not looked at. Exit status 3 when something is wrong.",
				Flags: []cli.Flag{
					frameworkFlag(),
					&cli.StringFlag{Name: "as-of", Usage: "`DATE` on which the exceptions must hold; today unless given"},
					&cli.StringFlag{Name: "format", Usage: "`FORMAT` of what is found: text, json or sarif (2.1.0, for code scanning)"},
				},
				Action: lintExceptions,
			},
			{
				Name: "list", Usage: "list exceptions with their state on a date", ArgsUsage: "[PATH...]",
				Description: "Lists the exception files of the workspace's sources as they lie there now, or those of PATH, which needs no workspace. The state is that\n" +
					"of the audit: valid, expired, not-yet, or rejected with what is wrong. Git is not asked: a file without requested_by is listed as rejected, though an audit takes the\n" +
					"author of the commit that entered it. The first to end comes first.",
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
	rules, err := exceptionRulesOf(c)
	if err != nil {
		return fmt.Errorf("lint exceptions: %w", err)
	}
	files, results, err := rules.lint(c.Context, c.Args().Slice(), asOf)
	if err != nil {
		return fmt.Errorf("lint exceptions: %w", err)
	}
	findings := findingsOf(results, files)
	if err := printFindings(outputOf(c).w, format, findings, results); err != nil {
		return err
	}
	if len(findings) > 0 {
		return errDeviations
	}
	note(c, "%s, nothing found (%s)", count(len(files.typed), "file"), rules.names())
	return nil
}

func printFindings(w io.Writer, format string, findings []lintFinding, results []lintResult) error {
	if format == "sarif" {
		return writeSARIF(w, findings, results)
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
