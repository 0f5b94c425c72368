package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Schema says what a kind of file holds: a JSON Schema (draft 2020-12) whose descriptions double as advice. It is safe for
// concurrent use.
type Schema struct {
	compiled *jsonschema.Schema
	raw      map[string]any
}

// CompileSchema reads a JSON Schema that refers to nothing outside itself. Formats are checked.
func CompileSchema(name string, source []byte) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		return nil, fmt.Errorf("read schema %q: %w", name, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("read schema %q: %w", name, err)
	}
	compiled, err := c.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("compile schema %q: %w", name, err)
	}
	s := &Schema{compiled: compiled}
	if err := json.Unmarshal(source, &s.raw); err != nil {
		return nil, fmt.Errorf("read schema %q: %w", name, err)
	}
	return s, nil
}

// Check returns everything in n that does not fit the schema, in the order of lines.
func (s *Schema) Check(n Node) []Problem {
	err := s.compiled.Validate(n.plain())
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return nil
	}
	var out []Problem
	for _, leaf := range leaves(invalid) {
		out = append(out, s.problems(n, leaf)...)
	}
	Sort(out)
	return slices.Compact(out)
}

func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var out []*jsonschema.ValidationError
	for _, c := range e.Causes {
		out = append(out, leaves(c)...)
	}
	return out
}

// problems says one violation in words that name the field, its line and the remedy.
func (s *Schema) problems(root Node, e *jsonschema.ValidationError) []Problem {
	n, _ := root.find(e.InstanceLocation)
	line := max(n.line, 1)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		var out []Problem
		for _, missing := range k.Missing {
			out = append(out, Problem{line, join(n.field, missing), "missing" + s.advice(e.InstanceLocation, missing)})
		}
		return out
	case *kind.AdditionalProperties:
		var out []Problem
		for _, key := range k.Properties {
			out = append(out, Problem{n.Get(key).line, join(n.field, key), "unknown key" + s.suggestion(e.InstanceLocation, key)})
		}
		return out
	}
	return []Problem{{line, orFile(n.field), s.sentence(n, e) + s.advice(e.InstanceLocation)}}
}

// sentence says what is wrong with the value itself.
func (s *Schema) sentence(n Node, e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		got := n.describe()
		if n.kind == kindNumber && slices.Contains(k.Want, "string") {
			return "got " + got + ", want text: put it in quotes"
		}
		return "got " + got + ", want " + words(k.Want)
	case *kind.Format:
		if k.Want == "date" {
			return fmt.Sprintf("%q is no date, want the form 2026-03-31", n.text)
		}
		return fmt.Sprintf("%q is no %s", n.text, k.Want)
	case *kind.Enum:
		return fmt.Sprintf("got %s, want one of %s", n.describe(), list(k.Want))
	case *kind.Const:
		return fmt.Sprintf("got %s, want %v", n.describe(), k.Want)
	case *kind.Pattern, *kind.MinLength:
		if strings.TrimSpace(n.text) == "" {
			return "empty"
		}
		return fmt.Sprintf("%q has the wrong form", n.text)
	case *kind.MinItems, *kind.MinProperties:
		return "empty"
	case *kind.Minimum:
		return fmt.Sprintf("got %s, want at least %s", n.describe(), k.Want.RatString())
	}
	return e.ErrorKind.KeywordPath()[0] + " does not hold"
}

// describe names a value with its type, as in: number 3, text "x", a list.
func (n Node) describe() string {
	switch n.kind {
	case kindText:
		return fmt.Sprintf("text %q", n.text)
	case kindNumber:
		return "number " + n.text
	case kindBool:
		return n.text
	case kindList:
		return "a list"
	case kindMap:
		return "a mapping"
	}
	return "nothing"
}

func words(types []string) string {
	plain := map[string]string{
		"string": "text", "array": "a list", "object": "a mapping", "integer": "a whole number", "number": "a number",
		"boolean": "true or false", "null": "nothing",
	}
	var out []string
	for _, t := range types {
		out = append(out, plain[t])
	}
	return strings.Join(out, " or ")
}

func list(values []any) string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, ", ")
}
