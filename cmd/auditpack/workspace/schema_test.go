package workspace

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"auditpack/collectors/all"
)

// TestSchemaDescribesEveryKey: an editor shows what each key of auditpack.yaml is for.
func TestSchemaDescribesEveryKey(t *testing.T) {
	raw, err := Schema(all.Types())
	if err != nil {
		t.Fatal(err)
	}
	var root schemaPart
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	keys := 0
	root.walk("", func(path string, p schemaPart) {
		keys++
		if p.Description == "" && p.Const == nil {
			t.Errorf("%s has no description", path)
		}
	})
	if keys < 40 { // five at the top, three of the organization, some thirty of the sources
		t.Errorf("saw %d keys: the walk does not see the schema", keys)
	}
}

// schemaPart is what the test reads of a JSON Schema.
type schemaPart struct {
	Title       string                `json:"title"`
	Description string                `json:"description"`
	Const       any                   `json:"const"`
	Properties  map[string]schemaPart `json:"properties"`
	Items       *schemaPart           `json:"items"`
	OneOf       []schemaPart          `json:"oneOf"`
}

// walk calls see for each key below p.
func (p schemaPart) walk(path string, see func(string, schemaPart)) {
	for name, key := range p.Properties {
		see(path+"."+name, key)
		key.walk(path+"."+name, see)
	}
	if p.Items != nil {
		p.Items.walk(path+"[]", see)
	}
	for _, one := range p.OneOf {
		one.walk(path+"<"+one.Title+">", see)
	}
}

// TestSchemaAcceptsOurWorkspaces: what init writes and the example workspace are what editors call right.
func TestSchemaAcceptsOurWorkspaces(t *testing.T) {
	dir := t.TempDir()
	if _, err := Init(dir, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), false); err != nil {
		t.Fatal(err)
	}
	schema := compile(t, all.Types())
	for _, folder := range []string{dir, filepath.Join("..", "..", "..", "examples", "acme")} {
		b, err := os.ReadFile(filepath.Join(folder, FileName))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(valueOf(t, string(b))); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
	}
}
