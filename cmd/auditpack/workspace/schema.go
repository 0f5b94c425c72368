package workspace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"auditpack/collectors"
	"auditpack/collectors/redaction"
)

// Schema returns the JSON Schema (draft 2020-12) of auditpack.yaml, for editors: each source type with its own keys.
func Schema(types []collectors.Type) ([]byte, error) {
	r := reflector()
	s := r.Reflect(&Config{})
	s.Title = FileName
	s.Description = "The configuration of an auditpack workspace."
	sources, ok := s.Properties.Get("sources")
	if !ok {
		return nil, fmt.Errorf("make schema: no property sources")
	}
	sources.Items = sourceSchema(types)
	sources.MinItems = ptr(uint64(1))
	period, ok := s.Properties.Get("period")
	if !ok {
		return nil, fmt.Errorf("make schema: no property period")
	}
	span := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), Required: []string{"from", "to"}, AdditionalProperties: jsonschema.FalseSchema}
	span.Properties.Set("from", text("first instant: a date or an RFC 3339 time"))
	span.Properties.Set("to", text("first instant that no longer belongs to it"))
	*period = jsonschema.Schema{Description: period.Description, OneOf: []*jsonschema.Schema{{Type: "string", Pattern: `^[0-9]{4}-Q[1-4]$`}, span}}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("make schema: %w", err)
	}
	return append(b, '\n'), nil
}

// reflector reads the names of keys from yaml tags; a key is required only where its jsonschema tag says so.
func reflector() *jsonschema.Reflector {
	return &jsonschema.Reflector{FieldNameTag: "yaml", DoNotReference: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true, Anonymous: true}
}

func sourceSchema(types []collectors.Type) *jsonschema.Schema {
	sorted := slices.Clone(types)
	slices.SortFunc(sorted, func(a, b collectors.Type) int { return strings.Compare(a.Name, b.Name) })
	one := &jsonschema.Schema{}
	for _, t := range sorted {
		s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties()}
		if t.Config != nil {
			s = reflector().Reflect(t.Config)
			s.Version = ""
		}
		s.Title = t.Name
		s.Description = t.Doc
		s.Properties.Set("name", text("your name for the source; journal and reports use it"))
		s.Properties.Set("type", &jsonschema.Schema{Const: t.Name})
		s.Properties.Set("redaction", redactionSchema())
		s.Required = append([]string{"name", "type"}, s.Required...)
		s.AdditionalProperties = jsonschema.FalseSchema
		one.OneOf = append(one.OneOf, s)
	}
	return one
}

// redactionSchema is the list of a source's own rules.
func redactionSchema() *jsonschema.Schema {
	s := reflector().Reflect(&struct {
		Rules []redaction.Rule `yaml:"rules"`
	}{})
	rules, _ := s.Properties.Get("rules") // it has no other property
	rules.Description = "What is taken out of the source's evidence before it is stored; these rules come before those of the workspace"
	return rules
}

func text(description string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Description: description}
}

func ptr[T any](v T) *T { return &v }
