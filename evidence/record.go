package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"auditpack/internal/canonical"
)

// RecordFormat names the layout of a Record; readers refuse any other.
const RecordFormat = "auditpack.record/1"

// Kind names the payload of a record and the version of its schema: "vault.audit-log/1".
type Kind string

var kindPattern = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+/[1-9][0-9]*$`)

// Validate refuses a Kind that is not lower-case dotted words and a version.
func (k Kind) Validate() error {
	if !kindPattern.MatchString(string(k)) {
		return fmt.Errorf("kind %q: want dotted words and a version, such as vault.audit-log/1", string(k))
	}
	return nil
}

// Name returns the kind without its version.
func (k Kind) Name() string {
	name, _, _ := strings.Cut(string(k), "/")
	return name
}

// Version returns the version of the schema, 0 for a kind that does not validate.
func (k Kind) Version() int {
	_, v, _ := strings.Cut(string(k), "/")
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0
	}
	return n
}

// Record says what one piece of evidence is and how it came to be. It is immutable; its canonical JSON is stored as a blob,
// and the digest of that blob is the record's name. All times are UTC. Exactly one of Period and At is set.
type Record struct {
	Format      string      `json:"format"` // RecordFormat
	Kind        Kind        `json:"kind"`
	Source      Source      `json:"source"`
	Period      *Period     `json:"period,omitempty"` // what the payload speaks about
	At          *time.Time  `json:"at,omitempty"`     // the instant of a snapshot
	Collected   Collected   `json:"collected"`
	Procedure   string      `json:"procedure"` // the request or query in words and parameters that someone else can repeat
	Content     []Part      `json:"content"`   // in order; at least one
	Stated      Stated      `json:"stated"`
	DerivedFrom []Digest    `json:"derived_from"` // blobs or records; empty for raw evidence
	Redactions  []Redaction `json:"redactions"`
}

// Source says where evidence came from.
type Source struct {
	Name     string `json:"name"`               // as configured
	Type     string `json:"type"`               // the collector's name
	System   string `json:"system,omitempty"`   // URL or path without credentials
	Version  string `json:"version,omitempty"`  // of the system, as it reported it
	Identity string `json:"identity,omitempty"` // of the system, as it reported it: a cluster id, an organization id
}

// Collected says who took the evidence, when and with what.
type Collected struct {
	At        time.Time `json:"at"`
	Principal string    `json:"principal"` // the identity that the source was asked with, or the local user
	Host      string    `json:"host"`
	Tool      string    `json:"tool"`      // name and version of the program
	Collector string    `json:"collector"` // name and version of the collector
}

// Part is one blob of a record.
type Part struct {
	Name      string `json:"name"` // unique within the record: a file name, a request path
	MediaType string `json:"media_type"`
	Digest    Digest `json:"digest"`
	SizeBytes int64  `json:"size_bytes"` // of the raw bytes
}

// Stated is what source and stream said of themselves. A nil count was not stated; completeness is judged later, from facts.
type Stated struct {
	ItemsExpected *int64     `json:"items_expected,omitempty"`
	ItemsSeen     *int64     `json:"items_seen,omitempty"`
	First         *time.Time `json:"first,omitempty"` // earliest and latest time among the items
	Last          *time.Time `json:"last,omitempty"`
	Lines         *int64     `json:"lines,omitempty"`
	OddLines      *int64     `json:"odd_lines,omitempty"` // lines kept aside, see the derived record
	Notes         []string   `json:"notes"`               // limits the source itself states
}

// Redaction says what a rule changed before storing; it never holds the value.
type Redaction struct {
	Rule   string `json:"rule"`
	Count  int64  `json:"count"`
	Before Digest `json:"before"`         // of the bytes as received; of a record's own texts, of the record before
	Part   string `json:"part,omitempty"` // of the record's content, where a rule of the workspace took it out of one of several
	Key    string `json:"key,omitempty"`  // that made pseudonyms, by an identifier that gives nothing away of it
}

// Redacted is how many values, lines and documents were taken out of r and its content; more than 0 means that it is not as received.
func (r Record) Redacted() (n int64) {
	for _, x := range r.Redactions {
		n += x.Count
	}
	return n
}

// Validate reports everything that is wrong with r.
func (r Record) Validate() error {
	var errs []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(r.Format != RecordFormat, "format: got %q, want %q", r.Format, RecordFormat)
	if err := r.Kind.Validate(); err != nil {
		errs = append(errs, err)
	}
	add(r.Source.Name == "", "source has no name")
	add((r.Period == nil) == (r.At == nil), "want exactly one of period and at")
	add(r.Collected.At.IsZero(), "collected.at is not set")
	add(r.Procedure == "", "procedure is empty")
	add(len(r.Content) == 0, "content is empty")
	names := map[string]bool{}
	for _, p := range r.Content {
		add(!p.Digest.Valid(), "part %q: digest %q is malformed", p.Name, string(p.Digest))
		add(p.Name == "" || names[p.Name], "part name %q is empty or occurs twice", p.Name)
		names[p.Name] = true
	}
	return errors.Join(errs...)
}

// Encode returns the canonical JSON of r and its digest. Nil slices become empty, times become UTC, the format is set.
func (r Record) Encode() ([]byte, Digest, error) {
	r.Format = RecordFormat
	if r.Period != nil {
		r.Period = &Period{From: r.Period.From.UTC(), To: r.Period.To.UTC()}
	}
	r.At, r.Stated.First, r.Stated.Last = utc(r.At), utc(r.Stated.First), utc(r.Stated.Last)
	r.Collected.At = r.Collected.At.UTC()
	r.Content = emptyIfNil(r.Content)
	r.DerivedFrom = emptyIfNil(r.DerivedFrom)
	r.Redactions = emptyIfNil(r.Redactions)
	r.Stated.Notes = emptyIfNil(r.Stated.Notes)
	if err := r.Validate(); err != nil {
		return nil, "", fmt.Errorf("record of %q: %w", r.Source.Name, err)
	}
	b, err := canonical.Marshal(r)
	if err != nil {
		return nil, "", err
	}
	return b, DigestOf(b), nil
}

// ErrNotCanonical says that bytes say something that we write, but not in the bytes that we write it in: a key twice, other
// spelling or spacing.
var ErrNotCanonical = errors.New("not the canonical encoding of what it says")

// checkFormat says that b names another format than want, before its keys are found to be unknown.
func checkFormat(b []byte, want string) error {
	var head struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err == nil && head.Format != "" && head.Format != want {
		return fmt.Errorf("format: got %q, want %q: a newer auditpack wrote it, read it with that one", head.Format, want)
	}
	return nil
}

// DecodeRecord reads a record strictly: an unknown key or format is an error. What it accepts, Encode gives back byte for
// byte.
func DecodeRecord(b []byte) (Record, error) {
	var r Record
	if err := checkFormat(b, RecordFormat); err != nil {
		return Record{}, fmt.Errorf("read record: %w", err)
	}
	if err := canonical.Unmarshal(b, &r); err != nil {
		return Record{}, fmt.Errorf("read record: %w", err)
	}
	if err := r.Validate(); err != nil {
		return Record{}, fmt.Errorf("read record: %w", err)
	}
	again, _, err := r.Encode()
	if err != nil {
		return Record{}, fmt.Errorf("read record: %w", err)
	}
	if !bytes.Equal(b, again) {
		return Record{}, fmt.Errorf("read record: %w", ErrNotCanonical)
	}
	return r, nil
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func emptyIfNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
