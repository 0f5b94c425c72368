package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence"
)

// globalFlags stand before or after the command.
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "workspace", Aliases: []string{"w"}, Value: ".", Usage: "`DIR` with auditpack.yaml"},
		&cli.BoolFlag{Name: "json", Usage: "print one JSON object, or one a line for lists"},
		&cli.BoolFlag{Name: "quiet", Usage: "print results and errors only"},
		&cli.BoolFlag{Name: "no-progress", Usage: "print no progress"},
	}
}

// periodFlags choose what is judged or collected.
func periodFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "first instant of the period: a date (UTC midnight) or RFC 3339 `TIME`"},
		&cli.StringFlag{Name: "to", Usage: "first `TIME` that no longer belongs to the period"},
		&cli.StringFlag{Name: "quarter", Usage: "a calendar `QUARTER` such as 2026-Q3, instead of --from and --to"},
	}
}

// judgingWindowFlags choose what is judged: a period, or a date.
func judgingWindowFlags() []cli.Flag {
	return append(periodFlags(),
		&cli.IntFlag{Name: "type", Value: 2, Usage: "1 judges a date (--as-of), 2 a period"},
		&cli.StringFlag{Name: "as-of", Usage: "`DATE` that the judgement speaks for; the period's end unless given"},
	)
}

// judgingFlags are the flags of assess, which every command that judges takes as well.
func judgingFlags() []cli.Flag {
	return append(judgingWindowFlags(),
		&cli.StringFlag{Name: "as-known-on", Usage: "judge with only what was recorded until `TIME`: evidence, and the files of the workspace as they were recorded then"},
	)
}

func frameworkFlag() cli.Flag {
	return &cli.StringFlag{Name: "framework", Aliases: []string{"f"}, Usage: "`ID` such as iso27001-2022, c5-2020, waf-sec or one of your own"}
}

func outFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "where to write: `PATH`"},
		&cli.BoolFlag{Name: "force", Usage: "write over what is there"},
	}
}

// listOf splits a comma-separated flag; every word must be one of known.
func listOf(c *cli.Context, flag string, known ...string) ([]string, error) {
	var out []string
	for _, w := range strings.Split(c.String(flag), ",") {
		w = strings.TrimSpace(w)
		if w == "" {
			continue
		}
		if !slices.Contains(known, w) {
			return nil, usagef("--%s: unknown %q, want %s", flag, w, strings.Join(known, ", "))
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return nil, usagef("--%s is empty, want %s", flag, strings.Join(known, ", "))
	}
	return out, nil
}

// oneOf is listOf for a flag that takes one word.
func oneOf(c *cli.Context, flag string, known ...string) (string, error) {
	words, err := listOf(c, flag, known...)
	if err != nil {
		return "", err
	}
	if len(words) > 1 {
		return "", usagef("%s --%s takes one of %s, got %d", commandName(c), flag, strings.Join(known, ", "), len(words))
	}
	return words[0], nil
}

// rowFormatOf is how rows are printed: --json is short for --format json.
func rowFormatOf(c *cli.Context) (string, error) {
	format, err := oneOf(c, "format", "table", "csv", "json")
	if c.Bool("json") {
		format = "json"
	}
	return format, err
}

// periodOf returns the period that flags name, else the workspace's; none is the zero Period.
func periodOf(c *cli.Context, w *workspace.Workspace) (evidence.Period, error) {
	from, to, quarter := c.String("from"), c.String("to"), c.String("quarter")
	switch {
	case quarter != "" && (from != "" || to != ""):
		return evidence.Period{}, usagef("--quarter goes without --from and --to")
	case quarter != "":
		p, err := evidence.Quarter(quarter)
		if err != nil {
			return p, usagef("--quarter: %v", err)
		}
		return p, nil
	case (from == "") != (to == ""):
		return evidence.Period{}, usagef("--from and --to go together")
	case from != "":
		start, err := workspace.ParseTime(from)
		if err != nil {
			return evidence.Period{}, usagef("--from: %v", err)
		}
		end, err := workspace.ParseTime(to)
		if err != nil {
			return evidence.Period{}, usagef("--to: %v", err)
		}
		p, err := evidence.NewPeriod(start, end)
		if err != nil {
			return p, usagef("%v", err)
		}
		return p, nil
	case w.Config.Period != nil:
		return w.Config.Period.Period, nil
	}
	return evidence.Period{}, nil
}

// quarterOf is the calendar quarter, in UTC, that at lies in.
func quarterOf(at time.Time) evidence.Period {
	p, err := evidence.Quarter(fmt.Sprintf("%04d-Q%d", at.UTC().Year(), (int(at.UTC().Month())+2)/3))
	if err != nil {
		panic(err) // a year of four digits and a quarter from 1 to 4
	}
	return p
}
