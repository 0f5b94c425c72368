package redaction

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"auditpack/internal/atomicfile"
)

// Prefix begins every pseudonym.
const Prefix = "pn-"

const (
	keyBytes = 32
	keyLine  = "auditpack.pseudonym-key/1 " // before the key in hexadecimal digits, in its file
	tagBytes = 16                           // of a pseudonym: 128 bits, so that two values never share one
)

// Key makes pseudonyms. It is no part of anything that is stored. It is safe for concurrent use.
type Key struct{ secret []byte }

// ErrNoKey says that there is no file with a key.
var ErrNoKey = errors.New("no key of pseudonyms")

// ReadKey reads the key in a file. One that others may read is refused. A file that is not there is ErrNoKey.
func ReadKey(name string) (*Key, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %q: %w", name, ErrNoKey)
	}
	if err != nil {
		return nil, fmt.Errorf("read key of pseudonyms: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("read key of pseudonyms %q: others may read it (mode %04o): who has it can guess values; run chmod 600 on it", name, mode)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read key of pseudonyms: %w", err)
	}
	digits, ok := bytes.CutPrefix(bytes.TrimSuffix(b, []byte("\n")), []byte(keyLine))
	secret := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(secret, digits); !ok || err != nil || len(secret) != keyBytes {
		return nil, fmt.Errorf("read key of pseudonyms %q: want one line, %q and %d hexadecimal digits", name, keyLine, 2*keyBytes)
	}
	return &Key{secret}, nil
}

// MakeKey makes a key and writes it to a new file that only its owner may read; its folder is made when it is not there. A file that is
// there already is an error.
func MakeKey(name string) (*Key, error) {
	secret := make([]byte, keyBytes)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("make key of pseudonyms: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, fmt.Errorf("make key of pseudonyms: %w", err)
	}
	if err := atomicfile.Write(name, []byte(keyLine+hex.EncodeToString(secret)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("make key of pseudonyms: %w", err)
	}
	return &Key{secret}, nil
}

var pseudonymDigits = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Pseudonym is the pseudonym of a value, whose bytes count as they are: no spelling is taken for another.
func (k *Key) Pseudonym(value string) string {
	return Prefix + pseudonymDigits.EncodeToString(k.tag("value", value)[:tagBytes])
}

// ID tells keys apart and gives nothing away of them.
func (k *Key) ID() string { return hex.EncodeToString(k.tag("key id", "")[:8]) }

func (k *Key) tag(use, value string) []byte {
	mac := hmac.New(sha256.New, k.secret)
	_, _ = mac.Write([]byte("auditpack.pseudonym/1 " + use + "\n" + value)) // a hash takes everything
	return mac.Sum(nil)
}
