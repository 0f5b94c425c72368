package bundle

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"auditpack/evidence/seal"
	"auditpack/evidence/seal/timestamptest"
)

// stampedBundle is a bundle whose seal a real authority has timestamped, and the roots to trust for it.
func stampedBundle(t *testing.T) (*fixture, *timestamptest.Authority, []byte, *seal.TimestampRoots) {
	t.Helper()
	a := timestamptest.Start(t, timestamptest.Options{})
	roots, err := seal.LoadTimestampRoots(a.CA)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := seal.NewAuthority(a.URL, "", roots, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	o := f.options(t)
	o.Stamp = func(ctx context.Context, b []byte) ([]byte, error) {
		response, _, err := authority.Stamp(ctx, b)
		return response, err
	}
	return f, a, readFile(t, create(t, o)), roots
}

func TestTimestampedSeal(t *testing.T) {
	f, a, b, roots := stampedBundle(t)
	r := verifyBytes(t, b, VerifyOptions{Key: f.key.Public(), Authorities: roots})
	if !r.OK() || r.Timestamp == nil || !r.Timestamp.Trusted {
		t.Errorf("with its authority: problems %v, timestamp %v", r.Problems, r.Timestamp)
	}
	r = verifyBytes(t, b, VerifyOptions{Key: f.key.Public()})
	if !r.OK() || r.Timestamp == nil || r.Timestamp.Trusted {
		t.Errorf("nobody trusted for the time: problems %v, timestamp %v", r.Problems, r.Timestamp)
	}
	other, err := seal.ParseTimestampRoots(timestamptest.PEM(timestamptest.NewCA(t).Certificate))
	if err != nil {
		t.Fatal(err)
	}
	r = verifyBytes(t, b, VerifyOptions{Key: f.key.Public(), Authorities: other})
	checkFound(t, r, `timestamp: "attestation.tsr"`, "not one that is trusted")

	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	text, err := opened.ReadFile(verifyFile)
	if err != nil {
		t.Fatal(err)
	}
	if failed, output := runVerifyText(t, path, text); len(failed) > 0 {
		t.Errorf("VERIFY.txt of a bundle with a timestamp: %q\n%s", failed, output)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "unzip", "-q", path, "-d", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "ts", "-verify", "-data", "attestation.sig", "-in", "attestation.tsr", "-CAfile", a.CA)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

func TestTimestampTampered(t *testing.T) {
	f, _, b, roots := stampedBundle(t)
	_, _, another, _ := stampedBundle(t)
	members, others := unpack(t, b), unpack(t, another)
	last := len(members) - 1
	if members[last].name != timestampFile {
		t.Fatalf("the last member is %q", members[last].name)
	}
	with := func(change func(content) content) []byte { return pack(t, change(append(content{}, members...))) }
	for name, c := range map[string]struct {
		b    []byte
		want string // empty: only a reader who trusts an authority finds it
	}{
		"taken out":       {with(func(c content) content { return c[:last] }), ""},
		"of another":      {with(func(c content) content { c[last].b = others[last].b; return c }), "it is of other bytes"},
		"broken":          {with(func(c content) content { c[last].b = c[last].b[:100]; return c }), "no TimeStampResp in DER"},
		"empty":           {with(func(c content) content { c[last].b = nil; return c }), "no TimeStampResp in DER"},
		"before the seal": {with(func(c content) content { c[last], c[last-1] = c[last-1], c[last]; return c }), "not in the order"},
	} {
		t.Run(name, func(t *testing.T) {
			plain := verifyBytes(t, c.b, VerifyOptions{Key: f.key.Public()})
			trusting := verifyBytes(t, c.b, VerifyOptions{Key: f.key.Public(), Authorities: roots})
			if c.want == "" {
				if !plain.OK() {
					t.Errorf("nobody trusted for the time: %v", plain.Problems)
				}
				checkFound(t, trusting, "the seal has no timestamp")
				return
			}
			checkFound(t, plain, c.want)
			checkFound(t, trusting, c.want)
		})
	}
}

// TestAuthorityOfSealDown: the caller decides whether a bundle is made without a timestamp.
func TestAuthorityOfSealDown(t *testing.T) {
	f := newFixture(t)
	o := f.options(t)
	o.Stamp = func(context.Context, []byte) ([]byte, error) { return nil, nil }
	if r := verifyBytes(t, readFile(t, create(t, o)), VerifyOptions{Key: f.key.Public()}); !r.OK() || r.Timestamp != nil {
		t.Errorf("no timestamp: problems %v, timestamp %v", r.Problems, r.Timestamp)
	}
	down := errors.New("connection refused")
	for name, stamp := range map[string]func(context.Context, []byte) ([]byte, error){
		"down": func(context.Context, []byte) ([]byte, error) { return nil, down }, "no timestamp at all": func(context.Context, []byte) ([]byte, error) { return []byte("<html>"), nil },
	} {
		o.Stamp = stamp
		path := filepath.Join(t.TempDir(), "bundle.zip")
		if _, err := Create(t.Context(), path, o); err == nil || name == "down" && !errors.Is(err, down) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a bundle was left behind", name)
		}
	}
}
