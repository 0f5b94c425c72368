package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a file. They keep a hostile file from costing more than a moment: the parser descends one call for each level of
// nesting, and its time grows with the square of the keys in one mapping.
const (
	MaxSize     = 256 << 10 // bytes: a hundred times what people write by hand
	maxLine     = 16 << 10  // bytes: a line "- - - -" nests once for each two bytes
	maxTokens   = 30_000    // words and signs: a matrix of 700 areas
	maxNesting  = 32        // levels of brackets
	maxProblems = 100       // reported for one file
)

// Parse reads one YAML document. When it cannot be read at all the Node is empty and there is exactly one problem, with
// FileField; otherwise the problems are keys written twice and parts of YAML that are not accepted. It never panics.
func Parse(data []byte) (root Node, problems []Problem) {
	defer func() {
		if r := recover(); r != nil { // the parser is not ours; a file must not end a collection
			root, problems = Node{}, unreadable(1, fmt.Sprintf("no YAML that can be read: %v", r))
		}
	}()
	if p := precheck(data); p != nil {
		return Node{}, p
	}
	tokens := lexer.Tokenize(string(data))
	if p := checkTokens(tokens); p != nil {
		return Node{}, p
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return Node{}, syntaxProblem(err)
	}
	docs := documents(file)
	if len(docs) == 0 {
		return Node{}, unreadable(1, "holds nothing")
	}
	b := &builder{}
	root = b.node(docs[0], "", 1)
	if len(docs) > 1 {
		b.problem(lineOf(docs[1], 1), FileField, "a second YAML document begins here and is not read; move it to a file of its own")
	}
	Sort(b.problems)
	return root, b.problems
}

// precheck refuses what the parser should not see.
func precheck(data []byte) []Problem {
	if len(data) > MaxSize {
		return unreadable(1, fmt.Sprintf("has %d bytes; a file of this kind has at most %d", len(data), MaxSize))
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		switch {
		case len(line) > maxLine:
			return unreadable(n, fmt.Sprintf("the line has %d bytes, at most %d are read; break it", len(line), maxLine))
		case !utf8.Valid(line):
			return unreadable(n, "bytes that are not UTF-8; save the file as UTF-8")
		case bytes.IndexByte(line, 0) >= 0:
			return unreadable(n, "a NUL byte; this is no text file")
		}
	}
	return nil
}

// checkTokens refuses what the parser could take too long or too much memory for.
func checkTokens(tokens token.Tokens) []Problem {
	if len(tokens) > maxTokens {
		return unreadable(tokens[maxTokens].Position.Line, fmt.Sprintf("the file has more than %d words and signs; split it", maxTokens))
	}
	depth, headers := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.DocumentHeaderType:
			headers++
		case token.MappingKeyType:
			return unreadable(t.Position.Line, "a key that begins with a question mark; write key: value")
		}
		if depth > maxNesting {
			return unreadable(t.Position.Line, fmt.Sprintf("brackets nest more than %d levels deep", maxNesting))
		}
		if headers > 2 {
			return unreadable(t.Position.Line, "a third YAML document begins here; move each to a file of its own")
		}
	}
	return nil
}

func syntaxProblem(err error) []Problem {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return unreadable(1, "no YAML: "+err.Error())
	}
	line := 1
	if t := syntax.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	return unreadable(line, "no YAML: "+strings.ReplaceAll(syntax.GetMessage(), "\n", " "))
}

func unreadable(line int, what string) []Problem {
	return []Problem{{Line: line, Field: FileField, What: what}}
}

// documents are the bodies that hold something.
func documents(f *ast.File) []ast.Node {
	var out []ast.Node
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if _, comment := d.Body.(*ast.CommentGroupNode); comment {
			continue
		}
		out = append(out, d.Body)
	}
	return out
}
