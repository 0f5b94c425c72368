package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/reports/assessment"
)

func manualTestsCommand() *cli.Command {
	return &cli.Command{
		Name: "manual-tests", Usage: "write a template for the manual tests that are missing",
		Description: "Lists the aspects that people must show for a framework and have not, or not for all of the period, with what is missing; --out writes them as a YAML\n" +
			"file to fill in. What is not filled in is refused by assess, with file and line: put the file into manual-tests/ when it is complete, and leave\n" +
			"out what was not tested. --owner keeps to the controls of one owner.",
		Flags: append([]cli.Flag{frameworkFlag(), &cli.StringFlag{Name: "owner", Usage: "only controls of `OWNER`"}}, append(judgingWindowFlags(), outFlags()...)...),
		Action: func(c *cli.Context) error {
			if err := refuseArguments(c); err != nil {
				return err
			}
			return openManualTests(c)
		},
	}
}

// openAspect is an aspect that people have not shown.
type openAspect struct {
	Control   assessment.ControlID   `json:"control"`
	Aspect    string                 `json:"aspect"`
	Title     string                 `json:"title"`
	Coverage  assessment.Coverage    `json:"coverage"`
	Owner     string                 `json:"owner"`
	Framework assessment.FrameworkID `json:"framework"`
	Targets   []string               `json:"targets"` // requirements of the framework that wait for it
	Reason    string                 `json:"reason"`
	Detail    string                 `json:"detail,omitempty"`
}

func openManualTests(c *cli.Context) error {
	l, err := openLibrary(c)
	if err != nil {
		return err
	}
	if l.workspace == nil {
		_, err := openWorkspace(c)
		return err
	}
	win, err := windowOf(c, l.workspace)
	if err != nil {
		return err
	}
	frameworks, err := frameworksOf(c, l.workspace)
	if err != nil {
		return err
	}
	inputs, err := l.workspace.Inputs()
	if err != nil {
		return err
	}
	files := inputFiles(inputs, workspace.ManualTests)
	var open []openAspect
	seen := map[string]bool{}
	for _, f := range frameworks {
		framework, err := l.framework(f)
		if err != nil {
			return err
		}
		found, err := assessment.OpenAspects(l.catalogue, framework.ID, files, win.kind, win.period, win.asOf)
		if err != nil {
			return errors.New(ownPlaces(l.shown, err.Error())) // nobody decides by it
		}
		for _, a := range found {
			key := string(a.Control.ID) + "/" + a.Aspect.ID
			if owner := c.String("owner"); seen[key] || (owner != "" && !strings.EqualFold(owner, a.Control.Owner)) {
				continue
			}
			seen[key] = true
			open = append(open, newOpenAspect(a, framework.ID))
		}
	}
	return writeOpen(c, open, win)
}

func newOpenAspect(a assessment.OpenAspect, f assessment.FrameworkID) openAspect {
	o := openAspect{a.Control.ID, a.Aspect.ID, a.Aspect.Title.EN, a.Aspect.Asks(), a.Control.Owner, f, []string{}, a.Reason.Code, a.Reason.Detail}
	for _, t := range a.Control.Targets {
		if t.Framework == f && t.Strength == assessment.Primary {
			o.Targets = append(o.Targets, string(t.ID))
		}
	}
	return o
}

func writeOpen(c *cli.Context, open []openAspect, win window) error {
	if path := c.String("out"); path != "" {
		if len(open) == 0 {
			return fmt.Errorf("write %q: no manual test is missing", path)
		}
		if err := writeFile(path, manualTemplate(open, win), c.Bool("force")); err != nil {
			return err
		}
		note(c, "next: fill in %s, then put it into %s", path, filepath.Join(c.String("workspace"), workspace.ManualTests))
	}
	list := listing{out: outputOf(c)}
	for _, o := range open {
		if err := list.add(o, o.Control, o.Aspect, o.Coverage, o.Owner, o.Reason, strings.Join(o.Targets, ", "), o.Title); err != nil {
			return err
		}
	}
	return list.end("control", "aspect", "coverage", "owner", "reason", "primary for", "what")
}

// manualTemplate writes manual tests that people fill in.
func manualTemplate(open []openAspect, win window) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# Manual tests to perform. Fill in every empty field, leave out what was not tested, and put the file into manual-tests/.")
	fmt.Fprintln(&b, "# documents: ids from the index of documents. reviewer: another person than the performer. conclusion: no-deviations or deviations.")
	fmt.Fprintln(&b, "# expires: the last day on which the test counts.")
	fmt.Fprintln(&b, "manual_tests:")
	for _, o := range open {
		fmt.Fprintf(&b, "  # %s\n  # owner %s; %s: %s; %s\n", o.Title, o.Owner, o.Framework, strings.Join(o.Targets, ", "), o.Reason)
		fmt.Fprintf(&b, "  - control: %s\n    aspect: %s\n", o.Control, o.Aspect)
		fmt.Fprintf(&b, "    procedure: %s\n    documents: []\n    performer: %[1]s\n    reviewer: %[1]s\n    conclusion: %[1]s\n    date:\n", strconv.Quote(""))
		if o.Coverage == assessment.CoverPeriod && win.kind == 2 {
			fmt.Fprintf(&b, "    covers: {from: %s, to: %s} # what was looked at; the end no longer belongs to it\n", win.period.From.Format(time.DateOnly), win.period.To.Format(time.DateOnly))
		}
		fmt.Fprintln(&b, "    expires:")
	}
	return b.Bytes()
}
