package xlsx

import (
	"github.com/xuri/excelize/v2"

	"auditpack/reports"
	"auditpack/templates"
)

// look is what two cells share that look the same.
type look struct {
	role   role
	tone   reports.Style
	kind   reports.CellKind
	linked bool
	long   bool // over 255 units, which some programs show as #### in a cell of the format Text
}

// role of a cell on its sheet.
type role int

const (
	body role = iota
	title
	subtitle
	heading
	header
	headerRight
	caption
	prose
	label
	value
	back
	signature
)

// Colours as hexadecimal RGB; those of statuses differ in lightness too.
const (
	navy   = "16325C"
	grey   = "647080"
	blue   = "1C5AA0"
	line   = "D6DCE4"
	ground = "ECF0F5"
	entry  = "FFF8DC"
)

func toneOf(s reports.Style) (text, fill string, ok bool) {
	switch s {
	case reports.Good:
		return "166534", "E0F2E6", true
	case reports.Warn:
		return "854D0E", "FDF0D2", true
	case reports.Bad:
		return "991B1B", "FCE3E2", true
	case reports.Neutral:
		return "475569", "E8ECF2", true
	case reports.Muted:
		return "64748B", "F3F5F8", true
	}
	return "", "", false
}

// barColor is the colour of a part of a chart.
func barColor(s reports.Style) string {
	switch s {
	case reports.Good:
		return "348456"
	case reports.Warn:
		return "F4C45C"
	case reports.Bad:
		return "962428"
	case reports.Neutral:
		return "98A3B2"
	case reports.Muted:
		return "D8DEE6"
	}
	return navy
}

// formats are the number formats of typed cells in a language.
type formats struct{ date, instant string }

func formatsOf(l templates.Language) formats {
	if l == templates.German {
		return formats{"dd.mm.yyyy", `dd.mm.yyyy hh:mm:ss "UTC"`}
	}
	return formats{"yyyy-mm-dd", `yyyy-mm-dd hh:mm:ss "UTC"`}
}

const numberFormat = "#,##0"

// style translates a look.
func (k look) style(l templates.Language) *excelize.Style {
	s := &excelize.Style{
		Font:      &excelize.Font{Family: "Calibri", Size: 10, Color: "1F2937"},
		Alignment: &excelize.Alignment{Vertical: "top", WrapText: true},
	}
	switch k.role {
	case title:
		s.Font.Size, s.Font.Bold, s.Font.Color = 16, true, navy
		s.Alignment.WrapText = false
	case subtitle:
		s.Font.Color = grey
		s.Alignment.WrapText = false
	case heading:
		s.Font.Size, s.Font.Bold, s.Font.Color = 12, true, navy
		s.Alignment.WrapText = false
	case header, headerRight:
		s.Font.Bold, s.Font.Color = true, navy
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{ground}}
		s.Border = []excelize.Border{{Type: "bottom", Color: navy, Style: 1}}
		s.Alignment.Vertical = "center"
		if k.role == headerRight {
			s.Alignment.Horizontal, s.Alignment.Indent = "right", 1
		}
	case caption:
		s.Font.Bold, s.Font.Color = true, navy
		s.Alignment.WrapText = false
	case label:
		s.Font.Color = grey
	case back:
		s.Font.Color, s.Font.Underline = blue, "single"
		s.Alignment.WrapText = false
	case signature:
		s.Border = []excelize.Border{{Type: "bottom", Color: grey, Style: 1}}
	case body:
		s.Border = []excelize.Border{{Type: "bottom", Color: line, Style: 1}}
	}
	k.dress(s, l)
	return s
}

// dress adds what the cell's own style and kind ask for.
func (k look) dress(s *excelize.Style, l templates.Language) {
	switch k.tone {
	case reports.Strong:
		s.Font.Bold = true
	case reports.Note:
		s.Font.Color = grey
	case reports.Code:
		s.Font.Family, s.Font.Size = "Consolas", 9
	}
	if text, _, ok := toneOf(k.tone); ok {
		s.Font.Color, s.Font.Bold = text, true
	}
	if _, fill, ok := toneOf(k.tone); ok && k.role == body { // a value lies in a merged cell: a broad band of colour would shout
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}}
	}
	if k.linked {
		s.Font.Color, s.Font.Underline = blue, "single"
	}
	switch k.kind {
	case reports.CellNumber, reports.CellOrdinal:
		s.CustomNumFmt = pointer(numberFormat)
		if k.kind == reports.CellOrdinal {
			s.CustomNumFmt = pointer("0")
		}
		s.Alignment.Horizontal, s.Alignment.Indent = "right", 1
		if k.role == value {
			s.Alignment.Horizontal, s.Alignment.Indent = "left", 0
		}
	case reports.CellDate:
		s.CustomNumFmt = pointer(formatsOf(l).date)
		s.Alignment.Horizontal = "left"
	case reports.CellTime:
		s.CustomNumFmt = pointer(formatsOf(l).instant)
		s.Alignment.Horizontal = "left"
	case reports.CellInput:
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{entry}}
		s.CustomNumFmt = pointer("@")
		s.Border = []excelize.Border{
			{Type: "left", Color: line, Style: 1}, {Type: "right", Color: line, Style: 1}, {Type: "top", Color: line, Style: 1}, {Type: "bottom", Color: line, Style: 1},
		}
	case reports.CellText, reports.CellDigest:
		if !k.long && (k.role == body || k.role == prose || k.role == value || k.role == label) {
			s.CustomNumFmt = pointer("@") // text stays text also when somebody edits it
		}
	}
}

func pointer[T any](v T) *T { return &v }
