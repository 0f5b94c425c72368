package redaction

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"mime"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/internal/jsonfields"
	"auditpack/internal/lines"
)

// maxDocument is the largest JSON document that is redacted: it is held in memory.
const maxDocument = 256 << 20 // bytes

// maxQuoting is the longest line of a part that quotes other evidence: an entry of lines.MaxLine as a text, in which escapes make two
// bytes of one at most, and what stands beside it. Facts are read from lines as long.
const maxQuoting = 40_000_000 // bytes

// word stands where a pattern dropped a part of a value.
const word = "redacted"

// edit is the redacting of one part.
type edit struct {
	collection *Collection
	counts     map[string]*tally
	pending    []by // of the line or document at hand: none counts if that turns out to be no JSON
	buffer     []byte
	known      map[*int]map[string]taken // what became of values before, by the fields that led to them
	remembered int                       // of those
}

// taken is what became of a value.
type taken struct {
	instead []byte // nil: it stays
	by      []by   // none where what took something in it was counted already
}

// by is a rule that took a value, or a part of it.
type by struct {
	rule      string
	pseudonym bool
}

// tally counts what a rule took.
type tally struct {
	count     int64
	pseudonym bool
}

func (e *edit) count(rule string, n int64, pseudonym bool) {
	t := e.counts[rule]
	if t == nil {
		t = &tally{}
		e.counts[rule] = t
	}
	t.count += n
	t.pseudonym = t.pseudonym || pseudonym
}

// rewrite applies the rules to a document, which it appends to out, and counts what they took; ok is false, and nothing counted, when it
// is no JSON.
func (e *edit) rewrite(out, doc []byte, rules *kindRules) (result []byte, changed, ok bool) {
	e.pending = e.pending[:0]
	result, changed, ok = rules.tree.Rewrite(out, doc, e.replace(rules))
	if !ok {
		return result, false, false
	}
	for _, t := range e.pending {
		e.count(t.rule, 1, t.pseudonym)
	}
	return result, changed, true
}

// redactions says what was taken, by rule.
func (e *edit) redactions(before evidence.Digest) []evidence.Redaction {
	var out []evidence.Redaction
	for _, name := range slices.Sorted(maps.Keys(e.counts)) {
		x := evidence.Redaction{Rule: name, Count: e.counts[name].count, Before: before}
		if e.counts[name].pseudonym && e.collection.key != nil {
			x.Key = e.collection.key.ID()
		}
		out = append(out, x)
	}
	return out
}

// Putting is a part on its way into the store: its Reader gives what may be stored.
type Putting struct {
	io.Reader
	edit
	before hash.Hash // of the bytes as received
}

// Put returns what of a part may be stored, nil where no rule can apply: then it is stored as it is.
func (c *Collection) Put(kind evidence.Kind, name, mediaType string, r io.Reader) *Putting {
	if c == nil {
		return nil
	}
	rules := c.set.of(kind)
	p := &Putting{edit: edit{collection: c, counts: map[string]*tally{}}, before: sha256.New()}
	r = io.TeeReader(r, p.before)
	base, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		base = strings.ToLower(strings.TrimSpace(mediaType))
	}
	switch {
	case base == "application/x-ndjson" && rules.tree != nil:
		limit := int64(lines.MaxLine + len(params["prefix"]))
		if rules.quotes {
			limit = maxQuoting
		}
		p.Reader = lines.Edit(r, limit, func(l lines.Line) []byte { return p.line(rules, params["prefix"], l) })
	case isJSON(base) && rules.tree != nil:
		p.Reader = &document{from: r, name: name, edit: func(b []byte) []byte { return p.document(rules, b) }}
	case isText(base) && len(rules.lines) > 0:
		p.Reader = lines.Edit(r, lines.MaxLine, func(l lines.Line) []byte { return p.text(rules.lines, l) })
	default:
		return nil
	}
	return p
}

// Stored says as which part the store has it. Records that name the part then say what was taken out of it.
func (p *Putting) Stored(part evidence.Part) {
	if p != nil && len(p.counts) > 0 {
		p.collection.keep(part, p.redactions(evidence.DigestSum(p.before)))
	}
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// isText says whether a part that is no JSON is read line by line.
func isText(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || mediaType == "application/yaml" || mediaType == "application/x-git-object"
}

// line is what stands in place of a line of JSON lines.
func (e *edit) line(rules *kindRules, prefix string, l lines.Line) []byte {
	entry := bytes.TrimPrefix(l.Bytes, []byte(prefix))
	if l.SHA256 == nil && len(bytes.TrimLeft(entry, " \t\r")) == 0 {
		return l.Bytes // nothing
	}
	if l.SHA256 == nil {
		out, changed, ok := e.rewrite(append(e.buffer[:0], l.Bytes[:len(l.Bytes)-len(entry)]...), entry, rules)
		if ok && changed {
			e.buffer = out
			return out
		}
		if ok {
			return l.Bytes
		}
	}
	e.count(ruleUnparsed, 1, false)
	return marker("line", l.SizeBytes, sumOf(l.Bytes, l.SHA256))
}

// document is what stands in place of a JSON document.
func (e *edit) document(rules *kindRules, b []byte) []byte {
	if len(bytes.TrimSpace(b)) == 0 {
		return b
	}
	out, changed, ok := e.rewrite(nil, b, rules)
	switch {
	case !ok:
		e.count(ruleUnparsed, 1, false)
		return marker("document", int64(len(b)), sumOf(b, nil))
	case changed:
		return out
	}
	return b
}

// text is what stands in place of a line of a part that is no JSON.
func (e *edit) text(rules []*rule, l lines.Line) []byte {
	if l.SHA256 != nil {
		e.count(ruleUnparsed, 1, false)
		return fmt.Appendf(nil, "[redacted: a line of %d bytes, sha256:%s]", l.SizeBytes, hex.EncodeToString(l.SHA256))
	}
	found := spans(rules, l.Bytes)
	if len(found) == 0 {
		return l.Bytes
	}
	var out []byte
	from := 0
	for _, s := range found {
		out = append(append(out, l.Bytes[from:s.from]...), e.instead(s.rule, l.Bytes[s.from:s.to])...)
		from = s.to
		e.count(s.rule.ID, 1, s.rule.Action == Pseudonym)
	}
	return append(out, l.Bytes[from:]...)
}

func sumOf(b, sum []byte) []byte {
	if sum == nil {
		s := sha256.Sum256(b)
		sum = s[:]
	}
	return sum
}

// marker stands in place of what could not be read.
func marker(what string, size int64, sum []byte) []byte {
	return fmt.Appendf(nil, `{"redacted":{"what":%q,"size_bytes":%d,"sha256":%q}}`, what, size, hex.EncodeToString(sum))
}

// replace applies the rules to fields of a document. A log says the same values again and again: what became of the short ones is
// remembered.
func (e *edit) replace(rules *kindRules) jsonfields.Replace {
	return func(fields []int, value []byte) ([]byte, bool) {
		t, known := e.known[&fields[0]][string(value)]
		if !known {
			t = e.apply(rules, fields, value)
		}
		e.pending = append(e.pending, t.by...)
		return t.instead, t.instead != nil
	}
}

// apply takes a value, or what rules match in it: the first rule without a pattern takes it as a whole; else all those with a pattern
// take their parts. Null and an empty text stay: there is nothing to take.
func (e *edit) apply(rules *kindRules, fields []int, value []byte) (t taken) {
	if string(value) == "null" || string(value) == `""` {
		return taken{}
	}
	var patterns []*rule
	for _, f := range fields {
		x := rules.takes[f]
		switch {
		case x.quote != nil: // it counts what it takes in there, and is not remembered
			if t = e.quoted(x, value); t.instead != nil {
				return t
			}
			return e.matches(patterns, value)
		case x.rule.pattern != nil:
			patterns = append(patterns, x.rule)
			continue
		}
		t = taken{e.take(x.rule, value), []by{{x.rule.ID, x.rule.Action == Pseudonym}}} // the last of fields
	}
	if t.instead == nil {
		t = e.matches(patterns, value)
	}
	if len(value) > longestValue || e.remembered >= maxRemembered {
		return t
	}
	if e.known == nil {
		e.known = map[*int]map[string]taken{}
	}
	if e.known[&fields[0]] == nil {
		e.known[&fields[0]] = map[string]taken{}
	}
	e.known[&fields[0]][string(value)] = t
	e.remembered++
	return t
}

// take is what stands in place of a value that a rule takes as a whole. An object or a list is dropped: of one that is to become
// pseudonyms the values are asked for by themselves.
func (e *edit) take(r *rule, value []byte) []byte {
	switch {
	case r.Action == Pseudonym:
		return jsonfields.Quote(e.collection.pseudonym(textOf(value)))
	case value[0] == '{' || value[0] == '[':
		e.collection.set.everything.Rewrite(nil, value, func(_ []int, value []byte) ([]byte, bool) {
			e.collection.drop(textOf(value))
			return nil, false
		})
	default:
		e.collection.drop(textOf(value))
	}
	return []byte("null")
}

// textOf is what a text says; of another value it is how it is written.
func textOf(value []byte) []byte {
	if value[0] == '"' {
		return said(value)
	}
	return value
}

// said is what a JSON text says.
func said(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	text, _ := jsonfields.Unquote(quoted)
	return text
}

// matches replaces what patterns match in a value, and leaves the rest of it as it is written. Of a number or a truth value a text is
// left. What is in an object or a list is asked for by itself.
func (e *edit) matches(rules []*rule, value []byte) (t taken) {
	if len(rules) == 0 || value[0] == '{' || value[0] == '[' {
		return taken{}
	}
	if value[0] != '"' {
		value = jsonfields.Quote(string(value))
	}
	text, at := jsonfields.Unquote(value)
	found := spans(rules, text)
	if len(found) == 0 {
		return taken{}
	}
	from := 0
	for _, s := range found {
		t.instead = append(append(t.instead, value[from:at[s.from]]...), e.instead(s.rule, text[s.from:s.to])...)
		from = at[s.to]
		if x := (by{s.rule.ID, s.rule.Action == Pseudonym}); !slices.Contains(t.by, x) {
			t.by = append(t.by, x)
		}
	}
	t.instead = append(t.instead, value[from:]...)
	return t
}

// instead is what stands in place of what a pattern took.
func (e *edit) instead(r *rule, text []byte) string {
	if r.Action == Drop {
		e.collection.drop(text)
		return word
	}
	return e.collection.pseudonym(text)
}

// quoted is what stands in place of a value that repeats other evidence.
func (e *edit) quoted(t take, value []byte) taken {
	whole := []by{{rule: ruleQuoted}}
	if !t.quote.JSON || value[0] != '"' {
		return taken{jsonfields.Quote(word), whole}
	}
	before := len(e.pending)
	out, changed, ok := t.of.tree.Rewrite(nil, said(value), e.replace(t.of))
	switch {
	case !ok:
		e.pending = e.pending[:before]
		return taken{[]byte("null"), whole}
	case changed:
		return taken{instead: jsonfields.Quote(string(out))} // the rules that took something are among those pending
	}
	return taken{}
}

// document reads a JSON document as a whole when it is first read from.
type document struct {
	from io.Reader
	name string
	edit func([]byte) []byte
	rest []byte
	read bool
}

var errTooLong = errors.New("too long to be redacted: a JSON document is held in memory")

// Read implements io.Reader.
func (d *document) Read(p []byte) (int, error) {
	if !d.read {
		b, err := io.ReadAll(io.LimitReader(d.from, maxDocument+1))
		if err != nil {
			return 0, err
		}
		if len(b) > maxDocument {
			return 0, fmt.Errorf("%q, more than %d bytes: %w", d.name, maxDocument, errTooLong)
		}
		d.rest, d.read = d.edit(b), true
	}
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}
