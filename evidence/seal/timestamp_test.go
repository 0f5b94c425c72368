package seal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/seal"
	"auditpack/evidence/seal/timestamptest"
	"auditpack/internal/doctest"
)

var stamped = []byte("a checkpoint\n")

// TestStamp asks a real authority, and lets openssl check what it gave.
func TestStamp(t *testing.T) {
	a := timestamptest.Start(t, timestamptest.Options{})
	for name, policy := range map[string]string{"": timestamptest.Policy, timestamptest.Other: timestamptest.Other} {
		response, at, err := authority(t, a.URL, name, a.Root).Stamp(t.Context(), stamped)
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(at.At); age < -2*time.Second || age > time.Minute {
			t.Errorf("time: got %s, which is %s ago", at.At, age)
		}
		want := seal.Timestamp{At: at.At, Serial: at.Serial, Accuracy: time.Second, Authority: "CN=Test Timestamp Authority,O=Example", Policy: policy, Trusted: true}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("timestamp (-want +got):\n%s", diff)
		}
		if out, err := opensslVerify(t, response, stamped, a.CA, time.Time{}); err != nil {
			t.Errorf("openssl ts -verify: %v\n%s", err, out)
		}
		if out, err := opensslVerify(t, response, []byte("another\n"), a.CA, time.Time{}); err == nil {
			t.Errorf("openssl ts -verify of other bytes: no error\n%s", out)
		}
	}
}

// TestStampRefuses: an authority that is down, wrong, or of somebody else gives no timestamp, and each says why.
func TestStampRefuses(t *testing.T) {
	good := timestamptest.Start(t, timestamptest.Options{})
	past := timestamptest.Start(t, timestamptest.Options{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)})
	ask := func(change func(*timestamp.Request)) *timestamptest.Authority {
		return timestamptest.Start(t, timestamptest.Options{Query: func(b []byte) []byte { return changeQuery(t, b, change) }})
	}
	digest := ask(func(r *timestamp.Request) { sum := sha256.Sum256([]byte("other")); r.HashedMessage = sum[:] })
	nonce := ask(func(r *timestamp.Request) { r.Nonce = big.NewInt(7) })
	noNonce := ask(func(r *timestamp.Request) { r.Nonce = nil })
	policy := ask(func(r *timestamp.Request) { r.TSAPolicyOID = nil })
	unknown := ask(func(r *timestamp.Request) { r.TSAPolicyOID = asn1.ObjectIdentifier{1, 2, 3} })
	noCertificate := ask(func(r *timestamp.Request) { r.Certificates = false })
	web := func(handler http.HandlerFunc) string {
		s := httptest.NewServer(handler)
		t.Cleanup(s.Close)
		return s.URL
	}
	reply := func(b []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/timestamp-reply")
			w.Write(b)
		}
	}
	stopped := httptest.NewServer(nil)
	stopped.Close()
	for name, c := range map[string]struct {
		url, policy string
		root        *x509.Certificate
		want        string
	}{
		"down":                   {stopped.URL, "", good.Root, "connection refused"},
		"another authority":      {good.URL, "", past.Root, "not one that is trusted"},
		"certificate ended":      {past.URL, "", past.Root, "outside of certificate validity"},
		"other digest":           {digest.URL, "", digest.Root, "it is of other bytes"},
		"other nonce":            {nonce.URL, "", nonce.Root, "nonce is not the one that was sent"},
		"no nonce":               {noNonce.URL, "", noNonce.Root, "nonce is not the one that was sent"},
		"other policy":           {policy.URL, timestamptest.Other, policy.Root, "policy: got " + timestamptest.Policy},
		"refused by the policy":  {unknown.URL, "", unknown.Root, "policy"},
		"certificate left out":   {noCertificate.URL, "", noCertificate.Root, "does not carry the certificate"},
		"an error of HTTP":       {web(http.NotFound), "", good.Root, "404 Not Found"},
		"a web page":             {web(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }), "", good.Root, `want application/timestamp-reply`},
		"an empty answer":        {web(reply(nil)), "", good.Root, "no TimeStampResp in DER"},
		"an answer cut half-way": {web(reply([]byte{0x30, 0x82, 0x10, 0x00, 0x02})), "", good.Root, "no TimeStampResp in DER"},
		"an answer without end":  {web(reply(make([]byte, seal.MaxTimestampBytes+1))), "", good.Root, "larger than"},
		"a length that lies": {web(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/timestamp-reply")
			w.Header().Set("Content-Length", "900")
			w.Write([]byte{0x30})
		}), "", good.Root, "unexpected EOF"},
		"indefinite length (BER)": {web(reply([]byte{0x30, 0x80, 0, 0})), "", good.Root, "no TimeStampResp in DER"},
	} {
		t.Run(name, func(t *testing.T) {
			response, at, err := authority(t, c.url, c.policy, c.root).Stamp(t.Context(), stamped)
			if err == nil || !strings.Contains(err.Error(), c.want) || response != nil {
				t.Errorf("got %d bytes, %v, %v; want an error with %q", len(response), at, err, c.want)
			}
		})
	}
	t.Run("slow", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		url := web(func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
		})
		if _, _, err := authority(t, url, "", good.Root).Stamp(ctx, stamped); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
}

// TestOpenTimestamp checks what certificates must be like. openssl refuses to sign with most of these, so they sign by our own hand.
func TestOpenTimestamp(t *testing.T) {
	ca := timestamptest.NewCA(t)
	begin, end := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	within := begin.AddDate(1, 0, 0)
	twoUsages := timestamptest.ExtendedKeyUsage(true)
	twoUsages.Value = []byte{0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01}
	for name, c := range map[string]struct {
		at     time.Time
		usages []pkix.Extension
		want   string // empty: it verifies
	}{
		"certificate ended long ago, and not then": {within, []pkix.Extension{timestamptest.ExtendedKeyUsage(true)}, ""},
		"first second":              {begin, []pkix.Extension{timestamptest.ExtendedKeyUsage(true)}, ""},
		"ended at its own time":     {end.Add(time.Second), []pkix.Extension{timestamptest.ExtendedKeyUsage(true)}, "is valid from 2019-01-01T00:00:00Z to 2021-01-01T00:00:00Z, and it says 2021-01-01T00:00:01Z"},
		"not begun at its own time": {begin.Add(-time.Second), []pkix.Extension{timestamptest.ExtendedKeyUsage(true)}, "is valid from"},
		"usage is not critical":     {within, []pkix.Extension{timestamptest.ExtendedKeyUsage(false)}, "does not mark the extended key usage as critical"},
		"no usage":                  {within, nil, "it has no extended key usage"},
		"a second usage":            {within, []pkix.Extension{twoUsages}, "is not for timestamps alone"},
	} {
		t.Run(name, func(t *testing.T) {
			leaf := timestamptest.Leaf(begin, end)
			leaf.ExtraExtensions = c.usages
			certificate, key := ca.Issue(t, leaf)
			response := timestamptest.ByHand(t, stamped, c.at, certificate, key)
			got, err := seal.OpenTimestamp(response, stamped, roots(t, ca.Certificate))
			if c.want == "" {
				if err != nil || !got.At.Equal(c.at) || !got.Trusted {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if !errors.Is(err, seal.ErrTimestamp) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrTimestamp and %q", err, c.want)
			}
			if got, err := seal.OpenTimestamp(response, stamped, nil); err != nil || got.Trusted {
				t.Errorf("without roots: got %v, %v; want it read and not trusted", got, err)
			}
		})
	}
}

// TestOutlivesItsCertificate runs the command of docs/formats/seal.md with openssl, long after the certificate ended.
func TestOutlivesItsCertificate(t *testing.T) {
	ca := timestamptest.NewCA(t)
	at := time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	certificate, key := ca.Issue(t, timestamptest.Leaf(at.AddDate(-1, 0, 0), at.AddDate(1, 0, 0)))
	response := timestamptest.ByHand(t, stamped, at, certificate, key)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, timestamptest.PEM(ca.Certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := opensslVerify(t, response, stamped, file, at); err != nil {
		t.Errorf("at its own time: %v\n%s", err, out)
	}
	if out, err := opensslVerify(t, response, stamped, file, time.Time{}); err == nil {
		t.Errorf("today: openssl finds nothing wrong, so this test shows nothing\n%s", out)
	}
}

// TestFlippedTimestamp: no flipped bit changes what a timestamp says, unseen. (Some do nothing: the certificates that are sent along
// and not needed, for one.)
func TestFlippedTimestamp(t *testing.T) {
	a := timestamptest.Start(t, timestamptest.Options{})
	response, want, err := authority(t, a.URL, "", a.Root).Stamp(t.Context(), stamped)
	if err != nil {
		t.Fatal(err)
	}
	trusted := roots(t, a.Root)
	found, tried := 0, 0
	for i := 0; i < len(response)*8; i += 7 { // in time, every place in a byte
		tried++
		b := bytes.Clone(response)
		b[i/8] ^= 1 << (i % 8)
		got, err := seal.OpenTimestamp(b, stamped, trusted)
		if err != nil {
			found++
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("bit %d: verifies, and says something else (-want +got):\n%s", i, diff)
		}
	}
	if found < tried*3/4 {
		t.Errorf("%d of %d flipped bits were found: the check does not see most of it", found, tried)
	}
}

func TestTimestampRoots(t *testing.T) {
	ca := timestamptest.NewCA(t)
	leaf, _ := ca.Issue(t, timestamptest.Leaf(ca.Certificate.NotBefore, ca.Certificate.NotAfter))
	for name, b := range map[string][]byte{
		"empty": nil, "no root": timestamptest.PEM(leaf), "a key": []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
		"broken": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		if _, err := seal.ParseTimestampRoots(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := seal.ParseTimestampRoots(timestamptest.PEM(leaf, ca.Certificate)); err != nil {
		t.Error(err)
	}
}

func TestNewAuthorityRefuses(t *testing.T) {
	trusted := roots(t, timestamptest.NewCA(t).Certificate)
	for name, c := range map[string]struct {
		url, policy string
		roots       *seal.TimestampRoots
	}{
		"no scheme": {"tsa.example", "", trusted}, "a file": {"file:///tsa", "", trusted}, "a password": {"https://u:p@tsa.example", "", trusted},
		"policy": {"https://tsa.example", "baseline", trusted}, "policy of one number": {"https://tsa.example", "1", trusted}, "nobody trusted": {"https://tsa.example", "", nil},
	} {
		if _, err := seal.NewAuthority(c.url, c.policy, c.roots, http.DefaultClient); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzOpenTimestamp(f *testing.F) {
	ca := timestamptest.NewCA(f)
	at := time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)
	certificate, key := ca.Issue(f, timestamptest.Leaf(at.AddDate(-1, 0, 0), at.AddDate(1, 0, 0)))
	f.Add(timestamptest.ByHand(f, stamped, at, certificate, key))
	f.Add([]byte{0x30, 0x80, 0x1f, 0xff})
	trusted, err := seal.ParseTimestampRoots(timestamptest.PEM(ca.Certificate))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := seal.OpenTimestamp(b, stamped, trusted)
		if err == nil && !got.At.Equal(at) {
			t.Errorf("got %v, which nobody signed", got)
		}
	})
}

func changeQuery(t *testing.T, b []byte, change func(*timestamp.Request)) []byte {
	r, err := timestamp.ParseRequest(b)
	if err != nil {
		t.Error(err)
		return nil
	}
	change(r)
	if b, err = r.Marshal(); err != nil {
		t.Error(err)
	}
	return b
}

func authority(t *testing.T, url, policy string, root *x509.Certificate) *seal.Authority {
	t.Helper()
	a, err := seal.NewAuthority(url, policy, roots(t, root), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func roots(t testing.TB, certificates ...*x509.Certificate) *seal.TimestampRoots {
	t.Helper()
	r, err := seal.ParseTimestampRoots(timestamptest.PEM(certificates...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// opensslVerify runs the command that docs/formats/seal.md shows; a zero time checks as of today.
func opensslVerify(t *testing.T, response, b []byte, ca string, at time.Time) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{"checkpoint.txt": b, "checkpoint.txt.tsr": response} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := `openssl ts -verify -data checkpoint.txt -in checkpoint.txt.tsr -CAfile "$CA"`
	if !at.IsZero() {
		command = timestampCommand(t)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CA="+ca)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// timestampCommand is the page's.
func timestampCommand(t *testing.T) string {
	t.Helper()
	return doctest.Blocks(t, "../../docs/formats/seal.md", "openssl")[0]
}
