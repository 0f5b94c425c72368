package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"
	sumnote "golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/seal"
)

// oneEntry runs do with the entry that the argument numbers.
func oneEntry(c *cli.Context, do func(*cli.Context, *session, int64) error) error {
	if c.Args().Len() != 1 {
		return usagef("%s takes the number of an entry, got %d arguments", commandName(c), c.Args().Len())
	}
	n, err := strconv.ParseInt(c.Args().First(), 10, 64)
	if err != nil || n < 1 {
		return usagef("%s: %q is not the number of an entry", commandName(c), c.Args().First())
	}
	s, err := openSession(c, false)
	if err != nil {
		return err
	}
	return do(c, s, n)
}

// journalShow writes the very bytes of an entry: their digest is what the next entry and a proof speak of.
func journalShow(c *cli.Context, s *session, n int64) error {
	for e, err := range s.store.Entries(c.Context, n) {
		if err != nil {
			return err
		}
		b, err := e.Encode()
		if err != nil {
			return err
		}
		_, err = c.App.Writer.Write(b)
		return err
	}
	return s.noEntry(c, n)
}

func (s *session) noEntry(c *cli.Context, n int64) error {
	size, err := s.store.Size(c.Context)
	if err != nil {
		return err
	}
	return fmt.Errorf("journal has no entry %d: the last one is %d", n, size)
}

// journalProve writes a proof about the journal as it is now.
func journalProve(c *cli.Context) error {
	if since := c.String("since"); since != "" {
		return noArgs(c, func(c *cli.Context, s *session) error { return proveGrowth(c, s, since) })
	}
	return oneEntry(c, proveEntry)
}

func proveEntry(c *cli.Context, s *session, n int64) error {
	tree, signed, err := s.signedTree(c)
	if err != nil {
		return err
	}
	if n > tree.Size() {
		return s.noEntry(c, n)
	}
	hashes, err := tree.ProveEntry(n, tree.Size())
	if err != nil {
		return err
	}
	return writeProof(c, seal.EntryProof{Number: n, Hashes: hashes, Checkpoint: signed}.Encode())
}

func proveGrowth(c *cli.Context, s *session, path string) error {
	older, err := s.openCheckpoint(path, c.String("log-key"))
	if err != nil {
		return err
	}
	tree, signed, err := s.signedTree(c)
	if err != nil {
		return err
	}
	// A journal that does not begin as the checkpoint says has no proof of growth: the reason is better than a refusal.
	if err := tree.Check(seal.Origin(s.store.UUID()), older); err != nil {
		return unverified("prove growth: %w", err)
	}
	hashes, err := tree.ProveGrowth(older.Size, tree.Size())
	if err != nil {
		return err
	}
	return writeProof(c, seal.GrowthProof{OlderSize: older.Size, Hashes: hashes, Checkpoint: signed}.Encode())
}

// signedTree reads the whole journal and signs a checkpoint of it.
func (s *session) signedTree(c *cli.Context) (*seal.Tree, []byte, error) {
	signer, err := s.logSigner()
	if err != nil {
		return nil, nil, err
	}
	tree, err := seal.ReadTree(c.Context, s.store)
	if err != nil {
		return nil, nil, err
	}
	at, err := tree.Checkpoint(seal.Origin(s.store.UUID()), tree.Size())
	if err != nil {
		return nil, nil, err
	}
	signed, err := seal.SignCheckpoint(at, signer)
	return tree, signed, err
}

func writeProof(c *cli.Context, b []byte) error {
	path := c.String("out")
	if path == "" {
		_, err := c.App.Writer.Write(b)
		return err
	}
	if err := writeFile(path, b, c.Bool("force")); err != nil {
		return err
	}
	note(c, "the proof is in %s; auditpack journal verify --proof checks it without this store", path)
	return nil
}

// verifyProof checks a proof with nothing but the files that the flags name: an auditor has no workspace.
func verifyProof(c *cli.Context) error {
	if err := refuseArguments(c); err != nil {
		return err
	}
	if c.String("log-key") == "" {
		return usagef("--proof needs the public key that signs checkpoints: --log-key FILE")
	}
	key, err := seal.LoadLogVerifier(c.String("log-key"))
	if err != nil {
		return err
	}
	b, err := os.ReadFile(c.String("proof"))
	if err != nil {
		return fmt.Errorf("read proof: %w", err)
	}
	var at seal.Checkpoint
	var shown string
	if seal.IsGrowthProof(b) {
		at, shown, err = checkGrowth(c, key, b)
	} else {
		at, shown, err = checkEntry(c, key, b)
	}
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return outputOf(c).object(shownCheckpoint{Origin: at.Origin, Size: at.Size, Root: at.Root.String()})
	}
	_, err = fmt.Fprintln(c.App.Writer, shown)
	return err
}

func checkEntry(c *cli.Context, key sumnote.Verifier, b []byte) (seal.Checkpoint, string, error) {
	if c.String("entry") == "" || c.String("since") != "" {
		return seal.Checkpoint{}, "", usagef("this proof is about an entry: name the file with its bytes by --entry, and no --since")
	}
	p, err := seal.ParseEntryProof(b)
	if err != nil {
		return seal.Checkpoint{}, "", unverified("proof %q: %w", c.String("proof"), err)
	}
	entry, err := os.ReadFile(c.String("entry"))
	if err != nil {
		return seal.Checkpoint{}, "", fmt.Errorf("read entry: %w", err)
	}
	at, err := p.Check(key, entry)
	if err != nil {
		return at, "", unverified("proof %q: %w", c.String("proof"), err)
	}
	e, err := evidence.DecodeEntry(entry)
	if err != nil {
		return at, "", unverified("entry %q: %w", c.String("entry"), err)
	}
	return at, fmt.Sprintf("entry %d (%s of %s) is among the %d entries of %s", p.Number, e.Type, e.Source, at.Size, at.Origin), nil
}

func checkGrowth(c *cli.Context, key sumnote.Verifier, b []byte) (seal.Checkpoint, string, error) {
	if c.String("since") == "" || c.String("entry") != "" {
		return seal.Checkpoint{}, "", usagef("this proof is about a checkpoint: name it by --since, and no --entry")
	}
	p, err := seal.ParseGrowthProof(b)
	if err != nil {
		return seal.Checkpoint{}, "", unverified("proof %q: %w", c.String("proof"), err)
	}
	note, err := os.ReadFile(c.String("since"))
	if err != nil {
		return seal.Checkpoint{}, "", fmt.Errorf("read checkpoint: %w", err)
	}
	older, err := seal.OpenCheckpoint(note, key)
	if err != nil {
		return older, "", unverified("checkpoint %q: %w", c.String("since"), err)
	}
	at, err := p.Check(key, older)
	if err != nil {
		return at, "", unverified("proof %q: %w", c.String("proof"), err)
	}
	return at, fmt.Sprintf("the %d entries of %s begin with the %d of the checkpoint", at.Size, at.Origin, older.Size), nil
}
