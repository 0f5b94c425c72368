package main

import (
	"github.com/urfave/cli/v2"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

func reviewCommand() *cli.Command {
	return &cli.Command{
		Name:        "review",
		Usage:       "write the pack for the quarterly review",
		Description: "Deviations by owner, exceptions that end before the next review, evidence gaps, and a block to sign, over all frameworks of the workspace.",
		Flags:       append(append(append([]cli.Flag{frameworkFlag()}, judgingFlags()...), formatFlags()...), outFlags()...),
		Action: func(c *cli.Context) error {
			o, err := reportOptionsOf(c)
			if err != nil {
				return err
			}
			return judged(c, func(j *judgement, all []assessment.Assessment) error {
				seal, err := fingerprint(j.session.Workspace)
				if err != nil {
					return err
				}
				files, err := o.render(seal, "review_"+j.window.name(), func(t templates.Text) reports.Document {
					return reports.Review(all, t)
				})
				if err != nil {
					return err
				}
				return o.write(c, files)
			})
		},
	}
}
