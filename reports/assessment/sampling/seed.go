package sampling

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Bounds of a nonce in bytes: fewer than 16 could be guessed before the population is fixed, more than 64 add nothing to a SHA-256.
const (
	minNonce = 16
	maxNonce = 64
)

// Seed is what a draw takes its chance from.
type Seed [sha256.Size]byte

// NewSeed is SHA-256 over the 32 bytes of a population's root, which is given in hexadecimal digits, and the bytes of the nonce. Without
// a nonce it is a self-test: whoever made the population could foresee it.
func NewSeed(root string, nonce []byte) (Seed, error) {
	b, err := hex.DecodeString(root)
	if err != nil || len(b) != sha256.Size {
		return Seed{}, fmt.Errorf("make seed: population root %q: want %d hexadecimal digits", root, 2*sha256.Size)
	}
	return sha256.Sum256(append(b, nonce...)), nil
}

// String is the seed in hexadecimal digits.
func (s Seed) String() string { return hex.EncodeToString(s[:]) }

// ParseNonce reads an auditor's nonce: 32 to 128 hexadecimal digits.
func ParseNonce(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("nonce %q: want pairs of hexadecimal digits, as openssl rand -hex 16 makes them", s)
	}
	if len(b) < minNonce || len(b) > maxNonce {
		return nil, fmt.Errorf("nonce %q: got %d hexadecimal digits, want %d to %d", s, len(s), 2*minNonce, 2*maxNonce)
	}
	return b, nil
}
