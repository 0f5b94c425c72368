package bundle

import (
	"bytes"
	"context"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/seal"
)

// Rotation is one step from the trusted key to the key of the seal, which an entry in the bundle announces and the key before
// signed.
type Rotation struct {
	Entry int64     `json:"entry"`
	At    time.Time `json:"at"`  // UTC
	Old   string    `json:"old"` // fingerprint
	New   string    `json:"new"` // fingerprint
}

// rotated is how an entry of a journal that announces a key begins to differ from others; what only looks so is decoded, too.
var rotated = []byte(`"type":"` + string(evidence.EntryKeyRotated) + `"`)

// readSuccession reads the entries that announce keys. They prove themselves by their signatures, wherever they lie; that they
// belong to the journal is checked with it.
func (v *verification) readSuccession(ctx context.Context) {
	b, ok := v.read(checkpointFile)
	if !ok {
		return
	}
	checkpoint, err := seal.PeekCheckpoint(b)
	if err != nil {
		return // reported with the checkpoint
	}
	for _, m := range v.bundle.archive.members {
		if !strings.HasPrefix(m.name, journalFolder) {
			continue
		}
		b, ok := v.read(m.name)
		if !ok || !bytes.Contains(b, rotated) {
			continue
		}
		e, err := evidence.DecodeEntry(b)
		if err != nil || e.Type != evidence.EntryKeyRotated {
			continue // reported with the journal
		}
		if err := v.succession.Add(ctx, e, checkpoint.Origin); err != nil {
			v.report.problem(ProblemJournal, m.name, "%v", err)
		}
	}
}

// follow says whether key is the trusted one, or the journal leads to it from there, each step signed with the key before; it notes
// the steps.
func (v *verification) follow(key seal.PublicKey) bool {
	path, leads := v.succession.Path(v.report.Fingerprint, key.Fingerprint())
	for _, r := range path {
		v.report.Rotations = append(v.report.Rotations, Rotation{Entry: r.Entry, At: r.At, Old: r.Old.Fingerprint(), New: r.New.Fingerprint()})
	}
	return leads
}
