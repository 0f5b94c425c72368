package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

const digestPrefix = "sha256:"

// Digest names bytes by their SHA-256: "sha256:" and 64 lower-case hexadecimal digits. The zero value names nothing and is
// invalid. Digests compare with ==.
type Digest string

// ErrDigest says that a text is not a digest.
var ErrDigest = errors.New("not a digest: want sha256: and 64 lower-case hexadecimal digits")

// ParseDigest returns s as a Digest, or an error that wraps ErrDigest.
func ParseDigest(s string) (Digest, error) {
	hexa, ok := strings.CutPrefix(s, digestPrefix)
	if !ok || len(hexa) != sha256.Size*2 || strings.Trim(hexa, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%q is %w", s, ErrDigest)
	}
	return Digest(s), nil
}

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(digestPrefix + hex.EncodeToString(sum[:]))
}

// DigestSum returns the digest that h, a SHA-256 state, has come to. It does not change h.
func DigestSum(h hash.Hash) Digest {
	return Digest(digestPrefix + hex.EncodeToString(h.Sum(nil)))
}

// Hex returns the 64 hexadecimal digits, the name that sha256sum prints.
func (d Digest) Hex() string { return strings.TrimPrefix(string(d), digestPrefix) }

// Valid says whether d has the form of a digest.
func (d Digest) Valid() bool {
	_, err := ParseDigest(string(d))
	return err == nil
}

// UnmarshalText refuses anything but a digest.
func (d *Digest) UnmarshalText(b []byte) error {
	parsed, err := ParseDigest(string(b))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
