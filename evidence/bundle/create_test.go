package bundle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/seal"
)

func TestCreateAndVerify(t *testing.T) {
	f := newFixture(t)
	for _, a := range []seal.Algorithm{seal.ECDSAP256, seal.Ed25519} {
		key, err := seal.Generate(a)
		if err != nil {
			t.Fatal(err)
		}
		o := f.options(t)
		o.Key, o.SealedAt = key, noon.Add(time.Hour)
		path := create(t, o)
		for name, trust := range map[string]VerifyOptions{
			"key":         {Key: key.Public()},
			"fingerprint": {Fingerprint: key.Public().Fingerprint()},
			"both":        {Key: key.Public(), Fingerprint: key.Public().Fingerprint()},
			"log key":     {Key: key.Public(), LogKey: o.LogKey},
		} {
			r, err := Verify(t.Context(), path, trust)
			if err != nil {
				t.Fatal(err)
			}
			if !r.OK() || !r.Sealed || r.Statement == nil {
				t.Errorf("%s, %s: got %v", a, name, r.Problems)
			}
			if r.Records != 2 || r.Evidence != 3 || r.Entries != 2 || r.Statement.Organization != "ACME GmbH" {
				t.Errorf("%s, %s: got %+v", a, name, r)
			}
		}
	}
}

func TestSameInputsSameManifest(t *testing.T) {
	f := newFixture(t)
	dir := t.TempDir()
	var manifests []evidence.Digest
	for _, name := range []string{"a.zip", "b.zip"} {
		s, err := Create(t.Context(), filepath.Join(dir, name), f.options(t))
		if err != nil {
			t.Fatal(err)
		}
		manifests = append(manifests, s.Manifest)
	}
	if diff := cmp.Diff(manifests[0], manifests[1]); diff != "" {
		t.Errorf("manifest (-first +second):\n%s", diff)
	}
}

func TestCreateNeverOverwritesUnasked(t *testing.T) {
	f := newFixture(t)
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := f.options(t)
	if _, err := Create(t.Context(), path, o); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("the file is %q, %v", b, err)
	}
	o.Force = true
	if _, err := Create(t.Context(), path, o); err != nil {
		t.Error(err)
	}
}

func TestCreateRefuses(t *testing.T) {
	f := newFixture(t)
	other, err := seal.GenerateLogKey(seal.Origin(storeUUID))
	if err != nil {
		t.Fatal(err)
	}
	otherKey, err := note.NewVerifier(other.Public)
	if err != nil {
		t.Fatal(err)
	}
	orphan := f.record(t, "vault.health/1", nil, "{}")
	part := evidence.DigestOf([]byte(`{"line":3,"reason":"not-json"}` + "\n"))
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no key":                       {func(o *Options) { o.Key = nil }, "no key to seal it with"},
		"no log key":                   {func(o *Options) { o.LogKey = nil }, "no log key"},
		"another log key":              {func(o *Options) { o.LogKey = otherKey }, "signature does not match"},
		"text of another log key":      {func(o *Options) { o.LogKeyText = other.Public }, "text of the log key"},
		"a record that is in no entry": {func(o *Options) { o.Records = []evidence.Digest{orphan} }, "is in none of the 2 journal entries"},
		"a record behind the checkpoint": {func(o *Options) {
			o.Checkpoint = f.checkpoint(t, 1)
		}, "is in none of the 1 journal entries"},
		"a file in our place":       {func(o *Options) { o.Files = append(o.Files, BytesFile("journal/x.json", nil)) }, "not where the bundle has its own"},
		"a file in no folder":       {func(o *Options) { o.Files = append(o.Files, BytesFile("x.json", nil)) }, "in a folder of its own"},
		"a file twice":              {func(o *Options) { o.Files = append(o.Files, BytesFile("sql/vault_audit.sql", nil)) }, "is there twice"},
		"names that differ in case": {func(o *Options) { o.Files = append(o.Files, BytesFile("sql/Vault_Audit.sql", nil)) }, "differ only in case"},
		"a path upwards":            {func(o *Options) { o.Files = append(o.Files, BytesFile("reports/../../x", nil)) }, "name \"data/reports/../../x\""},
		"a name with a space":       {func(o *Options) { o.Files = append(o.Files, BytesFile("reports/a b.pdf", nil)) }, "want at most"},
		"two lines":                 {func(o *Options) { o.Organization = "ACME\nPayload-Oxum: 0.0" }, "want one line"},
		"a file that cannot open":   {func(o *Options) { o.Files = append(o.Files, DiskFile("reports/x.pdf", "/nonexistent/x.pdf")) }, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			o := f.options(t)
			c.change(&o)
			dir := t.TempDir()
			_, err := Create(t.Context(), filepath.Join(dir, "bundle.zip"), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left in the folder: %v", left)
			}
		})
	}
	t.Run("corrupt evidence", func(t *testing.T) {
		f.store.Damage(part, []byte("other"))
		dir := t.TempDir()
		if _, err := Create(t.Context(), filepath.Join(dir, "bundle.zip"), f.options(t)); !errors.Is(err, evidence.ErrCorrupt) {
			t.Errorf("got %v, want ErrCorrupt", err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("left in the folder: %v", left)
		}
	})
}

func TestVerifyNeedsTrustFromOutside(t *testing.T) {
	f := newFixture(t)
	path := create(t, f.options(t))
	if _, err := Verify(t.Context(), path, VerifyOptions{}); !errors.Is(err, ErrNoTrust) {
		t.Errorf("nothing given: got %v, want ErrNoTrust", err)
	}
	if _, err := Verify(t.Context(), path, VerifyOptions{Fingerprint: "SHA256:12"}); err == nil {
		t.Error("no fingerprint: got no error")
	}
	other, err := seal.Generate(seal.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), path, VerifyOptions{Key: f.key.Public(), Fingerprint: other.Public().Fingerprint()}); err == nil {
		t.Error("key and fingerprint that disagree: got no error")
	}
	if _, err := Verify(t.Context(), path+".none", VerifyOptions{Key: f.key.Public()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v, want fs.ErrNotExist", err)
	}
}

func TestOpenReads(t *testing.T) {
	f := newFixture(t)
	b, err := Open(create(t, f.options(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r, err := b.Record(f.derived)
	if err != nil {
		t.Fatal(err)
	}
	in, err := b.Evidence(t.Context(), r.Content[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := b.Record(evidence.DigestOf(nil)); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
