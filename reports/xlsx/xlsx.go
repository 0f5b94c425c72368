// Package xlsx renders a report as a workbook: typed cells, filters, frozen headers, drop-downs, native charts.
//
// Each name in [reports.Section.Sheet] is one sheet. A sheet with one table has its header frozen under the sheet's title and
// can be filtered; other sheets stack their blocks. Text is always a string cell, so what begins with "=" stays text. A text
// longer than a cell holds goes on in the rows below, a table longer than a sheet on further sheets: nothing is cut off. The
// same Document gives the same bytes.
package xlsx

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

	"auditpack/reports"
)

// Limits of the format.
const (
	maxRows     = 1_048_576
	maxChars    = 32_767 // of a cell, in UTF-16 units
	maxLinks    = 65_530 // of a sheet
	maxNameSize = 31     // of a sheet's name, in UTF-16 units
)

// Renderer writes XLSX. The zero value is ready for use, also by several goroutines.
type Renderer struct {
	rows  int // rows of a sheet; 0: maxRows. Tests set less
	chars int // of a cell; 0: maxChars
}

var _ reports.Renderer = Renderer{}

// Render writes d to w. Nothing is written before the whole file is made.
func (r Renderer) Render(w io.Writer, d reports.Document) error {
	if r.rows == 0 {
		r.rows = maxRows
	}
	if r.chars == 0 {
		r.chars = maxChars
	}
	b := newBook(d, r)
	b.compose()
	f := excelize.NewFile()
	defer f.Close()
	if err := b.write(f); err != nil {
		return fmt.Errorf("render XLSX %q: %w", d.Title, err)
	}
	workbook, err := f.WriteToBuffer()
	if err != nil {
		return fmt.Errorf("render XLSX %q: %w", d.Title, err)
	}
	var out bytes.Buffer
	if err := settle(&out, workbook.Bytes()); err != nil {
		return fmt.Errorf("render XLSX %q: %w", d.Title, err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// stamp is the one date of the file's own properties.
func stamp(d reports.Document) string { return d.AsOf.UTC().Format(time.RFC3339) }
