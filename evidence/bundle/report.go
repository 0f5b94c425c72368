package bundle

import (
	"fmt"

	"auditpack/evidence/seal"
)

// ProblemKind says what a problem is about.
type ProblemKind string

// The kinds of problems.
const (
	ProblemLayout     ProblemKind = "layout"     // the zip is not laid out as we write it
	ProblemSeal       ProblemKind = "seal"       // the seal is missing, is not by the trusted key, or does not fit
	ProblemBag        ProblemKind = "bag"        // bagit.txt, bag-info.txt or a manifest is not as it must be
	ProblemChanged    ProblemKind = "changed"    // a member's bytes are not those of the manifest or of its name
	ProblemMissing    ProblemKind = "missing"    // a member is not there
	ProblemExtra      ProblemKind = "extra"      // a member that nothing names
	ProblemRecord     ProblemKind = "record"     // a record does not read, or what it names does not fit
	ProblemJournal    ProblemKind = "journal"    // an entry does not read or does not follow, or a record is in none
	ProblemCheckpoint ProblemKind = "checkpoint" // is not of this journal, this store or this key
	ProblemTimestamp  ProblemKind = "timestamp"  // of the seal is missing, of other bytes, or by nobody who is trusted
)

// Problem is one thing that keeps a bundle from verifying.
type Problem struct {
	Kind   ProblemKind `json:"kind"`
	Member string      `json:"member,omitempty"` // of the zip; empty when it is about the whole
	Text   string      `json:"text"`
}

// String gives all of p in one line.
func (p Problem) String() string {
	if p.Member == "" {
		return fmt.Sprintf("%s: %s", p.Kind, p.Text)
	}
	return fmt.Sprintf("%s: %q: %s", p.Kind, p.Member, p.Text)
}

// Report says what Verify found. A bundle verifies when there are no problems; counts say what was looked at, also when there
// are.
type Report struct {
	Problems     []Problem  `json:"problems"`            // every one, in the order of the checks
	Fingerprint  string     `json:"fingerprint"`         // of the key that was trusted, whether or not it sealed this
	Sealed       bool       `json:"sealed"`              // the trusted key, or the last of Rotations, signed Statement
	Rotations    []Rotation `json:"rotations,omitempty"` // that lead from the trusted key to the one of the seal; none when they are the same
	Statement    *Predicate `json:"statement,omitempty"` // what the seal says; nil without a seal by the trusted key
	Members      int        `json:"members"`
	PayloadBytes int64      `json:"payload_bytes"`
	Records      int        `json:"records"`
	Evidence     int        `json:"evidence"` // blobs
	Entries      int64      `json:"entries"`  // of the journal

	// Timestamp says when the seal was there; nil when it has none that fits. Its Trusted says whether an authority that was named
	// from outside says so.
	Timestamp *seal.Timestamp `json:"timestamp,omitempty"`
}

// OK says whether the bundle verifies.
func (r Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) problem(kind ProblemKind, member, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Kind: kind, Member: member, Text: fmt.Sprintf(format, args...)})
}
