package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"slices"

	"auditpack/evidence"
	"auditpack/internal/lines"
)

// The values of the key log_raw: what is done with a log whose device writes secrets in the clear.
const (
	logRawRefuse = "refuse" // nothing of it is stored; the default
	logRawRedact = "redact" // the secrets are replaced before anything is stored
)

// Rules of redaction, as records name them.
const (
	ruleToken    = "vault.token"    // tokens
	ruleAccessor = "vault.accessor" // accessors of tokens
	ruleData     = "vault.data"     // texts in the data of requests and responses
	ruleLine     = "vault.line"     // lines that are no whole entry, each as a whole
	ruleUnhashed = "vault.unhashed" // texts in an entry that has no token and no password in the clear: unhashed by configuration
)

// redactedValue stands where a secret stood, redactedLine where a line did.
var (
	redactedValue = []byte(`"redacted"`)
	redactedLine  = []byte(`{"redacted":"a line that was no whole entry"}`)
)

// redacting is the segment that it reads, with every text replaced that Vault would have hashed, had its device not run with
// log_raw. Lines keep their numbers. An entry whose token is hashed, and any line that has nothing to hide, stays byte for byte. It is
// for one goroutine.
type redacting struct {
	*lines.Editor
	prefix  []byte
	before  hash.Hash // of the bytes as received
	counts  map[string]int64
	changed []change // in the order of lines
}

// change says where a line is that is not as it was received.
type change struct {
	line         int64
	offset, size int64 // of the new line, without its newline
	shift        int64 // how much farther behind all that follows is
	text         []byte
}

func newRedacting(segment io.Reader, prefix string) *redacting {
	r := &redacting{prefix: []byte(prefix), before: sha256.New(), counts: map[string]int64{}}
	r.Editor = lines.Edit(io.TeeReader(segment, r.before), int64(len(prefix))+lines.MaxLine, r.line)
	return r
}

// line is what stands in place of a line.
func (r *redacting) line(l lines.Line) []byte {
	out := redactedLine
	if l.SHA256 != nil { // too long
		r.counts[ruleLine]++
	} else if out = r.clean(l.Bytes); bytes.Equal(out, l.Bytes) {
		return l.Bytes
	}
	c := change{line: l.Number, offset: l.To, size: int64(len(out)), shift: l.To + int64(len(out)) - l.Offset - l.SizeBytes}
	if bytes.Equal(out, redactedLine) {
		c.text = redactedLine
	}
	r.changed = append(r.changed, c)
	return out
}

// clean returns the line without secrets, line itself when it has none.
func (r *redacting) clean(line []byte) []byte {
	entry := bytes.TrimPrefix(line, r.prefix)
	if len(entry) == 0 || hashedEntry(entry) {
		return line
	}
	if entry[0] == '{' && !bytes.ContainsFunc(entry, func(c rune) bool { return c < ' ' }) {
		if out, ok := r.redact(entry); ok {
			return append(bytes.Clone(line[:len(line)-len(entry)]), out...)
		}
	}
	r.counts[ruleLine]++
	return redactedLine
}

// redact returns the entry without secrets, and counts them; ok is false for what is no JSON. What stood in an entry that says nothing
// of log_raw has a rule of its own.
func (r *redacting) redact(entry []byte) (clean []byte, ok bool) {
	counts := map[string]int64{}
	out, ok := redactEntry(entry, counts)
	raw := clearSecret(entry) || counts[ruleToken] > 0
	for rule, n := range counts {
		if !raw {
			rule = ruleUnhashed
		}
		r.counts[rule] += n
	}
	return out, ok
}

// showsRaw says whether a rule tells of secrets in the clear, as only a device with log_raw writes them.
func showsRaw(rule string) bool { return rule != ruleLine && rule != ruleUnhashed }

// hashedEntry says whether the entry names a client token, and none in the clear: then its device hashes all that is secret.
func hashedEntry(entry []byte) bool {
	found := false
	for name, text := range texts(entry) {
		switch {
		case !bytes.HasSuffix(name, clientToken):
		case bytes.HasPrefix(text, hashed):
			found = true
		case len(text) > 0 && text[0] != '"':
			return false
		}
	}
	return found
}

// odd brings the odd lines of the segment to where they are now, and takes the secrets out of what was quoted of them. It is called
// after the last Read.
func (r *redacting) odd(all []lines.Odd) []lines.Odd {
	out := slices.Clone(all)
	for i, o := range out {
		at, found := slices.BinarySearchFunc(r.changed, o.Line, func(c change, line int64) int { return int(c.line - line) })
		if !found {
			if at > 0 {
				out[i].Offset += r.changed[at-1].shift
			}
			continue
		}
		c := r.changed[at]
		out[i].Offset, out[i].SizeBytes, out[i].Head = c.offset, c.size, string(c.text)
		if o.Recovered != nil && !hashedEntry(o.Recovered) {
			out[i].Recovered, _ = r.redact(o.Recovered) // an entry that was recovered is JSON
		}
	}
	return out
}

// redactions says what was replaced, by rule; none when nothing was.
func (r *redacting) redactions() []evidence.Redaction {
	before := evidence.Digest("sha256:" + hex.EncodeToString(r.before.Sum(nil)))
	var out []evidence.Redaction
	for _, rule := range slices.Sorted(maps.Keys(r.counts)) {
		out = append(out, evidence.Redaction{Rule: rule, Count: r.counts[rule], Before: before})
	}
	return out
}
