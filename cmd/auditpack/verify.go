package main

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/bundle"
	"auditpack/evidence/seal"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check a bundle offline",
		ArgsUsage: "FILE.zip",
		Description: "Checks layout, every member, the seal, records and journal proofs, and lists every problem; exit status 4 if there is any. It needs no\n" +
			"workspace. The key, or its fingerprint, must come to you by another way than the bundle.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "key", Usage: "public key `FILE` (PEM) that you trust"},
			&cli.StringFlag{Name: "fingerprint", Usage: "`SHA256:...` of the key that you trust"},
			&cli.StringFlag{Name: "since", Usage: "a checkpoint `FILE` that was handed over earlier"},
			&cli.StringFlag{Name: "log-key", Usage: "public key `FILE` of the checkpoint of --since"},
			&cli.StringFlag{Name: "timestamp-ca", Usage: "certificates `FILE` (PEM) of the timestamp authority that you trust; the seal must then have a timestamp by it"},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 1 {
				return usagef("verify takes one bundle, got %d arguments", c.Args().Len())
			}
			o, err := verifyOptionsOf(c)
			if err != nil {
				return err
			}
			report, err := bundle.Verify(c.Context, c.Args().First(), o)
			if err != nil {
				return err
			}
			return printVerified(c, report)
		},
	}
}

func verifyOptionsOf(c *cli.Context) (o bundle.VerifyOptions, err error) {
	if c.String("key") == "" && c.String("fingerprint") == "" {
		return o, usagef("verify: say whom you trust: --key PUB.pem or --fingerprint SHA256:...; never take either from the bundle itself")
	}
	if path := c.String("key"); path != "" {
		if o.Key, err = seal.LoadPublicKey(path); err != nil {
			return o, err
		}
	}
	if text := c.String("fingerprint"); text != "" {
		if o.Fingerprint, err = seal.ParseFingerprint(text); err != nil {
			return o, usagef("--fingerprint: %v", err)
		}
	}
	if path := c.String("timestamp-ca"); path != "" {
		if o.Authorities, err = seal.LoadTimestampRoots(path); err != nil {
			return o, err
		}
	}
	if path := c.String("log-key"); path != "" {
		if o.LogKey, err = seal.LoadLogVerifier(path); err != nil {
			return o, err
		}
	}
	path := c.String("since")
	if path == "" {
		return o, nil
	}
	if o.LogKey == nil {
		return o, usagef("--since needs --log-key, the public log key that came with the checkpoint")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return o, fmt.Errorf("read checkpoint: %w", err)
	}
	cp, err := seal.OpenCheckpoint(b, o.LogKey)
	if err != nil {
		return o, unverified("verify: checkpoint %q: %w", path, err)
	}
	o.Since = append(o.Since, cp)
	return o, nil
}

func printVerified(c *cli.Context, r bundle.Report) error {
	out := outputOf(c)
	if out.json {
		if err := out.object(r); err != nil {
			return err
		}
	} else {
		for _, p := range r.Problems {
			fmt.Fprintln(out.w, p)
		}
		if r.Statement != nil {
			fmt.Fprintf(out.w, "%s: %s\n", r.Statement.Organization, r.Statement.Identifier)
		}
		for _, r := range r.Rotations {
			fmt.Fprintf(out.w, "the key was rotated: journal entry %d, of %s, announces %s and is signed with %s\n", r.Entry, r.At.Format(time.RFC3339), r.New, r.Old)
		}
		if r.Timestamp != nil {
			fmt.Fprintln(out.w, thereSince("seal", *r.Timestamp))
		}
		fmt.Fprintf(out.w, "%d members, %s; %d records, %d blobs, %d journal entries; key %s\n",
			r.Members, formatBytes(r.PayloadBytes), r.Records, r.Evidence, r.Entries, r.Fingerprint)
	}
	if !r.OK() {
		return unverified("verify: %s; this bundle does not verify", count(len(r.Problems), "problem"))
	}
	if !out.json {
		fmt.Fprintln(out.w, "verified: every byte is as it was sealed")
	}
	return nil
}
