package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

func assessCommand() *cli.Command {
	return &cli.Command{
		Name:  "assess",
		Usage: "judge a period or a date against a framework",
		Description: "Runs the control tests over what was collected and rolls them up to requirements. --json prints the whole Assessment as canonical\n" +
			"JSON: the same evidence, catalogue and flags give the same bytes. Exit status 3 when deviations are open or responses overdue.\n" +
			"--by groups the requirements by area or by responsible team instead; a requirement of two teams is counted with each. With --json it prints one object for each group.",
		Flags: append([]cli.Flag{frameworkFlag(), byFlag()}, judgingFlags()...),
		Action: func(c *cli.Context) error {
			if err := checkBy(c); err != nil {
				return err
			}
			return judged(c, func(_ *judgement, all []assessment.Assessment) error { return printAssessments(c, all) })
		},
	}
}

func printAssessments(c *cli.Context, all []assessment.Assessment) error {
	out := outputOf(c)
	words, err := templates.LoadText(templates.Files, templates.English)
	if err != nil {
		return err
	}
	bad := false
	for _, a := range all {
		bad = bad || deviates(a)
		if by := c.String("by"); by != "" {
			if err := printGroups(out, a, by); err != nil {
				return err
			}
			continue
		}
		if out.json {
			b, err := a.Encode()
			if err != nil {
				return err
			}
			if _, err := out.w.Write(b); err != nil {
				return err
			}
			continue
		}
		if err := printAssessment(out, a, words); err != nil {
			return err
		}
	}
	if bad {
		return errDeviations
	}
	return nil
}

// deviates says whether someone has to act: a deviation without a valid exception, or a response past its date.
func deviates(a assessment.Assessment) bool {
	return slices.ContainsFunc(a.Tests, func(t assessment.TestResult) bool { return t.Open > 0 }) ||
		slices.ContainsFunc(a.Responses, func(r assessment.Response) bool { return r.Overdue })
}

// requirementStatuses are the conclusions in the order in which they are shown.
var requirementStatuses = []assessment.RequirementStatus{
	assessment.Supported, assessment.PartlySupported, assessment.DeviationsNoted, assessment.NotAssessed, assessment.NotApplicable, assessment.CarvedOut,
}

func printAssessment(out output, a assessment.Assessment, words templates.Text) error {
	what := "as of " + a.AsOf.Format("2006-01-02")
	if a.Period != nil {
		what = fmt.Sprintf("%s to %s (Type 2), ", a.Period.From.Format("2006-01-02"), a.Period.To.Format("2006-01-02")) + what
	}
	fmt.Fprintf(out.w, "%s: %s\n%s; %d journal entries\n\n", a.Organization.Name, a.Framework.Title.In(templates.English), what, a.KnownEntries)
	rows := make([][]any, 0, len(a.Tests))
	for _, t := range a.Tests {
		rows = append(rows, []any{t.ID, t.Status, t.Population, t.Open, t.Excepted, coveredText(t), t.Title.In(templates.English) + reasonText(t.Reasons)})
	}
	if err := out.table([]string{"test", "status", "population", "open", "excepted", "covered", "what"}, rows); err != nil {
		return err
	}
	if len(a.Information) > 0 {
		rows = nil
		for _, t := range a.Information {
			rows = append(rows, []any{t.ID, t.Status, t.Population, t.Open, coveredText(t), t.Title.In(templates.English) + reasonText(t.Reasons)})
		}
		fmt.Fprintln(out.w)
		if err := out.table([]string{"information (IPE)", "status", "population", "gaps", "covered", "what"}, rows); err != nil {
			return err
		}
	}
	counts := map[assessment.RequirementStatus]int{}
	for _, f := range a.Requirements {
		counts[f.Status]++
	}
	fmt.Fprintln(out.w)
	rows = nil
	for _, s := range requirementStatuses {
		rows = append(rows, []any{s, counts[s]})
	}
	if err := out.table([]string{"requirements", "count"}, rows); err != nil {
		return err
	}
	fmt.Fprintln(out.w)
	for _, line := range needingAttention(a, words) {
		if _, err := fmt.Fprintln(out.prose(), line); err != nil {
			return err
		}
	}
	return nil
}

func coveredText(t assessment.TestResult) string {
	if t.PeriodDays == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d d", t.CoveredDays, t.PeriodDays)
}

// reasonText is the first reason with its source, in brackets: explain and the report have the details and the rest.
func reasonText(reasons []assessment.Reason) string {
	if len(reasons) == 0 {
		return ""
	}
	if reasons[0].Source == "" {
		return " (" + reasons[0].Code + ")"
	}
	return " (" + reasons[0].Code + ": " + reasons[0].Source + ")"
}
