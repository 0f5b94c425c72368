package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence"
	"auditpack/evidence/filestore"
)

// maxRecordBytes is the largest record that is read into memory: one with 100,000 parts has about 20 MB.
const maxRecordBytes = 64 << 20

func evidenceCommand() *cli.Command {
	return &cli.Command{
		Name:  "evidence",
		Usage: "look into the evidence store",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the records, oldest first",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "source", Usage: "only of the source `NAME`"},
					&cli.StringFlag{Name: "kind", Usage: "only of a `KIND` such as vault.audit-log"},
				},
				Action: func(c *cli.Context) error { return noArgs(c, evidenceList) },
			},
			{
				Name: "show", Usage: "show a record", ArgsUsage: "DIGEST",
				Description: "DIGEST names a record or one of its blobs; the first hexadecimal digits are enough where they are unique.",
				Action:      func(c *cli.Context) error { return oneDigest(c, evidenceShow) },
			},
			{
				Name: "cat", Usage: "write a blob's bytes as they are stored", ArgsUsage: "DIGEST",
				Description: "Line 812 of a log segment: auditpack evidence cat DIGEST | sed -n 812p",
				Action:      func(c *cli.Context) error { return oneDigest(c, evidenceCat) },
			},
			{
				Name: "fsck", Usage: "check every stored byte, record and journal entry",
				Action: func(c *cli.Context) error { return incompleteIsUnverified(noArgs(c, evidenceFsck)) },
			},
			{
				Name: "copy", Usage: "copy the store, comparing every byte with its digest, and read the copy again",
				Description: "A copy has the journal and the UUID of its original: checkpoints of one are checkpoints of the other. An interrupted copy is gone\non with by the same command. Damaged blobs are named and left out; the exit status is then 4.",
				Flags:       []cli.Flag{&cli.StringFlag{Name: "to", Usage: "the copy's `DIR`"}},
				Action:      func(c *cli.Context) error { return incompleteIsUnverified(noArgs(c, evidenceCopy)) },
			},
		},
	}
}

func noArgs(c *cli.Context, do func(*cli.Context, *session) error) error {
	if err := refuseArguments(c); err != nil {
		return err
	}
	s, err := openSession(c, false)
	if err != nil {
		return err
	}
	return do(c, s)
}

// incompleteIsUnverified makes a store that lacks a folder one that does not verify, for the commands that verify stores.
func incompleteIsUnverified(err error) error {
	if errors.Is(err, filestore.ErrIncomplete) {
		return unverified("%w", err)
	}
	return err
}

func oneDigest(c *cli.Context, do func(*cli.Context, *session, evidence.Digest) error) error {
	if c.Args().Len() != 1 {
		return usagef("%s takes one digest, got %d arguments", commandName(c), c.Args().Len())
	}
	s, err := openSession(c, false)
	if err != nil {
		return err
	}
	d, err := s.resolve(c.Context, c.Args().First())
	if err != nil {
		return err
	}
	return do(c, s, d)
}

// stored is a record with the journal entry that committed it.
type stored struct {
	Digest evidence.Digest `json:"digest"`
	Entry  int64           `json:"entry"`
	Record evidence.Record `json:"record"`
}

// records calls fn for each record that the journal commits, in order.
func (s *session) records(ctx context.Context, fn func(stored) error) error {
	for e, err := range s.store.Entries(ctx, 1) {
		if err != nil {
			return err
		}
		for _, d := range e.Records {
			r, err := readRecord(ctx, s.store, d)
			if err != nil {
				return fmt.Errorf("journal entry %d: record %s: %w", e.Number, d, err)
			}
			if err := fn(stored{d, e.Number, r}); err != nil {
				return err
			}
		}
	}
	return nil
}

func readRecord(ctx context.Context, store evidence.Store, d evidence.Digest) (evidence.Record, error) {
	b, err := evidence.ReadAll(ctx, store, d, maxRecordBytes)
	if err != nil {
		return evidence.Record{}, err
	}
	return evidence.DecodeRecord(b)
}

// resolve turns what a person typed into a digest: the whole of it, with or without "sha256:", or its first digits.
func (s *session) resolve(ctx context.Context, typed string) (evidence.Digest, error) {
	if d, err := evidence.ParseDigest(typed); err == nil {
		return d, nil
	}
	prefix := strings.TrimPrefix(strings.ToLower(typed), "sha256:")
	if d, err := evidence.ParseDigest("sha256:" + prefix); err == nil {
		return d, nil
	}
	if len(prefix) < 6 || strings.Trim(prefix, "0123456789abcdef") != "" {
		return "", usagef("%q is no digest: want sha256: and hexadecimal digits, at least six of them", typed)
	}
	var found []evidence.Digest
	err := s.store.Walk(ctx, func(d evidence.Digest, _ int64) error {
		if strings.HasPrefix(d.Hex(), prefix) {
			found = append(found, d)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", fmt.Errorf("find %q: %w", typed, evidence.ErrNotFound)
	case len(found) > 1:
		return "", fmt.Errorf("find %q: %d blobs begin so; give more digits", typed, len(found))
	}
	return found[0], nil
}

func evidenceList(c *cli.Context, s *session) error {
	list := listing{out: outputOf(c)}
	err := s.records(c.Context, func(r stored) error {
		if want := c.String("source"); want != "" && r.Record.Source.Name != want {
			return nil
		}
		if want := c.String("kind"); want != "" && string(r.Record.Kind) != want && r.Record.Kind.Name() != want {
			return nil
		}
		return list.add(r, short(r.Digest), r.Entry, r.Record.Source.Name, r.Record.Kind, speaksOf(r.Record), len(r.Record.Content), formatBytes(size(r.Record)), takenOut(r.Record))
	})
	if err != nil {
		return err
	}
	return list.end("record", "entry", "source", "kind", "speaks of", "parts", "raw bytes", "redacted")
}

func short(d evidence.Digest) string { return d.Hex()[:16] }

func size(r evidence.Record) (n int64) {
	for _, p := range r.Content {
		n += p.SizeBytes
	}
	return n
}

// takenOut says how many values are not as they were received; empty for none.
func takenOut(r evidence.Record) string {
	if n := r.Redacted(); n > 0 {
		return "redacted: " + count(int(n), "value")
	}
	return ""
}

func speaksOf(r evidence.Record) string {
	if r.At != nil {
		return r.At.UTC().Format(time.RFC3339)
	}
	return r.Period.String()
}

func evidenceShow(c *cli.Context, s *session, d evidence.Digest) error {
	r, err := readRecord(c.Context, s.store, d)
	if err != nil {
		found := false
		walkErr := s.records(c.Context, func(x stored) error {
			for _, p := range x.Record.Content {
				if p.Digest == d && !found {
					found = true
					note(c, "%s is %q, %s, of the record %s (journal entry %d):", short(d), p.Name, formatBytes(p.SizeBytes), x.Digest, x.Entry)
					r = x.Record
				}
			}
			return nil
		})
		if walkErr != nil {
			return walkErr
		}
		if !found {
			if errors.Is(err, evidence.ErrNotFound) || errors.Is(err, evidence.ErrCorrupt) {
				return err
			}
			return fmt.Errorf("show %s: a blob that no committed record names", d)
		}
	}
	if n := r.Redacted(); n > 0 {
		note(c, "not as received: %s redacted before it was stored, by the rules among its redactions", count(int(n), "value"))
	}
	if c.Bool("json") {
		return outputOf(c).object(r)
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("show record: %w", err)
	}
	_, err = fmt.Fprintln(c.App.Writer, string(b))
	return err
}

func evidenceCat(c *cli.Context, s *session, d evidence.Digest) error {
	r, err := s.store.Get(c.Context, d)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.Copy(c.App.Writer, r); err != nil {
		if isBrokenPipe(err) { // the reader has seen enough: head, sed q
			return nil
		}
		return fmt.Errorf("read %s: %w", d, err)
	}
	return nil
}
