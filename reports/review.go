package reports

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// reviewed is one deviation in the review, whichever frameworks it bears on.
type reviewed struct {
	deviation  assessment.Deviation
	b          *builder // of the assessment that it was found in first
	frameworks []string
	state      string // new | open | unknown, against the assessment before
}

// review holds the assessments under review, one for each framework, and what was open in the ones before.
type review struct {
	t        templates.Text
	now      []*builder
	before   map[string]bool // keys of deviations of earlier assessments of the same frameworks
	compared bool
	closed   []reviewed
	asOf     time.Time
	next     time.Time // of the next review: a quarter later
}

// Review builds the quarterly review pack from the assessments of one quarter, one for each framework. Where two of them are of
// the same framework, the later one is reviewed and the earlier one is what it is compared with: that tells new deviations from
// open and closed ones. A deviation that several frameworks share is listed once.
func Review(assessments []assessment.Assessment, t templates.Text) Document {
	r := newReview(assessments, t)
	doc := Document{
		Title:    t.Get("review.title"),
		Subtitle: t.Get("review.subtitle"),
		Language: t.Language,
		AsOf:     r.asOf,
		Seal:     t.Get("cover.not-sealed"),
		Labels:   labels(t),
	}
	organization := ""
	if len(r.now) > 0 {
		organization = r.now[0].a.Organization.Name
		doc.Cover = r.cover()
	}
	doc.Footer = t.Get("cover.footer", "organization", organization)
	deviations := r.deviations()
	doc.Sections = []Section{
		r.overview(deviations),
		r.byOwner(deviations), r.deviationRows(deviations),
		r.responses(),
		r.exceptions(),
		r.gaps(),
		r.signOff(),
	}
	return doc
}

func newReview(assessments []assessment.Assessment, t templates.Text) *review {
	r := &review{t: t, before: map[string]bool{}}
	sorted := slices.Clone(assessments)
	slices.SortStableFunc(sorted, func(x, y assessment.Assessment) int {
		return cmp.Or(cmp.Compare(x.Framework.ID, y.Framework.ID), y.AsOf.Compare(x.AsOf))
	})
	nowKeys := map[string]bool{}
	var earlier []assessment.Assessment
	for i, a := range sorted {
		if i > 0 && sorted[i-1].Framework.ID == a.Framework.ID {
			r.compared = true
			earlier = append(earlier, a)
			continue
		}
		r.now = append(r.now, newBuilder(a, t))
		for _, test := range a.Tests {
			for _, d := range test.Deviations {
				nowKeys[d.Key] = true
			}
		}
		if a.AsOf.After(r.asOf) {
			r.asOf = a.AsOf
		}
	}
	for _, a := range earlier {
		b := newBuilder(a, t)
		for _, test := range a.Tests {
			for _, d := range test.Deviations {
				if !nowKeys[d.Key] && !r.before[d.Key] {
					r.closed = append(r.closed, reviewed{deviation: d, b: b, frameworks: []string{string(a.Framework.ID)}, state: "closed"})
				}
				r.before[d.Key] = true
			}
		}
	}
	r.next = r.asOf.AddDate(0, 3, 0)
	return r
}

func (r *review) cover() []Field {
	b := r.now[0]
	var frameworks []string
	for _, n := range r.now {
		frameworks = append(frameworks, b.in(n.a.Framework.Title))
	}
	return filled(
		b.field("cover.organization", styled(b.a.Organization.Name, Strong)),
		b.field("cover.scope", text(b.a.Organization.Scope)),
		b.field("cover.frameworks", text(strings.Join(frameworks, "\n"))),
		b.field("cover.period", text(b.periodText(b.a.Period))),
		b.field("cover.as-of", day(r.asOf)),
		b.field("review.next", day(r.next)),
		b.field("cover.journal", text(r.t.Get("cover.entries", "n", b.num(b.a.KnownEntries)))),
	).Items
}

// deviations gathers the open ones of all assessments, by owner, the longest overdue first.
func (r *review) deviations() []reviewed {
	var out []reviewed
	index := map[string]int{}
	for _, b := range r.now {
		for _, test := range b.a.Tests {
			for _, d := range test.Deviations {
				if d.Exception != "" {
					continue
				}
				framework := string(b.a.Framework.ID)
				if i, ok := index[d.Key]; ok {
					out[i].frameworks = appendNew(out[i].frameworks, framework)
					continue
				}
				index[d.Key] = len(out)
				out = append(out, reviewed{deviation: d, b: b, frameworks: []string{framework}, state: r.state(d.Key)})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y reviewed) int {
		return cmp.Or(cmp.Compare(x.owner(), y.owner()), cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.deviation.Test, y.deviation.Test))
	})
	return out
}

func (r *review) state(key string) string {
	switch {
	case !r.compared:
		return "unknown"
	case r.before[key]:
		return "still-open"
	}
	return "new"
}

func (v reviewed) owner() string { return v.deviation.Owner }

// response returns the answer to the deviation, if there is one.
func (v reviewed) response() (assessment.Response, bool) {
	i, ok := v.b.responseOf(v.deviation)
	if !ok {
		return assessment.Response{}, false
	}
	return v.b.a.Responses[i], true
}

// rank puts overdue before unanswered before answered.
func (v reviewed) rank() int {
	answer, ok := v.response()
	switch {
	case ok && answer.Overdue:
		return 0
	case !ok:
		return 1
	}
	return 2
}

func (v reviewed) answerCells() (id, due, state Cell) {
	answer, ok := v.response()
	if !ok {
		return text(""), text(""), styled(v.b.t.Get("responses.none-yet"), Bad)
	}
	return text(answer.ID), v.b.dueCell(answer), v.b.responseState(answer)
}

func (r *review) stateCell(v reviewed) Cell {
	style := map[string]Style{"new": Bad, "still-open": Warn, "closed": Good}[v.state]
	return styled(r.t.Get("review-state."+v.state), style)
}

// overview counts.
func (r *review) overview(deviations []reviewed) Section {
	var unanswered, overdue, fresh int64
	for _, v := range deviations {
		answer, ok := v.response()
		if !ok {
			unanswered++
		}
		if ok && answer.Overdue {
			overdue++
		}
		if v.state == "new" {
			fresh++
		}
	}
	ending, expired := r.endingExceptions()
	num := func(n int) string { return FormatNumber(r.t.Language, int64(n)) }
	n64 := func(n int64) Cell { return bad(n) }
	newCell := text(r.t.Get("review.no-comparison"))
	closedCell := newCell
	if r.compared {
		newCell, closedCell = n64(fresh), number(int64(len(r.closed)))
	}
	f := func(key string, c Cell) Field { return Field{Label: r.t.Get(key), Value: c} }
	s := Section{
		ID: "review-overview", Title: r.t.Get("review.overview"), Sheet: r.t.Get("sheet.overview"), NewPage: true,
		Blocks: []Block{
			Paragraph{Text: r.t.Get("review.lead", "next", FormatDate(r.t.Language, r.next))},
			Fields{Items: []Field{
				f("review.open", link(num(len(deviations)), "review-deviations")),
				f("review.new", newCell),
				f("review.closed", closedCell),
				f("review.unanswered", n64(unanswered)),
				f("review.overdue", n64(overdue)),
				f("review.ending", link(num(len(ending)), "review-exceptions")),
				f("review.expired", link(num(len(expired)), "review-exceptions")),
			}},
		},
	}
	if len(deviations) > 0 {
		s.Blocks = append(s.Blocks, r.ownerChart(deviations))
	}
	return s
}

// ownerChart shows how far each owner's answers are.
func (r *review) ownerChart(deviations []reviewed) Chart {
	c := Chart{ID: "by-owner", Title: r.t.Get("review.chart")}
	for i := 0; i < len(deviations); {
		owner := deviations[i].owner()
		counts := [3]int64{}
		for ; i < len(deviations) && deviations[i].owner() == owner; i++ {
			counts[deviations[i].rank()]++
		}
		c.Bars = append(c.Bars, Bar{Label: firstOf(owner, r.t.Get("review.no-owner")), Parts: []BarPart{
			{Label: r.t.Get("responses.overdue"), Value: counts[0], Style: Bad},
			{Label: r.t.Get("responses.none-yet"), Value: counts[1], Style: Neutral},
			{Label: r.t.Get("review.answered"), Value: counts[2], Style: Warn},
		}})
	}
	return c
}

func (r *review) col(key string, width float64) Column {
	return Column{Title: r.t.Get(key), Width: width}
}

func (r *review) numberCol(key string, width float64) Column {
	return Column{Title: r.t.Get(key), Width: width, Align: Right}
}

// decisions are what the meeting may decide on a deviation.
func (r *review) decisions() []string {
	return []string{r.t.Get("decision.correct"), r.t.Get("decision.except"), r.t.Get("decision.false-positive"), r.t.Get("decision.escalate")}
}

// byOwner has a table for each owner.
func (r *review) byOwner(deviations []reviewed) Section {
	s := Section{
		ID: "review-deviations", Title: r.t.Get("review.by-owner"), For: Paged, NewPage: true,
		Blocks: []Block{Paragraph{Text: r.t.Get("review.by-owner-lead")}},
	}
	first := slices.IndexFunc(deviations, func(v reviewed) bool { return v.deviation.Evidence != "" && v.deviation.Line > 0 })
	if first >= 0 {
		d := deviations[first].deviation
		s.Blocks = append(s.Blocks, Paragraph{Text: r.t.Get("review.follow")}, readLine(string(d.Evidence), strconv.FormatInt(d.Line, 10)))
	}
	if len(deviations) == 0 {
		s.Blocks = append(s.Blocks, Paragraph{Text: r.t.Get("deviations.none")})
	}
	owners := 0
	for i := 0; i < len(deviations); {
		owner := deviations[i].owner()
		owners++
		t := Table{
			ID: slug("review-owner-", owner),
			Columns: []Column{
				r.col("word.test", 0.95), r.col("word.what", 4.2), r.col("word.when", 1.4), r.col("word.state", 1.15), r.col("word.response", 1.5),
				r.col("responses.due", 1.3), r.col("review.decision", 1.9),
			},
		}
		for ; i < len(deviations) && deviations[i].owner() == owner; i++ {
			v := deviations[i]
			d := v.deviation
			id, due, state := v.answerCells()
			state.Text = strings.TrimSpace(id.Text + "\n" + state.Text)
			t.Rows = append(t.Rows, []Cell{
				text(string(d.Test)), text(r.what(d)), instantOrNone(d.At), r.stateCell(v), state, due, input("", r.decisions()...),
			})
		}
		s.Sections = append(s.Sections, Section{
			ID: "review-owner-" + FormatNumber(templates.English, int64(owners)), Title: firstOf(owner, r.t.Get("review.no-owner")), Blocks: []Block{paged(t)},
		})
	}
	if len(r.closed) > 0 {
		s.Sections = append(s.Sections, Section{ID: "review-closed", Title: r.t.Get("review.closed"), Blocks: []Block{paged(r.closedTable("review-closed-table"))}})
	}
	return s
}

// what says what is wrong first, then with what, and where to read it.
func (r *review) what(d assessment.Deviation) string {
	labelled := func(key, value string) string {
		if value == "" {
			return ""
		}
		return r.t.Get(key) + ": " + value
	}
	return lines(d.Detail, labelled("word.item", d.Item), labelled("word.subject", d.Subject), labelled("word.resource", d.Resource), r.evidenceLine(d))
}

func (r *review) evidenceLine(d assessment.Deviation) string {
	if d.Evidence == "" {
		return ""
	}
	words := r.t.Get("word.evidence") + ": " + ShortDigest(string(d.Evidence))
	if d.Line > 0 {
		words += ", " + r.t.Get("word.line") + " " + strconv.FormatInt(d.Line, 10)
	}
	return words
}

func (r *review) closedTable(id string) Table {
	t := Table{ID: id, Columns: []Column{
		r.col("word.test", 1), r.col("word.item", 2), r.col("word.subject", 2), r.col("word.resource", 3), r.col("word.finding", 4), r.col("word.owner", 2), r.col("word.key", 2),
	}}
	for _, v := range r.closed {
		d := v.deviation
		t.Rows = append(t.Rows, []Cell{text(string(d.Test)), text(d.Item), text(d.Subject), text(d.Resource), text(d.Detail), text(d.Owner), text(d.Key)})
	}
	return t
}

func (r *review) deviationRows(deviations []reviewed) Section {
	t := Table{
		ID: "review-deviation-rows",
		Columns: []Column{
			r.col("word.owner", 2), r.col("word.state", 1.4), r.col("word.test", 1.2), r.col("word.when", 2), r.col("word.item", 2.6), r.col("word.subject", 2.4),
			r.col("word.resource", 4), r.col("word.finding", 5), r.col("word.response", 1.8), r.col("responses.due", 1.4), r.col("responses.state", 1.8),
			r.col("review.decision", 2.2), r.col("review.decided-by", 2), r.col("review.decided-on", 1.4), r.col("review.remark", 4),
			r.col("review.frameworks", 2), r.col("word.evidence", 5), r.numberCol("word.line", 0.9), r.col("word.key", 2),
		},
		Empty: r.t.Get("deviations.none"),
	}
	for _, v := range deviations {
		d := v.deviation
		id, due, state := v.answerCells()
		t.Rows = append(t.Rows, []Cell{
			text(d.Owner), r.stateCell(v), text(string(d.Test)), instantOrNone(d.At), text(d.Item), text(d.Subject), text(d.Resource), text(d.Detail), id, due, state,
			input("", r.decisions()...), input(""), input(""), input(""), text(strings.Join(v.frameworks, "\n")), digest(d.Evidence), lineCell(d.Line), text(d.Key),
		})
	}
	s := Section{ID: "review-deviation-rows", Title: r.t.Get("review.by-owner"), Sheet: r.t.Get("sheet.deviations"), For: Spreadsheet, Blocks: []Block{t}}
	if len(r.closed) > 0 {
		s.Sections = []Section{{ID: "review-closed-rows", Title: r.t.Get("review.closed"), Sheet: r.t.Get("sheet.closed"), Blocks: []Block{r.closedTable("review-closed-rows")}}}
	}
	return s
}

func (r *review) word(prefix, code string) string {
	if code == "" {
		return ""
	}
	return r.t.Or(prefix+code, code)
}

func (r *review) codes(prefix string, codes []string) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = r.word(prefix, c)
	}
	return strings.Join(out, "\n")
}

func (r *review) signOff() Section {
	return Section{
		ID: "sign-off", Title: r.t.Get("review.sign-off"), Sheet: r.t.Get("sheet.sign-off"), NewPage: true,
		Blocks: []Block{
			Paragraph{Text: r.t.Get("review.sign-off-lead")},
			SignOff{
				Columns: []string{r.t.Get("review.role"), r.t.Get("review.name"), r.t.Get("word.date"), r.t.Get("review.signature")},
				Rows: []SignOffRow{
					{Role: r.t.Get("review.security-team")}, {Role: r.t.Get("review.platform-team")}, {Role: r.t.Get("review.compliance")}, {Role: r.t.Get("review.ciso")},
				},
			},
		},
	}
}
