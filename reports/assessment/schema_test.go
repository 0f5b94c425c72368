package assessment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

const schemaFile = "../../docs/formats/assessment.schema.json"

// enums are the words that a type can hold.
var enums = map[reflect.Type][]any{
	reflect.TypeFor[assessment.TestStatus](): {assessment.TestNoDeviations, assessment.TestDeviations, assessment.TestNoOccurrences, assessment.TestNotAssessed, assessment.TestNoGaps, assessment.TestGaps},
	reflect.TypeFor[assessment.RequirementStatus](): {
		assessment.Supported, assessment.PartlySupported, assessment.DeviationsNoted, assessment.NotAssessed, assessment.NotApplicable, assessment.CarvedOut,
	},
	reflect.TypeFor[assessment.Assurance](): {assessment.Design, assessment.Operating},
	reflect.TypeFor[evidence.Outcome]():     {evidence.OutcomeOK, evidence.OutcomeNone, evidence.OutcomeNotOffered, evidence.OutcomeDenied, evidence.OutcomeFailed},
}

// assessmentSchema makes the schema from the types, so that the two never differ.
func assessmentSchema(t *testing.T) []byte {
	t.Helper()
	r := &reflector.Reflector{
		Mapper: func(x reflect.Type) *reflector.Schema {
			if words, ok := enums[x]; ok {
				return &reflector.Schema{Type: "string", Enum: words}
			}
			if x == reflect.TypeFor[evidence.Digest]() {
				return &reflector.Schema{Type: "string", Pattern: "^(sha256:[0-9a-f]{64})?$"}
			}
			return nil
		},
	}
	s := r.Reflect(&assessment.Assessment{})
	s.ID = "https://auditpack.invalid/assessment.schema.json"
	s.Title = "auditpack assessment"
	s.Description = "What auditpack assess writes; see assessment.md. Times are RFC 3339 in UTC, days YYYY-MM-DD."
	root := s.Definitions["Assessment"]
	format, _ := root.Properties.Get("format")
	format.Const = assessment.Format
	typ, _ := root.Properties.Get("type")
	typ.Enum = []any{1, 2}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestAssessmentSchemaIsCurrent(t *testing.T) {
	want := assessmentSchema(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the types say; run go test ./reports/assessment -update (-types +file):\n%s", schemaFile, diff)
	}
}

func compile(t *testing.T, name string, b []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAssessmentFitsItsSchema(t *testing.T) {
	s := compile(t, "https://auditpack.invalid/assessment.schema.json", assessmentSchema(t))
	in := world(t, fixtureDB(t, openEngine(t, 1), worldRows()))
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded(t, in)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Error(err)
	}
	doc.(map[string]any)["verdict"] = "passed"
	if err := s.Validate(doc); err == nil {
		t.Error("a key that the format lacks was accepted")
	}
}

// The schemas of workspace files are embedded for editors and shown in the documentation: one text in two places.
func TestInputSchemasAreDocumented(t *testing.T) {
	for _, name := range assessment.InputSchemas {
		b, err := assessment.InputSchema(name)
		if err != nil {
			t.Fatal(err)
		}
		doc := filepath.Join("../../docs/formats/schemas", name+".schema.json")
		if *update {
			if err := os.WriteFile(doc, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, got) {
			t.Errorf("%s differs from the embedded schema", doc)
		}
	}
	if _, err := assessment.InputSchema("nothing"); err == nil {
		t.Error("a schema that is not there was given")
	}
}

// Every example of docs/formats/workspace-inputs.md is read by the parser that the page speaks of, and fits its schema.
func TestWorkspaceInputExamples(t *testing.T) {
	b, err := os.ReadFile("../../docs/formats/workspace-inputs.md")
	if err != nil {
		t.Fatal(err)
	}
	in := assessment.Input{
		Organization: assessment.Organization{Name: "ACME GmbH"}, Framework: "iso27001-2022", Catalogue: shipped(t), Type: 2, Period: quarter,
		Facts: fixtureDB(t, openEngine(t, 1), nil),
	}
	examples := yamlBlocks(string(b))
	for first, text := range examples {
		file := assessment.File{Name: "workspace/" + first + ".yaml", Content: []byte(text)}
		var name string
		switch first {
		case "framework":
			in.SoA, name = append(in.SoA, file), "soa"
		case "version":
			in.Descriptions, name = append(in.Descriptions, file), "system-description"
		case "name":
			in.Subservices, name = append(in.Subservices, file), "subservice-organisation"
		case "manual_tests":
			in.ManualTests, name = append(in.ManualTests, file), "manual-tests"
		case "responses":
			in.Responses, name = append(in.Responses, file), "responses"
		default:
			t.Errorf("example begins with %q", first)
			continue
		}
		schema, err := assessment.InputSchema(name)
		if err != nil {
			t.Fatal(err)
		}
		validateYAML(t, compile(t, name, schema), text)
	}
	if got, want := len(examples), 5; got != want {
		t.Errorf("examples: got %d, want %d", got, want)
	}
	if _, err := assessment.Assess(context.Background(), in); err != nil {
		t.Error(err)
	}
}

// yamlBlocks gives the fenced YAML of a page by its first key.
func yamlBlocks(page string) map[string]string {
	blocks := map[string]string{}
	for _, part := range strings.Split(page, "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		for _, line := range strings.Split(text, "\n") {
			if key, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
				blocks[key] = text
				break
			}
		}
	}
	return blocks
}
