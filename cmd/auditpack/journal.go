package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence"
)

func journalCommand() *cli.Command {
	return &cli.Command{
		Name:  "journal",
		Usage: "the record of who did what when",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the entries, oldest first",
				Action: func(c *cli.Context) error { return noArgs(c, journalList) },
			},
			{
				Name: "show", Usage: "write an entry's bytes as they are kept", ArgsUsage: "NUMBER",
				Action: func(c *cli.Context) error { return oneEntry(c, journalShow) },
			},
			{
				Name: "prove", Usage: "prove that an entry is in the journal, or that nothing before a checkpoint changed", ArgsUsage: "[NUMBER]",
				Description: "With a NUMBER: that this entry is among those of a checkpoint made now. With --since: that the journal as it is now begins with\nall that the checkpoint counts. Whoever has the public log key checks either without the store: journal verify --proof.",
				Flags: append([]cli.Flag{
					&cli.StringFlag{Name: "since", Usage: "a checkpoint `FILE` from earlier"},
					&cli.StringFlag{Name: "log-key", Usage: "public key `FILE` of that checkpoint; default: keys/log.pub of the workspace"},
				}, outFlags()...),
				Action: journalProve,
			},
			{
				Name: "checkpoint", Usage: "sign the journal as it is now, to be handed over",
				Description: "Prints a signed note over the size and the root hash of the journal. Truncation and forks can be found only against a\ncheckpoint that left the house: keep one where the keepers of the store cannot change it.",
				Flags:       checkpointFlags(),
				Action:      func(c *cli.Context) error { return noArgs(c, journalCheckpoint) },
			},
			{
				Name: "verify", Usage: "check numbers, chain and tree, and that nothing changed since a checkpoint",
				Flags: append([]cli.Flag{
					&cli.StringFlag{Name: "since", Usage: "a checkpoint `FILE` from earlier"},
					&cli.StringFlag{Name: "log-key", Usage: "public key `FILE` of the checkpoint; default: keys/log.pub of the workspace"},
					&cli.StringFlag{Name: "proof", Usage: "check the proof in `FILE` and no store; with --log-key, and --entry or --since"},
					&cli.StringFlag{Name: "entry", Usage: "`FILE` with the bytes of the entry that --proof is about"},
				}, timestampFlags()...),
				Action: func(c *cli.Context) error {
					if c.String("proof") != "" {
						return verifyProof(c)
					}
					return incompleteIsUnverified(noArgs(c, journalVerify))
				},
			},
		},
	}
}

func journalList(c *cli.Context, s *session) error {
	list := listing{out: outputOf(c)}
	for e, err := range s.store.Entries(c.Context, 1) {
		if err != nil {
			return err
		}
		if err := list.add(e, e.Number, e.Time.Format(time.RFC3339), e.Type, e.Source, len(e.Records), partSummary(e), e.Actor.Principal+"@"+e.Actor.Host); err != nil {
			return err
		}
	}
	return list.end("entry", "time", "type", "source", "records", "parts", "by")
}

// partSummary counts the parts of an entry by outcome, the usual first.
func partSummary(e evidence.Entry) string {
	counts := map[evidence.Outcome]int{}
	for _, p := range e.Parts {
		counts[p.Outcome]++
	}
	text := ""
	for _, o := range []evidence.Outcome{evidence.OutcomeOK, evidence.OutcomeNone, evidence.OutcomeNotOffered, evidence.OutcomeDenied, evidence.OutcomeFailed} {
		if counts[o] > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", counts[o], o)
		}
	}
	return text
}
