package bundle

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"auditpack/evidence"
)

// line is one file in a manifest.
type line struct {
	name   string
	digest evidence.Digest
}

// encodeManifest returns lines in the form of sha256sum, in the order of names.
func encodeManifest(lines []line) []byte {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.name, b.name) })
	var b bytes.Buffer
	for _, l := range lines {
		fmt.Fprintf(&b, "%s  %s\n", l.digest.Hex(), l.name)
	}
	return b.Bytes()
}

// parseManifest reads what encodeManifest writes, and nothing else.
func parseManifest(b []byte) ([]line, error) {
	var lines []line
	for i, text := range strings.SplitAfter(string(b), "\n") {
		if text == "" {
			break // behind the last line
		}
		hexa, name, ok := strings.Cut(strings.TrimSuffix(text, "\n"), "  ")
		d, err := evidence.ParseDigest("sha256:" + hexa)
		if !ok || err != nil {
			return nil, fmt.Errorf("line %d: want 64 hexadecimal digits, two spaces and a name", i+1)
		}
		if err := checkName(name); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		if len(lines) > 0 && lines[len(lines)-1].name >= name {
			return nil, fmt.Errorf("line %d: %q is not in the order of names, or there twice", i+1, name)
		}
		lines = append(lines, line{name, d})
	}
	if !bytes.Equal(b, encodeManifest(lines)) {
		return nil, fmt.Errorf("it is not in canonical form")
	}
	return lines, nil
}
