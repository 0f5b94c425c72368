package assessment

import (
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"auditpack/evidence"
	"auditpack/internal/strictyaml"
	"auditpack/templates"
)

// File is a text file that can change a verdict: its name as the Assessment lists it, and its bytes.
type File struct {
	Name    string
	Content []byte
}

// Digest returns the digest of the file's bytes.
func (f File) Digest() evidence.Digest { return evidence.DigestOf(f.Content) }

// maxYAML bounds one YAML file: the largest framework is 70 kB.
const maxYAML = 16 << 20 // bytes

// document is one parsed YAML file that can still say on which line a value stands.
type document struct {
	name string
	body ast.Node
}

// readYAML decodes f strictly into v: an unknown key, a key given twice, a wrong type and a second document are errors that
// name file and line.
func readYAML(f File, v any) (document, error) {
	d := document{name: f.Name}
	if len(f.Content) > maxYAML {
		return d, fmt.Errorf("%s: file has %d bytes, want at most %d", f.Name, len(f.Content), maxYAML)
	}
	var err error
	if d.body, err = strictyaml.Parse(f.Name, f.Content); err != nil {
		return d, err
	}
	return d, strictyaml.DecodeNode(f.Name, d.body, v)
}

// line returns the line of the value at a path such as $.targets[3].id, from 1. Where there is no such value it is the line of
// the nearest value around it.
func (d document) line(format string, args ...any) int {
	for path := fmt.Sprintf(format, args...); ; path = parentPath(path) {
		p, err := yaml.PathString(path)
		if err == nil {
			if node, err := p.FilterNode(d.body); err == nil && node != nil && strictyaml.Line(node) > 0 {
				return strictyaml.Line(node)
			}
		}
		if path == "$" {
			return 1
		}
	}
}

// parentPath cuts the last step off a path.
func parentPath(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return "$"
}

// Problem is one thing that is wrong with a file of the catalogue or the workspace.
type Problem struct {
	File string
	Line int // from 1; 0 where it is about the whole file
	Text string
}

// Error is the problem as compilers write theirs.
func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// problems collects what is wrong with one document, each with its line.
type problems struct {
	doc  document
	errs []error
}

// add notes a problem with the value at path.
func (p *problems) add(path, format string, args ...any) {
	p.errs = append(p.errs, &Problem{File: p.doc.name, Line: p.doc.line("%s", path), Text: fmt.Sprintf(format, args...)})
}

// when notes a problem with the value at path if bad.
func (p *problems) when(bad bool, path, format string, args ...any) {
	if bad {
		p.add(path, format, args...)
	}
}

// date checks a day as YYYY-MM-DD.
func (p *problems) date(at, what, s string) {
	_, err := time.Parse(time.DateOnly, s)
	p.when(err != nil, at, "%s %q: want a day as YYYY-MM-DD", what, s)
}

// localized wants a text in every language.
func (p *problems) localized(at, what string, t templates.Localized) {
	p.when(t.EN == "", at, "%s has no English text (en)", what)
	p.when(t.DE == "", at, "%s has no German text (de)", what)
}

// err joins the problems, nil for none.
func (p *problems) err() error { return errors.Join(p.errs...) }
