// Package strictyaml decodes YAML so that nothing is overlooked: an unknown key, a key that occurs twice, a wrong type or a
// second document is an error that names file and line.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
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
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors begin every file with a byte order mark
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, wrap(name, err)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			return nil, &Error{File: name, Line: Line(doc.Body), Text: "a second YAML document: want one to a file"}
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

// At says that err is about node: for errors of UnmarshalYAML methods, which know the node and not the file.
func At(node ast.Node, err error) error {
	return &Error{Line: Line(node), Text: err.Error()}
}

func wrap(name string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		if own.File == "" {
			own.File = name
		}
		return own
	}
	e := &Error{File: name, Text: err.Error()}
	var positioned yaml.Error
	if errors.As(err, &positioned) {
		e.Text = message(positioned)
		if t := positioned.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
		if full := positioned.FormatError(false, true); strings.Contains(full, "\n") {
			_, e.Source, _ = strings.Cut(full, "\n")
		}
	}
	return e
}

// message is what the library found wrong, in words of YAML instead of Go.
func message(err yaml.Error) string {
	var wrongType *yaml.TypeError
	var overflow *yaml.OverflowError
	switch {
	case errors.As(err, &wrongType):
		return fmt.Sprintf("got %s, want %s", kindOf(wrongType.SrcType), kindOf(wrongType.DstType))
	case errors.As(err, &overflow):
		return fmt.Sprintf("number %s is out of range", overflow.SrcNum)
	}
	return err.GetMessage()
}

// kindOf is a Go type as people who write YAML know it.
func kindOf(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	}
	if t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 {
		return "a whole number"
	}
	return t.String()
}

// Line is the line on which a node begins, from 1; 0 when it has no place. A mapping's own token is the colon of its first key.
func Line(n ast.Node) int {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			return Line(m.Values[0])
		}
	case *ast.MappingValueNode:
		return m.Key.GetToken().Position.Line
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
