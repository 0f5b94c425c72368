package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const originPrefix = "auditpack/"

// Checkpoint says which entries a journal had: the root of the tree (RFC 6962) over its first Size entries.
type Checkpoint struct {
	Origin string // names the store: Origin of its UUID
	Size   int64
	Root   tlog.Hash
}

// Origin returns the origin of the checkpoints of the store with that UUID.
func Origin(storeUUID string) string { return originPrefix + storeUUID }

// SignCheckpoint returns c as a signed note (c2sp.org/tlog-checkpoint). The same checkpoint and key give the same bytes.
func SignCheckpoint(c Checkpoint, key note.Signer) ([]byte, error) {
	if key.Name() != c.Origin {
		return nil, fmt.Errorf("sign checkpoint: log key is for %q, and the journal is of %q", key.Name(), c.Origin)
	}
	b, err := note.Sign(&note.Note{Text: c.text()}, key)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return b, nil
}

// OpenCheckpoint checks the signature of a checkpoint and reads it. A signature that key did not make wraps ErrSignature.
func OpenCheckpoint(b []byte, key note.Verifier) (Checkpoint, error) {
	n, err := note.Open(b, note.VerifierList(key))
	var unknown *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	if errors.As(err, &unknown) || errors.As(err, &invalid) {
		return Checkpoint{}, fmt.Errorf("read checkpoint: log key %s: %w: %w", key.Name(), ErrSignature, err)
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	for _, sig := range slices.Concat(n.Sigs, n.UnverifiedSigs) {
		// The note package lets the unused bits of the last digit be anything.
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, fmt.Errorf("read checkpoint: signature of %q: %w", sig.Name, err)
		}
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != key.Name() {
		return Checkpoint{}, fmt.Errorf("read checkpoint: origin is %q, and the log key is for %q", c.Origin, key.Name())
	}
	return c, nil
}

// PeekCheckpoint reads a checkpoint without checking its signature: to say which store it is of, never to trust it.
func PeekCheckpoint(b []byte) (Checkpoint, error) {
	text, _, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		return Checkpoint{}, errors.New("read checkpoint: no signature")
	}
	return parseCheckpoint(text + "\n")
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("read checkpoint: got %d lines, want origin, size and root", len(lines)-1)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, fmt.Errorf("read checkpoint: size %q is not a number of entries", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: root %q: %w", lines[2], err)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if !strings.HasPrefix(c.Origin, originPrefix) {
		return Checkpoint{}, fmt.Errorf("read checkpoint: origin %q is not of an auditpack store", c.Origin)
	}
	if c.text() != text {
		return Checkpoint{}, errors.New("read checkpoint: not in canonical form")
	}
	return c, nil
}
