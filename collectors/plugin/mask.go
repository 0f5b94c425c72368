package plugin

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"auditpack/collectors/plugin/sdk/wire"
)

// From which length in bytes on the value of a variable is masked ("1" or "yes" is no secret), and from which on a word of it is, where
// it has several: "Bearer" is none.
const (
	shortestSecret = 4
	shortestWord   = 8
)

// masker takes the values of the variables that a plugin sees out of what it says. A value becomes its name.
type masker struct {
	secrets []secret // longest first
}

type secret struct{ name, value string }

func (m *masker) add(name, value string) {
	if len(value) >= shortestSecret {
		m.secrets = append(m.secrets, secret{name, value})
	}
	for _, word := range strings.Fields(value) {
		if len(word) >= shortestWord && word != value {
			m.secrets = append(m.secrets, secret{name, word})
		}
	}
	slices.SortStableFunc(m.secrets, func(a, b secret) int { return len(b.value) - len(a.value) })
}

// longest is the length in bytes of the longest value.
func (m masker) longest() int {
	if len(m.secrets) == 0 {
		return 0
	}
	return len(m.secrets[0].value)
}

// text returns s with values masked, control characters replaced, and no longer than a message may hold.
func (m masker) text(s string) string {
	s = m.mask(strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\ufffd'
		}
		return r
	}, s)
	if len(s) > wire.MaxTextBytes {
		s = strings.ToValidUTF8(s[:wire.MaxTextBytes], "")
	}
	return s
}

func (m masker) mask(s string) string {
	for _, x := range m.secrets {
		s = strings.ReplaceAll(s, x.value, "["+x.name+"]")
	}
	return s
}

// cutOff masks b of which the beginning or the end is missing: what may be the rest of a value there goes as well.
func (m masker) cutOff(b string, begin bool) string {
	b = m.mask(b)
	for _, x := range m.secrets {
		for i := 1; begin && i < len(x.value); i++ {
			if rest, ok := strings.CutPrefix(b, x.value[i:]); ok {
				b = rest
				break
			}
		}
		for i := len(x.value) - 1; i >= shortestSecret; i-- {
			if rest, ok := strings.CutSuffix(b, x.value[:i]); ok {
				b = rest
				break
			}
		}
	}
	return b
}

// error masks the words of err; what it wraps stays.
func (m masker) error(err error) error {
	if masked := m.text(err.Error()); masked != err.Error() {
		return maskedError{masked, err}
	}
	return err
}

// maskedError is an error in other words. It wraps the sentinels and types that a caller decides by, and shows none of its words.
type maskedError struct {
	text  string
	cause error
}

func (e maskedError) Error() string        { return e.text }
func (e maskedError) Is(target error) bool { return errors.Is(e.cause, target) }
