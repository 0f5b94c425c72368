package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"auditpack/internal/canonical"
)

// EntryFormat names the layout of a journal entry; readers refuse any other.
const EntryFormat = "auditpack.journal-entry/1"

// ErrConflict says that another process committed an entry of the same source since the one that this entry starts from.
var ErrConflict = errors.New("another collection of this source was committed meanwhile, and this one is not recorded: collect again")

// EntryType says what was done.
type EntryType string

// The types of entries.
const (
	EntryCollection EntryType = "collection"  // one source was asked; commits its records
	EntryDerived    EntryType = "derived"     // evidence was computed from other evidence
	EntryExported   EntryType = "exported"    // a bundle or report left the house; Subjects are its manifest
	EntrySealed     EntryType = "sealed"      // Subjects were signed
	EntrySuperseded EntryType = "superseded"  // Subjects are replaced by Records
	EntryRetention  EntryType = "retention"   // Subjects were dropped under a rule; the tombstone
	EntryKeyRotated EntryType = "key-rotated" // Subjects are the seal's old and its new public key; Statement announces it
)

var entryTypes = []EntryType{EntryCollection, EntryDerived, EntryExported, EntrySealed, EntrySuperseded, EntryRetention, EntryKeyRotated}

// Outcome of asking a source for one part. The zero value is invalid. Asked and none there, not offered, and failed are
// three different facts for an auditor.
type Outcome string

// The outcomes of asking.
const (
	OutcomeOK         Outcome = "ok"
	OutcomeNone       Outcome = "none"        // the source is up and has none
	OutcomeNotOffered Outcome = "not-offered" // the source does not offer this
	OutcomeDenied     Outcome = "denied"      // the source refused; Detail names the permission
	OutcomeFailed     Outcome = "failed"      // Detail has the error
)

var outcomes = []Outcome{OutcomeOK, OutcomeNone, OutcomeNotOffered, OutcomeDenied, OutcomeFailed}

// PartOutcome says how asking for one part of a source went.
type PartOutcome struct {
	Part    string  `json:"part"` // what was asked, stable between collections: "sys/audit", "runs of ws-1"
	Kind    Kind    `json:"kind"` // the kind of evidence that this part fills
	Outcome Outcome `json:"outcome"`
	Items   int64   `json:"items"`            // that came
	Detail  string  `json:"detail,omitempty"` // error, permission or reason; never a secret
}

// Actor says who did it and with what.
type Actor struct {
	Principal string `json:"principal"` // the local user
	Host      string `json:"host"`
	Tool      string `json:"tool"` // name and version of the program
}

// Entry is one line of the chain of custody. Number, Previous and Format are set by Append.
type Entry struct {
	Format         string          `json:"format"` // EntryFormat
	Number         int64           `json:"number"` // from 1, without holes
	Type           EntryType       `json:"type"`
	Time           time.Time       `json:"time"` // UTC
	Actor          Actor           `json:"actor"`
	Source         string          `json:"source,omitempty"` // configured name; only of a collection
	SourcePrevious int64           `json:"source_previous"`  // number of this source's entry before, 0 for none
	Period         *Period         `json:"period,omitempty"` // that was asked for
	Records        []Digest        `json:"records"`
	Parts          []PartOutcome   `json:"parts"`
	Cursor         json.RawMessage `json:"cursor,omitempty"` // where the next collection goes on; the collector's own
	Subjects       []Digest        `json:"subjects"`
	Statement      json.RawMessage `json:"statement,omitempty"` // only of a key rotation: a DSSE envelope, see docs/formats/seal.md
	Note           string          `json:"note,omitempty"`
	Previous       Digest          `json:"previous,omitempty"` // of the bytes of the entry before; empty in entry 1
}

// Encode returns the canonical JSON of e, the bytes that the chain and the tree are computed over.
func (e Entry) Encode() ([]byte, error) {
	e.Format = EntryFormat
	e.Time = e.Time.UTC()
	e.Records, e.Subjects, e.Parts = emptyIfNil(e.Records), emptyIfNil(e.Subjects), emptyIfNil(e.Parts)
	return canonical.Marshal(e)
}

// DecodeEntry reads an entry strictly: what it accepts, Encode gives back byte for byte.
func DecodeEntry(b []byte) (Entry, error) {
	var e Entry
	if err := checkFormat(b, EntryFormat); err != nil {
		return Entry{}, fmt.Errorf("read journal entry: %w", err)
	}
	if err := canonical.Unmarshal(b, &e); err != nil {
		return Entry{}, fmt.Errorf("read journal entry: %w", err)
	}
	if e.Format != EntryFormat {
		return Entry{}, fmt.Errorf("read journal entry: format: got %q, want %q", e.Format, EntryFormat)
	}
	if err := e.Validate(); err != nil {
		return Entry{}, fmt.Errorf("read journal entry: %w", err)
	}
	again, err := e.Encode()
	if err != nil {
		return Entry{}, fmt.Errorf("read journal entry: %w", err)
	}
	if !bytes.Equal(b, again) {
		return Entry{}, fmt.Errorf("read journal entry: %w", ErrNotCanonical)
	}
	return e, nil
}

// Validate reports everything that is wrong with e, its place in a journal aside.
func (e Entry) Validate() error {
	var errs []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(!slices.Contains(entryTypes, e.Type), "type %q is unknown", string(e.Type))
	add(e.Time.IsZero(), "time is not set")
	add((e.Source == "") == (e.Type == EntryCollection), "type %q with source %q: a collection has a source, and nothing else has", string(e.Type), e.Source)
	add(e.SourcePrevious < 0 || e.SourcePrevious != 0 && e.Source == "", "source_previous is %d", e.SourcePrevious)
	add((len(e.Statement) == 0) == (e.Type == EntryKeyRotated), "type %q: a key rotation has a signed statement, and nothing else has", string(e.Type))
	add(e.Type == EntryKeyRotated && (len(e.Subjects) != 2 || e.Subjects[0] == e.Subjects[1]), "type %q: its subjects are two keys, the old one and the new one", string(e.Type))
	add(e.Previous != "" && !e.Previous.Valid(), "previous %q is malformed", string(e.Previous))
	for _, d := range slices.Concat(e.Records, e.Subjects) {
		add(!d.Valid(), "digest %q is malformed", string(d))
	}
	for _, p := range e.Parts {
		add(p.Part == "", "a part has no name")
		add(!slices.Contains(outcomes, p.Outcome), "part %q: outcome %q is unknown", p.Part, string(p.Outcome))
	}
	return errors.Join(errs...)
}

// Journal is the append-only record of what was done. It is safe for concurrent use, also between processes.
type Journal interface {
	// Append commits e as the next entry and returns it as committed. When it returns nil the entry is durable. For a
	// collection, e.SourcePrevious must be the number of the source's last entry, else nothing is written and the error wraps
	// ErrConflict.
	Append(ctx context.Context, e Entry) (Entry, error)

	// Entries gives the entries from number on, in order, and stops at the first error.
	Entries(ctx context.Context, from int64) iter.Seq2[Entry, error]

	// Last returns the newest collection of a source; without one, an Entry with Number 0.
	Last(ctx context.Context, source string) (Entry, error)

	// Size returns the number of entries.
	Size(ctx context.Context) (int64, error)
}
