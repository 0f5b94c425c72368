package workspace

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"auditpack/collectors"
)

type fakeConfig struct {
	Path string `yaml:"path" jsonschema:"required"`
}

func fakeTypes() []collectors.Type {
	return []collectors.Type{{Name: "fake", Config: &fakeConfig{}, Doc: "A source for tests.",
		New: func(decode func(any) error, _ collectors.Env) (collectors.Collector, error) {
			var c fakeConfig
			return nil, decode(&c)
		}}}
}

func open(t *testing.T, text string) (*Workspace, error) {
	t.Helper()
	return openWith(t, text, fakeTypes())
}

func openWith(t *testing.T, text string, types []collectors.Type) (*Workspace, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Open(dir, types)
}

const good = "organization: {name: ACME}\nperiod: 2026-Q3\nsources:\n  - name: a\n    type: fake\n    path: x\n"

func TestOpenRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown key", good + "colour: red\n", `auditpack.yaml:7: unknown field "colour"`},
		{"no organization", "sources: [{name: a, type: fake, path: x}]\n", "organization.name is not set"},
		{"no sources", "organization: {name: ACME}\n", "sources is empty"},
		{"unknown type", "organization: {name: ACME}\nsources:\n  - {name: a, type: nope}\n", `auditpack.yaml:3: source "a": unknown type "nope"`},
		{"name twice", good + "  - {name: a, type: fake, path: y}\n", `source "a" is already in line 4`},
		{"reserved name", "organization: {name: ACME}\nsources:\n  - {name: workspace, type: fake}\n", "no name of its own"},
		{"bad quarter", strings.Replace(good, "2026-Q3", "2026-Q5", 1), `auditpack.yaml:2: period: "2026-Q5" is not a quarter`},
		{"backwards period", strings.Replace(good, "2026-Q3", "{from: 2026-07-01, to: 2026-06-01}", 1), "auditpack.yaml:2: period: period starts at"},
		{"period without an end", strings.Replace(good, "2026-Q3", "{from: 2026-07-01}", 1), `auditpack.yaml:2: period: to: "" is neither`},
		{"period of another form", strings.Replace(good, "2026-Q3", "[2026]", 1), "auditpack.yaml:2: period: want a quarter"},
		{"empty source", good + "  -\n", "sources[1] is empty"},
		{"no mapping", good + "  - x\n", "auditpack.yaml:7: a source is a mapping"},
		{"wrong type", good + "frameworks: 5\n", "auditpack.yaml:7: "},
		{"bad role", strings.Replace(good, "{name: ACME}", "{name: ACME, role: owner}", 1), "want provider or customer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := open(t, tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestSourceErrorsNameTheLine(t *testing.T) {
	w, err := open(t, good+"  - name: b\n    type: fake\n    paht: y\n")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Sources(nil, "test")
	if err == nil || !strings.Contains(err.Error(), `auditpack.yaml:9: unknown field "paht"`) {
		t.Errorf("got %v, want line 9 and the key", err)
	}
	if _, err = w.Sources([]string{"a"}, "test"); err != nil {
		t.Errorf("source a alone: %v", err)
	}
	if _, err = w.Sources([]string{"zzz"}, "test"); err == nil || !strings.Contains(err.Error(), "it has a, b") {
		t.Errorf("got %v, want the names there are", err)
	}
}

// compile makes the schema of auditpack.yaml ready to validate with.
func compile(t *testing.T, types []collectors.Type) *jsonschema.Schema {
	t.Helper()
	raw, err := Schema(types)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("auditpack.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("auditpack.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// valueOf is YAML as a schema sees it.
func valueOf(t *testing.T, text string) any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(asJSON, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaAgreesWithOpen(t *testing.T) {
	schema := compile(t, fakeTypes())
	tests := []struct {
		text string
		ok   bool
	}{
		{good, true},
		{strings.Replace(good, "2026-Q3", "{from: 2026-07-01, to: 2026-10-01}", 1), true},
		{good + "colour: red\n", false},
		{strings.Replace(good, "path: x", "paht: x", 1), false},
		{strings.Replace(good, "type: fake", "type: nope", 1), false},
		{"organization: {}\nsources: []\n", false},
	}
	for _, tt := range tests {
		if err := schema.Validate(valueOf(t, tt.text)); (err == nil) != tt.ok {
			t.Errorf("validate %q: got %v, want ok %v", tt.text, err, tt.ok)
		}
	}
}
