package reports

import (
	"strconv"
	"strings"
	"time"

	"auditpack/templates"
)

// FormatNumber writes n with the thousands separator of l.
func FormatNumber(l templates.Language, n int64) string {
	separator := ","
	if l == templates.German {
		separator = "."
	}
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// FormatDate writes the day of t in UTC: 2026-09-30, in German 30.09.2026. The zero time is empty.
func FormatDate(l templates.Language, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if l == templates.German {
		return t.UTC().Format("02.01.2006")
	}
	return t.UTC().Format("2006-01-02")
}

// formatTime writes the instant t in UTC to the second, and says so. The zero time is empty.
func formatTime(l templates.Language, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return FormatDate(l, t) + t.UTC().Format(" 15:04:05 UTC")
}

// FormatCell writes a cell as text in l, digests in full.
func FormatCell(l templates.Language, c Cell) string {
	switch c.Kind {
	case CellNumber:
		return FormatNumber(l, c.Number)
	case CellOrdinal:
		return strconv.FormatInt(c.Number, 10)
	case CellDate:
		return FormatDate(l, c.Time)
	case CellTime:
		return formatTime(l, c.Time)
	default:
		return c.Text
	}
}

// ShortDigest returns enough of a digest to find it in the evidence index: its first 12 hexadecimal digits. A text that is not
// a digest comes back as it is.
func ShortDigest(s string) string {
	hexa, ok := strings.CutPrefix(s, "sha256:")
	if !ok || len(hexa) < 12 {
		return s
	}
	return hexa[:12]
}

// ShownText says that a table shows only its first rows.
func ShownText(d Document, shown, total int64) string {
	return strings.NewReplacer("{shown}", FormatNumber(d.Language, shown), "{total}", FormatNumber(d.Language, total)).Replace(d.Labels.Shown)
}
