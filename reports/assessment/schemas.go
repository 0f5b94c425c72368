package assessment

import (
	"embed"
	"fmt"
)

//go:embed schemas/*.schema.json
var schemas embed.FS

// InputSchema returns the JSON Schema of a kind of workspace file, for editors: "soa", "manual-tests" or "responses".
func InputSchema(name string) ([]byte, error) {
	b, err := schemas.ReadFile("schemas/" + name + ".schema.json")
	if err != nil {
		return nil, fmt.Errorf("read schema %q: %w", name, err)
	}
	return b, nil
}
