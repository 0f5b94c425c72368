package facts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/internal/canonical"
)

// maxRecordBytes bounds a record that is read into memory: some 100,000 parts.
const maxRecordBytes = 64 << 20

// known is what a journal says up to some entry.
type known struct {
	entries []evidence.Entry
	records []journaled
	dropped map[evidence.Digest]bool // superseded or deleted under a retention rule

	odd map[evidence.Digest][]evidence.Digest // of a log's segment: lists of its lines that were kept aside
}

// journaled is a record and the entry that committed it.
type journaled struct {
	entry  int64
	digest evidence.Digest
	record evidence.Record
}

// readJournal reads entries 1 to upTo and every record that they commit, in order, each once. Later entries count only where they let
// evidence go under a retention rule: its bytes are not there any more.
func (e *Engine) readJournal(ctx context.Context, upTo int64) (known, error) {
	k := known{dropped: map[evidence.Digest]bool{}, odd: map[evidence.Digest][]evidence.Digest{}}
	if upTo == 0 {
		return k, nil
	}
	if e.options.Journal == nil || e.options.Store == nil {
		return known{}, errors.New("project evidence: the engine was opened without a store or a journal")
	}
	for entry, err := range e.options.Journal.Entries(ctx, 1) {
		if err != nil {
			return known{}, err // says that the journal was being read
		}
		later := entry.Number > upTo
		if !later {
			k.entries = append(k.entries, entry)
		}
		if entry.Type == evidence.EntryRetention || (entry.Type == evidence.EntrySuperseded && !later) {
			for _, d := range entry.Subjects {
				k.dropped[d] = true
			}
		}
	}
	if n := int64(len(k.entries)); n != upTo {
		return known{}, fmt.Errorf("read journal: it has %d entries, want %d", n, upTo)
	}
	seen := map[evidence.Digest]bool{}
	for _, entry := range k.entries {
		for _, d := range entry.Records {
			if seen[d] || k.dropped[d] {
				continue
			}
			seen[d] = true
			b, err := evidence.ReadAll(ctx, e.options.Store, d, maxRecordBytes)
			if err != nil {
				return known{}, fmt.Errorf("read record of journal entry %d: %w", entry.Number, err)
			}
			r, err := evidence.DecodeRecord(b)
			if err != nil {
				return known{}, fmt.Errorf("read record %s of journal entry %d: %w", d, entry.Number, err)
			}
			k.records = append(k.records, journaled{entry: entry.Number, digest: d, record: r})
			k.addOdd(r)
		}
	}
	return k, nil
}

// oddLines is how the name of a kind ends whose records list the lines of a log that a reader of JSON lines would stumble over, in the
// form of internal/lines.
const oddLines = "-odd-lines"

func (k known) addOdd(r evidence.Record) {
	if !strings.HasSuffix(r.Kind.Name(), oddLines) {
		return
	}
	for _, segment := range r.DerivedFrom {
		for _, p := range r.Content {
			if !k.dropped[p.Digest] && !slices.Contains(k.odd[segment], p.Digest) {
				k.odd[segment] = append(k.odd[segment], p.Digest)
			}
		}
	}
}

// unit is one run of a fact file's statement and the Parquet file that comes of it.
type unit struct {
	file      *File
	parts     []evidence.Part
	cleaning  []cleaning // for each part
	local     []byte     // what the store itself fills; parts is then empty
	variables map[string]any
	inputs    []evidence.Digest
	key       string
	path      string
	sizeBytes int64 // raw
}

// cleaning is what must be done to a log before a reader of JSON lines takes it. The zero value is nothing.
type cleaning struct {
	Prefix string            `json:"prefix"` // that stands before entries
	Odd    []evidence.Digest `json:"odd"`    // lists of lines to blank
}

func (c cleaning) isNone() bool { return c.Prefix == "" && len(c.Odd) == 0 }

// cleaningOf reads the prefix from the media type, where collectors put it.
func (k known) cleaningOf(p evidence.Part) (cleaning, error) {
	_, params, err := mime.ParseMediaType(p.MediaType)
	if err != nil {
		return cleaning{}, fmt.Errorf("media type %q of part %q: %w", p.MediaType, p.Name, err)
	}
	odd := slices.Clone(k.odd[p.Digest])
	slices.Sort(odd)
	return cleaning{Prefix: params["prefix"], Odd: odd}, nil
}

// plan lists the units of all tables, by table and then in the order of the journal.
func (e *Engine) plan(k known) ([]*unit, error) {
	var units []*unit
	for i := range e.files {
		f := &e.files[i]
		if f.IsView() {
			continue
		}
		own, err := e.planFile(f, k)
		if err != nil {
			return nil, fmt.Errorf("plan table %q: %w", f.Table, err)
		}
		units = append(units, own...)
	}
	return units, nil
}

func (e *Engine) planFile(f *File, k known) ([]*unit, error) {
	var units []*unit
	add := func(u *unit) error {
		units = append(units, u)
		for _, p := range u.parts {
			c, err := k.cleaningOf(p)
			if err != nil {
				return err
			}
			u.cleaning = append(u.cleaning, c)
		}
		return e.name(u)
	}
	for _, kind := range f.Kinds {
		local, err := k.storeTable(kind)
		if err != nil {
			return nil, err
		}
		if local != nil {
			if err := add(&unit{file: f, local: local, variables: variablesOf(kind, evidence.Record{}, nil)}); err != nil {
				return nil, err
			}
		}
	}
	seen := map[evidence.Digest]bool{}
	for _, r := range k.records {
		if !slices.Contains(f.Kinds, r.record.Kind) {
			continue
		}
		var parts []evidence.Part
		for _, p := range r.record.Content {
			if seen[p.Digest] || k.dropped[p.Digest] {
				continue
			}
			if ok, err := path.Match(f.Part, p.Name); f.Part != "" && (err != nil || !ok) {
				continue
			}
			seen[p.Digest] = true
			parts = append(parts, p)
		}
		size := len(parts)
		if f.Unit == UnitPart {
			size = 1
		}
		for size > 0 && len(parts) > 0 {
			u := &unit{file: f, parts: parts[:size], variables: variablesOf(r.record.Kind, r.record, parts[:size])}
			if err := add(u); err != nil {
				return nil, err
			}
			parts = parts[size:]
		}
	}
	return units, nil
}

// variablesOf is what a statement learns besides its paths.
func variablesOf(kind evidence.Kind, r evidence.Record, parts []evidence.Part) map[string]any {
	names := make([]string, len(parts))
	name := ""
	for i, p := range parts {
		names[i] = p.Name
	}
	if len(names) > 0 {
		name = names[0]
	}
	return map[string]any{"kind": string(kind), "source": r.Source.Name, "name": name, "names": names, "at": r.At}
}

func emptyVariables(path string) map[string]any {
	return map[string]any{"kind": "", "source": "", "name": "", "names": []string{""}, "at": (*time.Time)(nil), "paths": []string{path}}
}

// name gives u the key that its result is kept under.
func (e *Engine) name(u *unit) error {
	for _, p := range u.parts {
		u.inputs = append(u.inputs, p.Digest)
		u.sizeBytes += p.SizeBytes
	}
	if u.local != nil {
		u.inputs = []evidence.Digest{evidence.DigestOf(u.local)}
		u.sizeBytes = int64(len(u.local))
	}
	var err error
	u.key, err = keyOf(struct {
		Format    string            `json:"format"`
		Engine    string            `json:"engine"`
		SQL       evidence.Digest   `json:"sql"`
		Variables map[string]any    `json:"variables"`
		Inputs    []evidence.Digest `json:"inputs"`
		Cleaning  []cleaning        `json:"cleaning"`
	}{"auditpack.fact-part/1", e.Version(), u.file.Digest, u.variables, u.inputs, u.cleaning})
	u.path = filepath.Join(e.options.Cache, u.file.Table, u.key+".parquet")
	return err
}

// storeTable writes the lines of a kind that the store itself fills; nil for any other kind.
func (k known) storeTable(kind evidence.Kind) ([]byte, error) {
	var out bytes.Buffer
	line := func(v any) error {
		b, err := canonical.Marshal(v)
		if err != nil {
			return err
		}
		out.Write(b)
		out.WriteByte('\n')
		return nil
	}
	switch kind {
	case KindRecords:
		for _, r := range k.records {
			data, _, err := r.record.Encode()
			if err != nil {
				return nil, err
			}
			if err := line(struct {
				Entry  int64           `json:"entry"`
				Record evidence.Digest `json:"record"`
				Data   json.RawMessage `json:"data"`
			}{r.entry, r.digest, data}); err != nil {
				return nil, err
			}
		}
	case KindEntries:
		for _, entry := range k.entries {
			if err := line(entry); err != nil {
				return nil, err
			}
		}
	default:
		return nil, nil
	}
	return append([]byte{}, out.Bytes()...), nil
}
