package vault

import (
	"bytes"
	"fmt"
	"iter"
	"time"
)

// clearSecretError says that an entry has a token or a password in the clear. It never holds it.
type clearSecretError struct{ line int64 }

func (e *clearSecretError) Error() string {
	return "a token or password stands in the clear: the audit device runs with log_raw=true"
}

var (
	clientToken = []byte(`"client_token"`)
	hashed      = []byte("hmac-sha256:")
	timeMember  = []byte(`"time"`)
)

// secretMembers are looked for in entries that name no client token: a login has nothing else to tell a device with log_raw by.
var secretMembers = [...][]byte{[]byte(`"password"`), []byte(`"secret_id"`), []byte(`"jwt"`), []byte(`"token"`), []byte(`"passcode"`)}

// timeTail is where in an entry Vault writes its time: before `"type":"response"}` at the end.
const timeTail = 64 // bytes

// span is the earliest and the latest time among entries.
type span struct {
	first, last time.Time
	redacted    bool // secrets are replaced later, and are no reason to refuse
}

// Inspect implements lines.Inspector: it refuses an entry with a secret in the clear, and notes the time. It is called for every
// line, so it searches instead of parsing.
func (s *span) Inspect(line int64, entry []byte) error {
	if !s.redacted && clearSecret(entry) {
		return &clearSecretError{line: line}
	}
	at, ok := entryTime(entry)
	if !ok {
		return nil
	}
	if s.first.IsZero() || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
	return nil
}

// clearSecret says whether the first client token that the entry names is not hashed: a device hashes all or none. Of an entry without
// one it says whether what it calls a password, or the like, is not hashed.
func clearSecret(entry []byte) bool {
	var clear bool
	var hashes [len(secretMembers)]bool // a member of the name was hashed: what follows it under the name is no secret
	for name, text := range texts(entry) {
		if !isSecret(text) {
			continue
		}
		isHashed := bytes.HasPrefix(text, hashed)
		if bytes.HasSuffix(name, clientToken) {
			return !isHashed
		}
		for i, member := range secretMembers {
			if bytes.HasSuffix(name, member) {
				hashes[i] = hashes[i] || isHashed
				clear = clear || !hashes[i]
			}
		}
	}
	return clear
}

// isSecret says whether a text that is called a secret is one, hashed or not: an empty one is none, and one that the entry's end cuts
// before it shows whether it is hashed tells nothing.
func isSecret(text []byte) bool {
	return len(text) > 0 && text[0] != '"' && (!bytes.HasPrefix(hashed, text) || len(text) == len(hashed))
}

// texts gives each member of entry whose value is a text, in order: what ends with its name in quotes, and what is behind the opening
// quote of the text. It goes from colon to colon, of which an entry has few.
func texts(entry []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, text []byte) bool) {
		for at := 0; ; at++ {
			i := bytes.IndexByte(entry[at:], ':')
			if i < 0 {
				return
			}
			at += i
			if name, text, ok := textAt(entry, at); ok && !yield(name, text) {
				return
			}
		}
	}
}

// textAt says what the colon stands between, if that is a name and a text. Vault writes no spaces around it; what passed the log on may
// have.
func textAt(entry []byte, colon int) (name, text []byte, ok bool) {
	from, to := colon+1, colon
	for from < len(entry) && isSpace(entry[from]) {
		from++
	}
	if from == len(entry) || entry[from] != '"' {
		return nil, nil, false
	}
	for to > 0 && isSpace(entry[to-1]) {
		to--
	}
	return entry[:to], entry[from+1:], true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// entryTime returns the time of an entry. Values named so deeper in the entry are hashed and do not parse.
func entryTime(entry []byte) (time.Time, bool) {
	if at, ok := lastTime(entry[max(0, len(entry)-timeTail):]); ok {
		return at, true
	}
	for name, text := range texts(entry) {
		if !bytes.HasSuffix(name, timeMember) {
			continue
		}
		if at, ok := parseTime(text); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// lastTime reads the last member called time.
func lastTime(b []byte) (time.Time, bool) {
	var last []byte
	for name, text := range texts(b) {
		if bytes.HasSuffix(name, timeMember) {
			last = text
		}
	}
	return parseTime(last)
}

// parseTime reads the text that ends at the next quote.
func parseTime(b []byte) (time.Time, bool) {
	end := bytes.IndexByte(b[:min(len(b), 40)], '"') // 35 bytes at most, with nanoseconds and an offset
	if end < 0 {
		return time.Time{}, false
	}
	var at time.Time
	err := at.UnmarshalText(b[:end])
	return at.UTC(), err == nil
}

// headBytes is how much of a file is looked at before it is collected.
const headBytes = 64 << 10

// checkHead refuses a log whose first bytes show that it cannot be read with this configuration.
func checkHead(head []byte, prefix string) error {
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<json:object")) {
		return fmt.Errorf("the log is in the format jsonx, which has no line ends: set format=json on the audit device")
	}
	if found := commonPrefix(head); found != "" && found != prefix {
		if prefix == "" {
			return fmt.Errorf("each entry has %q before it: set prefix: %q in the source, as on the audit device", found, found)
		}
		return fmt.Errorf("each entry has %q before it, and prefix is %q: set it as on the audit device; devices with different prefixes are sources of their own", found, prefix)
	}
	return nil
}

// commonPrefix returns the text before the entry that the first two lines share, or that the only line has.
func commonPrefix(head []byte) string {
	var found string
	for n := 0; n < 2 && len(head) > 0; n++ {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		i := bytes.Index(line, []byte(`{"`))
		if i <= 0 || i > 256 || bytes.ContainsFunc(line[:i], func(r rune) bool { return r < ' ' || r == '{' || r == '\ufeff' || r == '\ufffd' }) {
			return ""
		}
		if n > 0 && found != string(line[:i]) {
			return ""
		}
		found, head = string(line[:i]), rest
	}
	return found
}
