package facts

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"auditpack/evidence"
	"auditpack/internal/atomicfile"
)

// rulesVersion is raised when fact files are held to other rules, so that what was learned under the old ones is not believed.
const rulesVersion = 1

// learned is what Open finds out about a set of fact files: some hundred milliseconds' work, kept in the cache.
type learned struct {
	Schemas   map[string][]Column `json:"schemas"`
	Functions functionTable       `json:"functions"`
}

// learnedPath is named by all that can change what is learned.
func (e *Engine) learnedPath() (string, error) {
	var digests []evidence.Digest
	for _, f := range e.files {
		digests = append(digests, f.Digest)
	}
	key, err := keyOf(struct {
		Format string            `json:"format"`
		Rules  int               `json:"rules"`
		Engine string            `json:"engine"`
		Files  []evidence.Digest `json:"files"`
	}{"auditpack.fact-files/1", rulesVersion, e.Version(), digests})
	return filepath.Join(e.options.Cache, "fact-files-"+key+".json"), err
}

// recall says whether an earlier Open kept what it learned. A file that cannot be read is as good as none: it is made anew.
func (e *Engine) recall() bool {
	path, err := e.learnedPath()
	if err != nil {
		return false
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	var l learned
	if err := json.Unmarshal(b, &l); err != nil || len(l.Schemas) != len(e.files) || len(l.Functions) == 0 {
		return false
	}
	e.schemas, e.functions = l.Schemas, l.Functions
	return true
}

func (e *Engine) remember() error {
	path, err := e.learnedPath()
	if err != nil {
		return err
	}
	b, err := json.Marshal(learned{e.schemas, e.functions})
	if err != nil {
		return fmt.Errorf("keep what was learned of the fact files: %w", err)
	}
	if err := atomicfile.Overwrite(path, b, 0o644); err != nil {
		return fmt.Errorf("keep what was learned of the fact files: %w", err)
	}
	return nil
}
