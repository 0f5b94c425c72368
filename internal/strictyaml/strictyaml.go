// Package strictyaml decodes YAML so that nothing is overlooked: an unknown key, a key that occurs twice, a wrong type or a
// second document is an error that names file and line.
package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Error is what is wrong in a YAML file, and where.
type Error struct {
	File   string
	Line   int // from 1; 0 when the fault has no place
	Column int
	Text   string
	Source string // the lines around the fault, with a marker; may be empty
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// Decode reads the only document of data into v. name is the file's name for errors, which are *Error.
func Decode(name string, data []byte, v any) error {
	node, err := Parse(name, data)
	if err != nil {
		return err
	}
	return DecodeNode(name, node, v)
}

// Parse returns the body of the only document of data; an empty file is an error.
func Parse(name string, data []byte) (ast.Node, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, wrap(name, err)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, &Error{File: name, Line: line(doc.Body), Text: "a second YAML document: want one to a file"}
		}
		body = doc.Body
	}
	if body == nil {
		return nil, &Error{File: name, Text: "file is empty"}
	}
	return body, nil
}

// DecodeNode decodes a node of the file name into v, as strictly as Decode.
func DecodeNode(name string, node ast.Node, v any) error {
	if err := yaml.NodeToValue(node, v, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
		return wrap(name, err)
	}
	return nil
}

func wrap(name string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	e := &Error{File: name, Text: err.Error()}
	var positioned yaml.Error
	if errors.As(err, &positioned) {
		e.Text = positioned.GetMessage()
		if t := positioned.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
		if full := positioned.FormatError(false, true); strings.Contains(full, "\n") {
			_, e.Source, _ = strings.Cut(full, "\n")
		}
	}
	return e
}

func line(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
