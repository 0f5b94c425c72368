package collectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"auditpack/collectors/redaction"
	"auditpack/evidence"
	"auditpack/internal/canonical"
)

// Source is one configured source, ready to be asked.
type Source struct {
	Name      string
	Type      Type
	Collector Collector
	Redaction *redaction.Set // applied to all that the collector puts and adds; nil for none
}

// Reporter hears of progress; it is called from several goroutines.
type Reporter interface {
	Progress(source string, p Progress)
	Done(r Result)
}

// Options of a run.
type Options struct {
	Store    evidence.Store
	Journal  evidence.Journal
	Period   evidence.Period
	Actor    evidence.Actor
	Now      func() time.Time
	Reporter Reporter // nil for none

	PseudonymKey *redaction.Key // nil when no source's redaction needs one
}

// Result is how asking one source went.
type Result struct {
	Source  string
	Type    string
	Entry   evidence.Entry // as committed, the last one after checkpoints; Number 0 when nothing was committed; its parts are those of this collection also when the last commit failed
	Records int            // over all its entries
	Bytes   int64          // raw, that were put
	Items   int64          // over all parts
	Took    time.Duration
	Err     error // of the source as a whole, or of committing
}

// Failed says whether the source or one of its parts failed or was denied. None there and not offered are no failures.
func (r Result) Failed() bool {
	return r.Err != nil || slices.ContainsFunc(r.Entry.Parts, func(o evidence.PartOutcome) bool {
		return o.Outcome == evidence.OutcomeFailed || o.Outcome == evidence.OutcomeDenied
	})
}

// Run asks all sources at once and commits one journal entry for each, also for one that failed: the failure is evidence. It
// returns a result for each source, in the order given. A source that fails never stops the others.
func Run(ctx context.Context, sources []Source, o Options) []Result {
	results := make([]Result, len(sources))
	var wg sync.WaitGroup
	for i, s := range sources {
		wg.Go(func() {
			results[i] = runOne(ctx, s, o)
			if o.Reporter != nil {
				o.Reporter.Done(results[i])
			}
		})
	}
	wg.Wait()
	return results
}

func runOne(ctx context.Context, s Source, o Options) Result {
	start := o.Now()
	res := Result{Source: s.Name, Type: s.Type.Name}
	last, err := o.Journal.Last(ctx, s.Name)
	if err != nil {
		res.Err = fmt.Errorf("collect %s: %w", s.Name, err)
		return res
	}
	sk := &sink{source: s, options: o, last: last, started: start.UTC(), redaction: s.Redaction.Begin(o.PseudonymKey)}
	err = collect(ctx, s.Collector, o.Period, sk)
	if err != nil {
		err = fmt.Errorf("collect %s: %w", s.Name, err)
	}
	entry := sk.entry(err)
	// An interrupted collection commits what it has: the context is over, the evidence is not.
	committed, commitErr := o.Journal.Append(context.WithoutCancel(ctx), entry)
	if commitErr != nil {
		commitErr = fmt.Errorf("collect %s: commit: %w", s.Name, commitErr)
		committed = sk.checkpointed(entry.Parts)
		entry.Records = nil // they are in no entry
	}
	res.Entry, res.Records, res.Bytes, res.Items = committed, sk.committed+len(entry.Records), sk.bytes, sk.items()
	res.Err = errors.Join(err, commitErr)
	res.Took = o.Now().Sub(start)
	return res
}

// collect turns a collector's panic into a failure of its source, so that one bad collector cannot stop the others.
func collect(ctx context.Context, c Collector, p evidence.Period, out Sink) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("collector panicked: %v", r)
		}
	}()
	return c.Collect(ctx, p, out)
}

// sink is the Sink of one collection.
type sink struct {
	source  Source
	options Options
	last    evidence.Entry
	started time.Time

	redaction *redaction.Collection // nil for none

	mu        sync.Mutex
	records   []evidence.Digest // not yet committed
	committed int               // records, by checkpoints
	parts     []evidence.PartOutcome
	cursor    json.RawMessage
	bytes     int64
}

var (
	_ Sink         = (*sink)(nil)
	_ Checkpointer = (*sink)(nil)
	_ Redactor     = (*sink)(nil)
)

func (s *sink) Put(ctx context.Context, kind evidence.Kind, name, mediaType string, r io.Reader) (evidence.Part, error) {
	redacted := s.redaction.Put(kind, name, mediaType, r)
	if redacted != nil {
		r = redacted
	}
	d, n, err := s.options.Store.Put(ctx, r)
	if err != nil {
		return evidence.Part{}, fmt.Errorf("store %q: %w", name, err)
	}
	part := evidence.Part{Name: name, MediaType: mediaType, Digest: d, SizeBytes: n}
	redacted.Stored(part)
	s.mu.Lock()
	s.bytes += n
	s.mu.Unlock()
	return part, nil
}

func (s *sink) Add(ctx context.Context, r evidence.Record) (evidence.Digest, error) {
	r.Source.Name, r.Source.Type = s.source.Name, s.source.Type.Name
	r.Collected.At = s.started
	r.Collected.Host = s.options.Actor.Host
	r.Collected.Tool = s.options.Actor.Tool
	r.Collected.Collector = s.source.Type.Name + "/" + s.source.Type.Version
	if r.Period == nil && r.At == nil {
		r.At = &s.started
	}
	if r.Collected.Principal == "" {
		r.Collected.Principal = s.options.Actor.Principal
	}
	r, err := s.redaction.Record(r)
	if err != nil {
		return "", err
	}
	b, want, err := r.Encode()
	if err != nil {
		return "", err
	}
	d, err := evidence.PutBytes(ctx, s.options.Store, b)
	if err != nil {
		return "", fmt.Errorf("store record: %w", err)
	}
	if d != want {
		return "", fmt.Errorf("store record: %w", &evidence.CorruptError{Want: want, Got: d, SizeBytes: int64(len(b))})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.records, d) {
		s.records = append(s.records, d)
	}
	return d, nil
}

func (s *sink) Redacts() bool { return s.redaction != nil }

func (s *sink) Outcome(o evidence.PartOutcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.parts, func(p evidence.PartOutcome) bool { return p.Part == o.Part && p.Kind == o.Kind }); i >= 0 {
		s.parts[i] = o
		return
	}
	s.parts = append(s.parts, o)
}

func (s *sink) Cursor(v any) (bool, error) {
	if s.last.Number == 0 || len(s.last.Cursor) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(s.last.Cursor, v); err != nil {
		return false, fmt.Errorf("read cursor of journal entry %d: %w", s.last.Number, err)
	}
	return true, nil
}

func (s *sink) SetCursor(v any) error {
	b, err := canonical.Marshal(v)
	if err != nil {
		return fmt.Errorf("set cursor: %w", err)
	}
	s.mu.Lock()
	s.cursor = b
	s.mu.Unlock()
	return nil
}

func (s *sink) Progress(p Progress) {
	if s.options.Reporter != nil {
		s.options.Reporter.Progress(s.source.Name, p)
	}
}

func (s *sink) items() (n int64) {
	for _, p := range s.parts {
		n += p.Items
	}
	return n
}

// errUnfinished is what an entry says of every kind that was committed before its collection ended. It is over once a later entry
// tells how asking for the kind went; if none does, the collection was killed, and the next one goes on from the cursor.
var errUnfinished = errors.New("the collection had not finished when this entry was committed; a later entry goes on")

func (s *sink) Checkpoint(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.records) == 0 {
		return nil
	}
	e, err := s.options.Journal.Append(ctx, s.makeEntry(s.failed(nil, errUnfinished)))
	if err != nil {
		return fmt.Errorf("commit before the end: %w", err)
	}
	s.last, s.committed, s.records = e, s.committed+len(s.records), nil
	return nil
}

// entry is the journal entry of this collection. A source that failed as a whole gets a part of its own that says so, and
// keeps the cursor it started from unless it moved it.
func (s *sink) entry(failure error) evidence.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failure != nil {
		s.parts = s.failed(s.parts, failure)
	}
	return s.makeEntry(s.parts)
}

// failed adds to parts one for each kind that has none.
func (s *sink) failed(parts []evidence.PartOutcome, failure error) []evidence.PartOutcome {
	kinds := s.source.Type.Kinds
	if c, ok := s.source.Collector.(KindLister); ok {
		kinds = c.Kinds()
	}
	for _, k := range kinds {
		if !slices.ContainsFunc(parts, func(p evidence.PartOutcome) bool { return p.Kind == k }) {
			parts = append(parts, OutcomeOf("source", k, 0, failure))
		}
	}
	return parts
}

// checkpointed is the entry of the last checkpoint, Number 0 when there was none, with how asking went for all that: no later entry
// says it.
func (s *sink) checkpointed(parts []evidence.PartOutcome) evidence.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var e evidence.Entry
	if s.committed > 0 {
		e = s.last
	}
	e.Parts = parts
	return e
}

// makeEntry is an entry with what was added since the last one. Its caller holds the lock.
func (s *sink) makeEntry(parts []evidence.PartOutcome) evidence.Entry {
	for i := range parts {
		parts[i].Part, parts[i].Detail = s.redaction.Text(parts[i].Part), s.redaction.Text(parts[i].Detail)
	}
	slices.SortFunc(parts, func(a, b evidence.PartOutcome) int {
		if a.Part != b.Part {
			return strings.Compare(a.Part, b.Part)
		}
		return strings.Compare(string(a.Kind), string(b.Kind))
	})
	e := evidence.Entry{
		Type: evidence.EntryCollection, Time: s.options.Now().UTC(), Actor: s.options.Actor,
		Source: s.source.Name, SourcePrevious: s.last.Number,
		Records: s.records, Parts: parts, Cursor: s.cursor,
	}
	if e.Cursor == nil {
		e.Cursor = s.last.Cursor
	}
	if !s.options.Period.IsZero() {
		p := s.options.Period
		e.Period = &p
	}
	return e
}
