// Package reports builds documents from an Assessment; the packages below it render them. A builder knows no format, a
// renderer knows no control, and neither computes a verdict.
package reports

import (
	"io"
	"time"

	"auditpack/evidence"
	"auditpack/templates"
)

// Document is what a report says, without any format. The same Document gives the same bytes in every renderer.
type Document struct {
	Title    string
	Subtitle string
	Language templates.Language
	AsOf     time.Time // the only date a renderer may print or store as its own
	Cover    []Field   // in order
	Seal     string    // fingerprint of the key, or the words for "not sealed"
	Footer   string    // on every page
	Labels   Labels    // words that a renderer itself needs
	Sections []Section
}

// Labels are the words a renderer needs for itself.
type Labels struct {
	Contents  string // heading of the table of contents
	Page      string // "Page 3 of 10"
	Of        string
	Continued string // marks what goes on from the page, row or sheet before
	Sheets    string // heading of the list of sheets
	Back      string // link from a sheet to the first one
	Evidence  string // before the evidence that a paragraph rests on
	Shown     string // "{shown} of {total} rows are shown here."
	Legend    string // heading of a chart's legend
	Seal      string // before the fingerprint on the cover
}

// Field is a labelled value.
type Field struct {
	Label string
	Value Cell
}

// Section is a heading and what stands under it. Sections nest.
type Section struct {
	ID       string // stable and unique in the document, lower case with dashes: the target of links
	Title    string
	Sheet    string // name of the sheet of a spreadsheet that its blocks go to; empty: the parent's
	For      Medium // which renderers show it and everything under it
	NewPage  bool
	Compact  bool // many of its like follow each other: a smaller heading
	Unlisted bool // not in the table of contents; bookmarks have it
	Blocks   []Block
	Sections []Section
}

// Medium says which renderers show a section: what reads well on a page, a description for each test, is one flat table in a
// spreadsheet. Both are built from the same Assessment, so nothing is in one and missing in the other.
type Medium int

// The media. The zero value is every renderer.
const (
	Everywhere  Medium = iota
	Paged              // PDF, text: read from top to bottom
	Spreadsheet        // XLSX: filtered and sorted
)

// A Block is a paragraph, fields, table, chart or input cell; no other package can add one.
type Block interface{ block() }

// Paragraph is running text.
type Paragraph struct {
	Text  string
	Style Style
	Basis []evidence.Digest // evidence the sentence rests on; printed as references
}

// Style of a paragraph or cell.
type Style string

// The styles. The empty one is plain.
const (
	Plain   Style = ""
	Note    Style = "note" // small and grey: limits, provenance
	Strong  Style = "strong"
	Code    Style = "code" // fixed width: SQL, commands, digests
	Good    Style = "good" // status colours; never the only carrier of meaning
	Bad     Style = "bad"
	Warn    Style = "warn"
	Neutral Style = "neutral"
	Muted   Style = "muted" // a lighter neutral, so that two kinds of "nothing to say" can be told apart
)

// Fields is a list of labelled values.
type Fields struct{ Items []Field }

// Table has typed cells. Every table that states a result shows population and exceptions beside it.
type Table struct {
	ID      string // unique in the document; the name of the table in a spreadsheet
	Caption string
	Columns []Column
	Rows    [][]Cell
	Empty   string // the sentence that stands in place of no rows
	Total   int64  // rows there would be, when a paged format shows only the first ones; 0: all are here
}

// Column of a table.
type Column struct {
	Title string
	Width float64 // share of the table's width; relative to the other columns
	Align Align
}

// Align of a column.
type Align string

// The alignments. The empty one is left.
const (
	Left  Align = ""
	Right Align = "right"
)

// Cell is a typed value: exactly one kind. Text from evidence is Text, never a formula.
type Cell struct {
	Kind    CellKind
	Text    string // lines are separated by \n
	Number  int64
	Time    time.Time // UTC; the zero time is an empty cell
	Style   Style
	Link    string   // ID of a section or Anchor of a cell of this document
	Anchor  string   // makes this cell a target of links; unique in the document
	Choices []string // of an input cell: what may be filled in; empty: anything
}

// CellKind says which field of a Cell counts.
type CellKind int

// The kinds of cells.
const (
	CellText CellKind = iota
	CellNumber
	CellDate    // day
	CellTime    // instant
	CellDigest  // Text holds it; may be shortened where space is short, never in a spreadsheet
	CellInput   // to be filled in by a person: Text is the value so far
	CellOrdinal // a number that counts nothing, of a line or an entry: without separators, so that it can be typed into a command
)

// Chart shows a few numbers: a stacked horizontal bar of counts. Every bar has the same parts in the same order.
type Chart struct {
	ID    string // unique in the document
	Title string
	Bars  []Bar
}

// Bar is a labelled bar with its parts.
type Bar struct {
	Label string
	Parts []BarPart
}

// BarPart is one part of a bar.
type BarPart struct {
	Label string
	Value int64
	Style Style
}

// SignOff is a block that people sign.
type SignOff struct {
	Rows    []SignOffRow
	Columns []string // words for role, name, date, signature: four
}

// SignOffRow is one person to sign.
type SignOffRow struct{ Role, Name string }

func (Paragraph) block() {}
func (Fields) block()    {}
func (Table) block()     {}
func (Chart) block()     {}
func (SignOff) block()   {}

// A Renderer writes d to w. The same d gives the same bytes.
type Renderer interface {
	Render(w io.Writer, d Document) error
}
