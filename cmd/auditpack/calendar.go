package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// statusReport is all that status says.
type statusReport struct {
	At         time.Time             `json:"at"`
	Period     evidence.Period       `json:"period"`
	Sources    []sourceStatus        `json:"sources"`
	Calendar   *calendarReport       `json:"calendar"`   // null without frameworks, and for one source alone
	Exceptions []listedException     `json:"exceptions"` // that end within two weeks
	Responses  []assessment.Response `json:"responses"`  // past their day
}

// calendarReport says for which days of the period there is evidence.
type calendarReport struct {
	Sources []sourceDays `json:"sources"`
	Tests   []testDays   `json:"tests"`
}

// dayCounts are the days of a period, a letter for each: # covered, . uncovered, x lost, - ahead.
type dayCounts struct {
	Days      assessment.Days `json:"days"`
	Covered   int64           `json:"covered"`
	Uncovered int64           `json:"uncovered"`
	Lost      int64           `json:"lost"`
	Ahead     int64           `json:"ahead"`
}

type sourceDays struct {
	Source string   `json:"source"`
	Tables []string `json:"tables"` // that a test needs for the whole period
	dayCounts
}

type testDays struct {
	Test string `json:"test"`
	dayCounts
	Ages   []evidenceAge       `json:"ages"`
	Faults []assessment.Reason `json:"faults"` // what keeps the test from being assessed
}

// evidenceAge is how old the evidence of a table is that a test needs.
type evidenceAge struct {
	Source       string     `json:"source"`
	Table        string     `json:"table"`
	Newest       time.Time  `json:"newest"`
	LimitSeconds int64      `json:"limit_seconds"`
	Due          *time.Time `json:"due"` // the last moment for the next collection; null when none is wanted
	Overdue      bool       `json:"overdue"`
}

// endsSoon: exceptions that end within so many days are told, which leaves time for two approvals and a merge.
const endsSoon = 14

// addCalendar adds what the workspace's frameworks make of the evidence.
func (s *session) addCalendar(c *cli.Context, x *statusReport) error {
	catalogue, err := s.catalogue()
	if err != nil {
		return s.placed(err)
	}
	if x.Responses, err = s.overdueResponses(catalogue, x.At); err != nil {
		return s.placed(err)
	}
	if x.Exceptions, err = s.endingExceptions(c, x.At); err != nil {
		note(c, "exceptions that end soon could not be told: %v", err)
	}
	if len(s.Config.Frameworks) == 0 || x.At.Before(x.Period.From) {
		return nil
	}
	files, err := factFiles()
	if err != nil {
		return err
	}
	k, err := readJournal(c.Context, s.store, s.store, x.At)
	if err != nil {
		return err
	}
	in := assessment.CalendarInput{Catalogue: catalogue, Files: files, Entries: k.entries, Records: k.records, Period: x.Period, At: x.At}
	for _, f := range s.Config.Frameworks {
		in.Frameworks = append(in.Frameworks, assessment.FrameworkID(f))
	}
	for _, source := range x.Sources {
		for _, w := range source.Windows {
			for _, l := range w.Lost {
				in.Lost = append(in.Lost, assessment.LostSpan{Source: source.Source, Kind: w.kind, Span: evidence.Period(l)})
			}
		}
	}
	calendar, err := assessment.MakeCalendar(in)
	if err != nil {
		return err
	}
	x.Calendar = newCalendarReport(calendar)
	return nil
}

func (s *session) overdueResponses(catalogue *assessment.Catalogue, at time.Time) ([]assessment.Response, error) {
	inputs, err := s.Inputs()
	if err != nil {
		return nil, err
	}
	list, err := assessment.ReadResponses(inputFiles(inputs, workspace.Responses), catalogue, at)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(r assessment.Response) bool { return !r.Overdue }), nil
}

// endingExceptions are those valid now that end soon, of the files as they lie there.
func (s *session) endingExceptions(c *cli.Context, at time.Time) ([]listedException, error) {
	folders, err := exceptionFolders(s.Workspace)
	if err != nil || len(folders) == 0 {
		return []listedException{}, err
	}
	list, err := exceptionsAt(c, at)
	if err != nil {
		return []listedException{}, err
	}
	return slices.DeleteFunc(list, func(x listedException) bool {
		return x.State != stateValid || x.DaysLeft == nil || *x.DaysLeft > endsSoon
	}), nil
}

func newCalendarReport(c assessment.Calendar) *calendarReport {
	r := &calendarReport{Sources: []sourceDays{}, Tests: []testDays{}}
	for _, s := range c.Sources {
		r.Sources = append(r.Sources, sourceDays{Source: s.Source, Tables: s.Tables, dayCounts: countDays(s.Days)})
	}
	for _, t := range c.Tests {
		d := testDays{Test: string(t.Test), dayCounts: countDays(t.Days), Ages: []evidenceAge{}, Faults: t.Faults}
		for _, a := range t.Ages {
			age := evidenceAge{Source: a.Source, Table: a.Table, Newest: a.Newest, LimitSeconds: int64(a.Limit / time.Second), Overdue: a.Overdue}
			if !a.Due.IsZero() {
				age.Due = &a.Due
			}
			d.Ages = append(d.Ages, age)
		}
		r.Tests = append(r.Tests, d)
	}
	return r
}

func countDays(d assessment.Days) dayCounts {
	return dayCounts{
		Days: d, Covered: d.Count(assessment.DayCovered), Uncovered: d.Count(assessment.DayUncovered),
		Lost: d.Count(assessment.DayLost), Ahead: d.Count(assessment.DayAhead),
	}
}

func (x statusReport) overdue() bool {
	return len(x.Responses) > 0 || len(x.Calendar.overdue()) > 0 || slices.ContainsFunc(x.Sources, func(s sourceStatus) bool { return s.Overdue })
}

func (x statusReport) print(c *cli.Context) error {
	out := outputOf(c)
	if out.json {
		return out.object(x)
	}
	quiet := c.Bool("quiet")
	if !quiet {
		var rows [][]any
		for _, s := range x.Sources {
			rows = append(rows, s.rows()...)
		}
		if err := out.table([]string{"source", "type", "last success", "age", "forgets", "after", "window"}, rows); err != nil {
			return err
		}
		if err := x.Calendar.print(out, x.Period); err != nil {
			return err
		}
	}
	for _, s := range x.Sources {
		overdue, others := s.warnings(x.At)
		for _, text := range overdue {
			fmt.Fprintf(out.prose(), "%s: overdue: %s\n", s.Source, text)
		}
		for _, text := range others {
			if !quiet {
				fmt.Fprintf(out.prose(), "%s: %s\n", s.Source, text)
			}
		}
	}
	for _, text := range x.Calendar.overdue() {
		fmt.Fprintln(out.prose(), text)
	}
	for _, r := range x.Responses {
		fmt.Fprintln(out.prose(), overdueText(r))
	}
	for _, e := range x.Exceptions {
		if !quiet {
			fmt.Fprintf(out.prose(), "%s: exception of %s for %s ends on %s, %s left: close what it covers, or have it renewed (%s)\n", e.ID, e.Control, e.Resource, e.ValidTo, count(int(*e.DaysLeft), "day"), e.File)
		}
	}
	return nil
}

// overdue says, once for each table of a source, that its evidence is too old for tests.
func (r *calendarReport) overdue() []string {
	if r == nil {
		return nil
	}
	type table struct {
		source, table string
		newest        time.Time
	}
	var order []table
	tests, limits := map[table][]string{}, map[table]int64{}
	for _, t := range r.Tests {
		for _, a := range t.Ages {
			if !a.Overdue {
				continue
			}
			k := table{a.Source, a.Table, a.Newest}
			if len(tests[k]) == 0 {
				order = append(order, k)
				limits[k] = a.LimitSeconds
			}
			tests[k] = append(tests[k], t.Test)
			limits[k] = min(limits[k], a.LimitSeconds)
		}
	}
	var lines []string
	for _, k := range order {
		lines = append(lines, fmt.Sprintf("%s: overdue: %s speaks for times up to %s, and %s want it no older than %s: auditpack collect --source %s",
			k.source, k.table, stamp(&k.newest), strings.Join(tests[k], ", "), formatAge(time.Duration(limits[k])*time.Second), k.source))
	}
	return lines
}

// print shows the days of sources and tests, those that are alike on one line.
func (r *calendarReport) print(out output, period evidence.Period) error {
	if r == nil {
		return nil
	}
	var rows [][]any
	for _, s := range r.Sources {
		rows = append(rows, s.row(s.Source, period))
	}
	index := map[assessment.Days]int{}
	for _, t := range r.Tests {
		if t.Days == "" {
			continue
		}
		i, ok := index[t.Days]
		if !ok {
			i = len(rows)
			index[t.Days] = i
			rows = append(rows, t.row("", period))
		}
		rows[i][0] = strings.TrimPrefix(fmt.Sprint(rows[i][0], " ", t.Test), " ")
	}
	if len(rows) == 0 {
		return nil
	}
	for i := range rows {
		rows[i][0] = folded(fmt.Sprint(rows[i][0]))
	}
	fmt.Fprintln(out.w)
	return out.table([]string{"evidence of", "covered", "uncovered", "lost", "ahead", "days from " + period.From.Format(time.DateOnly) + ": # covered . uncovered x lost - ahead"}, rows)
}

func (d dayCounts) row(what string, period evidence.Period) []any {
	return []any{what, d.Covered, d.Uncovered, d.Lost, d.Ahead, months(d.Days, period.From)}
}

// months puts the days of each month on a line of their own, behind its name; days that are all alike need one line.
func months(days assessment.Days, from time.Time) string {
	if len(days) > 0 && strings.Trim(string(days), string(days[:1])) == "" {
		return string(days[:1]) + " every day"
	}
	var b strings.Builder
	for i, state := range days {
		day := from.UTC().AddDate(0, 0, i)
		if i == 0 || day.Day() == 1 {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(day.Format("2006-01 "))
		}
		b.WriteRune(state)
	}
	return b.String()
}

// folded breaks a list of test ids into lines of four.
func folded(list string) string {
	words := strings.Fields(list)
	var lines []string
	for chunk := range slices.Chunk(words, 4) {
		lines = append(lines, strings.Join(chunk, " "))
	}
	return strings.Join(lines, "\n")
}
