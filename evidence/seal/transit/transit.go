// Package transit makes seals with a key that HashiCorp Vault's Transit engine keeps and never gives away. It asks Vault for two
// things, the public key and signatures; docs/formats/seal.md has the policy that allows just these.
//
// A reference names the key as vault-transit://MOUNT/KEY, and with ?version=N one version of it. A signer is of one version,
// pinned when it is opened: when somebody rotates the key in Vault meanwhile, what it signs still fits its public key.
package transit

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/api"

	"auditpack/evidence/seal"
)

const scheme = "vault-transit://"

// ErrReference says that a text is no reference to a key in Transit.
var ErrReference = errors.New("no reference to a key in Vault Transit: want vault-transit://MOUNT/KEY, at most with ?version=N")

// Reference names a key in Transit.
type Reference struct {
	Mount   string // path of the engine without slashes around it: "transit", "team/transit"
	Key     string
	Version int // 0: the newest
}

// IsReference says whether s is meant as a reference to a key in Transit, and not as the path of a file.
func IsReference(s string) bool { return strings.HasPrefix(s, scheme) }

var (
	keyPattern   = regexp.MustCompile(`^\w(([\w.-]+)?\w)?$`) // Source: Vault, framework.GenericNameRegex
	mountPattern = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*$`)
)

// ParseReference reads a reference. What is none wraps ErrReference.
func ParseReference(s string) (Reference, error) {
	rest, ok := strings.CutPrefix(s, scheme)
	path, query, asked := strings.Cut(rest, "?")
	at := strings.LastIndex(path, "/")
	if !ok || at < 0 {
		return Reference{}, fmt.Errorf("%q: %w", s, ErrReference)
	}
	r := Reference{Mount: path[:at], Key: path[at+1:]}
	if asked {
		digits, ok := strings.CutPrefix(query, "version=")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n < 1 || strconv.Itoa(n) != digits {
			return Reference{}, fmt.Errorf("%q: %w", s, ErrReference)
		}
		r.Version = n
	}
	if !keyPattern.MatchString(r.Key) || !mountPattern.MatchString(r.Mount) || strings.Contains("/"+r.Mount+"/", "/./") || strings.Contains("/"+r.Mount+"/", "/../") {
		return Reference{}, fmt.Errorf("%q: %w", s, ErrReference)
	}
	return r, nil
}

// String gives r as it is written.
func (r Reference) String() string {
	s := scheme + r.Mount + "/" + r.Key
	if r.Version > 0 {
		s += "?version=" + strconv.Itoa(r.Version)
	}
	return s
}

// Signer is one version of a key in Transit. It is safe for concurrent use.
type Signer struct {
	client *api.Client
	key    Reference // with its version
	public seal.PublicKey
}

var _ seal.Signer = (*Signer)(nil)

// Open reads the public key that r names and pins its version. The client has Vault's address and a token, and belongs to the
// signer from then on.
func Open(ctx context.Context, client *api.Client, r Reference) (*Signer, error) {
	k, err := readKey(ctx, client, r)
	if err != nil {
		return nil, fmt.Errorf("open key %s: %w", r, err)
	}
	if r.Version == 0 {
		r.Version = k.Latest
	}
	public, err := k.public(r.Version)
	if err != nil {
		return nil, fmt.Errorf("open key %s: %w", r, err)
	}
	return &Signer{client: client, key: r, public: public}, nil
}

// Public returns the public key of the pinned version.
func (s *Signer) Public() seal.PublicKey { return s.public }

// Place names the key with the pinned version.
func (s *Signer) Place() string { return s.key.String() }

// Sign lets Vault sign with the pinned version, and checks what comes with the public key. For ECDSA only the SHA-256 of b leaves
// the house. Ed25519 signs b itself, so b is sent: its prehashed form (Ed25519ph) is another signature, which openssl and DSSE do
// not mean.
//
// Source: Vault API, "Transit secrets engine", "Sign data", as of 2026-11.
func (s *Signer) Sign(ctx context.Context, b []byte) ([]byte, error) {
	request := map[string]any{"input": base64.StdEncoding.EncodeToString(b), "key_version": s.key.Version}
	if s.public.Algorithm() == seal.ECDSAP256 {
		sum := sha256.Sum256(b)
		request["input"] = base64.StdEncoding.EncodeToString(sum[:])
		request["prehashed"] = true
		request["hash_algorithm"] = "sha2-256"
		request["marshaling_algorithm"] = "asn1"
	}
	path := s.key.Mount + "/sign/" + s.key.Key
	answer, err := s.client.Logical().WriteWithContext(ctx, path, request)
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.key, explain(err, "update", path))
	}
	if answer == nil {
		return nil, fmt.Errorf("sign with %s: Vault gives no answer", s.key)
	}
	text, _ := answer.Data["signature"].(string)
	sig, err := s.decode(text)
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.key, err)
	}
	if err := s.public.Verify(b, sig); err != nil {
		return nil, fmt.Errorf("sign with %s: what Vault gives was not made with the key that it shows: %w", s.key, err)
	}
	return sig, nil
}

// decode reads "vault:v3:" and base64, of the pinned version.
func (s *Signer) decode(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, fmt.Sprintf("vault:v%d:", s.key.Version))
	if !ok {
		return nil, fmt.Errorf("signature is %.12q..., want one by version %d", text, s.key.Version)
	}
	sig, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return sig, nil
}

// key is what Vault says of a key. Source: Vault API, "Transit secrets engine", "Read key", as of 2026-11.
type key struct {
	Type     string                `json:"type"`
	Derived  bool                  `json:"derived"`
	Latest   int                   `json:"latest_version"`
	Versions map[string]keyVersion `json:"keys"`
}

type keyVersion struct {
	Public string `json:"public_key"` // SPKI in PEM; of Ed25519 the 32 bytes in base64
}

func readKey(ctx context.Context, client *api.Client, r Reference) (key, error) {
	path := r.Mount + "/keys/" + r.Key
	answer, err := client.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return key{}, explain(err, "read", path)
	}
	if answer == nil {
		return key{}, fmt.Errorf("nothing at %q in Vault: is there a key of that name, and the engine at that mount?", path)
	}
	b, err := json.Marshal(answer.Data)
	if err != nil {
		return key{}, err
	}
	var k key
	if err := json.Unmarshal(b, &k); err != nil {
		return key{}, errors.New("it is no asymmetric key that seals could be made with: want type ecdsa-p256 or ed25519")
	}
	return k, nil
}

// public returns the public half of a version.
func (k key) public(version int) (seal.PublicKey, error) {
	if k.Type != string(seal.ECDSAP256) && k.Type != string(seal.Ed25519) {
		return seal.PublicKey{}, fmt.Errorf("key is of type %q, want %s or %s", k.Type, seal.ECDSAP256, seal.Ed25519)
	}
	if k.Derived {
		return seal.PublicKey{}, errors.New("key is derived: it has another public key for each context, and a seal needs one")
	}
	v, there := k.Versions[strconv.Itoa(version)]
	if !there {
		return seal.PublicKey{}, fmt.Errorf("key has no version %d, or none that may still be used; the newest is %d", version, k.Latest)
	}
	if k.Type == string(seal.ECDSAP256) {
		return seal.ParsePublicKey([]byte(v.Public))
	}
	raw, err := base64.StdEncoding.DecodeString(v.Public)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return seal.PublicKey{}, fmt.Errorf("public key of version %d is not %d bytes in base64", version, ed25519.PublicKeySize)
	}
	return seal.NewPublicKey(ed25519.PublicKey(raw))
}

// explain says which permission is missing, and leaves the address out: no more than what Vault says.
func explain(err error, capability, path string) error {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		if answer.StatusCode == http.StatusForbidden {
			return fmt.Errorf("denied: the token needs %s on %q", capability, path)
		}
		return fmt.Errorf("answer of Vault: status %d: %s", answer.StatusCode, strings.Join(answer.Errors, "; "))
	}
	var web *url.Error
	if errors.As(err, &web) {
		return fmt.Errorf("ask Vault: %w", web.Err)
	}
	return err
}
