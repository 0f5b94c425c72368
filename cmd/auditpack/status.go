package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence"
	"auditpack/reports/assessment"
)

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "say what evidence there is for each day of the period, how old it is, and what is about to be lost",
		Description: "For each source: its last successful collection, what it forgets and when that window closes, what failed or was denied in the last\n" +
			"collection, and what was lost for good since the period began. For each source and test of the workspace's frameworks: the days of the\n" +
			"period with evidence (#), without (.), lost (x) and ahead (-); then exceptions that end soon. Exit status 3 when something is overdue:\n" +
			"a source never answered, of a window less than a quarter is left, evidence is older than a test takes and a\n" +
			"collection would still help, a response is past its day. With --quiet only what is overdue is printed: for cron.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "source", Usage: "only the source `NAME`"},
			&cli.StringFlag{Name: "as-of", Usage: "`TIME` for which the ages are given, a date or RFC 3339; now unless given"},
		}, periodFlags()...),
		Action: func(c *cli.Context) error { return noArgs(c, printStatus) },
	}
}

// closingShare: a window is about to close when less than a quarter of it is left. Of an hour that is a quarter of an hour, the
// interval that collections should have.
const closingShare = 4

// windowState says where a source stands with something that it forgets.
type windowState string

const (
	windowOpen       windowState = "open"
	windowClosing    windowState = "closing"     // less than a quarter is left
	windowClosed     windowState = "closed"      // something may have been lost
	windowNever      windowState = "never"       // it was asked for and never came
	windowUnknown    windowState = "unknown"     // nobody here knows how long the source keeps it
	windowNotAsked   windowState = "not-asked"   // the configuration does not ask for it
	windowNotOffered windowState = "not-offered" // the source does not have it
)

// collectionTime is a collection in the journal.
type collectionTime struct {
	Entry int64     `json:"entry"`
	At    time.Time `json:"at"` // when it was committed
}

// lostSpan is a time of which a source has forgotten what it had before anybody asked.
type lostSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// windowStatus is one thing that a source forgets. Times are those of the journal's entries.
type windowStatus struct {
	What         string      `json:"what"`
	State        windowState `json:"state"`
	KeepsSeconds *int64      `json:"keeps_seconds"` // nil: unknown
	Why          string      `json:"why"`
	Reached      *time.Time  `json:"reached"` // the last collection that had all of it
	Closes       *time.Time  `json:"closes"`  // when what came after that is lost
	Lost         []lostSpan  `json:"lost"`    // for good, since the period began, oldest first

	kind evidence.Kind
}

// overdue says whether something is about to be lost, or was since the last collection.
func (w windowStatus) overdue() bool {
	return w.State == windowClosing || w.State == windowClosed || w.State == windowNever
}

// sourceStatus is one source.
type sourceStatus struct {
	Source      string                 `json:"source"`
	Type        string                 `json:"type"`
	LastAsked   *collectionTime        `json:"last_asked"`
	LastSuccess *collectionTime        `json:"last_success"` // the source gave something; what it did not give then is in Parts if nothing was asked since
	AgeSeconds  *int64                 `json:"age_seconds"`  // of the last success
	Overdue     bool                   `json:"overdue"`
	Windows     []windowStatus         `json:"windows"`
	Parts       []evidence.PartOutcome `json:"parts"` // that failed or were denied in the last collection
}

func printStatus(c *cli.Context, s *session) error {
	at := now()
	if text := c.String("as-of"); text != "" {
		var err error
		if at, err = workspace.ParseTime(text); err != nil {
			return usagef("--as-of: %v", err)
		}
	}
	period, err := periodOf(c, s.Workspace)
	if err != nil {
		return err
	}
	if period.IsZero() {
		period = quarterOf(at)
	}
	x := statusReport{At: at, Period: period, Exceptions: []listedException{}, Responses: []assessment.Response{}}
	if x.Sources, err = s.statusOf(c, period, at); err != nil {
		return err
	}
	if c.String("source") == "" {
		if err := s.addCalendar(c, &x); err != nil {
			return err
		}
	}
	if err := x.print(c); err != nil {
		return err
	}
	if x.overdue() {
		return errOverdue
	}
	return nil
}

func (s *session) statusOf(c *cli.Context, period evidence.Period, at time.Time) ([]sourceStatus, error) {
	var names []string
	if name := c.String("source"); name != "" {
		names = []string{name}
	}
	sources, err := s.Types(names)
	if err != nil {
		return nil, err
	}
	list := []sourceStatus{}
	for _, source := range sources {
		x, err := sourceStatusOf(c.Context, s.store, source, period, at)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// warnings says in words what people must know of a source; the ones of what is overdue come first.
func (x sourceStatus) warnings(at time.Time) (overdue, others []string) {
	if x.LastSuccess == nil {
		text := "was never collected"
		if x.LastAsked != nil {
			text = "never answered, last asked " + x.LastAsked.At.Format(time.RFC3339)
		}
		overdue = append(overdue, text)
	}
	for _, w := range x.Windows {
		switch w.State {
		case windowClosing:
			overdue = append(overdue, fmt.Sprintf("%s since %s are lost from %s on, in %s: collect now", w.What, stamp(w.Reached), stamp(w.Closes), formatAge(w.Closes.Sub(at))))
		case windowClosed:
			overdue = append(overdue, fmt.Sprintf("%s from %s to %s are lost, and more with every minute: collect now", w.What, stamp(w.Reached), stamp(&w.Lost[len(w.Lost)-1].To)))
		case windowNever:
			if x.LastSuccess != nil {
				overdue = append(overdue, fmt.Sprintf("%s were never collected whole", w.What))
			}
		}
		for _, l := range w.Lost {
			if l.From != *w.Reached {
				others = append(others, fmt.Sprintf("%s from %s to %s are lost for good", w.What, stamp(&l.From), stamp(&l.To)))
			}
		}
	}
	for _, f := range reasonsOf(x.Parts) {
		others = append(others, f.lines(len(f.parts))...)
	}
	return overdue, others
}

func stamp(t *time.Time) string { return t.UTC().Format(time.RFC3339) }

// rows are the source's lines in the table: one for each thing that it forgets, and one when there is none.
func (x sourceStatus) rows() [][]any {
	last, age := "never", "-"
	if x.LastSuccess != nil {
		last, age = x.LastSuccess.At.Format(time.RFC3339), formatAge(time.Duration(*x.AgeSeconds)*time.Second)
	}
	if len(x.Windows) == 0 {
		return [][]any{{x.Source, x.Type, last, age, "nothing", "-", "-"}}
	}
	var rows [][]any
	for _, w := range x.Windows {
		after := "unknown"
		if w.KeepsSeconds != nil {
			after = formatAge(time.Duration(*w.KeepsSeconds) * time.Second)
		}
		rows = append(rows, []any{x.Source, x.Type, last, age, w.What, after, w.State})
	}
	return rows
}

// formatAge gives a duration in its two largest units: "3d 4h", "12m 5s".
func formatAge(d time.Duration) string {
	if d < 0 {
		return "-" + formatAge(-d)
	}
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.size && u.name != "s" {
			continue
		}
		text := fmt.Sprintf("%d%s", d/u.size, u.name)
		if i+1 < len(units) {
			if rest := d % u.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d%s", rest, units[i+1].name)
			}
		}
		return text
	}
	return ""
}
