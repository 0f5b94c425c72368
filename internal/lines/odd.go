package lines

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"auditpack/internal/jsonfields"
)

// MaxLine is the longest line, in bytes without its newline, that is handed on as an entry. A longer one is odd and is never
// held in memory.
const MaxLine = 16 << 20

// headBytes is how much of an odd line is quoted.
const headBytes = 200

// Reason says what is odd about a line. Where several apply, the first in the order of the constants is given.
type Reason string

// The reasons.
const (
	TooLong        Reason = "too-long"        // more than MaxLine bytes
	NUL            Reason = "nul"             // a zero byte: a hole that a crash left in the file
	InvalidUTF8    Reason = "invalid-utf8"    // bytes that are no text
	CarriageReturn Reason = "carriage-return" // CR: legal between the tokens of JSON, a line end for line readers
	ControlByte    Reason = "control-byte"    // another byte below 0x20
	CutEntry       Reason = "cut-entry"       // an entry that ends in its middle and a whole one after it, or two without a newline between them
	NotJSON        Reason = "not-json"        // the first byte after the prefix is not {; an empty line too
	Unfinished     Reason = "unfinished"      // half an entry at the end of a file that nobody writes to any more
)

// Odd is one odd line of a segment. Where a line holds more than one whole entry there is an Odd for each, of the same line.
type Odd struct {
	Line      int64  // in the segment, from 1
	Offset    int64  // of its first byte in the segment
	SizeBytes int64  // without the newline
	Reason    Reason //
	Recovered []byte // the whole entry in it, byte for byte; nil when there is none
	Head      string // the first 200 bytes; bytes that are not UTF-8 are written as U+FFFD
}

// oddObject is an Odd as an object of a file of odd lines.
type oddObject struct {
	Evidence  string          `json:"evidence"`
	Line      int64           `json:"line"`
	Device    string          `json:"device"`
	Offset    int64           `json:"byte_offset"`
	SizeBytes int64           `json:"size_bytes"`
	Reason    Reason          `json:"reason"`
	Head      string          `json:"head"`
	Recovered json.RawMessage `json:"recovered"`
}

// WriteOdd writes the odd lines of one segment as JSON lines, one object for each: the digest of the segment, the name of the
// log it is from, and the fields of Odd. It holds no more than one piece of an entry at a time.
func WriteOdd(w io.Writer, evidence, device string, odd []Odd) error {
	out := bufio.NewWriter(w)
	var object bytes.Buffer
	enc := json.NewEncoder(&object)
	enc.SetEscapeHTML(false)
	for _, o := range odd {
		object.Reset()
		if err := enc.Encode(oddObject{evidence, o.Line, device, o.Offset, o.SizeBytes, o.Reason, o.Head, nil}); err != nil {
			return fmt.Errorf("write odd line %d: %w", o.Line, err)
		}
		if o.Recovered == nil {
			out.Write(object.Bytes())
			continue
		}
		out.Write(bytes.TrimSuffix(object.Bytes(), []byte("null}\n")))
		writeString(out, o.Recovered)
		out.WriteString("}\n")
	}
	return out.Flush() // a bufio.Writer keeps the first error
}

// writeString writes s, which is UTF-8, as a JSON string, piece by piece.
func writeString(out *bufio.Writer, s []byte) {
	out.WriteByte('"')
	for len(s) > 0 {
		n := min(len(s), 64<<10)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		piece := jsonfields.Quote(string(s[:n]))
		out.Write(piece[1 : len(piece)-1])
		s = s[n:]
	}
	out.WriteByte('"')
}

// OddLine is what Clean needs to know of an object of a file of odd lines.
type OddLine struct {
	Evidence string // digest of the segment
	Line     int64  // in it, from 1
}

// ReadOdd gives the objects that WriteOdd wrote, in order, and stops at the first error.
func ReadOdd(r io.Reader) iter.Seq2[OddLine, error] {
	return func(yield func(OddLine, error) bool) {
		dec := json.NewDecoder(r)
		dec.DisallowUnknownFields()
		for n := 1; ; n++ {
			var o oddObject
			err := dec.Decode(&o)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(OddLine{}, fmt.Errorf("read odd lines, object %d: %w", n, err))
				return
			}
			if !yield(OddLine{o.Evidence, o.Line}, nil) {
				return
			}
		}
	}
}
