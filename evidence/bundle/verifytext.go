package bundle

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"

	"auditpack/evidence/seal"
)

//go:embed verify.txt
var verifyTemplate string

// verifyText returns data/VERIFY.txt: how to check the bundle with programs that everybody has. Lines that begin with four
// spaces and "$ " are commands; a test runs them.
func verifyText(p Predicate, a seal.Algorithm) []byte {
	check := "openssl dgst -sha256 -verify seal.pub.pem -signature attestation.sig attestation.pae"
	success := "Verified OK"
	if a == seal.Ed25519 {
		check = "openssl pkeyutl -verify -pubin -inkey seal.pub.pem -rawin -in attestation.pae -sigfile attestation.sig"
		success = "Signature Verified Successfully"
	}
	var b bytes.Buffer
	t := template.Must(template.New("VERIFY.txt").Parse(verifyTemplate))
	if err := t.Execute(&b, struct {
		Predicate
		OpenSSL, Success string
	}{p, check, success}); err != nil {
		panic(fmt.Sprintf("the template of VERIFY.txt does not fit: %v", err)) // a test runs it
	}
	return b.Bytes()
}
