package seal

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// LogKey signs the checkpoints of one store. Both texts are one line, in the encoding of signed notes.
type LogKey struct {
	Private string // a secret
	Public  string // names the store, and checks
}

// GenerateLogKey makes a new Ed25519 key for the journal with that origin.
func GenerateLogKey(origin string) (LogKey, error) {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return LogKey{}, fmt.Errorf("generate log key: %w", err)
	}
	return LogKey{Private: private, Public: public}, nil
}

// Save writes the key to two new files: the private one at path (mode 0600), the public one at publicPath (0644). A file that
// is there already is kept, and the error wraps fs.ErrExist.
func (k LogKey) Save(path, publicPath string) error {
	return saveNewPair(path, []byte(k.Private+"\n"), publicPath, []byte(k.Public+"\n"))
}

// LoadLogSigner reads a private log key. A file that others than its owner may read is refused.
func LoadLogSigner(path string) (note.Signer, error) {
	b, err := ReadSecret(path)
	if err != nil {
		return nil, fmt.Errorf("read log key: %w", err)
	}
	s, err := note.NewSigner(strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		return nil, fmt.Errorf("read log key: file %q: %w", path, err)
	}
	return s, nil
}

// LoadLogVerifier reads a public log key.
func LoadLogVerifier(path string) (note.Verifier, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read log key: %w", err)
	}
	v, err := ParseLogVerifier(b)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w", path, err)
	}
	return v, nil
}

// ParseLogVerifier reads the content of a file with a public log key.
func ParseLogVerifier(b []byte) (note.Verifier, error) {
	v, err := note.NewVerifier(strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		return nil, fmt.Errorf("read log key: %w", err)
	}
	return v, nil
}
