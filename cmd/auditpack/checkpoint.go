package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/seal"
)

func journalCheckpoint(c *cli.Context, s *session) error {
	signer, err := s.logSigner()
	if err != nil {
		return err
	}
	at, err := seal.VerifyJournal(c.Context, s.store, seal.Origin(s.store.UUID()))
	if err != nil {
		return fmt.Errorf("make checkpoint: %w", err)
	}
	b, err := seal.SignCheckpoint(at, signer)
	if err != nil {
		return err
	}
	if path := c.String("out"); path != "" {
		if err := writeFile(path, b, c.Bool("force")); err != nil {
			return err
		}
		note(c, "checkpoint of %d entries is in %s; it is checked with %s", at.Size, path, keyPath(s.Workspace, logPublicFile))
		return nil
	}
	if c.Bool("json") {
		return outputOf(c).object(shownCheckpoint{at.Origin, at.Size, at.Root.String(), string(b)})
	}
	_, err = c.App.Writer.Write(b)
	return err
}

// shownCheckpoint is a checkpoint as JSON.
type shownCheckpoint struct {
	Origin     string `json:"origin"`
	Size       int64  `json:"size"`
	Root       string `json:"root"` // base64, as in the note
	Checkpoint string `json:"checkpoint,omitempty"`
}

func journalVerify(c *cli.Context, s *session) error {
	var since []seal.Checkpoint
	if c.String("since") == "" && c.String("log-key") != "" {
		return usagef("--log-key goes with --since: it is the key that signed that checkpoint")
	}
	if path := c.String("since"); path != "" {
		cp, err := s.openCheckpoint(path, c.String("log-key"))
		if err != nil {
			return err
		}
		since = append(since, cp)
	}
	origin := seal.Origin(s.store.UUID())
	at, err := seal.VerifyJournal(c.Context, s.store, origin, since...)
	if err != nil {
		if c.Context.Err() != nil {
			return err
		}
		return unverified("verify journal: %w", err)
	}
	if c.Bool("json") {
		return outputOf(c).object(shownCheckpoint{Origin: at.Origin, Size: at.Size, Root: at.Root.String()})
	}
	fmt.Fprintf(c.App.Writer, "%d entries, root %s\n", at.Size, at.Root)
	if len(since) > 0 {
		note(c, "nothing recorded was altered or removed since the checkpoint of %d entries; this does not show that the sources were complete", since[0].Size)
	} else {
		note(c, "the journal agrees with itself; whether its end was cut off shows only against a checkpoint that left the house: --since FILE")
	}
	return nil
}

// openCheckpoint reads a checkpoint file. One that its key did not sign does not verify.
func (s *session) openCheckpoint(path, keyFile string) (seal.Checkpoint, error) {
	if keyFile == "" {
		keyFile = keyPath(s.Workspace, logPublicFile)
	}
	key, err := seal.LoadLogVerifier(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return seal.Checkpoint{}, fmt.Errorf("verify journal: there is no public log key at %q; name it with --log-key", keyFile)
	}
	if err != nil {
		return seal.Checkpoint{}, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return seal.Checkpoint{}, fmt.Errorf("verify journal: read checkpoint: %w", err)
	}
	cp, err := seal.OpenCheckpoint(b, key)
	if err != nil {
		return cp, unverified("verify journal: checkpoint %q: %w", path, err)
	}
	return cp, nil
}
