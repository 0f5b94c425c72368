package yamldoc

import "time"

// DateLayout is the one form of a date.
const DateLayout = "2006-01-02"

type nodeKind int

const (
	kindAbsent nodeKind = iota
	kindNull
	kindText
	kindNumber
	kindBool
	kindList
	kindMap
)

// Node is a value of a file and where it stands. The zero Node is absent; reading below an absent Node, or one of another
// type, gives absent Nodes and zero values, so that a reader takes what is well formed and [Schema.Check] says what is not.
// It is immutable and safe for concurrent use.
type Node struct {
	field  string
	line   int
	kind   nodeKind
	text   string
	value  any // of a number or boolean
	keys   []string
	fields map[string]Node
	items  []Node
}

// Field names the value: "approvals[0].date", empty for the whole file.
func (n Node) Field() string { return n.field }

// Line is where the value's key stands, or the value itself in a list; 0 when absent.
func (n Node) Line() int { return n.line }

// Present says whether there is a value, null included.
func (n Node) Present() bool { return n.kind != kindAbsent }

// IsMap says whether the value is a mapping.
func (n Node) IsMap() bool { return n.kind == kindMap }

// IsList says whether the value is a list.
func (n Node) IsList() bool { return n.kind == kindList }

// Get returns the value under a key of a mapping.
func (n Node) Get(key string) Node { return n.fields[key] }

// Keys returns the keys of a mapping as written, in order.
func (n Node) Keys() []string { return n.keys }

// Items returns the values of a list.
func (n Node) Items() []Node { return n.items }

// Text returns a text; what is no text gives "".
func (n Node) Text() string {
	if n.kind != kindText {
		return ""
	}
	return n.text
}

// Written returns a text, number or boolean as it stands in the file, without quotes.
func (n Node) Written() string { return n.text }

// Texts returns the texts of a list, or the one text where a single text stands in place of a list; never nil.
func (n Node) Texts() []string {
	out := []string{}
	if n.kind == kindText && n.text != "" {
		return append(out, n.text)
	}
	for _, i := range n.items {
		if i.Text() != "" {
			out = append(out, i.text)
		}
	}
	return out
}

// Date returns a date as 2026-03-31; what is no date gives "".
func (n Node) Date() string {
	if _, err := time.Parse(DateLayout, n.Text()); err != nil {
		return ""
	}
	return n.text
}

// Int returns a whole number and whether there is one.
func (n Node) Int() (int64, bool) {
	switch v := n.value.(type) {
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= 1<<62
	}
	return 0, false
}

// plain is the value as a JSON Schema validator takes it.
func (n Node) plain() any {
	switch n.kind {
	case kindText:
		return n.text
	case kindNumber, kindBool:
		return n.value
	case kindList:
		out := make([]any, 0, len(n.items))
		for _, i := range n.items {
			out = append(out, i.plain())
		}
		return out
	case kindMap:
		out := make(map[string]any, len(n.fields))
		for k, v := range n.fields {
			out[k] = v.plain()
		}
		return out
	}
	return nil
}

// find goes down a path of keys and list positions; ok is false when it ends early, and the node is then the last one found.
func (n Node) find(path []string) (Node, bool) {
	for _, step := range path {
		next, ok := n.step(step)
		if !ok {
			return n, false
		}
		n = next
	}
	return n, true
}

func (n Node) step(s string) (Node, bool) {
	if n.kind == kindMap {
		v, ok := n.fields[s]
		return v, ok
	}
	i, ok := index(s, len(n.items))
	if !ok {
		return Node{}, false
	}
	return n.items[i], true
}

func index(s string, length int) (int, bool) {
	i := 0
	for _, c := range s {
		if c < '0' || c > '9' || i > length {
			return 0, false
		}
		i = i*10 + int(c-'0')
	}
	return i, s != "" && i < length
}
