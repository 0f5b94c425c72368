package reports

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// pagedRows is how many rows of one table a paged format prints. More than that nobody reads on paper: the spreadsheet and the
// Assessment have them all, and the table says how many there are.
const pagedRows = 400

// builder holds what the sections of a report look things up in.
type builder struct {
	t         templates.Text
	a         assessment.Assessment
	controls  map[assessment.ControlID]int // index in a.Controls
	tests     map[assessment.TestID]int
	ipe       map[assessment.TestID]bool // tests of information
	responses map[string]int
	records   map[evidence.Digest]int                             // record to its index in a.Evidence
	blobs     map[evidence.Digest]int                             // part of a record to the index of the record
	bears     map[assessment.ControlID][]assessment.RequirementID // requirements that a control bears on
	answers   map[string]int                                      // key of a deviation to the response that answers it
	testedBy  map[assessment.TestID][]assessment.ControlID        // controls whose aspects name a test
	findings  map[assessment.RequirementID]*assessment.Finding    // by id
}

func newBuilder(a assessment.Assessment, t templates.Text) *builder {
	b := &builder{
		t: t, a: a,
		controls:  map[assessment.ControlID]int{},
		tests:     map[assessment.TestID]int{},
		ipe:       map[assessment.TestID]bool{},
		responses: map[string]int{},
		records:   map[evidence.Digest]int{},
		blobs:     map[evidence.Digest]int{},
		bears:     map[assessment.ControlID][]assessment.RequirementID{},
		answers:   map[string]int{},
		testedBy:  map[assessment.TestID][]assessment.ControlID{},
		findings:  map[assessment.RequirementID]*assessment.Finding{},
	}
	for i, test := range a.Tests {
		b.tests[test.ID] = i
	}
	for _, test := range a.Information {
		b.ipe[test.ID] = true
	}
	for i, r := range a.Responses {
		b.responses[r.ID] = i
		for _, key := range r.Answers {
			if _, taken := b.answers[key]; !taken {
				b.answers[key] = i
			}
		}
	}
	for i, e := range a.Evidence {
		b.records[e.Record] = i
		for _, part := range e.Data.Content {
			if _, taken := b.blobs[part.Digest]; !taken {
				b.blobs[part.Digest] = i
			}
		}
	}
	for i, c := range a.Controls {
		b.controls[c.ID] = i
		for _, aspect := range c.Aspects {
			for _, id := range aspect.Tests {
				if !slices.Contains(b.testedBy[id], c.ID) {
					b.testedBy[id] = append(b.testedBy[id], c.ID)
				}
			}
		}
	}
	for i, f := range a.Requirements {
		b.findings[f.ID] = &a.Requirements[i]
		for _, target := range f.Controls {
			b.bears[target.Control] = append(b.bears[target.Control], f.ID)
		}
	}
	return b
}

func (b *builder) in(l templates.Localized) string { return l.In(b.t.Language) }

// title of a requirement, with what a reader must know of the entry itself.
func (b *builder) title(f assessment.Finding) string {
	if note := b.in(f.Note); note != "" {
		return b.in(f.Title) + "\n(" + note + ")"
	}
	return b.in(f.Title)
}

// Targets of links.

func slug(prefix, id string) string {
	var s strings.Builder
	s.WriteString(prefix)
	for _, r := range strings.ToLower(id) {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			r = '-'
		}
		s.WriteRune(r)
	}
	return s.String()
}

func requirementAnchor(id assessment.RequirementID) string { return slug("requirement-", string(id)) }
func controlAnchor(id assessment.ControlID) string         { return slug("control-", string(id)) }
func testAnchor(id assessment.TestID) string               { return slug("test-", string(id)) }
func blobAnchor(d evidence.Digest) string                  { return "blob-" + d.Hex() }
func evidenceAnchor(index int) string                      { return "evidence-" + strconv.Itoa(index+1) }
func responseAnchor(index int) string                      { return "response-" + strconv.Itoa(index+1) }

// exceptionAnchor goes by place in the register: the same identifier may occur twice, which is itself a fault.
func exceptionAnchor(index int) string { return "exception-" + strconv.Itoa(index+1) }

// Words for statuses.

var requirementStatuses = []assessment.RequirementStatus{
	assessment.Supported, assessment.PartlySupported, assessment.DeviationsNoted,
	assessment.NotAssessed, assessment.NotApplicable, assessment.CarvedOut,
}

var testStatuses = []assessment.TestStatus{
	assessment.TestNoDeviations, assessment.TestDeviations, assessment.TestNoOccurrences, assessment.TestNotAssessed,
	assessment.TestNoGaps, assessment.TestGaps,
}

func requirementStyle(s assessment.RequirementStatus) Style {
	switch s {
	case assessment.Supported:
		return Good
	case assessment.PartlySupported:
		return Warn
	case assessment.DeviationsNoted:
		return Bad
	case assessment.NotApplicable, assessment.CarvedOut:
		return Muted
	}
	return Neutral
}

func testStyle(s assessment.TestStatus) Style {
	switch s {
	case assessment.TestNoDeviations, assessment.TestNoGaps:
		return Good
	case assessment.TestDeviations, assessment.TestGaps:
		return Bad
	case assessment.TestNoOccurrences:
		return Warn
	}
	return Neutral
}

func (b *builder) statusCell(s assessment.RequirementStatus) Cell {
	return styled(b.t.Or("status."+string(s), string(s)), requirementStyle(s))
}

func (b *builder) testStatusCell(s assessment.TestStatus) Cell {
	return styled(b.t.Or("result."+string(s), string(s)), testStyle(s))
}

func (b *builder) shownCell(shown string) Cell {
	style := map[string]Style{"fully": Good, "partly": Warn, "deviating": Bad}[shown]
	if style == "" {
		style = Neutral
	}
	return styled(b.t.Or("shown."+shown, shown), style)
}

// word looks a code from data up and falls back to the code itself.
func (b *builder) word(prefix, code string) string {
	if code == "" {
		return ""
	}
	return b.t.Or(prefix+code, code)
}

func (b *builder) words(prefix string, codes []string) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = b.word(prefix, c)
	}
	return strings.Join(out, "\n")
}

func join[S ~string](items []S, separator string) string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = string(s)
	}
	return strings.Join(out, separator)
}

// Periods.

func (b *builder) periodText(p *evidence.Period) string {
	if p == nil {
		return ""
	}
	return b.dates(p.From, p.To)
}

// dates writes a half-open span by its first and last day when both ends are midnights, by its instants otherwise.
func (b *builder) dates(from, to time.Time) string {
	l := b.t.Language
	if midnight(from) && midnight(to) && from.Before(to) {
		return b.t.Get("word.span", "from", FormatDate(l, from), "to", FormatDate(l, to.AddDate(0, 0, -1)))
	}
	return b.t.Get("word.span", "from", formatTime(l, from), "to", formatTime(l, to))
}

func midnight(t time.Time) bool { return t.UTC().Truncate(24 * time.Hour).Equal(t.UTC()) }

func (b *builder) coverage(t assessment.TestResult) string {
	if t.PeriodDays == 0 {
		if t.Status == assessment.TestNotAssessed {
			return ""
		}
		return b.t.Get("tests.as-of-only")
	}
	return b.t.Get("word.days-of", "covered", b.num(t.CoveredDays), "days", b.num(t.PeriodDays))
}

// names of evidence: E1 is the first record of the index.
func evidenceName(index int) string { return fmt.Sprintf("E%d", index+1) }

// evidenceRanges names records by source, a line each, and by kind, neighbours drawn together: "vault-prod: vault.audit-log/1 E1–E12;
// vault.odd-lines/1 E13".
func (b *builder) evidenceRanges(records []evidence.Digest) string {
	sources := map[string]map[evidence.Kind][]int{}
	var unknown []string
	for _, d := range records {
		i, ok := b.records[d]
		if !ok {
			unknown = append(unknown, string(d))
			continue
		}
		r := b.a.Evidence[i].Data
		if sources[r.Source.Name] == nil {
			sources[r.Source.Name] = map[evidence.Kind][]int{}
		}
		kinds := sources[r.Source.Name]
		kinds[r.Kind] = append(kinds[r.Kind], i)
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		var parts []string
		for _, kind := range slices.Sorted(maps.Keys(sources[name])) {
			parts = append(parts, string(kind)+" "+ranges(sources[name][kind]))
		}
		lines = append(lines, name+": "+strings.Join(parts, "; "))
	}
	return strings.Join(append(lines, unknown...), "\n")
}

func ranges(indices []int) string {
	slices.Sort(indices)
	indices = slices.Compact(indices)
	var out []string
	for i := 0; i < len(indices); {
		j := i
		for j+1 < len(indices) && indices[j+1] == indices[j]+1 {
			j++
		}
		switch {
		case j == i:
			out = append(out, evidenceName(indices[i]))
		case j == i+1:
			out = append(out, evidenceName(indices[i]), evidenceName(indices[j]))
		default:
			out = append(out, evidenceName(indices[i])+"–"+evidenceName(indices[j]))
		}
		i = j + 1
	}
	return strings.Join(out, ", ")
}
