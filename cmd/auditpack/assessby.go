package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// groupings are what --by takes, and how each groups the requirements.
var groupings = map[string]func([]assessment.Finding) []assessment.Group{"area": assessment.ByArea, "team": assessment.ByTeam}

func byFlag() cli.Flag { return &cli.StringFlag{Name: "by", Usage: "group by `area` or team"} }

func checkBy(c *cli.Context) error {
	if by := c.String("by"); by != "" && groupings[by] == nil {
		return usagef("--by: got %q, want area or team", by)
	}
	return nil
}

// groupLine is a group as --json prints it.
type groupLine struct {
	Framework assessment.FrameworkID `json:"framework"`
	By        string                 `json:"by"`
	assessment.Group
}

// printGroups prints how the requirements of each area or team came out.
func printGroups(out output, a assessment.Assessment, by string) error {
	list := groupings[by](a.Requirements)
	if out.json {
		for _, g := range list {
			if err := out.object(groupLine{a.Framework.ID, by, g}); err != nil {
				return err
			}
		}
		return nil
	}
	var rows [][]any
	for _, g := range list {
		name := g.Name.In(templates.English)
		if name == "" {
			name = "(nobody)"
		}
		row := []any{name, len(g.Requirements)}
		for _, s := range requirementStatuses {
			row = append(row, g.Statuses[s])
		}
		rows = append(rows, append(row, g.Open, g.Excepted))
	}
	fmt.Fprintf(out.w, "%s\n", a.Framework.Title.In(templates.English))
	head := []string{by, "all"}
	for _, s := range requirementStatuses {
		head = append(head, strings.ReplaceAll(string(s), "-", "\n"))
	}
	if err := out.table(append(head, "open", "excepted"), rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out.w)
	return err
}
