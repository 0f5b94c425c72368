package jsonfields

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"unicode/utf8"
)

// maxDepth is how deep objects and lists may lie in one another: what encoding/json takes.
const maxDepth = 10_000

// Replace says what stands in place of a value, in JSON; ok is false where it stays. fields are the indices of those that take it, in
// their order; value is its JSON as it stands in the document, and is only valid during the call.
type Replace func(fields []int, value []byte) (instead []byte, ok bool)

// Rewrite appends doc to out, with the values that fields of the tree take replaced; every other byte stays as it is: key order,
// spaces, escapes, the spelling of numbers, members that occur twice. It returns false, and out without an end that anyone could use,
// when doc is not exactly one JSON object or list in UTF-8. changed says whether anything was replaced; nothing is appended when not.
func (t *Tree) Rewrite(out, doc []byte, replace Replace) (result []byte, changed, ok bool) {
	w := rewriter{in: doc, out: out, replace: replace}
	w.space()
	if w.at == len(doc) || doc[w.at] != '{' && doc[w.at] != '[' || !utf8.Valid(doc) || !w.value(t.root, 0) {
		return out, false, false
	}
	w.space()
	if w.at != len(doc) {
		return out, false, false
	}
	if !w.changed {
		return out, false, true
	}
	return append(w.out, doc[w.copied:]...), true, true
}

// rewriter goes through a document once, and holds it against the grammar of JSON on the way: in what is no JSON nobody can say what
// belongs to which field.
type rewriter struct {
	in      []byte
	at      int
	out     []byte
	copied  int // bytes of in that are in out, or replaced there
	changed bool
	replace Replace
}

// value goes over one value at n, and says whether it is one.
func (w *rewriter) value(n *node, depth int) bool {
	if depth > maxDepth || w.at >= len(w.in) {
		return false
	}
	from := w.at
	composite := w.in[from] == '{' || w.in[from] == '['
	inside := n
	if composite && n != nil && n.whole {
		inside = nil // it is replaced as a whole
	}
	if !w.scan(inside, depth) {
		return false
	}
	if n != nil && len(n.fields) > 0 && (!composite || n.whole) {
		w.put(n.fields, from)
	}
	return true
}

// put replaces what was read since from.
func (w *rewriter) put(fields []int, from int) {
	instead, ok := w.replace(fields, w.in[from:w.at])
	if !ok {
		return
	}
	w.out = append(append(w.out, w.in[w.copied:from]...), instead...)
	w.copied, w.changed = w.at, true
}

func (w *rewriter) scan(n *node, depth int) bool {
	switch c := w.in[w.at]; c {
	case '{':
		return w.object(n, depth)
	case '[':
		return w.list(n, depth)
	case '"':
		_, ok := w.text()
		return ok
	case 't':
		return w.word("true")
	case 'f':
		return w.word("false")
	case 'n':
		return w.word("null")
	default:
		return w.number()
	}
}

func (w *rewriter) object(n *node, depth int) bool {
	w.at++
	w.space()
	if w.take('}') {
		return true
	}
	for {
		if w.at >= len(w.in) || w.in[w.at] != '"' {
			return false
		}
		from := w.at
		escaped, ok := w.text()
		if !ok {
			return false
		}
		var below *node
		if n != nil {
			below = n.member(nameOf(w.in[from:w.at], escaped))
		}
		w.space()
		if !w.take(':') {
			return false
		}
		w.space()
		if !w.value(below, depth+1) {
			return false
		}
		w.space()
		if w.take('}') {
			return true
		}
		if !w.take(',') {
			return false
		}
		w.space()
	}
}

func (w *rewriter) list(n *node, depth int) bool {
	w.at++
	w.space()
	if w.take(']') {
		return true
	}
	var below *node
	if n != nil {
		below = n.element
	}
	for {
		if !w.value(below, depth+1) {
			return false
		}
		w.space()
		if w.take(']') {
			return true
		}
		if !w.take(',') {
			return false
		}
		w.space()
	}
}

// take goes over c when it is next.
func (w *rewriter) take(c byte) bool {
	if w.at < len(w.in) && w.in[w.at] == c {
		w.at++
		return true
	}
	return false
}

func (w *rewriter) space() {
	for w.at < len(w.in) && (w.in[w.at] == ' ' || w.in[w.at] == '\t' || w.in[w.at] == '\n' || w.in[w.at] == '\r') {
		w.at++
	}
}

func (w *rewriter) word(word string) bool {
	if len(w.in)-w.at < len(word) || string(w.in[w.at:w.at+len(word)]) != word {
		return false
	}
	w.at += len(word)
	return true
}

// text goes over a text, whose quote is next, and says whether it has escapes.
func (w *rewriter) text() (escaped, ok bool) {
	in := w.in
	for i := w.at + 1; i < len(in); i++ {
		i += plain(in[i:])
		if i == len(in) {
			break
		}
		switch in[i] {
		case '"':
			w.at = i + 1
			return escaped, true
		case '\\':
			escaped = true
			i++
			if i == len(in) {
				return true, false
			}
			switch in[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if len(in)-i < 5 || !hex(in[i+1]) || !hex(in[i+2]) || !hex(in[i+3]) || !hex(in[i+4]) {
					return true, false
				}
				i += 4
			default:
				return true, false
			}
		default:
			return escaped, false
		}
	}
	return escaped, false
}

// plain is how many bytes b begins with that are nothing but text: no control character, quote or backslash. It looks at eight at a
// time: most of a log is text.
func plain(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, backslash := x^(ones*'"'), x^(ones*'\\')
		// The lowest byte that has its high bit set is the first that is meant; those above it may be others.
		found := ((x-ones*' ')&^x | (quote-ones)&^quote | (backslash-ones)&^backslash) & high
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(b) && b[n] >= ' ' && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}

func hex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func (w *rewriter) number() bool {
	w.take('-')
	switch {
	case w.take('0'):
	case w.digits() > 0:
	default:
		return false
	}
	if w.take('.') && w.digits() == 0 {
		return false
	}
	if w.take('e') || w.take('E') {
		if !w.take('+') {
			w.take('-')
		}
		return w.digits() > 0
	}
	return true
}

func (w *rewriter) digits() int {
	from := w.at
	for w.at < len(w.in) && w.in[w.at] >= '0' && w.in[w.at] <= '9' {
		w.at++
	}
	return w.at - from
}

// nameOf returns the name that a quoted text writes.
func nameOf(quoted []byte, escaped bool) []byte {
	if !escaped {
		return quoted[1 : len(quoted)-1]
	}
	var name string
	_ = json.Unmarshal(quoted, &name) // it was held against the grammar: no error
	return []byte(name)
}
