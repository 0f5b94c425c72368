package pdf

import "math"

// run is a piece of text on one line.
type run struct {
	x, y  float64 // of its upper left corner, from the upper left corner of the page, in millimetres
	text  string
	style textStyle
}

// box is a filled rectangle.
type box struct {
	x, y, w, h float64
	fill       color
}

// jump is a rectangle that leads to a target.
type jump struct {
	x, y, w, h float64
	target     string
}

// sheet is one laid-out page.
type sheet struct {
	boxes []box
	runs  []run
	jumps []jump
}

func (s *sheet) text(x, y float64, text string, style textStyle) {
	if text != "" {
		s.runs = append(s.runs, run{x, y, text, style})
	}
}

func (s *sheet) fill(x, y, w, h float64, c color) {
	if w > 0 && h > 0 {
		s.boxes = append(s.boxes, box{x, y, w, h, c})
	}
}

// frame draws the outline of a rectangle.
func (s *sheet) frame(x, y, w, h, thick float64, c color) {
	s.fill(x, y, w, thick, c)
	s.fill(x, y+h-thick, w, thick, c)
	s.fill(x, y, thick, h, c)
	s.fill(x+w-thick, y, thick, h, c)
}

// place is where a target is.
type place struct {
	page int // index among the pages of a flow
	y    float64
}

// entry is a heading as contents and bookmarks list it.
type entry struct {
	level    int // from 1
	title    string
	at       place
	unlisted bool // a bookmark only
}

// flow lays blocks out from top to bottom and begins pages as needed.
type flow struct {
	fonts   *fonts
	pages   []*sheet
	y       float64
	places  map[string]place
	entries []entry
}

func newFlow(f *fonts) *flow {
	return &flow{fonts: f, places: map[string]place{}}
}

func (f *flow) page() *sheet {
	if len(f.pages) == 0 {
		f.newPage()
	}
	return f.pages[len(f.pages)-1]
}

func (f *flow) newPage() {
	f.pages = append(f.pages, &sheet{})
	f.y = marginTop
}

// fresh says whether nothing stands on the page yet.
func (f *flow) fresh() bool { return len(f.pages) == 0 || f.y <= marginTop }

func (f *flow) room() float64 {
	if len(f.pages) == 0 {
		return bottom - marginTop
	}
	return bottom - f.y
}

// need begins a page if height does not fit on this one. What fits on no page begins one as well and is cut by its block.
func (f *flow) need(height float64) {
	if len(f.pages) == 0 || (f.room() < math.Min(height, bottom-marginTop) && !f.fresh()) {
		f.newPage()
	}
}

// skip leaves space, but none at the top of a page.
func (f *flow) skip(height float64) {
	if !f.fresh() {
		f.y += height
	}
}

// mark makes the current place a target.
func (f *flow) mark(id string) {
	if _, taken := f.places[id]; id != "" && !taken {
		f.page()
		f.places[id] = place{len(f.pages) - 1, f.y}
	}
}

// lines writes lines under each other, on several pages if needed, never a single line alone at the end of a page.
func (f *flow) lines(x float64, lines []string, style textStyle) {
	height := style.lineHeight()
	for i, line := range lines {
		if i == 0 && len(lines) > 1 {
			f.need(2 * height)
		}
		f.need(height)
		f.page().text(x, f.y, line, style)
		f.y += height
	}
}
