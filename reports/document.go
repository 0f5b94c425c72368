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
type Labels struct{ Contents, Page, Of, Continued, Sheets string }

// Field is a labelled value.
type Field struct {
	Label string
	Value Cell
}

// Section is a heading and what stands under it. Sections nest.
type Section struct {
	ID       string // stable and unique in the document, lower case with dashes: the target of links
	Title    string
	Sheet    string // name of the sheet of a spreadsheet that its tables go to; empty: the parent's
	NewPage  bool
	Blocks   []Block
	Sections []Section
}

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
	Kind   CellKind
	Text   string
	Number int64
	Time   time.Time // UTC
	Style  Style
	Link   string // ID of a section of this document
}

// CellKind says which field of a Cell counts.
type CellKind int

// The kinds of cells.
const (
	CellText CellKind = iota
	CellNumber
	CellDate   // day
	CellTime   // instant
	CellDigest // Text holds it; may be shortened where space is short, never in a spreadsheet
	CellInput  // to be filled in by a person: Text is the value so far
)

// Chart shows a few numbers: a stacked horizontal bar of counts.
type Chart struct {
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
	Columns []string // words for role, name, date, signature
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
