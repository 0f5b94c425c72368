package seal

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"auditpack/internal/canonical"
)

// Types of what a seal signs.
const (
	PayloadType   = "application/vnd.in-toto+json"
	StatementType = "https://in-toto.io/Statement/v1"
)

// Statement is an in-toto Statement: what the subjects, named by digest, are.
// Source: in-toto attestation framework, Statement layer, version 1.
type Statement struct {
	Type          string          `json:"_type"` // StatementType
	Subject       []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"` // a URI
	Predicate     json.RawMessage `json:"predicate"`
}

// Subject is a file that a statement is about.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"` // "sha256" to hexadecimal digits
}

// Sealed is a signed statement, once as an envelope and once as the plain files that openssl takes.
type Sealed struct {
	Envelope  []byte // DSSE envelope, canonical JSON and a final newline
	Signed    []byte // the bytes that are signed: DSSE's pre-authentication encoding of the statement
	Signature []byte // over Signed; of ECDSA in ASN.1 DER
}

// Sign seals a statement; its Type is set.
func Sign(ctx context.Context, s Statement, key Signer) (Sealed, error) {
	s.Type = StatementType
	payload, err := canonical.Marshal(s)
	if err != nil {
		return Sealed{}, fmt.Errorf("seal: %w", err)
	}
	es, err := dsse.NewEnvelopeSigner(dsseKey{key: key, public: key.Public()})
	if err != nil {
		return Sealed{}, fmt.Errorf("seal: %w", err)
	}
	env, err := es.SignPayload(ctx, PayloadType, payload)
	if err != nil {
		return Sealed{}, fmt.Errorf("seal: %w", err)
	}
	return newSealed(env)
}

// newSealed lays an envelope of exactly one signature out as bytes.
func newSealed(env *dsse.Envelope) (Sealed, error) {
	if len(env.Signatures) != 1 {
		return Sealed{}, fmt.Errorf("seal has %d signatures, want 1", len(env.Signatures))
	}
	payload, err := base64.StdEncoding.Strict().DecodeString(env.Payload)
	if err != nil {
		return Sealed{}, fmt.Errorf("payload of the seal: %w", err)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(env.Signatures[0].Sig)
	if err != nil {
		return Sealed{}, fmt.Errorf("signature of the seal: %w", err)
	}
	b, err := canonical.Marshal(env)
	if err != nil {
		return Sealed{}, fmt.Errorf("seal: %w", err)
	}
	return Sealed{Envelope: append(b, '\n'), Signed: dsse.PAE(env.PayloadType, payload), Signature: signature}, nil
}

// Open reads an envelope strictly, checks its one signature with key, and returns the statement and the envelope's parts. A
// signature that key did not make wraps ErrSignature; the statement is then returned nevertheless, for messages only.
func Open(ctx context.Context, envelope []byte, key PublicKey) (Statement, Sealed, error) {
	var env dsse.Envelope
	if err := canonical.Unmarshal(envelope, &env); err != nil {
		return Statement{}, Sealed{}, fmt.Errorf("read seal: %w", err)
	}
	if env.PayloadType != PayloadType {
		return Statement{}, Sealed{}, fmt.Errorf("read seal: payload type: got %q, want %q", env.PayloadType, PayloadType)
	}
	sealed, err := newSealed(&env)
	if err != nil {
		return Statement{}, Sealed{}, fmt.Errorf("read seal: %w", err)
	}
	if !bytes.Equal(sealed.Envelope, envelope) {
		return Statement{}, sealed, fmt.Errorf("read seal: envelope is not in canonical form")
	}
	payload, err := env.DecodeB64Payload()
	if err != nil {
		return Statement{}, sealed, fmt.Errorf("read seal: %w", err)
	}
	var s Statement
	if err := canonical.Unmarshal(payload, &s); err != nil {
		return Statement{}, sealed, fmt.Errorf("read seal: %w", err)
	}
	if s.Type != StatementType {
		return Statement{}, sealed, fmt.Errorf("read seal: type: got %q, want %q", s.Type, StatementType)
	}
	if id := env.Signatures[0].KeyID; id != key.Fingerprint() {
		return s, sealed, fmt.Errorf("seal is by key %q, want %s: %w", id, key.Fingerprint(), ErrSignature)
	}
	v, err := dsse.NewEnvelopeVerifier(dsseKey{public: key})
	if err != nil {
		return s, sealed, fmt.Errorf("check seal: %w", err)
	}
	if _, err := v.Verify(ctx, &env); err != nil {
		return s, sealed, fmt.Errorf("check seal with key %s: %w", key.Fingerprint(), ErrSignature)
	}
	return s, sealed, nil
}

// peekStatement reads the statement of an envelope without checking its signature: to learn whose it should be, never to trust it.
func peekStatement(envelope []byte) (Statement, error) {
	var env dsse.Envelope
	if err := canonical.Unmarshal(envelope, &env); err != nil {
		return Statement{}, fmt.Errorf("read statement: %w", err)
	}
	payload, err := env.DecodeB64Payload()
	if err != nil {
		return Statement{}, fmt.Errorf("read statement: %w", err)
	}
	var s Statement
	if err := canonical.Unmarshal(payload, &s); err != nil {
		return Statement{}, fmt.Errorf("read statement: %w", err)
	}
	return s, nil
}

// dsseKey lets the dsse package use our keys.
type dsseKey struct {
	key    Signer // nil to check only
	public PublicKey
}

var _ dsse.SignerVerifier = dsseKey{}

func (k dsseKey) Sign(ctx context.Context, b []byte) ([]byte, error) { return k.key.Sign(ctx, b) }
func (k dsseKey) Verify(_ context.Context, b, sig []byte) error      { return k.public.Verify(b, sig) }
func (k dsseKey) KeyID() (string, error)                             { return k.public.Fingerprint(), nil }
func (k dsseKey) Public() crypto.PublicKey                           { return k.public.key }
