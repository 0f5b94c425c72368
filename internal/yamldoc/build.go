package yamldoc

import (
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// builder turns the parser's tree into Nodes and collects what is not accepted.
type builder struct{ problems []Problem }

func (b *builder) problem(line int, field, what string) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, Problem{Line: line, Field: orFile(field), What: what})
	}
}

// node builds what stands under n. field names it; line is where its key stands, for values that have no place of their own.
func (b *builder) node(n ast.Node, field string, line int) Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return b.mapping(n.Values, field, line)
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{n}, field, line)
	case *ast.SequenceNode:
		return b.list(n.Values, field, line)
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return Node{field: field, line: line, kind: kindNull}
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode, *ast.DirectiveNode:
		b.problem(lineOf(n, line), field, "anchors, aliases, merge keys and tags are not accepted; write the value out")
		return Node{field: field, line: lineOf(n, line), kind: kindNull}
	}
	return scalar(n, field, lineOf(n, line))
}

func (b *builder) mapping(values []*ast.MappingValueNode, field string, line int) Node {
	out := Node{field: field, line: line, kind: kindMap, fields: map[string]Node{}}
	if len(values) > 0 && values[0].Key != nil {
		out.line = lineOf(values[0].Key, line)
	}
	for _, v := range values {
		at := lineOf(v.Key, line)
		if v.Key.IsMergeKey() {
			b.problem(at, field, "anchors, aliases, merge keys and tags are not accepted; write the value out")
			continue
		}
		key := keyText(v.Key)
		name := join(field, key)
		if first, twice := out.fields[key]; twice {
			b.problem(at, name, fmt.Sprintf("written twice, first in line %d; keep one", first.line))
			continue
		}
		child := b.node(v.Value, name, at)
		child.line = at // a list or mapping is found under its key, not at its first item
		out.fields[key] = child
		out.keys = append(out.keys, key)
	}
	return out
}

func (b *builder) list(values []ast.Node, field string, line int) Node {
	out := Node{field: field, line: line, kind: kindList}
	for i, v := range values {
		out.items = append(out.items, b.node(v, field+"["+strconv.Itoa(i)+"]", lineOf(v, line)))
	}
	return out
}

func scalar(n ast.Node, field string, line int) Node {
	out := Node{field: field, line: line}
	switch n := n.(type) {
	case *ast.StringNode:
		out.kind, out.text = kindText, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = kindText, n.Value.Value
	case *ast.IntegerNode:
		out.kind, out.text = kindNumber, n.GetToken().Value
		out.value = n.Value
	case *ast.FloatNode:
		out.kind, out.text, out.value = kindNumber, n.GetToken().Value, n.Value
	case *ast.BoolNode:
		out.kind, out.text, out.value = kindBool, n.GetToken().Value, n.Value
	default: // infinity, not a number: no kind of file has a use for them
		out.kind, out.text = kindText, n.GetToken().Value
	}
	return out
}

// keyText is a key as written, without quotes.
func keyText(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	if t := k.GetToken(); t != nil {
		return t.Value
	}
	return k.String()
}

// lineOf is where n begins; or is the answer when the parser does not know.
func lineOf(n ast.Node, or int) int {
	switch m := n.(type) {
	case nil:
		return or
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			return lineOf(m.Values[0].Key, or)
		}
	case *ast.MappingValueNode:
		return lineOf(m.Key, or)
	}
	if t := n.GetToken(); t != nil && t.Position != nil && t.Position.Line > 0 {
		return t.Position.Line
	}
	return or
}

func join(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func orFile(field string) string {
	if field == "" {
		return FileField
	}
	return field
}
