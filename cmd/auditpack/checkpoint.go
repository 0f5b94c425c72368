package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/seal"
)

// timestampSuffix ends the name of the file with a checkpoint's timestamp, beside the checkpoint's own.
const timestampSuffix = ".tsr"

func checkpointFlags() []cli.Flag { return append(outFlags(), requireTimestampFlag()) }

// timestampFlags are those of journal verify about the timestamp of its checkpoint.
func timestampFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "timestamp", Usage: "`FILE` with the timestamp of the checkpoint of --since; default: its name and .tsr, if that is there"},
		&cli.StringFlag{Name: "timestamp-ca", Usage: "certificates `FILE` (PEM) of the authority to trust for the time; the checkpoint must then have a timestamp. Default: those of auditpack.yaml"},
	}
}

func journalCheckpoint(c *cli.Context, s *session) error {
	path := c.String("out")
	if c.Bool("require-timestamp") && path == "" && !c.Bool("json") {
		return usagef("--require-timestamp: %v", errNoTimestampFile)
	}
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
	if path == "" && !c.Bool("json") {
		if s.Config.Timestamp != nil {
			note(c, "the checkpoint has no timestamp: %v", errNoTimestampFile)
		}
		_, err = c.App.Writer.Write(b)
		return err
	}
	response, stamped, err := timestampOf(c, s.Workspace, "checkpoint", b)
	if err != nil {
		return fmt.Errorf("make checkpoint: %w", err)
	}
	if path == "" {
		shown := shownCheckpoint{Origin: at.Origin, Size: at.Size, Root: at.Root.String(), Checkpoint: string(b), TimestampResponse: response}
		if response != nil {
			shown.Timestamp = &stamped
		}
		return outputOf(c).object(shown)
	}
	if err := writeCheckpoint(path, b, response, c.Bool("force")); err != nil {
		return err
	}
	note(c, "checkpoint of %d entries is in %s; it is checked with %s", at.Size, path, keyPath(s.Workspace, logPublicFile))
	if response != nil {
		note(c, "its timestamp is in %s: %s", path+timestampSuffix, stamped)
	}
	return nil
}

// writeCheckpoint writes a checkpoint, and its timestamp beside it unless that is nil: both or none, and never a checkpoint beside
// the timestamp of another.
func writeCheckpoint(path string, checkpoint, timestamp []byte, force bool) error {
	beside := path + timestampSuffix
	for _, name := range []string{path, beside} {
		if _, err := os.Lstat(name); err == nil && !force {
			return writeError(name, fs.ErrExist)
		}
	}
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return writeError(beside, err)
	}
	if timestamp != nil {
		if err := writeFile(beside, timestamp, force); err != nil {
			return err
		}
	}
	err := writeFile(path, checkpoint, force)
	if err != nil && timestamp != nil {
		os.Remove(beside)
	}
	return err
}

// shownCheckpoint is a checkpoint as JSON.
type shownCheckpoint struct {
	Origin     string `json:"origin"`
	Size       int64  `json:"size"`
	Root       string `json:"root"` // base64, as in the note
	Checkpoint string `json:"checkpoint,omitempty"`

	Timestamp         *seal.Timestamp `json:"timestamp,omitempty"`          // of the checkpoint, or of the one of --since
	TimestampResponse []byte          `json:"timestamp_response,omitempty"` // TimeStampResp (RFC 3161), DER in base64
	Rotations         int             `json:"rotations,omitempty"`          // of the seal key; they verify
}

func journalVerify(c *cli.Context, s *session) error {
	var since []seal.Checkpoint
	var stamped *seal.Timestamp
	for _, flag := range []string{"log-key", "timestamp", "timestamp-ca"} {
		if c.String("since") == "" && c.String(flag) != "" {
			return usagef("--%s goes with --since: it is of that checkpoint", flag)
		}
	}
	if path := c.String("since"); path != "" {
		cp, err := s.openCheckpoint(path, c.String("log-key"))
		if err != nil {
			return err
		}
		since = append(since, cp)
		if stamped, err = s.openTimestamp(c, path); err != nil {
			return err
		}
	}
	origin := seal.Origin(s.store.UUID())
	at, err := seal.VerifyJournal(c.Context, s.store, origin, since...)
	if err != nil {
		if c.Context.Err() != nil {
			return err
		}
		return unverified("verify journal: %w", err)
	}
	rotations, err := seal.ReadSuccession(c.Context, s.store, origin)
	if err != nil {
		if c.Context.Err() != nil {
			return err
		}
		return unverified("verify journal: %w", err)
	}
	if c.Bool("json") {
		return outputOf(c).object(shownCheckpoint{Origin: at.Origin, Size: at.Size, Root: at.Root.String(), Timestamp: stamped, Rotations: len(rotations)})
	}
	fmt.Fprintf(c.App.Writer, "%d entries, root %s\n", at.Size, at.Root)
	for _, r := range rotations {
		note(c, "entry %d, of %s, replaced seal key %s by %s, signed with the old one", r.Entry, r.At.Format(time.RFC3339), r.Old.Fingerprint(), r.New.Fingerprint())
	}
	if stamped != nil {
		note(c, "%s", thereSince("checkpoint", *stamped))
	}
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

// openTimestamp reads the timestamp of the checkpoint in the file at path. Nil says that it has none, and that none is wanted.
func (s *session) openTimestamp(c *cli.Context, path string) (*seal.Timestamp, error) {
	roots, err := timestampRoots(c, s.Workspace)
	if err != nil {
		return nil, err
	}
	name := c.String("timestamp")
	beside := name == ""
	if beside {
		name = path + timestampSuffix
	}
	response, err := os.ReadFile(name)
	if beside && errors.Is(err, fs.ErrNotExist) {
		if c.String("timestamp-ca") != "" {
			return nil, unverified("verify journal: checkpoint %q has no timestamp: there is no file %q", path, name)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("verify journal: read timestamp: %w", err)
	}
	checkpoint, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("verify journal: read checkpoint: %w", err)
	}
	t, err := seal.OpenTimestamp(response, checkpoint, roots)
	if err != nil {
		return nil, unverified("verify journal: %q: %w", name, err)
	}
	return &t, nil
}
