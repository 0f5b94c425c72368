package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"auditpack/internal/atomicfile"
)

// Algorithm of a key.
type Algorithm string

// The algorithms.
const (
	ECDSAP256 Algorithm = "ecdsa-p256" // with SHA-256; signatures are ASN.1 DER. The default: every openssl and every HSM knows it
	Ed25519   Algorithm = "ed25519"
)

const fingerprintPrefix = "SHA256:"

// ErrSignature says that a signature was not made by the key over these bytes.
var ErrSignature = errors.New("signature does not match")

// A PrivateKey signs. It is safe for concurrent use.
type PrivateKey struct {
	signer    crypto.Signer
	public    PublicKey
	encrypted bool
}

// A PublicKey checks signatures. The zero value is invalid. It is safe for concurrent use.
type PublicKey struct {
	key any
	der []byte // SPKI
}

// Generate makes a new key.
func Generate(a Algorithm) (*PrivateKey, error) {
	switch a {
	case ECDSAP256:
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generate key: %w", err)
		}
		return newPrivateKey(k)
	case Ed25519:
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generate key: %w", err)
		}
		return newPrivateKey(k)
	}
	return nil, fmt.Errorf("generate key: algorithm %q is neither %s nor %s", string(a), ECDSAP256, Ed25519)
}

func newPrivateKey(key any) (*PrivateKey, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T cannot sign", key)
	}
	public, err := NewPublicKey(signer.Public())
	if err != nil {
		return nil, err
	}
	return &PrivateKey{signer: signer, public: public}, nil
}

// NewPublicKey takes an *ecdsa.PublicKey on P-256 or an ed25519.PublicKey; any other is refused.
func NewPublicKey(key any) (PublicKey, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return PublicKey{}, fmt.Errorf("curve %s: want P-256", k.Curve.Params().Name)
		}
	case ed25519.PublicKey:
	default:
		return PublicKey{}, fmt.Errorf("key of type %T: want ECDSA P-256 or Ed25519", key)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return PublicKey{}, err
	}
	return PublicKey{key: key, der: der}, nil
}

// Types of PEM blocks.
const (
	privateBlock   = "PRIVATE KEY"           // PKCS #8
	encryptedBlock = "ENCRYPTED PRIVATE KEY" // PKCS #8 with PBES2
	publicBlock    = "PUBLIC KEY"            // SPKI
)

// Passphrase gives the passphrase of an encrypted key; it is asked only when there is one. Nil has none.
type Passphrase func() ([]byte, error)

// parsePrivateKey reads one PEM block with a PKCS #8 key, as Generate, PEM and "openssl genpkey" write it, encrypted or not.
func parsePrivateKey(b []byte, passphrase Passphrase) (*PrivateKey, error) {
	block, err := onlyBlock(b)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	der := block.Bytes
	switch block.Type {
	case privateBlock:
	case encryptedBlock:
		if der, err = decrypted(der, passphrase); err != nil {
			return nil, fmt.Errorf("read private key: %w", err)
		}
	default:
		return nil, fmt.Errorf("read private key: PEM block is %q, want %q or %q: a PKCS #8 key", block.Type, privateBlock, encryptedBlock)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil && block.Type == encryptedBlock {
		err = ErrPassphrase // what came out is no key, and what is wrong with it is nobody's business
	}
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	k, err := newPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	k.encrypted = block.Type == encryptedBlock
	return k, nil
}

func decrypted(der []byte, passphrase Passphrase) ([]byte, error) {
	if passphrase == nil {
		return nil, ErrNoPassphrase
	}
	text, err := passphrase()
	if err != nil {
		return nil, err
	}
	return decryptKey(der, text)
}

// ParsePublicKey reads one PEM block with an SPKI key, as PEM and "openssl pkey -pubout" write it.
func ParsePublicKey(b []byte) (PublicKey, error) {
	block, err := onlyBlock(b)
	if err != nil {
		return PublicKey{}, fmt.Errorf("read public key: %w", err)
	}
	if block.Type != publicBlock {
		return PublicKey{}, fmt.Errorf("read public key: PEM block is %q, want %q", block.Type, publicBlock)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return PublicKey{}, fmt.Errorf("read public key: %w", err)
	}
	p, err := NewPublicKey(key)
	if err != nil {
		return PublicKey{}, fmt.Errorf("read public key: %w", err)
	}
	return p, nil
}

func onlyBlock(b []byte) (*pem.Block, error) {
	block, rest := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("more than one PEM block")
	}
	return block, nil
}

// LoadPrivateKey reads the PEM file at path. A file that others than its owner may read is refused. A key that is encrypted asks
// for its passphrase: without one the error wraps ErrNoPassphrase, and with a wrong one ErrPassphrase.
func LoadPrivateKey(path string, passphrase Passphrase) (*PrivateKey, error) {
	b, err := ReadSecret(path)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	k, err := parsePrivateKey(b, passphrase)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w", path, err)
	}
	return k, nil
}

// LoadPublicKey reads the PEM file at path.
func LoadPublicKey(path string) (PublicKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return PublicKey{}, fmt.Errorf("read public key: %w", err)
	}
	k, err := ParsePublicKey(b)
	if err != nil {
		return PublicKey{}, fmt.Errorf("file %q: %w", path, err)
	}
	return k, nil
}

// ReadSecret reads a file that only its owner may read, at most 1 MiB of it; any other is refused.
func ReadSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("file %q can be read by others (mode %04o): chmod 600 it, and replace what is in it if they may have", path, info.Mode().Perm())
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxSecretBytes {
		return nil, fmt.Errorf("file %q: larger than %d bytes", path, maxSecretBytes)
	}
	return b, nil
}

const maxSecretBytes = 1 << 20

// Save writes the key to two new files: the private one at path (mode 0600), encrypted unless passphrase is nil, the public one
// at publicPath (0644). A file that is there already is kept, and the error wraps fs.ErrExist.
func (k *PrivateKey) Save(path, publicPath string, passphrase []byte) error {
	private, err := k.PEM(passphrase)
	if err != nil {
		return err
	}
	return saveNewPair(path, private, publicPath, k.public.PEM())
}

// saveNewPair writes both files or, when one of them is there already, none.
func saveNewPair(path string, private []byte, publicPath string, public []byte) error {
	if _, err := os.Lstat(publicPath); err == nil {
		return fmt.Errorf("save key: %q: %w", publicPath, fs.ErrExist)
	}
	if err := atomicfile.Write(path, private, 0o600); err != nil {
		return fmt.Errorf("save key: %w", err)
	}
	if err := atomicfile.Write(publicPath, public, 0o644); err != nil {
		os.Remove(path)
		return fmt.Errorf("save key: %w", err)
	}
	return nil
}

// PEM returns the key as PKCS #8 in PEM, encrypted unless passphrase is nil. Without one it is a secret.
func (k *PrivateKey) PEM(passphrase []byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	if passphrase == nil {
		return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}), nil
	}
	if der, err = encryptKey(der, passphrase); err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: encryptedBlock, Bytes: der}), nil
}

// Public returns the key that checks what k signs.
func (k *PrivateKey) Public() PublicKey { return k.public }

// Encrypted says whether the file that k was read from is encrypted with a passphrase.
func (k *PrivateKey) Encrypted() bool { return k.encrypted }

// Place is empty: the key lies in a file.
func (k *PrivateKey) Place() string { return "" }

// Sign signs b: ECDSA signs the SHA-256 of b and differs each time, Ed25519 signs b and does not.
func (k *PrivateKey) Sign(_ context.Context, b []byte) ([]byte, error) {
	var (
		sig []byte
		err error
	)
	if k.public.Algorithm() == Ed25519 {
		sig, err = k.signer.Sign(rand.Reader, b, crypto.Hash(0))
	} else {
		sum := sha256.Sum256(b)
		sig, err = k.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return sig, nil
}

// Algorithm says what the key is for; empty for the zero value.
func (p PublicKey) Algorithm() Algorithm {
	switch p.key.(type) {
	case *ecdsa.PublicKey:
		return ECDSAP256
	case ed25519.PublicKey:
		return Ed25519
	}
	return ""
}

// IsZero says whether p is no key.
func (p PublicKey) IsZero() bool { return p.key == nil }

// PEM returns the key as SPKI in PEM.
func (p PublicKey) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: p.der})
}

// Fingerprint returns "SHA256:" and the hex SHA-256 of the key's SPKI DER: what people compare, on paper or by telephone.
func (p PublicKey) Fingerprint() string {
	sum := sha256.Sum256(p.der)
	return fingerprintPrefix + hex.EncodeToString(sum[:])
}

// ParseFingerprint returns s in the form that Fingerprint gives. Upper-case digits are accepted, and so is surrounding space.
func ParseFingerprint(s string) (string, error) {
	digits, ok := strings.CutPrefix(strings.TrimSpace(s), fingerprintPrefix)
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != sha256.Size {
		return "", fmt.Errorf("%q is not a fingerprint: want SHA256: and 64 hexadecimal digits", s)
	}
	return fingerprintPrefix + hex.EncodeToString(raw), nil
}

// Verify returns nil when sig is the key's signature over b, else an error that wraps ErrSignature.
func (p PublicKey) Verify(b, sig []byte) error {
	ok := false
	switch k := p.key.(type) {
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(b)
		ok = ecdsa.VerifyASN1(k, sum[:], sig)
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, b, sig)
	}
	if !ok {
		return fmt.Errorf("key %s: %w", p.Fingerprint(), ErrSignature)
	}
	return nil
}
