package main

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/retention"
)

func retentionCommand() *cli.Command {
	return &cli.Command{
		Name:  "retention",
		Usage: "let raw evidence go whose time is over",
		Description: "Rules and holds stand in auditpack.yaml under retention:. What goes leaves its record and a tombstone entry in the journal;\n" +
			"checkpoints and proofs hold as before. Nothing under a hold, or in a bundle within its time, ever goes.",
		Subcommands: []*cli.Command{
			{
				Name: "plan", Usage: "list the records whose time is over, and which of them stay and why",
				Action: func(c *cli.Context) error { return noArgs(c, retentionPlan) },
			},
			{
				Name: "apply", Usage: "do what the plan says",
				Description: "Takes the raw bytes away for good, and the tables that were made of them. Without --yes it is the plan and nothing else.",
				Flags:       []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "really do it"}},
				Action:      func(c *cli.Context) error { return noArgs(c, retentionApply) },
			},
		},
	}
}

func (s *session) retentionPlan(c *cli.Context) (retention.Plan, time.Time, error) {
	policy, err := s.RetentionPolicy()
	if err != nil {
		return retention.Plan{}, time.Time{}, err
	}
	at := now()
	plan, err := retention.Make(c.Context, s.store, s.store, policy, at)
	return plan, at, err
}

func retentionPlan(c *cli.Context, s *session) error {
	plan, _, err := s.retentionPlan(c)
	if err != nil {
		return err
	}
	return printPlan(c, plan)
}

func retentionApply(c *cli.Context, s *session) error {
	if c.Bool("yes") { // what a collection stores meanwhile may be what the plan takes away
		release, err := s.store.Alone(c.Context)
		if err != nil {
			return err
		}
		defer release()
	}
	plan, at, err := s.retentionPlan(c)
	if err != nil {
		return err
	}
	if err := printPlan(c, plan); err != nil {
		return err
	}
	if !c.Bool("yes") {
		note(c, "nothing was done; do it with --yes")
		return nil
	}
	if len(plan.Goes()) == 0 && len(plan.Blobs) == 0 {
		return nil
	}
	// The tables hold what the raw bytes hold. They go first, so that whatever stops this leaves a plan with something to do; they are
	// made again from what is left.
	if err := os.RemoveAll(s.Path(cacheFolder)); err != nil {
		return fmt.Errorf("apply retention: remove tables: %w", err)
	}
	if err := retention.Apply(c.Context, s.store, s.store, plan, actor(), at); err != nil {
		return err
	}
	note(c, "%s gone; keep a checkpoint of now: auditpack journal checkpoint", count(len(plan.Blobs), "blob"))
	return nil
}

func printPlan(c *cli.Context, plan retention.Plan) error {
	out := outputOf(c)
	var rows [][]any
	for _, i := range plan.Items {
		if out.json {
			if err := out.object(i); err != nil {
				return err
			}
			continue
		}
		what := "goes"
		if i.Stays != "" {
			what = "stays: " + string(i.Stays)
			if i.Detail != "" {
				what += " (" + i.Detail + ")"
			}
		}
		rows = append(rows, []any{i.Entry, i.Record.Hex()[:12], i.Source, i.Kind, i.Ended.UTC().Format(time.DateOnly), i.Rule, what})
	}
	if out.json {
		return nil
	}
	if len(rows) == 0 {
		note(c, "no record's time is over")
		return nil
	}
	if err := out.table([]string{"entry", "record", "source", "kind", "speaks until", "rule", ""}, rows); err != nil {
		return err
	}
	note(c, "%d of %d go: %s of raw evidence, %s", len(plan.Goes()), len(plan.Items), formatBytes(plan.Bytes), count(len(plan.Blobs), "blob"))
	return nil
}
