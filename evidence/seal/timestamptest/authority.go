// Package timestamptest runs a real timestamp authority for tests: "openssl ts" behind a small HTTP server, with a throw-away CA.
package timestamptest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Policy is what an authority works by unless it is asked for Other.
const (
	Policy = "1.3.6.1.4.1.99999.1"
	Other  = "1.3.6.1.4.1.99999.2"
)

// Options make an authority that is not as it should be. The zero value is a good one.
type Options struct {
	NotBefore, NotAfter time.Time           // of its certificate; a day around now when zero
	Query               func([]byte) []byte // changes what openssl is asked; nil leaves it
}

// Authority is a running authority. It is safe for concurrent use.
type Authority struct {
	URL    string
	CA     string // path of the CA's certificate, PEM
	Signer *x509.Certificate
	Key    crypto.Signer // of Signer
	Root   *x509.Certificate

	dir  string
	lock sync.Mutex // openssl counts serial numbers in a file
}

// Start runs an authority until the test ends.
func Start(t testing.TB, o Options) *Authority {
	t.Helper()
	if o.NotBefore.IsZero() {
		o.NotBefore, o.NotAfter = time.Now().Add(-12*time.Hour), time.Now().Add(12*time.Hour)
	}
	a := &Authority{dir: t.TempDir()}
	a.CA = filepath.Join(a.dir, "ca.pem")
	ca := NewCA(t)
	a.Root = ca.Certificate
	a.Signer, a.Key = ca.Issue(t, Leaf(o.NotBefore, o.NotAfter))
	key, err := x509.MarshalPKCS8PrivateKey(a.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem":  {Type: "CERTIFICATE", Bytes: ca.Certificate.Raw},
		"tsa.pem": {Type: "CERTIFICATE", Bytes: a.Signer.Raw},
		"tsa.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		a.write(t, name, pem.EncodeToMemory(block))
	}
	a.write(t, "serial", []byte("01\n"))
	a.write(t, "tsa.cnf", fmt.Appendf(nil, `[tsa]
default_tsa = authority
[authority]
dir = %[1]s
serial = %[1]s/serial
signer_cert = %[1]s/tsa.pem
certs = %[1]s/ca.pem
signer_key = %[1]s/tsa.key
signer_digest = sha256
default_policy = %[2]s
other_policies = %[3]s
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`, a.dir, Policy, Other))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.answer(w, r, o) }))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// answer gives what openssl answers. RFC 3161, section 3.4: a POST of "application/timestamp-query", answered by
// "application/timestamp-reply", both in DER.
func (a *Authority) answer(w http.ResponseWriter, r *http.Request, o Options) {
	query, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "want a POST of application/timestamp-query", http.StatusUnsupportedMediaType)
		return
	}
	if o.Query != nil {
		query = o.Query(query)
	}
	reply, err := a.Reply(query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.Write(reply)
}

// Reply is openssl's answer to a query, both in DER.
func (a *Authority) Reply(query []byte) ([]byte, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	in, out := filepath.Join(a.dir, "query.tsq"), filepath.Join(a.dir, "reply.tsr")
	if err := os.WriteFile(in, query, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command("openssl", "ts", "-reply", "-config", filepath.Join(a.dir, "tsa.cnf"), "-queryfile", in, "-out", out)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("openssl ts -reply: %w\n%s", err, text)
	}
	return os.ReadFile(out)
}

func (a *Authority) write(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// CA gives out certificates.
type CA struct {
	Certificate *x509.Certificate
	key         crypto.Signer
}

// NewCA makes a CA that is valid for a century.
func NewCA(t testing.TB) CA {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: "Test Root"},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	key := newKey(t)
	return CA{sign(t, template, template, key.Public(), key), key}
}

// Issue signs a certificate for a new key.
func (ca CA) Issue(t testing.TB, template *x509.Certificate) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	template.SerialNumber = serial(t)
	key := newKey(t)
	return sign(t, template, ca.Certificate, key.Public(), ca.key), key
}

// Leaf is the template of a certificate for timestamps alone, critical as RFC 3161 demands in section 2.3.
func Leaf(notBefore, notAfter time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test Timestamp Authority", Organization: []string{"Example"}}, NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{ExtendedKeyUsage(true)},
	}
}

// ExtendedKeyUsage is the extension that says "for timestamps".
func ExtendedKeyUsage(critical bool) pkix.Extension {
	return pkix.Extension{
		Id: []int{2, 5, 29, 37}, Critical: critical,
		Value: []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}, // SEQUENCE of id-kp-timeStamping
	}
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		t.Fatal(err)
	}
	return n.Add(n, big.NewInt(1))
}

// PEM is certificates as a file of a CA holds them.
func PEM(certificates ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certificates {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.Bytes()
}
