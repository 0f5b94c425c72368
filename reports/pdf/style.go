package pdf

import "auditpack/reports"

// color is red, green, blue from 0 to 255.
type color struct{ r, g, b int }

// The colours: few, and of different lightness, so that a print in grey still tells them apart.
var (
	ink       = color{31, 41, 55}
	grey      = color{100, 112, 128}
	navy      = color{22, 50, 92}
	blue      = color{28, 90, 160}
	rule      = color{214, 220, 228}
	headFill  = color{236, 240, 245}
	codeFill  = color{245, 247, 250}
	inputFill = color{255, 251, 235}
	white     = color{255, 255, 255}
)

// tone is how a status looks: text, its background as a badge, and the bar of a chart.
type tone struct{ text, badge, bar color }

func toneOf(s reports.Style) (tone, bool) {
	switch s {
	case reports.Good:
		return tone{color{22, 101, 52}, color{224, 242, 230}, color{52, 132, 86}}, true
	case reports.Warn:
		return tone{color{133, 77, 14}, color{253, 240, 210}, color{244, 196, 92}}, true
	case reports.Bad:
		return tone{color{153, 27, 27}, color{252, 227, 226}, color{150, 36, 40}}, true
	case reports.Neutral:
		return tone{color{71, 85, 105}, color{232, 236, 242}, color{152, 163, 178}}, true
	case reports.Muted:
		return tone{color{100, 116, 139}, color{243, 245, 248}, color{216, 222, 230}}, true
	}
	return tone{}, false
}

// Sizes in points.
var (
	bodyText    = textStyle{regular, 9.5, ink}
	noteText    = textStyle{regular, 8, grey}
	strongText  = textStyle{bold, 9.5, ink}
	codeText    = textStyle{mono, 7, ink}
	labelText   = textStyle{regular, 8.5, grey}
	valueText   = textStyle{regular, 8.5, ink}
	tableText   = textStyle{regular, 7.5, ink}
	tableCode   = textStyle{mono, 6.5, ink}
	tableHead   = textStyle{bold, 7.5, navy}
	captionText = textStyle{bold, 8.5, navy}
	headings    = []textStyle{{bold, 17, navy}, {bold, 12.5, navy}, {bold, 10.5, navy}, {bold, 9.5, ink}}
	compactText = textStyle{bold, 11, navy}
	furniture   = textStyle{regular, 7, grey}
)

// Page geometry in millimetres: A4.
const (
	pageWidth    = 210.0
	pageHeight   = 297.0
	marginLeft   = 18.0
	marginRight  = 18.0
	marginTop    = 24.0
	marginBottom = 22.0
	contentWidth = pageWidth - marginLeft - marginRight
	bottom       = pageHeight - marginBottom
)
