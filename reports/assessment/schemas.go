package assessment

import (
	"embed"
	"fmt"
)

//go:embed schemas/*.schema.json
var schemas embed.FS

// InputSchemas are the kinds of workspace files that have a schema.
var InputSchemas = []string{"soa", "system-description", "subservice-organisation", "manual-tests", "responses"}

// InputSchema returns the JSON Schema of a kind of workspace file, one of [InputSchemas], for editors.
func InputSchema(name string) ([]byte, error) {
	b, err := schemas.ReadFile("schemas/" + name + ".schema.json")
	if err != nil {
		return nil, fmt.Errorf("read schema %q: %w", name, err)
	}
	return b, nil
}
