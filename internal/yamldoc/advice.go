package yamldoc

import (
	"fmt"
	"slices"
	"strings"
)

// advice is the schema's description of the value at path and more, ready to be added to a sentence.
func (s *Schema) advice(path []string, more ...string) string {
	part := s.raw
	for _, step := range append(slices.Clone(path), more...) {
		part = s.child(s.resolve(part), step)
	}
	description, _ := part["description"].(string)
	if description == "" {
		return ""
	}
	return " (" + strings.TrimSuffix(description, ".") + ")"
}

// suggestion names the key that was probably meant, or all that there are.
func (s *Schema) suggestion(path []string, key string) string {
	properties, _ := s.at(path)["properties"].(map[string]any)
	known := make([]string, 0, len(properties))
	for k := range properties {
		known = append(known, k)
	}
	slices.Sort(known)
	for _, k := range known {
		if distance(key, k) <= 1+len(k)/4 {
			return fmt.Sprintf("; did you mean %s?", k)
		}
	}
	return "; known are " + strings.Join(known, ", ")
}

// at is the part of the schema that describes the value at path; nil when it has none.
func (s *Schema) at(path []string) map[string]any {
	part := s.resolve(s.raw)
	for _, step := range path {
		part = s.resolve(s.child(part, step))
	}
	return part
}

// child is the part for one key or list position. Both branches of a conditional are looked through.
func (s *Schema) child(part map[string]any, step string) map[string]any {
	if properties, ok := part["properties"].(map[string]any); ok {
		if p, ok := properties[step].(map[string]any); ok {
			return p
		}
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if p, ok := part[keyword].(map[string]any); ok {
			return p
		}
	}
	return nil
}

// resolve follows a reference within the schema, and goes into the branch for mappings of a value that may be text or mapping.
func (s *Schema) resolve(part map[string]any) map[string]any {
	ref, ok := part["$ref"].(string)
	if !ok {
		then, conditional := part["then"].(map[string]any)
		if !conditional {
			return part
		}
		return s.resolve(then)
	}
	name, _ := strings.CutPrefix(ref, "#/$defs/")
	defs, _ := s.raw["$defs"].(map[string]any)
	target, _ := defs[name].(map[string]any)
	return target
}

// distance is the number of single changes that turn a into b (Levenshtein), over bytes: keys are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
