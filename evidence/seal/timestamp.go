package seal

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// ErrTimestamp says that a timestamp is not one of these bytes by an authority that is trusted.
var ErrTimestamp = errors.New("timestamp does not verify")

// MaxTimestampBytes bounds an authority's answer; with a chain of certificates it has some 6 KB.
const MaxTimestampBytes = 256 << 10

// Timestamp says that bytes were there at a time, in the words of an authority (RFC 3161).
type Timestamp struct {
	At        time.Time     `json:"at"`                    // UTC, by the authority's clock
	Accuracy  time.Duration `json:"accuracy_ns,omitempty"` // At may be off by so much; 0 when the authority does not say
	Authority string        `json:"authority"`             // subject of the certificate that signed
	Policy    string        `json:"policy"`                // object identifier of the policy that the authority works by
	Serial    string        `json:"serial"`                // of the timestamp, decimal
	Trusted   bool          `json:"trusted"`               // the certificate leads to a trusted root; false when no roots were given
}

// TimestampRoots are the certificates of the authorities that are trusted to tell the time. Nil trusts nobody.
type TimestampRoots struct {
	roots, others *x509.CertPool
}

// LoadTimestampRoots reads the PEM certificates in the file at path: those that signed themselves are roots, the others help to
// find a way to one, as "openssl ts -verify -CAfile" takes them.
func LoadTimestampRoots(path string) (*TimestampRoots, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificates of the timestamp authority: %w", err)
	}
	r, err := ParseTimestampRoots(b)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w", path, err)
	}
	return r, nil
}

// ParseTimestampRoots reads PEM certificates, as LoadTimestampRoots does.
func ParseTimestampRoots(b []byte) (*TimestampRoots, error) {
	r := &TimestampRoots{roots: x509.NewCertPool(), others: x509.NewCertPool()}
	found := false
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read certificates of the timestamp authority: %w", err)
		}
		if !bytes.Equal(c.RawIssuer, c.RawSubject) || c.CheckSignatureFrom(c) != nil {
			r.others.AddCert(c)
			continue
		}
		r.roots.AddCert(c)
		found = true
	}
	if !found {
		return nil, errors.New("read certificates of the timestamp authority: there is no PEM certificate of a root, which signed itself")
	}
	return r, nil
}

// Object identifiers. Source: RFC 3161, RFC 5652, RFC 5816, RFC 5280.
var (
	oidTSTInfo              = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSigningCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidExtendedKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// OpenTimestamp reads an authority's whole answer (a TimeStampResp in DER) and checks that it is over b. With roots it checks as
// well that its signer's certificate leads to one of them, was valid at the time that it states, and is for timestamps alone:
// what it says stays true when the certificate has ended since. Without roots it is read, and not trusted. What does not verify
// wraps ErrTimestamp. Whether a certificate was revoked is not asked: that needs the network. It is not safe for concurrent use:
// the parser of the library behind it counts in a variable of its package.
func OpenTimestamp(response, b []byte, roots *TimestampRoots) (Timestamp, error) {
	ts, signer, err := readTimestamp(response)
	if err == nil {
		err = checkTimestamp(ts, signer, b, roots)
	}
	if err != nil {
		return Timestamp{}, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	return Timestamp{
		At: ts.Time.UTC(), Accuracy: ts.Accuracy, Authority: signer.Subject.String(), Policy: ts.Policy.String(), Serial: ts.SerialNumber.String(),
		Trusted: roots != nil,
	}, nil
}

func checkTimestamp(ts *timestamp.Timestamp, signer *x509.Certificate, b []byte, roots *TimestampRoots) error {
	if ts.HashAlgorithm != crypto.SHA256 {
		return fmt.Errorf("it is over a digest by %s, want SHA-256", ts.HashAlgorithm)
	}
	if sum := sha256.Sum256(b); !bytes.Equal(ts.HashedMessage, sum[:]) {
		return fmt.Errorf("it is of other bytes: it has sha256:%x, want sha256:%x", ts.HashedMessage, sum)
	}
	if roots == nil {
		return nil
	}
	return roots.check(signer, ts.Certificates, ts.Time)
}

// check wants a way from signer to a root, at that time, for timestamps.
func (r *TimestampRoots) check(signer *x509.Certificate, sent []*x509.Certificate, at time.Time) error {
	if err := onlyForTimestamps(signer); err != nil {
		return err
	}
	if at.Before(signer.NotBefore) || at.After(signer.NotAfter) {
		return fmt.Errorf("its certificate (%s) is valid from %s to %s, and it says %s", signer.Subject,
			signer.NotBefore.UTC().Format(time.RFC3339), signer.NotAfter.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339))
	}
	others := r.others.Clone()
	for _, c := range sent {
		others.AddCert(c)
	}
	_, err := signer.Verify(x509.VerifyOptions{
		Roots: r.roots, Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return fmt.Errorf("its authority (%s) is not one that is trusted: %w", signer.Subject, err)
	}
	return nil
}

// onlyForTimestamps wants one extended key usage, for timestamps, and it critical (RFC 3161, section 2.3): so no certificate that
// was given out for something else can tell the time.
func onlyForTimestamps(c *x509.Certificate) error {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtendedKeyUsage) })
	switch {
	case i < 0:
		return fmt.Errorf("its certificate (%s) is not for timestamps: it has no extended key usage", c.Subject)
	case !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) || len(c.UnknownExtKeyUsage) > 0:
		return fmt.Errorf("its certificate (%s) is not for timestamps alone", c.Subject)
	case !c.Extensions[i].Critical:
		return fmt.Errorf("its certificate (%s) does not mark the extended key usage as critical, as RFC 3161 demands", c.Subject)
	}
	return nil
}

// readTimestamp reads an answer and returns it with the certificate that signed it, the signature checked.
func readTimestamp(response []byte) (*timestamp.Timestamp, *x509.Certificate, error) {
	if len(response) > MaxTimestampBytes {
		return nil, nil, fmt.Errorf("answer is larger than %d bytes", MaxTimestampBytes)
	}
	if err := checkDER(response, maxDERDepth); err != nil {
		return nil, nil, fmt.Errorf("answer is no TimeStampResp in DER: %w", err)
	}
	ts, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, nil, err
	}
	p7, err := pkcs7.Parse(ts.RawToken)
	if err != nil {
		return nil, nil, err
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return nil, nil, errors.New("it does not carry the certificate of the one authority that signed it")
	}
	if err := p7.Verify(); err != nil {
		return nil, nil, fmt.Errorf("signature of the authority: %w", err)
	}
	if ts.Time.IsZero() || ts.SerialNumber == nil {
		return nil, nil, errors.New("it states no time, or has no serial number")
	}
	return ts, signer, checkSigned(p7, signer)
}

// checkSigned wants the signed attributes of a timestamp: that the content is one, and whose certificate signs it. Without them the
// signature might have been made for something else, or a second certificate of the same key be put in the place of the first.
func checkSigned(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	var content asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &content); err != nil || !content.Equal(oidTSTInfo) {
		return errors.New("what is signed is no timestamp")
	}
	named, want := signingCertificate{}, sha1Of(signer.Raw)
	err := p7.UnmarshalSignedAttribute(oidSigningCertificate, &named)
	var v2 signingCertificateV2
	if p7.UnmarshalSignedAttribute(oidSigningCertificateV2, &v2) == nil {
		if len(v2.Certificates) == 0 {
			return errors.New("it names no certificate of its signer")
		}
		first := v2.Certificates[0]
		hash, known := certificateHashes[first.Algorithm.Algorithm.String()]
		if !known {
			return fmt.Errorf("it names its signer's certificate by the unknown digest %s", first.Algorithm.Algorithm)
		}
		named.Certificates, want, err = []essCertificate{{Hash: first.Hash}}, hash(signer.Raw), nil
	}
	if err != nil || len(named.Certificates) == 0 {
		return errors.New("it does not name the certificate of its signer")
	}
	if !bytes.Equal(named.Certificates[0].Hash, want) {
		return errors.New("it names another certificate than the one that it carries as its signer's")
	}
	return nil
}

// signingCertificate names the certificate of a signer. Source: RFC 2634, section 5.4, and RFC 5035, section 3.
type signingCertificate struct {
	Certificates []essCertificate
	Policies     asn1.RawValue `asn1:"optional"`
}

type essCertificate struct {
	Hash   []byte        // SHA-1
	Issuer asn1.RawValue `asn1:"optional"`
}

type signingCertificateV2 struct {
	Certificates []essCertificateV2
	Policies     asn1.RawValue `asn1:"optional"`
}

type essCertificateV2 struct {
	Algorithm pkix.AlgorithmIdentifier `asn1:"optional"` // SHA-256 when left out
	Hash      []byte
	Issuer    asn1.RawValue `asn1:"optional"`
}

// certificateHashes are the digests that name a certificate, by object identifier; empty stands for the one left out.
var certificateHashes = map[string]func([]byte) []byte{
	"":                                      sha256Of,
	pkcs7.OIDDigestAlgorithmSHA256.String(): sha256Of,
	pkcs7.OIDDigestAlgorithmSHA384.String(): hashOf(crypto.SHA384),
	pkcs7.OIDDigestAlgorithmSHA512.String(): hashOf(crypto.SHA512),
}

func sha1Of(b []byte) []byte   { sum := sha1.Sum(b); return sum[:] }
func sha256Of(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] }
func hashOf(h crypto.Hash) func([]byte) []byte {
	return func(b []byte) []byte {
		w := h.New()
		w.Write(b)
		return w.Sum(nil)
	}
}

const maxDERDepth = 40 // a chain of certificates nests 15 deep

// checkDER wants one well-formed value of definite lengths, all the way down: the parser behind us reads looser encodings, and
// what is looser has more than one meaning (and some of it makes that parser fall).
func checkDER(b []byte, depth int) error {
	var v asn1.RawValue
	if err := unmarshalAll(b, &v); err != nil {
		return err
	}
	return checkInner(v, depth)
}

func checkInner(v asn1.RawValue, depth int) error {
	if !v.IsCompound {
		return nil
	}
	if depth == 0 {
		return errors.New("nested too deeply")
	}
	for rest := v.Bytes; len(rest) > 0; {
		var inner asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &inner); err != nil {
			return err
		}
		if err := checkInner(inner, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// String says it in a line for people.
func (t Timestamp) String() string {
	s := t.At.Format(time.RFC3339Nano)
	if t.Accuracy > 0 {
		s += " (within " + t.Accuracy.String() + ")"
	}
	return strings.TrimSpace(s + " by " + t.Authority)
}
