package timestamptest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"
)

// ByHand is an authority's answer that openssl would not give: of any time, by any certificate. Its structure is that of RFC 3161,
// section 2.4.2, in a SignedData of RFC 5652, section 5.
func ByHand(t testing.TB, b []byte, at time.Time, certificate *x509.Certificate, key crypto.Signer) []byte {
	t.Helper()
	e := encoder{t}
	oid := func(last ...int) asn1.ObjectIdentifier {
		return append(asn1.ObjectIdentifier{1, 2, 840, 113549, 1}, last...)
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	sum := sha256.Sum256(b)
	info := e.sequence(e.der(1), e.der(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}), e.sequence(e.der(sha), e.der(sum[:])),
		e.der(big.NewInt(7)), e.tagged(asn1.TagGeneralizedTime, false, 0, []byte(at.UTC().Format("20060102150405Z"))))
	infoSum, certificateSum := sha256.Sum256(info), sha256.Sum256(certificate.Raw)
	attributes := [][]byte{
		e.sequence(e.der(oid(9, 3)), e.set(e.der(oid(9, 16, 1, 4)))),                                              // content type
		e.sequence(e.der(oid(9, 4)), e.set(e.der(infoSum[:]))),                                                    // message digest
		e.sequence(e.der(oid(9, 16, 2, 47)), e.set(e.sequence(e.sequence(e.sequence(e.der(certificateSum[:])))))), // signing certificate
	}
	slices.SortFunc(attributes, bytes.Compare)
	attributesSum := sha256.Sum256(e.set(attributes...))
	signature, err := key.Sign(rand.Reader, attributesSum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	signer := e.sequence(e.der(1), e.sequence(certificate.RawIssuer, e.der(certificate.SerialNumber)), e.der(sha),
		e.tagged(0, true, asn1.ClassContextSpecific, attributes...),
		e.der(pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}), e.der(signature))
	signed := e.sequence(e.der(3), e.set(e.der(sha)),
		e.sequence(e.der(oid(9, 16, 1, 4)), e.tagged(0, true, asn1.ClassContextSpecific, e.der(info))),
		e.tagged(0, true, asn1.ClassContextSpecific, certificate.Raw), e.set(signer))
	token := e.sequence(e.der(oid(7, 2)), e.tagged(0, true, asn1.ClassContextSpecific, signed))
	return e.sequence(e.sequence(e.der(0)), token)
}

// encoder writes DER.
type encoder struct{ t testing.TB }

func (e encoder) der(v any) []byte {
	e.t.Helper()
	b, err := asn1.Marshal(v)
	if err != nil {
		e.t.Fatal(err)
	}
	return b
}

func (e encoder) tagged(tag int, compound bool, class int, parts ...[]byte) []byte {
	return e.der(asn1.RawValue{Class: class, Tag: tag, IsCompound: compound, Bytes: bytes.Join(parts, nil)})
}

func (e encoder) sequence(parts ...[]byte) []byte {
	return e.tagged(asn1.TagSequence, true, 0, parts...)
}
func (e encoder) set(parts ...[]byte) []byte { return e.tagged(asn1.TagSet, true, 0, parts...) }
