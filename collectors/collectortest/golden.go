package collectortest

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"auditpack/collectors"
	"auditpack/evidence"
)

// recordLimit is far above any record: one of them lists the parts of a snapshot.
const recordLimit = 16 << 20 // bytes

// textLimit is up to which size the content of a derived record stands in the golden.
const textLimit = 64 << 10 // bytes

// golden is what came of a collection, without what differs from run to run.
type golden struct {
	Error   string         `json:"error,omitempty"` // of opening the collector, or of the source as a whole
	Parts   []part         `json:"parts"`
	Records []goldenRecord `json:"records"`
}

type part struct {
	Part    string           `json:"part"`
	Kind    evidence.Kind    `json:"kind"`
	Outcome evidence.Outcome `json:"outcome"`
	Items   int64            `json:"items"`
	Detail  string           `json:"detail,omitempty"`
}

type goldenRecord struct {
	Kind        evidence.Kind        `json:"kind"`
	System      string               `json:"system,omitempty"`
	Version     string               `json:"version,omitempty"`
	Identity    string               `json:"identity,omitempty"`
	Period      string               `json:"period,omitempty"`
	At          *time.Time           `json:"at,omitempty"`
	Principal   string               `json:"principal"`
	Procedure   string               `json:"procedure"`
	Content     []goldenContent      `json:"content"`
	Stated      evidence.Stated      `json:"stated"`
	DerivedFrom []evidence.Digest    `json:"derived_from,omitempty"`
	Redactions  []evidence.Redaction `json:"redactions,omitempty"`
}

type goldenContent struct {
	evidence.Part
	Lines []string `json:"lines,omitempty"` // of the content, where we computed it
}

// goldenOf describes what was committed. The folder of the archive is written as $DIR.
func (a *archive) goldenOf(t *testing.T, store evidence.Store, res collectors.Result) golden {
	t.Helper()
	g := golden{Parts: []part{}, Records: []goldenRecord{}}
	if res.Err != nil {
		g.Error = a.relative(res.Err.Error())
	}
	for _, p := range res.Entry.Parts {
		g.Parts = append(g.Parts, part{a.relative(p.Part), p.Kind, p.Outcome, p.Items, a.relative(p.Detail)})
	}
	for _, d := range res.Entry.Records {
		g.Records = append(g.Records, a.goldenRecord(t, store, readRecord(t, store, d)))
	}
	slices.SortStableFunc(g.Records, func(x, y goldenRecord) int {
		if x.Kind != y.Kind {
			return strings.Compare(string(x.Kind), string(y.Kind))
		}
		return strings.Compare(x.Procedure+x.Content[0].Name, y.Procedure+y.Content[0].Name)
	})
	return g
}

func (a *archive) goldenRecord(t *testing.T, store evidence.Store, r evidence.Record) goldenRecord {
	t.Helper()
	g := goldenRecord{
		Kind: r.Kind, System: a.relative(r.Source.System), Version: r.Source.Version, Identity: r.Source.Identity, At: r.At,
		Principal: r.Collected.Principal, Procedure: a.relative(r.Procedure), Stated: r.Stated,
		DerivedFrom: r.DerivedFrom, Redactions: r.Redactions,
	}
	if r.Period != nil {
		g.Period = r.Period.From.Format(time.RFC3339Nano) + "/" + r.Period.To.Format(time.RFC3339Nano)
	}
	for _, p := range r.Content {
		content := goldenContent{Part: p}
		b := readBlob(t, store, p.Digest)
		if len(r.DerivedFrom) > 0 && len(b) <= textLimit && utf8.Valid(b) {
			content.Lines = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		}
		g.Content = append(g.Content, content)
	}
	return g
}

func (a *archive) relative(s string) string { return strings.ReplaceAll(s, a.dir, "$DIR") }

func (a *archive) checkGolden(t *testing.T, g golden) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(g); err != nil {
		t.Fatal(err)
	}
	got := b.Bytes()
	i := slices.IndexFunc(a.content.Files, func(f txtar.File) bool { return f.Name == "golden.json" })
	if *update {
		if i < 0 {
			a.content.Files = append(a.content.Files, txtar.File{Name: "golden.json"})
			i = len(a.content.Files) - 1
		}
		a.content.Files[i].Data = got
		if err := os.WriteFile(a.file, txtar.Format(a.content), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if i < 0 {
		t.Fatalf("%s has no golden.json: write it with go test -update, and read it", a.file)
	}
	if diff := cmp.Diff(string(a.content.Files[i].Data), string(got)); diff != "" {
		t.Errorf("collection differs from golden.json of %s (-want +got):\n%s", a.file, diff)
	}
}

// checkNoSecrets looks for the canaries in all that a collection left behind.
func (a *archive) checkNoSecrets(t *testing.T, store evidence.Store, res collectors.Result) {
	t.Helper()
	if res.Err != nil {
		a.checkCanaries(t, "error", res.Err.Error())
	}
	entry, err := res.Entry.Encode()
	if err != nil {
		t.Fatal(err)
	}
	a.checkCanaries(t, "journal entry", string(entry))
	err = store.Walk(t.Context(), func(d evidence.Digest, _ int64) error {
		a.checkCanaries(t, "blob "+string(d), string(readBlob(t, store, d)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (a *archive) checkCanaries(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range a.canaries {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds the secret %q", where, secret)
		}
	}
}

func readRecord(t *testing.T, store evidence.Store, d evidence.Digest) evidence.Record {
	t.Helper()
	b, err := evidence.ReadAll(t.Context(), store, d, recordLimit)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.DecodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readBlob(t *testing.T, store evidence.Store, d evidence.Digest) []byte {
	t.Helper()
	r, err := store.Get(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
