package bundle

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/memstore"
	"auditpack/evidence/seal"
)

const storeUUID = "6b1f4a52-8f0e-4c1b-9a53-0d6f2f1f7a10"

var noon = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

// fixture is a small store with what it takes to bundle it.
type fixture struct {
	store   *memstore.Store
	raw     evidence.Digest // record of a log of two parts
	derived evidence.Digest // record derived from it
	key     *seal.PrivateKey
	log     seal.LogKey
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{store: memstore.New()}
	var err error
	if f.key, err = seal.Generate(seal.ECDSAP256); err != nil {
		t.Fatal(err)
	}
	if f.log, err = seal.GenerateLogKey(seal.Origin(storeUUID)); err != nil {
		t.Fatal(err)
	}
	f.raw = f.record(t, "vault.audit-log/1", nil, `{"type":"request","time":"2026-09-30T10:00:00Z"}`+"\n", strings.Repeat(`{"type":"response"}`+"\n", 40))
	f.commit(t, f.raw)
	f.derived = f.record(t, "vault.odd-lines/1", []evidence.Digest{f.raw}, `{"line":3,"reason":"not-json"}`+"\n")
	f.commit(t, f.derived, f.record(t, "vault.acl-policies/1", nil, `{"data":{}}`))
	return f
}

// record stores parts and a record of them.
func (f *fixture) record(t testing.TB, kind evidence.Kind, from []evidence.Digest, parts ...string) evidence.Digest {
	t.Helper()
	at := noon
	r := evidence.Record{
		Kind: kind, Source: evidence.Source{Name: "vault-prod", Type: "vault"}, At: &at,
		Collected: evidence.Collected{At: noon, Principal: "ada", Host: "collector-1", Tool: "auditpack test", Collector: "vault/1"},
		Procedure: "read the file", DerivedFrom: from,
	}
	for i, p := range parts {
		d, err := evidence.PutBytes(t.Context(), f.store, []byte(p))
		if err != nil {
			t.Fatal(err)
		}
		r.Content = append(r.Content, evidence.Part{Name: "part-" + string(rune('a'+i)), MediaType: "text/plain", Digest: d, SizeBytes: int64(len(p))})
	}
	b, d, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.PutBytes(t.Context(), f.store, b); err != nil {
		t.Fatal(err)
	}
	return d
}

// commit appends a journal entry that lists records.
func (f *fixture) commit(t testing.TB, records ...evidence.Digest) {
	t.Helper()
	last, err := f.store.Last(t.Context(), "vault-prod")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.store.Append(t.Context(), evidence.Entry{
		Type: evidence.EntryCollection, Time: noon, Source: "vault-prod", SourcePrevious: last.Number, Records: records,
		Parts: []evidence.PartOutcome{{Part: "audit.log", Kind: "vault.audit-log/1", Outcome: evidence.OutcomeOK, Items: 41}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkpoint signs the journal's first size entries, or all for 0.
func (f *fixture) checkpoint(t testing.TB, size int64) []byte {
	t.Helper()
	tree, err := seal.ReadTree(t.Context(), f.store)
	if err != nil {
		t.Fatal(err)
	}
	if size == 0 {
		size = tree.Size()
	}
	c, err := tree.Checkpoint(seal.Origin(storeUUID), size)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(f.log.Private)
	if err != nil {
		t.Fatal(err)
	}
	b, err := seal.SignCheckpoint(c, signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f *fixture) options(t testing.TB) Options {
	t.Helper()
	verifier, err := note.NewVerifier(f.log.Public)
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Organization: "ACME GmbH", Identifier: "iso27001-2022 2026-07-01/2026-10-01", AsOf: noon, Agent: "auditpack test",
		Files: []File{
			BytesFile("reports/iso27001-2022.en.pdf", []byte("%PDF-1.7 report")),
			BytesFile("assessment/assessment.json", []byte(`{"format":"auditpack.assessment/1"}`+"\n")),
			BytesFile("facts/vault_audit-0001.parquet", []byte("PAR1....PAR1")),
			BytesFile("sql/vault_audit.sql", []byte("select 1\n")),
		},
		Records: []evidence.Digest{f.derived}, Store: f.store, Journal: f.store,
		Checkpoint: f.checkpoint(t, 0), LogKey: verifier, LogKeyText: f.log.Public + "\n",
		Key: f.key,
	}
}

// create writes a bundle and returns its path.
func create(t testing.TB, o Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if _, err := Create(t.Context(), path, o); err != nil {
		t.Fatal(err)
	}
	return path
}

// verifyBytes verifies a bundle in memory.
func verifyBytes(t testing.TB, b []byte, o VerifyOptions) Report {
	t.Helper()
	opened, err := newBundle(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return unreadable(o, err)
	}
	r, err := opened.Verify(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// content is the unpacked members of a bundle, in order.
type content []packed

// packed is one of them.
type packed struct {
	name string
	b    []byte
}

func unpack(t testing.TB, b []byte) content {
	t.Helper()
	opened, err := newBundle(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out content
	for _, m := range opened.Members() {
		file, err := opened.ReadFile(m.Name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, packed{m.Name, file})
	}
	return out
}

// pack writes members in our layout, whatever they are.
func pack(t testing.TB, members content) []byte {
	t.Helper()
	f := new(memoryFile)
	w, err := newZipWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if _, _, err := w.add(t.Context(), m.name, bytes.NewReader(m.b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	return f.b
}

// memoryFile is a zipFile in memory.
type memoryFile struct{ b []byte }

func (f *memoryFile) Write(p []byte) (int, error) {
	f.b = append(f.b, p...)
	return len(p), nil
}

func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) { return copy(f.b[at:], p), nil }

func (f *memoryFile) ReadAt(p []byte, at int64) (int, error) {
	n := copy(p, f.b[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
