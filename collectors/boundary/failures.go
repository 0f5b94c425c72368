package boundary

import (
	"errors"
	"fmt"
	"strings"

	"auditpack/collectors"
)

// maxFailures bounds the items that one part names as failed. When more fail, the reason is the same.
const maxFailures = 50

// failures are the items of one part that failed. They have no parts of their own: nothing would ever say that such a part is well
// again, because an item that could be had later, or was deleted, is not asked for again.
type failures struct {
	count  int
	told   []failure
	denied error // the first refusal
	broken error // the first other failure
}

// failure is one reason and the items that failed for it.
type failure struct {
	reason string
	names  []string
}

// add notes that one item failed.
func (f *failures) add(name string, err error) {
	var denied *collectors.DeniedError
	if errors.As(err, &denied) {
		f.denied = firstOf(f.denied, err)
	} else {
		f.broken = firstOf(f.broken, err)
	}
	if f.count++; f.count > maxFailures {
		return
	}
	for i := range f.told {
		if f.told[i].reason == err.Error() {
			f.told[i].names = append(f.told[i].names, name)
			return
		}
	}
	f.told = append(f.told, failure{err.Error(), []string{name}})
}

// stop notes why the items after the last were not asked for.
func (f *failures) stop(err error) {
	f.broken = firstOf(f.broken, err)
	f.told = append(f.told, failure{reason: err.Error()})
}

// summary is one error of all failures, nil without any: what, and then each reason after verb and the names of the items. A
// refusal is one only where nothing failed for another reason.
func (f failures) summary(what, verb string) error {
	cause := firstOf(f.broken, f.denied)
	if cause == nil {
		return nil
	}
	var b strings.Builder
	b.WriteString(what)
	sep := ": "
	for _, t := range f.told {
		b.WriteString(sep)
		if len(t.names) > 0 {
			fmt.Fprintf(&b, "%s %s: ", verb, strings.Join(t.names, ", "))
		}
		b.WriteString(t.reason)
		sep = "; "
	}
	if n := f.count - maxFailures; n > 0 {
		fmt.Fprintf(&b, "; and %d more", n)
	}
	return &summaryError{b.String(), cause}
}

// summaryError is an error that says more than its cause.
type summaryError struct {
	text  string
	cause error
}

func (s *summaryError) Error() string { return s.text }

func (s *summaryError) Unwrap() error { return s.cause }
