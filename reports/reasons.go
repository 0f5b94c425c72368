package reports

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// where names the place of a reason: control and aspect, test, source.
func (b *builder) where(r assessment.Reason) string {
	var parts []string
	if r.Control != "" {
		place := string(r.Control)
		if r.Aspect != "" {
			place += " / " + b.aspectTitle(r.Control, r.Aspect)
		}
		parts = append(parts, place)
	}
	if r.Test != "" {
		parts = append(parts, string(r.Test))
	}
	if r.Source != "" {
		parts = append(parts, b.t.Get("word.source")+" "+r.Source)
	}
	return strings.Join(parts, "\n")
}

func (b *builder) aspectTitle(control assessment.ControlID, aspect string) string {
	i, ok := b.controls[control]
	if !ok {
		return aspect
	}
	for _, a := range b.a.Controls[i].Aspects {
		if a.ID == aspect {
			return cmp.Or(b.in(a.Title), aspect)
		}
	}
	return aspect
}

func (b *builder) reasonText(r assessment.Reason) string { return b.word("reason.", r.Code) }

// reasonDetail says the facts of a reason as a sentence. An Assessment has them as bare facts, because it has no language; what
// has another shape than expected, such as the words of a source that failed, stays as it is.
func (b *builder) reasonDetail(r assessment.Reason) string {
	switch r.Code {
	case "stale":
		table, rest, _ := strings.Cut(r.Detail, ": ")
		at, age, _ := strings.Cut(rest, ", max_age ")
		if t, err := time.Parse(time.RFC3339, at); err == nil && age != "" {
			return b.t.Get("detail.stale", "table", table, "at", formatTime(b.t.Language, t), "age", b.age(age))
		}
	case "part-of-period":
		if table, holes, ok := strings.Cut(r.Detail, ": "); ok {
			return b.t.Get("detail.part-of-period", "table", table, "holes", b.holes(holes))
		}
	case "part-of-test":
		if table, holes, ok := strings.Cut(r.Detail, ": "); ok {
			return b.t.Get("detail.part-of-period", "table", table, "holes", b.holes(holes))
		}
		return b.t.Get("detail.part-of-test", "table", r.Detail)
	case "no-evidence":
		if r.Detail != "" {
			return b.t.Get("detail.no-evidence", "table", r.Detail)
		}
	case "manual-expired", "manual-self-reviewed", "manual-after-period":
		if date, until, ok := strings.Cut(r.Detail, "/"); ok {
			return b.t.Get("detail.manual", "date", b.dayWord(date), "until", b.dayWord(until))
		}
	case "manual-document-missing":
		return b.t.Get("detail.manual-document", "documents", r.Detail)
	case "manual-outside-period":
		return b.t.Get("detail.manual-outside", "span", b.holes(r.Detail))
	case "manual-part-of-period":
		return b.t.Get("detail.manual-part", "holes", b.holes(r.Detail))
	case "attestation-part-of-period":
		if days, spans, ok := strings.Cut(r.Detail, ": "); ok {
			open, all, _ := strings.Cut(days, "/")
			return b.t.Get("detail.uncovered", "open", open, "days", all, "holes", b.holes(spans))
		}
	case "carve-out-not-attested", "shared-part-not-attested":
		return codesInBrackets.ReplaceAllStringFunc(r.Detail, func(list string) string { return "(" + b.codeWords(strings.Trim(list, "()")) + ")" })
	case "condition-answer-not-counting":
		return b.codeWords(r.Detail)
	case "declared-less-than-shown":
		return b.word("declared.", r.Detail)
	case "declaration-changed":
		return b.dayWord(r.Detail)
	case "deviations", "declared-implemented-contradicted":
		open, excepted, _ := strings.Cut(strings.TrimPrefix(r.Detail, "open "), ", excepted ")
		n, err := strconv.ParseInt(open, 10, 64)
		m, err2 := strconv.ParseInt(excepted, 10, 64)
		if err == nil && err2 == nil {
			return b.t.Get("summary.deviations-value", "open", b.num(n), "excepted", b.num(m))
		}
	}
	return r.Detail
}

// together draws reasons that differ in their fact table alone into one, which names all the tables.
func together(reasons []assessment.Reason) []assessment.Reason {
	var out []assessment.Reason
	tables := func(r assessment.Reason) (names, rest string) {
		switch r.Code {
		case "no-evidence":
			return r.Detail, ""
		case "stale", "part-of-period", "part-of-test":
			if names, rest, ok := strings.Cut(r.Detail, ": "); ok {
				return names, ": " + rest
			}
		}
		return "", r.Detail
	}
	for _, r := range reasons {
		names, rest := tables(r)
		i := slices.IndexFunc(out, func(o assessment.Reason) bool {
			earlier, same := tables(o)
			o.Detail = r.Detail
			return names != "" && earlier != "" && same == rest && o == r
		})
		if i < 0 {
			out = append(out, r)
			continue
		}
		earlier, _ := tables(out[i])
		out[i].Detail = earlier + ", " + names + rest
	}
	return out
}

// codesInBrackets finds the faults of an attestation in the detail of a reason: "C5-2025 (other-framework, attestation-not-reviewed)".
var codesInBrackets = regexp.MustCompile(`\([a-z-]+(, [a-z-]+)*\)`)

// codeWords writes a list of codes of faults in words.
func (b *builder) codeWords(list string) string {
	return strings.ReplaceAll(b.words("fault.", strings.Split(list, ", ")), "\n", "; ")
}

func (b *builder) dayWord(s string) string { return FormatCell(b.t.Language, dayText(s)) }

// holes writes spans as people read them: "2026-07-01T00:00:00Z/2026-07-03T00:00:00Z, +4" names a span and four more.
func (b *builder) holes(list string) string {
	var out []string
	for _, span := range strings.Split(list, ", ") {
		if more, ok := strings.CutPrefix(span, "+"); ok {
			out = append(out, b.t.Get("detail.more-holes", "n", more))
			continue
		}
		from, to, _ := strings.Cut(span, "/")
		start, err := time.Parse(time.RFC3339, from)
		end, err2 := time.Parse(time.RFC3339, to)
		if err != nil || err2 != nil {
			out = append(out, span)
			continue
		}
		out = append(out, b.dates(start, end))
	}
	return strings.Join(out, "; ")
}

// age writes a length such as 1h, 24h or 7d in words; whole days are days.
func (b *builder) age(s string) string {
	if s == "" {
		return s
	}
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	unit := map[byte]string{'m': "minute", 'h': "hour", 'd': "day"}[s[len(s)-1]]
	if err != nil || unit == "" {
		return s
	}
	if unit == "hour" && n > 0 && n%24 == 0 {
		n, unit = n/24, "day"
	}
	if n == 1 {
		return b.t.Get("age." + unit)
	}
	return b.t.Get("age."+unit+"s", "n", b.num(n))
}

// reasonLines writes reasons one a line, with their place and detail.
func (b *builder) reasonLines(reasons []assessment.Reason) string {
	reasons = together(reasons)
	lines := make([]string, len(reasons))
	for i, r := range reasons {
		place := strings.ReplaceAll(b.where(r), "\n", ", ")
		line := b.reasonText(r)
		if place != "" {
			line += " (" + place + ")"
		}
		if detail := b.reasonDetail(r); detail != "" {
			line += ": " + detail
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

// reasonGroups writes reasons of one kind on one line with the tests, or else the controls, that have them: for rows that stand for
// whole requirements. Where each test and control is listed by itself the details are.
func (b *builder) reasonGroups(reasons []assessment.Reason) string {
	var codes []string
	places := map[string][]string{}
	for _, r := range reasons {
		codes = appendNew(codes, r.Code)
		places[r.Code] = appendNew(places[r.Code], firstOf(string(r.Test), string(r.Control)))
	}
	lines := make([]string, len(codes))
	for i, code := range codes {
		lines[i] = b.word("reason.", code)
		if len(places[code]) > 0 {
			lines[i] += ": " + strings.Join(places[code], ", ")
		}
	}
	return strings.Join(lines, "\n")
}

// reasonTable lists reasons with their places and owners.
func (b *builder) reasonTable(id, caption string, reasons []assessment.Reason) Table {
	t := Table{
		ID: id, Caption: caption,
		Columns: []Column{b.col("word.reason", 2.4), b.col("word.where", 2), b.col("word.detail", 3.6), b.col("word.owner", 1.4)},
	}
	for _, r := range together(reasons) {
		where := text(b.where(r))
		if link := b.testCell(r.Test).Link; link != "" {
			where.Link = link
		} else if _, ok := b.controls[r.Control]; ok {
			where.Link = controlAnchor(r.Control)
		}
		t.Rows = append(t.Rows, []Cell{text(b.reasonText(r)), where, text(b.reasonDetail(r)), text(r.Owner)})
	}
	return t
}

// ReasonLines writes reasons in words, one a line, with their places and details.
func ReasonLines(reasons []assessment.Reason, t templates.Text) string {
	return newBuilder(assessment.Assessment{}, t).reasonLines(reasons)
}
