package evidence

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func exampleRecord() Record {
	at, lines := noon, int64(41)
	return Record{
		Kind: "vault.audit-log/1", Source: Source{Name: "vault-prod", Type: "vault", System: "/var/log/vault"}, At: &at,
		Collected: Collected{At: noon, Principal: "ada", Host: "collector-1", Tool: "auditpack 0.1", Collector: "vault/1"},
		Procedure: "read the file as it lies on disk",
		Content:   []Part{{Name: "audit.log", MediaType: "application/x-ndjson", Digest: DigestOf([]byte("log")), SizeBytes: 3}},
		Stated:    Stated{Lines: &lines},
	}
}

func exampleEntry() Entry {
	return Entry{
		Type: EntryCollection, Number: 1, Time: noon, Source: "vault-prod", Actor: Actor{Principal: "ada", Host: "collector-1", Tool: "auditpack 0.1"},
		Records: []Digest{DigestOf([]byte("record"))}, Parts: []PartOutcome{{Part: "audit.log", Kind: "vault.audit-log/1", Outcome: OutcomeOK, Items: 41}},
		Cursor: []byte(`{"offset":3}`),
	}
}

func TestParseDigest(t *testing.T) {
	good := "sha256:" + strings.Repeat("0f", 32)
	if d, err := ParseDigest(good); err != nil || string(d) != good || d.Hex() != good[7:] || !d.Valid() {
		t.Errorf("got %q, %v", d, err)
	}
	for _, s := range []string{"", "sha256:", good[7:], good + "0", good[:70], strings.ToUpper(good), "sha256:" + strings.Repeat("zz", 32), "sha512:" + good[7:], good + "\n"} {
		if d, err := ParseDigest(s); !errors.Is(err, ErrDigest) {
			t.Errorf("%q: got %q, %v, want ErrDigest", s, d, err)
		}
	}
}

func TestQuarter(t *testing.T) {
	for s, want := range map[string]string{
		"2026-Q1": "2026-01-01T00:00:00Z/2026-04-01T00:00:00Z",
		"2026-Q4": "2026-10-01T00:00:00Z/2027-01-01T00:00:00Z",
	} {
		if p, err := Quarter(s); err != nil || p.String() != want {
			t.Errorf("%s: got %s, %v, want %s", s, p, err, want)
		}
	}
	for _, s := range []string{"", "2026-Q0", "2026-Q5", "2026-Q", "26-Q1", "2026-Q1x", "2026Q1", "9998-Q4", "2262-Q1", "1677-Q4"} {
		if p, err := Quarter(s); err == nil {
			t.Errorf("%q: got %s, want an error", s, p)
		}
	}
}

func TestPeriodIsHalfOpen(t *testing.T) {
	p, err := NewPeriod(noon, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	next := Period{From: p.To, To: p.To.Add(time.Hour)}
	if !p.Contains(p.From) || p.Contains(p.To) || !next.Contains(p.To) || p.Overlaps(next) || !p.Overlaps(p) {
		t.Errorf("%s and %s: the shared instant belongs to one, the second", p, next)
	}
	for _, c := range [][2]time.Time{{noon, noon}, {noon, noon.Add(-1)}, {{}, noon}, {noon, {}}} {
		if _, err := NewPeriod(c[0], c[1]); err == nil {
			t.Errorf("%v: got no error", c)
		}
	}
}

func TestKind(t *testing.T) {
	for _, k := range []Kind{"", "vault/1", "vault.audit-log", "vault.audit-log/0", "Vault.audit/1", "vault.audit/1/2", "vault..x/1"} {
		if k.Validate() == nil {
			t.Errorf("%q: got no error", k)
		}
	}
	k := Kind("vault.audit-log/12")
	if err := k.Validate(); err != nil || k.Name() != "vault.audit-log" || k.Version() != 12 {
		t.Errorf("got %v, %q, %d", err, k.Name(), k.Version())
	}
}

func TestRecordSaysEverythingThatIsWrong(t *testing.T) {
	r := exampleRecord()
	r.Kind, r.Source.Name, r.At, r.Procedure = "x", "", nil, ""
	r.Content = append(r.Content, Part{Name: "audit.log", Digest: "sha256:1"})
	_, _, err := r.Encode()
	for _, want := range []string{`kind "x"`, "source has no name", "exactly one of period and at", "procedure is empty", `digest "sha256:1"`, `"audit.log" is empty or occurs twice`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestEncodingIsCanonical(t *testing.T) {
	r := exampleRecord()
	berlin := noon.In(time.FixedZone("CEST", 7200))
	r.At, r.Collected.At = &berlin, berlin
	local, d1, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	utc, d2, err := exampleRecord().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if d1 != d2 || !bytes.Equal(local, utc) {
		t.Errorf("the same instant in two zones has two digests:\n%s\n%s", local, utc)
	}
	if bytes.Contains(utc, []byte("null")) {
		t.Errorf("nil slices are to be []: %s", utc)
	}
}

func TestDecodeRefusesOtherSpellings(t *testing.T) {
	record, _, err := exampleRecord().Encode()
	if err != nil {
		t.Fatal(err)
	}
	entry, err := exampleEntry().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(string) string{
		"space":          func(s string) string { return s + " " },
		"newline":        func(s string) string { return s + "\n" },
		"two values":     func(s string) string { return s + s },
		"unknown key":    func(s string) string { return `{"a":1,` + s[1:] },
		"key twice":      func(s string) string { return `{"format":"x",` + s[1:] },
		"key in capital": func(s string) string { return strings.Replace(s, `"format"`, `"Format"`, 1) },
		"other format":   func(s string) string { return strings.Replace(s, `/1"`, `/2"`, 10) },
		"other zone":     func(s string) string { return strings.ReplaceAll(s, "12:00:00Z", "14:00:00+02:00") },
		"escaped letter": func(s string) string { return strings.Replace(s, "ada", `\u0061da`, 1) },
		"not UTF-8":      func(s string) string { return strings.Replace(s, "ada", "a\xff", 1) },
		"nothing":        func(string) string { return "" },
		"null":           func(string) string { return "null" },
	} {
		if _, err := DecodeRecord([]byte(change(string(record)))); err == nil {
			t.Errorf("record, %s: got no error", name)
		}
		if _, err := DecodeEntry([]byte(change(string(entry)))); err == nil {
			t.Errorf("entry, %s: got no error", name)
		}
	}
}

// A record of a newer format says what to do, though it has fields that this program does not know.
func TestDecodeNamesNewerFormat(t *testing.T) {
	_, err := DecodeRecord([]byte(`{"format":"auditpack.record/2","more":1}`))
	const want = `read record: format: got "auditpack.record/2", want "auditpack.record/1": a newer auditpack wrote it, read it with that one`
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestChain(t *testing.T) {
	var c Chain
	var entries [][]byte
	for i := range 3 {
		e := exampleEntry()
		e.SourcePrevious = int64(i)
		_, b, err := c.Next(e)
		if err != nil {
			t.Fatal(err)
		}
		if c.Size() != int64(i) {
			t.Errorf("Next moved the chain to %d", c.Size())
		}
		if _, err := c.Add(b); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, b)
	}
	if _, _, err := c.Next(exampleEntry()); !errors.Is(err, ErrConflict) {
		t.Errorf("from an old entry: got %v, want ErrConflict", err)
	}
	resumed := ResumeChain(2, DigestOf(entries[1]), map[string]int64{"vault-prod": 2})
	if _, err := resumed.Add(entries[2]); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(c, resumed, cmp.AllowUnexported(Chain{})); diff != "" {
		t.Errorf("resumed (-read +resumed):\n%s", diff)
	}
	for name, b := range map[string][]byte{"again": entries[2], "the first": entries[0], "no entry": []byte("{}")} {
		before := c
		if _, err := c.Add(b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want ErrCorrupt", name, err)
		}
		if diff := cmp.Diff(before, c, cmp.AllowUnexported(Chain{})); diff != "" {
			t.Errorf("%s moved the chain:\n%s", name, diff)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	b, _, err := exampleRecord().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRecord(b)
		if err != nil {
			return
		}
		again, d, err := r.Encode()
		if err != nil || !bytes.Equal(again, b) || d != DigestOf(b) {
			t.Errorf("accepted %q, and writes %q, %v", b, again, err)
		}
	})
}

func FuzzDecodeEntry(f *testing.F) {
	b, err := exampleEntry().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeEntry(b)
		if err != nil {
			return
		}
		again, err := e.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("accepted %q, and writes %q, %v", b, again, err)
		}
	})
}

func TestDecodeEntryOfANewerFormat(t *testing.T) {
	_, err := DecodeEntry([]byte(`{"format":"auditpack.entry/99","witness":"x"}`))
	if want := `format: got "auditpack.entry/99", want "` + EntryFormat + `": a newer auditpack wrote it, read it with that one`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}
