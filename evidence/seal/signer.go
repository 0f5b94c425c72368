package seal

import "context"

// Signer makes seals. It is a key in a file (PrivateKey), or one that a service keeps and never gives away (package transit). It
// is safe for concurrent use.
type Signer interface {
	// Public returns the key that checks what the signer signs. It does not change while the signer lives.
	Public() PublicKey

	// Sign signs b: ECDSA signs the SHA-256 of b, in ASN.1 DER, and differs each time; Ed25519 signs b itself and does not.
	Sign(ctx context.Context, b []byte) ([]byte, error)

	// Place says where the private half lies, so that it can be found again: "vault-transit://transit/audit-seal?version=3". It
	// is empty for a key in a file, whose path would say nothing to others.
	Place() string
}

var _ Signer = (*PrivateKey)(nil)
