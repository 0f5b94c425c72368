package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence"
	"auditpack/evidence/bundle"
	"auditpack/reports/assessment"
	"auditpack/reports/assessment/comparison"
)

func compareCommand() *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "say what changed between two assessments",
		ArgsUsage: "OLD NEW",
		Description: "OLD and NEW are files that assess --json wrote, bundles, or quarters of the workspace such as 2026-Q3, which are judged now.\n" +
			"Deviations are found again by their keys: new, still open and since when, newly excepted, fixed. What makes the two uneven comes first:\n" +
			"other SQL, parameters or files. A bundle is read, not verified: auditpack verify does that. Exit status 0 whatever changed.",
		Flags: []cli.Flag{frameworkFlag()},
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 2 {
				return usagef("compare takes two assessments, bundles or quarters, got %d arguments", c.Args().Len())
			}
			before, err := readAssessment(c, c.Args().Get(0))
			if err != nil {
				return fmt.Errorf("compare: %w", err)
			}
			after, err := readAssessment(c, c.Args().Get(1))
			if err != nil {
				return fmt.Errorf("compare: %w", err)
			}
			diff, err := comparison.Compare(before, after)
			if err != nil {
				return err
			}
			return printComparison(outputOf(c), diff)
		},
	}
}

var quarterPattern = regexp.MustCompile(`^[0-9]{4}-Q[1-4]$`)

// maxAssessmentBytes bounds an assessment that is read into memory.
const maxAssessmentBytes = 1 << 30

// readAssessment reads a file or a bundle, or judges a quarter.
func readAssessment(c *cli.Context, name string) (assessment.Assessment, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && quarterPattern.MatchString(name) {
		return judgeQuarter(c, name)
	}
	if err != nil {
		return assessment.Assessment{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return assessment.Assessment{}, err
	}
	if info.Size() > maxAssessmentBytes && !strings.HasSuffix(name, ".zip") {
		return assessment.Assessment{}, fmt.Errorf("read %q: it has %d bytes, more than an assessment can have", name, info.Size())
	}
	head := make([]byte, 2)
	if _, err := f.ReadAt(head, 0); err == nil && bytes.Equal(head, []byte("PK")) {
		return bundledAssessment(c, name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return assessment.Assessment{}, err
	}
	a, err := assessment.Decode(b)
	if err != nil {
		return a, fmt.Errorf("%q is no assessment (auditpack assess --framework F --json > FILE) and no bundle: %w", name, err)
	}
	return a, nil
}

// bundledAssessment reads the one assessment of a bundle, or that of --framework.
func bundledAssessment(c *cli.Context, name string) (assessment.Assessment, error) {
	b, err := bundle.Open(name)
	if err != nil {
		return assessment.Assessment{}, err
	}
	defer b.Close()
	var found []string
	for _, m := range b.Members() {
		if ok, err := path.Match("data/assessment/*.json", m.Name); err == nil && ok && (c.String("framework") == "" || path.Base(m.Name) == c.String("framework")+".json") {
			found = append(found, m.Name)
		}
	}
	if len(found) != 1 {
		return assessment.Assessment{}, fmt.Errorf("bundle %q has %s that fit, want one: name it with --framework", name, count(len(found), "assessment"))
	}
	content, err := b.ReadFile(found[0])
	if err != nil {
		return assessment.Assessment{}, err
	}
	a, err := assessment.Decode(content)
	if err != nil {
		return a, fmt.Errorf("bundle %q: %q: %w", name, found[0], err)
	}
	return a, nil
}

// judgeQuarter judges a quarter of the workspace.
func judgeQuarter(c *cli.Context, quarter string) (assessment.Assessment, error) {
	period, err := evidence.Quarter(quarter)
	if err != nil {
		return assessment.Assessment{}, err
	}
	s, err := openSession(c, false)
	if err != nil {
		return assessment.Assessment{}, err
	}
	frameworks, err := frameworksOf(c, s.Workspace)
	if err != nil {
		return assessment.Assessment{}, err
	}
	if len(frameworks) != 1 {
		return assessment.Assessment{}, usagef("compare is of one framework: name it with --framework")
	}
	var a assessment.Assessment
	err = s.judge(c, window{kind: 2, period: period, asOf: period.To}, func(j *judgement) (err error) {
		a, err = j.assess(c.Context, frameworks[0])
		return err
	})
	return a, err
}

func printComparison(out output, c comparison.Comparison) error {
	if out.json {
		b, err := c.Encode()
		if err != nil {
			return err
		}
		_, err = out.w.Write(b)
		return err
	}
	fmt.Fprintf(out.prose(), "%s: %s against %s\n", c.Framework, sideText(c.New), sideText(c.Old))
	sections := []struct {
		title string
		head  []string
		rows  [][]any
	}{
		{"not measured alike", []string{"kind", "what", "old", "new"}, unevenRows(c)},
		{"deviations", []string{"state", "test", "since", "days", "item", "resource", "exception", "key"}, deviationRows(c)},
		{"tests", []string{"test", "old", "new"}, statusRows(c.Tests)},
		{"requirements", []string{"requirement", "old", "new"}, statusRows(c.Requirements)},
		{"evidence", []string{"", "source", "kind", "records"}, evidenceRows(c)},
	}
	for _, s := range sections {
		if len(s.rows) == 0 {
			fmt.Fprintf(out.w, "\n%s: none changed\n", s.title)
			continue
		}
		fmt.Fprintf(out.w, "\n%s\n", s.title)
		if err := out.table(s.head, s.rows); err != nil {
			return err
		}
	}
	var counts []string
	for _, state := range comparison.States() {
		counts = append(counts, fmt.Sprintf("%d %s", c.Counts[state], state))
	}
	_, err := fmt.Fprintf(out.prose(), "\ndeviations: %s\n", strings.Join(counts, ", "))
	return err
}

func sideText(s comparison.Side) string {
	if s.Period == nil {
		return fmt.Sprintf("as of %s (%d journal entries)", s.AsOf.Format(time.DateOnly), s.KnownEntries)
	}
	return fmt.Sprintf("%s to %s (%d journal entries)", s.Period.From.Format(time.DateOnly), s.Period.To.Format(time.DateOnly), s.KnownEntries)
}

func unevenRows(c comparison.Comparison) (rows [][]any) {
	short := func(s string) string {
		if d, err := evidence.ParseDigest(s); err == nil {
			return d.Hex()[:12]
		}
		return s
	}
	for _, x := range c.Uneven {
		rows = append(rows, []any{x.Kind, x.Name, short(x.Old), short(x.New)})
	}
	return rows
}

func deviationRows(c comparison.Comparison) (rows [][]any) {
	for _, d := range c.Deviations {
		exception := d.Exception
		if d.State == comparison.ExceptionEnded {
			exception = "was " + d.OldException
		}
		rows = append(rows, []any{d.State, d.Test, d.FirstSeen.Format(time.DateOnly), d.AgeDays, d.Item, d.Resource, exception, d.Key})
	}
	return rows
}

func statusRows(changes []comparison.StatusChange) (rows [][]any) {
	for _, x := range changes {
		rows = append(rows, []any{x.ID, x.Old, x.New})
	}
	return rows
}

func evidenceRows(c comparison.Comparison) (rows [][]any) {
	for _, s := range c.Sources {
		what := "source lost"
		if s.Gained {
			what = "source gained"
		}
		rows = append(rows, []any{what, s.Source, "", ""})
	}
	for _, x := range c.Gained {
		rows = append(rows, []any{"gained", x.Source, x.Kind, len(x.Records)})
	}
	for _, x := range c.Lost {
		rows = append(rows, []any{"lost", x.Source, x.Kind, len(x.Records)})
	}
	return rows
}
