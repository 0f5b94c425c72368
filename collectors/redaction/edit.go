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

// maxQuoting is the longest line of a part that quotes other evidence: an entry of lines.MaxLine with every quote in it escaped.
const maxQuoting = 40_000_000 // bytes

// word stands where a pattern dropped a part of a value.
const word = "redacted"

// edit is the redacting of one part.
type edit struct {
	collection *Collection
	counts     map[string]*tally
	pending    []taken // of the line or document at hand: none counts if that turns out to be no JSON
	buffer     []byte
	known      map[*int]map[string]taken // what became of values before, by the fields that led to them
	remembered int                       // of those
}

// taken is what became of a value.
type taken struct {
	rule      string // that took it; empty for none
	pseudonym bool   // it makes pseudonyms
	instead   []byte
	inside    bool // rules took something in it, and were counted
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
func (e *edit) text(rules []rule, l lines.Line) []byte {
	if l.SHA256 != nil {
		e.count(ruleUnparsed, 1, false)
		return fmt.Appendf(nil, "[redacted: a line of %d bytes, sha256:%s]", l.SizeBytes, hex.EncodeToString(l.SHA256))
	}
	out := l.Bytes
	for i := range rules {
		r := &rules[i]
		spans := r.parts(out)
		if len(spans) == 0 {
			continue
		}
		var next []byte
		from := 0
		for _, s := range spans {
			next = append(append(next, out[from:s[0]]...), e.instead(r, out[s[0]:s[1]])...)
			from = s[1]
		}
		e.count(r.ID, int64(len(spans)), r.Action == Pseudonym)
		out = append(next, out[from:]...)
	}
	return out
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
		if t.rule == "" {
			return nil, false
		}
		if !t.inside {
			e.pending = append(e.pending, t)
		}
		return t.instead, true
	}
}

// apply has the first rule take a value that does.
func (e *edit) apply(rules *kindRules, fields []int, value []byte) (t taken) {
	again := len(value) <= longestValue
	for _, f := range fields {
		x := rules.takes[f]
		if x.quote != nil {
			again = false // it counts what it takes in there
			if t = e.quoted(x, value); t.rule != "" {
				return t
			}
			continue
		}
		if instead, ok := e.take(x.rule, value); ok {
			t = taken{rule: x.rule.ID, pseudonym: x.rule.Action == Pseudonym, instead: instead}
			break
		}
	}
	if again && e.remembered < maxRemembered {
		if e.known == nil {
			e.known = map[*int]map[string]taken{}
		}
		if e.known[&fields[0]] == nil {
			e.known[&fields[0]] = map[string]taken{}
		}
		e.known[&fields[0]][string(value)] = t
		e.remembered++
	}
	return t
}

// take is what stands in place of a value that the field of a rule leads to. Null and an empty text stay: there is nothing to take.
func (e *edit) take(r *rule, value []byte) ([]byte, bool) {
	composite := value[0] == '{' || value[0] == '['
	switch {
	case string(value) == "null" || string(value) == `""`:
		return nil, false
	case composite && (r.Action != Drop || r.pattern != nil):
		return nil, false
	case composite:
		e.collection.set.everything.Rewrite(nil, value, func(_ []int, value []byte) ([]byte, bool) {
			e.collection.drop(textOf(value))
			return nil, false
		})
		return []byte("null"), true
	case r.pattern != nil:
		return e.matches(r, value)
	}
	if r.Action == Drop {
		e.collection.drop(textOf(value))
		return []byte("null"), true
	}
	return jsonfields.Quote(e.collection.pseudonym(textOf(value))), true
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

// matches replaces what the pattern matches in a value, and leaves the rest of it as it is written. Of a number or a truth value a text
// is left.
func (e *edit) matches(r *rule, value []byte) ([]byte, bool) {
	if value[0] != '"' {
		value = jsonfields.Quote(string(value))
	}
	text, at := jsonfields.Unquote(value)
	spans := r.parts(text)
	if len(spans) == 0 {
		return nil, false
	}
	var out []byte
	from := 0
	for _, s := range spans {
		out = append(append(out, value[from:at[s[0]]]...), e.instead(r, text[s[0]:s[1]])...)
		from = at[s[1]]
	}
	return append(out, value[from:]...), true
}

// instead is what stands in place of what a pattern took.
func (e *edit) instead(r *rule, text []byte) string {
	if r.Action == Drop {
		e.collection.drop(text)
		return word
	}
	return e.collection.pseudonym(text)
}

// quoted is what stands in place of a value that repeats other evidence. What rules took out of one that is JSON counts for them.
func (e *edit) quoted(t take, value []byte) taken {
	if string(value) == "null" || string(value) == `""` {
		return taken{}
	}
	if !t.quote.JSON || value[0] != '"' {
		return taken{rule: ruleQuoted, instead: jsonfields.Quote(word)}
	}
	before := len(e.pending)
	out, changed, ok := t.of.tree.Rewrite(nil, said(value), e.replace(t.of))
	switch {
	case !ok:
		e.pending = e.pending[:before]
		return taken{rule: ruleQuoted, instead: []byte("null")}
	case changed:
		return taken{rule: ruleQuoted, instead: jsonfields.Quote(string(out)), inside: true}
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
