package collectors

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"time"

	"auditpack/collectors/redaction"
	"auditpack/evidence"
)

// ErrNotOffered says that a source does not have what was asked for at all: a licence, an edition, an older version.
var ErrNotOffered = errors.New("the source does not offer this")

// DeniedError says that a source refused, and which permission would be needed.
type DeniedError struct {
	Permission string // in the source's own words: a Vault policy line, an HCP Terraform permission, a Boundary grant
	Cause      error
}

func (e *DeniedError) Error() string {
	return "denied: needs " + e.Permission + ": " + e.Cause.Error()
}

func (e *DeniedError) Unwrap() error { return e.Cause }

// Type is a kind of collector: an entry in collectors/all.
type Type struct {
	Name    string            // "vault": the word after type: in auditpack.yaml
	Version string            // of this collector, "1"; raised when the same source would give other records
	Doc     string            // one line
	Kinds   []evidence.Kind   // of the records that it adds
	Config  any               // a zero value of its configuration struct: the schema of auditpack.yaml is made from it
	Quotes  []redaction.Quote // of its kinds that repeat what others of them hold; empty when none does
	Forgets []Window          // what the source keeps for a while only; empty when it forgets nothing

	// New reads the source's section of the configuration with decode, which refuses unknown keys, and returns a collector. It
	// asks the source nothing yet.
	New func(decode func(any) error, env Env) (Collector, error)
}

// Env is all that a collector sees of the world.
type Env struct {
	Name   string                         // of the source, as configured
	Path   func(configured string) string // turns a configured path into an absolute one: relative to auditpack.yaml
	Open   func(configured string) fs.FS  // opens a configured folder, read-only; files are *os.File
	Getenv func(name string) string       // the vendors' own variables only, such as VAULT_TOKEN
	HTTP   func() *http.Client            // a new client with its own transport; the collector sets what it needs
	Now    func() time.Time               // UTC
	Tool   string                         // name and version of the program, for User-Agent
}

// Collector asks one source.
type Collector interface {
	// Collect asks for p and adds what comes to out. It returns an error only when the source as a whole failed: parts that
	// failed are told to out. What was added before an error stays evidence. It ends soon after ctx does.
	Collect(ctx context.Context, p evidence.Period, out Sink) error
}

// KindLister is a Collector that, as it is configured, adds only some of the kinds of its Type: when its source fails as a whole, the
// others are not concerned.
type KindLister interface {
	// Kinds returns them; none is missing in those of the Type.
	Kinds() []evidence.Kind
}

// Sink takes what one collection of one source finds. It is safe for concurrent use.
type Sink interface {
	// Put stores raw bytes and returns the Part that names them, for a later Add of a record of that kind. name is unique within the
	// record. What is stored may differ from what r gives where the workspace has rules of redaction for the kind: digests and sizes are
	// those of the Part.
	Put(ctx context.Context, kind evidence.Kind, name, mediaType string, r io.Reader) (evidence.Part, error)

	// Add completes r (format, source name and type, collection time, host, tool, collector; Collected.Principal stays as the
	// collector set it; a record with neither Period nor At is a snapshot of the start of the collection) and stores it. Blobs that no added record names are not evidence.
	Add(ctx context.Context, r evidence.Record) (evidence.Digest, error)

	// Outcome notes how asking for a part went. Every part asked gets exactly one outcome; a second one replaces the first.
	Outcome(o evidence.PartOutcome)

	// Cursor decodes the cursor of this source's last committed collection into v and says whether there was one.
	Cursor(v any) (bool, error)

	// SetCursor sets where the next collection goes on; the last call before the entry is committed counts.
	SetCursor(v any) error

	// Progress tells people how far the collection is; it may be called often.
	Progress(p Progress)
}

// Checkpointer is a Sink that can commit before its collection ends: for collections of many minutes, which would lose all their
// work if the process were killed. The sink of [Run] is one; a collector that finds none goes on without.
type Checkpointer interface {
	// Checkpoint commits the records added and the cursor set so far as a journal entry of their own, which says of every kind
	// that its collection had not finished: outcomes are told by the last entry alone. Nothing may be added meanwhile.
	Checkpoint(ctx context.Context) error
}

// Redactor is a Sink that can say whether rules of redaction apply to what it takes. The sink of [Run] is one.
type Redactor interface {
	Redacts() bool
}

// Redacts says whether rules of redaction apply to what out takes. A collector then names no part of an earlier collection again: what
// was taken out of it is not known any more, and the rules may be others.
func Redacts(out Sink) bool {
	r, ok := out.(Redactor)
	return ok && r.Redacts()
}

// Progress is how far a collection is. Zero totals are unknown.
type Progress struct {
	Step       string // what is being done: "audit.log", "runs of ws-1"
	Bytes      int64
	TotalBytes int64
	Items      int64
	TotalItems int64
}

// OutcomeOf returns the outcome of a part that was asked with the result err: ok, none (no error and no items), not offered,
// denied or failed.
func OutcomeOf(part string, kind evidence.Kind, items int64, err error) evidence.PartOutcome {
	o := evidence.PartOutcome{Part: part, Kind: kind, Items: items, Outcome: evidence.OutcomeOK}
	var denied *DeniedError
	switch {
	case errors.Is(err, ErrNotOffered):
		o.Outcome, o.Detail = evidence.OutcomeNotOffered, err.Error()
	case errors.As(err, &denied):
		o.Outcome, o.Detail = evidence.OutcomeDenied, err.Error()
	case err != nil:
		o.Outcome, o.Detail = evidence.OutcomeFailed, err.Error()
	case items == 0:
		o.Outcome = evidence.OutcomeNone
	}
	return o
}
