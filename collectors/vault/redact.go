package vault

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

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
	in     *bufio.Reader
	prefix []byte
	before hash.Hash // of the bytes as received
	counts map[string]int64

	line    int64    // number of the last line that was read
	read    int64    // bytes of all lines so far, as received
	written int64    // and as given
	changed []change // in the order of lines
	rest    []byte   // that Read has still to give
	buffer  []byte   // of a line that the reader cannot hold
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
	r.in = bufio.NewReaderSize(io.TeeReader(segment, r.before), 256<<10)
	return r
}

func (r *redacting) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next reads one line and makes rest of it.
func (r *redacting) next() error {
	raw, size, err := r.readLine()
	if size == 0 && err != nil {
		return err
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.line++
	r.read += size
	end := raw[len(raw)-len(lineEnd(raw)):]
	line := raw[:len(raw)-len(end)]
	out := line
	if int64(len(raw)) < size { // too long
		out = redactedLine
		r.counts[ruleLine]++
	} else {
		out = r.clean(line)
	}
	offset := r.written
	if bytes.Equal(out, line) && int64(len(raw)) == size {
		r.rest = raw
	} else {
		r.rest = append(slices.Clip(slices.Clone(out)), end...)
		c := change{line: r.line, offset: offset, size: int64(len(out)), shift: offset + int64(len(r.rest)) - r.read}
		if bytes.Equal(out, redactedLine) {
			c.text = redactedLine
		}
		r.changed = append(r.changed, c)
	}
	r.written += int64(len(r.rest))
	return nil
}

// readLine returns the next line with its newline, and its size. Of a line that is too long to be an entry it returns the end alone.
func (r *redacting) readLine() (line []byte, size int64, err error) {
	r.buffer = r.buffer[:0]
	for {
		piece, err := r.in.ReadSlice('\n')
		size += int64(len(piece))
		if err == nil && len(r.buffer) == 0 && size == int64(len(piece)) {
			return piece, size, nil
		}
		if size <= int64(len(r.prefix))+lines.MaxLine+1 {
			r.buffer = append(r.buffer, piece...)
		} else {
			r.buffer = append(r.buffer[:0], lineEnd(piece)...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return r.buffer, size, err
		}
	}
}

func lineEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return line[n-1:]
	}
	return nil
}

// clean returns the line without secrets, line itself when it has none.
func (r *redacting) clean(line []byte) []byte {
	entry := bytes.TrimPrefix(line, r.prefix)
	if len(entry) == 0 || hashedEntry(entry) {
		return line
	}
	if entry[0] != '{' || !json.Valid(entry) || !utf8.Valid(entry) || bytes.ContainsFunc(entry, func(c rune) bool { return c < ' ' }) {
		r.counts[ruleLine]++
		return redactedLine
	}
	out := r.redact(entry)
	if len(r.prefix) == 0 || len(entry) == len(line) {
		return out
	}
	return append(slices.Clone(r.prefix), out...)
}

// redact returns the entry without secrets, and counts them. What stood in one that says nothing of log_raw has a rule of its own.
func (r *redacting) redact(entry []byte) []byte {
	counts := map[string]int64{}
	out := redactEntry(entry, counts)
	raw := clearSecret(entry) || counts[ruleToken] > 0
	for rule, n := range counts {
		if !raw {
			rule = ruleUnhashed
		}
		r.counts[rule] += n
	}
	return out
}

// showsRaw says whether a rule tells of secrets in the clear, as only a device with log_raw writes them.
func showsRaw(rule string) bool { return rule != ruleLine && rule != ruleUnhashed }

// hashedEntry says whether the entry names a client token, and none in the clear: then its device hashes all that is secret.
func hashedEntry(entry []byte) bool {
	found := false
	for {
		i := bytes.Index(entry, clientToken)
		if i < 0 {
			return found
		}
		entry = entry[i+len(clientToken):]
		switch {
		case bytes.HasPrefix(entry, hashed):
			found = true
		case len(entry) > 0 && entry[0] != '"':
			return false
		}
	}
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
			out[i].Recovered = r.redact(o.Recovered)
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
