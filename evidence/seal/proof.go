package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// First lines of the two kinds of proof. The first is that of c2sp.org/tlog-proof; of the second there is no standard yet.
const (
	entryProofLine  = "c2sp.org/tlog-proof@v1"
	growthProofLine = "auditpack.growth-proof/1"
)

// maxProofHashes is more than a proof over 2^62 entries needs.
const maxProofHashes = 128

// EntryProof shows that an entry is in the journal that a checkpoint was made of.
type EntryProof struct {
	Number     int64 // of the entry, counted from 1
	Hashes     tlog.RecordProof
	Checkpoint []byte // signed note
}

// Encode returns the proof as text (docs/formats/proof.md).
func (p EntryProof) Encode() []byte {
	return encodeProof(entryProofLine, "index", p.Number-1, p.Hashes, p.Checkpoint)
}

// ParseEntryProof reads what Encode wrote. It checks the form alone.
func ParseEntryProof(b []byte) (EntryProof, error) {
	n, hashes, checkpoint, err := parseProof(b, entryProofLine, "index")
	if err != nil {
		return EntryProof{}, fmt.Errorf("read proof of an entry: %w", err)
	}
	return EntryProof{Number: n + 1, Hashes: hashes, Checkpoint: checkpoint}, nil
}

// Check returns the checkpoint when key signed it and the bytes entry are entry p.Number of its journal.
func (p EntryProof) Check(key note.Verifier, entry []byte) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, key)
	if err != nil {
		return Checkpoint{}, err
	}
	return c, CheckEntry(p.Hashes, c, p.Number, entry)
}

// GrowthProof shows that the journal of one checkpoint begins with all that the journal of an older one had.
type GrowthProof struct {
	OlderSize  int64 // entries of the older checkpoint
	Hashes     tlog.TreeProof
	Checkpoint []byte // the newer one, a signed note
}

// Encode returns the proof as text (docs/formats/proof.md).
func (p GrowthProof) Encode() []byte {
	return encodeProof(growthProofLine, "older", p.OlderSize, p.Hashes, p.Checkpoint)
}

// ParseGrowthProof reads what Encode wrote. It checks the form alone.
func ParseGrowthProof(b []byte) (GrowthProof, error) {
	n, hashes, checkpoint, err := parseProof(b, growthProofLine, "older")
	if err != nil {
		return GrowthProof{}, fmt.Errorf("read proof of growth: %w", err)
	}
	return GrowthProof{OlderSize: n, Hashes: hashes, Checkpoint: checkpoint}, nil
}

// Check returns the newer checkpoint when key signed it and its journal begins with all that older's had. Other errors are those of
// CheckGrowth.
func (p GrowthProof) Check(key note.Verifier, older Checkpoint) (Checkpoint, error) {
	newer, err := OpenCheckpoint(p.Checkpoint, key)
	if err != nil {
		return Checkpoint{}, err
	}
	if p.OlderSize != older.Size {
		return Checkpoint{}, fmt.Errorf("check proof of growth: it is about a checkpoint of %d entries, and this one counts %d", p.OlderSize, older.Size)
	}
	return newer, CheckGrowth(p.Hashes, older, newer)
}

// IsGrowthProof says which of the two kinds of proof b is, by its first line.
func IsGrowthProof(b []byte) bool { return strings.HasPrefix(string(b), growthProofLine+"\n") }

func encodeProof(first, name string, n int64, hashes []tlog.Hash, checkpoint []byte) []byte {
	lines := []string{first, fmt.Sprintf("%s %d", name, n)}
	for _, h := range hashes {
		lines = append(lines, base64.StdEncoding.EncodeToString(h[:]))
	}
	return append([]byte(strings.Join(lines, "\n")+"\n\n"), checkpoint...)
}

// parseProof reads the first line, the one with the number, the hashes, and after an empty line the checkpoint.
func parseProof(b []byte, first, name string) (n int64, hashes []tlog.Hash, checkpoint []byte, err error) {
	text, rest, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		return 0, nil, nil, errors.New("no empty line before the checkpoint")
	}
	lines := strings.Split(text, "\n")
	if lines[0] != first {
		return 0, nil, nil, fmt.Errorf("line 1: got %q, want %q", lines[0], first)
	}
	if len(lines) < 2 || len(lines) > 2+maxProofHashes {
		return 0, nil, nil, fmt.Errorf("got %d lines before the checkpoint, want 2 to %d", len(lines), 2+maxProofHashes)
	}
	digits, ok := strings.CutPrefix(lines[1], name+" ")
	n, err = strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 || n == math.MaxInt64 || strconv.FormatInt(n, 10) != digits {
		return 0, nil, nil, fmt.Errorf("line 2: got %q, want %q and a number", lines[1], name)
	}
	hashes = []tlog.Hash{}
	for i, line := range lines[2:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return 0, nil, nil, fmt.Errorf("line %d: not a hash in base64", i+3)
		}
		hashes = append(hashes, tlog.Hash(h))
	}
	return n, hashes, []byte(rest), nil
}
