package vault

import (
	"bytes"
	"fmt"
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
var secretMembers = [][]byte{[]byte(`"password"`), []byte(`"secret_id"`), []byte(`"jwt"`), []byte(`"token"`), []byte(`"passcode"`)}

// timeTail is where in an entry Vault writes its time: before `"type":"response"}` at the end.
const timeTail = 120 // bytes

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
	if clear, found := clearMember(entry, clientToken); found {
		return clear
	}
	for _, member := range secretMembers {
		if clear, _ := clearMember(entry, member); clear {
			return true
		}
	}
	return false
}

// clearMember looks for the first member of the name that is not empty. One that the entry's end cuts before it shows whether it is
// hashed tells nothing.
func clearMember(entry, member []byte) (clear, found bool) {
	for {
		if entry, found = textMember(entry, member); !found {
			return false, false
		}
		if bytes.HasPrefix(entry, hashed) {
			return false, true
		}
		if len(entry) > 0 && entry[0] != '"' && !bytes.HasPrefix(hashed, entry) { // an empty one is no secret
			return true, true
		}
	}
}

// textMember returns what is behind the opening quote of the first text that is called name. Vault writes no spaces around the colon;
// what passed the log on may have.
func textMember(entry, name []byte) (text []byte, found bool) {
	for {
		i := bytes.Index(entry, name)
		if i < 0 {
			return nil, false
		}
		entry = entry[i+len(name):]
		if bytes.HasPrefix(entry, []byte(`:"`)) {
			return entry[2:], true
		}
		value, colon := bytes.CutPrefix(bytes.TrimLeft(entry, " \t"), []byte(":"))
		if value = bytes.TrimLeft(value, " \t"); colon && len(value) > 0 && value[0] == '"' {
			return value[1:], true
		}
	}
}

// entryTime returns the time of an entry. Values named so deeper in the entry are hashed and do not parse.
func entryTime(entry []byte) (time.Time, bool) {
	if at, ok := lastTime(entry[max(0, len(entry)-timeTail):]); ok {
		return at, true
	}
	for {
		found := false
		if entry, found = textMember(entry, timeMember); !found {
			return time.Time{}, false
		}
		if at, ok := parseTime(entry); ok {
			return at, true
		}
	}
}

// lastTime searches forwards: that uses the processor's wide registers, and b is short.
func lastTime(b []byte) (time.Time, bool) {
	var last []byte
	for {
		text, found := textMember(b, timeMember)
		if !found {
			return parseTime(last) // nothing is no time
		}
		last, b = text, text
	}
}

// parseTime reads the text that ends at the next quote.
func parseTime(b []byte) (time.Time, bool) {
	end := bytes.IndexByte(b[:min(len(b), 40)], '"') // 35 bytes at most, with nanoseconds and an offset
	if end < 0 {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(b[:end]))
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
