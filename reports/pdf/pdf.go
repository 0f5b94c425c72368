// Package pdf renders a report as a PDF file: A4, fonts embedded, contents and bookmarks, links between sections, page x of y.
//
// It measures and breaks text itself, from the metrics of the fonts that it embeds, so that nothing is cut off or overlaps;
// maroto draws the pages, and pdfcpu's objects carry what maroto has no words for. The same Document gives the same bytes.
// A character that the fonts lack is printed as its code point.
package pdf

import (
	"fmt"
	"io"

	"auditpack/reports"
)

// Renderer writes PDF. The zero value is ready for use, also by several goroutines.
type Renderer struct{}

var _ reports.Renderer = Renderer{}

// Render writes d to w. Nothing is written before the whole file is made.
func (Renderer) Render(w io.Writer, d reports.Document) error {
	b, err := render(d)
	if err != nil {
		return fmt.Errorf("render PDF %q: %w", d.Title, err)
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}

func render(d reports.Document) ([]byte, error) {
	f, err := loadFonts()
	if err != nil {
		return nil, err
	}
	cover := &layout{newFlow(f), d}
	cover.cover()
	body := &layout{newFlow(f), d}
	body.sections(d.Sections, 1)
	// The contents' length does not depend on the numbers in it: lay it out once to count its pages, once to print.
	counted := &layout{newFlow(f), d}
	counted.contents(body.entries, 0)
	offset := len(cover.pages) + len(counted.pages)
	contents := &layout{newFlow(f), d}
	contents.contents(body.entries, offset)

	pages := append(append(append([]*sheet{}, cover.pages...), contents.pages...), body.pages...)
	places := map[string]place{}
	for id, p := range body.places {
		places[id] = place{p.page + offset, p.y}
	}
	entries := make([]entry, len(body.entries))
	for i, e := range body.entries {
		e.at.page += offset
		entries[i] = e
		places[entryTarget(i)] = e.at
	}
	furnish(f, d, pages)
	drawn, err := draw(f, pages)
	if err != nil {
		return nil, err
	}
	return finish(drawn, d, pages, places, entries)
}
