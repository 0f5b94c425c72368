package sampling

import _ "embed"

// RedrawPython and RedrawSQL draw a sample again in the folder that holds it, with python3 or (random samples) duckdb alone. They are
// part of that folder and of docs/formats/sample.md.
var (
	//go:embed redraw.py
	RedrawPython []byte
	//go:embed redraw.sql
	RedrawSQL []byte
)
