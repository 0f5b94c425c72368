package facts

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"auditpack/evidence"
	"auditpack/internal/atomicfile"
)

// rulesVersion is raised when fact files are held to other rules, so that what was learned under the old ones is not believed.
const rulesVersion = 1

// LearnedFile may lie beside the fact files: what an Open of just these files learned, as Learned gives it. Then no first Open on any machine
// has to learn it. It is believed only when files, rules and engine are those that it was made from.
const LearnedFile = ".learned.json"

// learned is what Open finds out about a set of fact files: about a second's work, kept in the cache.
type learned struct {
	Key        string              `json:"key"` // of all that can change it
	Schemas    map[string][]Column `json:"schemas"`
	Functions  functionTable       `json:"functions"`
	Statements map[string]Checked  `json:"statements"` // that were accepted, by accepted's key
}

// learnedKey is a digest over all that can change what is learned.
func (e *Engine) learnedKey() (string, error) {
	var digests []evidence.Digest
	for _, f := range e.files {
		digests = append(digests, f.Digest)
	}
	return keyOf(struct {
		Format string            `json:"format"`
		Rules  int               `json:"rules"`
		Engine string            `json:"engine"`
		Files  []evidence.Digest `json:"files"`
	}{"auditpack.fact-files/1", rulesVersion, e.Version(), digests})
}

func (e *Engine) learnedPath(key string) string {
	return filepath.Join(e.options.Cache, "fact-files-"+key+".json")
}

// recall says whether an earlier Open kept what it learned. A file that cannot be read is as good as none: it is made anew.
func (e *Engine) recall() bool {
	key, err := e.learnedKey()
	if err != nil {
		return false
	}
	if b, err := fs.ReadFile(e.options.SQL, LearnedFile); err == nil && e.believe(b, key) {
		return true
	}
	b, err := os.ReadFile(e.learnedPath(key))
	return err == nil && e.believe(b, key)
}

// believe takes over what was learned under key.
func (e *Engine) believe(b []byte, key string) bool {
	var l learned
	if err := json.Unmarshal(b, &l); err != nil || l.Key != key || len(l.Schemas) != len(e.files) || len(l.Functions) == 0 {
		return false
	}
	e.schemas, e.functions = l.Schemas, l.Functions
	for key, c := range l.Statements {
		e.accepted.m.Store(key, c)
	}
	return true
}

// Learned returns the content of a LearnedFile for the engine's fact files, and for the statements that it accepted so far.
func (e *Engine) Learned() ([]byte, error) {
	key, err := e.learnedKey()
	if err != nil {
		return nil, fmt.Errorf("keep what was learned of the fact files: %w", err)
	}
	b, err := json.Marshal(learned{key, e.schemas, e.functions, e.accepted.all()})
	if err != nil {
		return nil, fmt.Errorf("keep what was learned of the fact files: %w", err)
	}
	return b, nil
}

func (e *Engine) remember() error {
	key, err := e.learnedKey()
	if err != nil {
		return fmt.Errorf("keep what was learned of the fact files: %w", err)
	}
	b, err := e.Learned()
	if err != nil {
		return err
	}
	if err := atomicfile.Overwrite(e.learnedPath(key), b, 0o644); err != nil {
		return fmt.Errorf("keep what was learned of the fact files: %w", err)
	}
	return nil
}
