package register

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"auditpack/internal/yamldoc"
)

// Problem is one thing that is wrong with a row. It never holds the text of a cell.
type Problem = yamldoc.Problem

// row is one row of a register: a value for each column of its layout.
type row struct {
	line   int
	values map[string]any
}

// oddRow is a row that cannot be read in full.
type oddRow struct {
	line     int
	problems []Problem
}

// file is what a CSV file says.
type file struct {
	rows   []row
	odd    []oddRow
	unread []string // headers of columns that the register does not have
	comma  rune
	absent []string // columns of the register that the file does not have
	ended  bool     // the last line has its line end
}

// format is how a file is to be read.
type format struct {
	layout  layout
	columns map[string]string // headers in the file, by column of the register
	comma   rune              // 0: told from the header
	zone    *time.Location    // of local times; nil: there may be none
}

// parse reads a whole file. Its error is for a file that cannot be read as this register at all; a row that cannot be read is odd, and
// the others are read.
func parse(b []byte, f format) (file, error) {
	content, err := decode(b)
	if err != nil {
		return file{}, err
	}
	header, comma, err := f.header(content)
	if err != nil {
		return file{}, err
	}
	positions, out, err := f.place(header)
	if err != nil {
		return file{}, err
	}
	out.comma = comma
	out.ended = bytes.HasSuffix(content, []byte("\n"))
	r := newReader(content, comma)
	if _, err := r.Read(); err != nil { // the header, which was read before
		return file{}, fmt.Errorf("line 1: %w", err)
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			out.odd = append(out.odd, oddRow{bad.StartLine, []Problem{{Line: bad.Line, Field: "row", What: quoting(bad)}}})
			continue
		}
		if err != nil {
			return file{}, err
		}
		line, _ := r.FieldPos(0)
		out.add(line, cells, len(header), positions, f)
	}
}

// decode takes a byte order mark off and refuses what is no UTF-8 text, or has the line ends of an old Mac: its rows would be one header.
func decode(b []byte) ([]byte, error) {
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		return nil, errors.New("line 1: the file is UTF-16; save it as UTF-8")
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if first, _, _ := bytes.Cut(b, []byte("\n")); bytes.Contains(bytes.TrimSuffix(first, []byte("\r")), []byte("\r")) {
		return nil, errors.New("line 1: lines end with a carriage return alone, so that all of them are one; save the file with line feeds")
	}
	for n, rest := 1, b; len(rest) > 0; n++ {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if !utf8.Valid(line) {
			return nil, fmt.Errorf("line %d: a byte that is no UTF-8; save the file as UTF-8", n)
		}
		if bytes.IndexByte(line, 0) >= 0 {
			return nil, fmt.Errorf("line %d: a NUL byte; this is no CSV text", n)
		}
		rest = after
	}
	return b, nil
}

func newReader(content []byte, comma rune) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(content))
	r.Comma = comma
	r.FieldsPerRecord = -1
	return r
}

// quoting says what is wrong with the quotes of a row.
func quoting(e *csv.ParseError) string {
	if errors.Is(e.Err, csv.ErrBareQuote) {
		return `a quote within a cell that does not begin with one; put the cell in quotes and double the quotes in it`
	}
	return `a quoted cell that does not end, or goes on behind its quote; double the quotes within it, and end it with one`
}

// header reads the names of the columns. Where no delimiter is configured, it is the one with which more of the needed columns are
// there.
func (f format) header(content []byte) ([]string, rune, error) {
	commas := []rune{',', ';'}
	if f.comma != 0 {
		commas = []rune{f.comma}
	}
	var best []string
	var comma rune
	var bad error // of the delimiter that was tried last; with the wrong one, quotes are in the wrong place
	most := -1
	for _, c := range commas {
		header, err := newReader(content, c).Read()
		var quotes *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil, 0, errors.New("line 1: the file is empty; its first line must name the columns " + strings.Join(f.layout.needed(), ", "))
		case errors.As(err, &quotes):
			bad = fmt.Errorf("line %d: %s", quotes.Line, quoting(quotes))
			continue
		case err != nil:
			return nil, 0, err
		}
		if n := f.found(header); n > most {
			best, comma, most = header, c, n
		}
	}
	if most < 0 {
		return nil, 0, bad
	}
	return best, comma, nil
}

// found counts the needed columns that a header has.
func (f format) found(header []string) int {
	n := 0
	for _, name := range f.layout.needed() {
		if slices.ContainsFunc(header, func(h string) bool { return same(h, f.named(name)) }) {
			n++
		}
	}
	return n
}

// named returns the header under which the file has a column.
func (f format) named(column string) string {
	if header := f.columns[column]; header != "" {
		return header
	}
	return column
}

// same compares headers: neither letters' case nor blanks around them matter.
func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// place finds the position of each column in a header, and reports everything that keeps the file from being read.
func (f format) place(header []string) (map[string]int, file, error) {
	var errs []error
	positions := map[string]int{}
	out := file{unread: []string{}, absent: []string{}}
	used := make([]bool, len(header))
	for _, c := range f.layout.columns {
		want := f.named(c.name)
		for i, h := range header {
			if !same(h, want) {
				continue
			}
			if _, twice := positions[c.name]; twice {
				errs = append(errs, fmt.Errorf("line 1: column %q is there twice; rename one of them", want))
				continue
			}
			positions[c.name], used[i] = i, true
		}
		_, there := positions[c.name]
		switch {
		case there:
		case c.needs != optional:
			errs = append(errs, fmt.Errorf("line 1: column %q is missing; add it, or say with columns: {%s: HEADER} which one it is", want, c.name))
		case f.columns[c.name] != "":
			errs = append(errs, fmt.Errorf("line 1: column %q, which columns names for %s, is missing", want, c.name))
		default:
			out.absent = append(out.absent, c.name)
		}
	}
	for i, h := range header {
		if name := strings.TrimSpace(h); !used[i] && name != "" {
			out.unread = append(out.unread, name)
		}
	}
	return positions, out, errors.Join(errs...)
}

// add reads one row of the file, whose header has the width given.
func (o *file) add(line int, cells []string, width int, positions map[string]int, f format) {
	blank := func(s string) bool { return strings.TrimSpace(s) == "" }
	if !slices.ContainsFunc(cells, func(s string) bool { return !blank(s) }) {
		return // a row of delimiters, as spreadsheets leave behind, says nothing
	}
	r := row{line: line, values: map[string]any{}}
	var problems []Problem
	if len(cells) < width {
		problems = append(problems, Problem{Line: line, Field: "row", What: fmt.Sprintf("%d cells, the header has %d; add the missing delimiters", len(cells), width)})
	}
	if len(cells) > width && slices.ContainsFunc(cells[width:], func(s string) bool { return !blank(s) }) {
		problems = append(problems, Problem{Line: line, Field: "row",
			What: fmt.Sprintf("%d cells, the header has %d; put a cell that holds the delimiter in quotes", len(cells), width)})
	}
	if len(problems) > 0 { // which cell belongs to which column is not known
		o.odd = append(o.odd, oddRow{line, problems})
		return
	}
	for _, c := range f.layout.columns {
		r.values[c.name] = c.empty()
		i, there := positions[c.name]
		if !there {
			continue
		}
		s := strings.TrimSpace(cells[i])
		switch v, err := c.read(s, f.zone); {
		case s == "" && c.needs == cellNeeded:
			problems = append(problems, Problem{Line: line, Field: c.name, What: "empty; each row needs it"})
		case s == "":
		case err != nil:
			problems = append(problems, Problem{Line: line, Field: c.name, What: err.Error()})
		default:
			r.values[c.name] = v
		}
	}
	if len(problems) > 0 {
		o.odd = append(o.odd, oddRow{line, problems})
		return
	}
	o.rows = append(o.rows, r)
}
