package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors"
	"auditpack/evidence"
)

func collectCommand() *cli.Command {
	return &cli.Command{
		Name:  "collect",
		Usage: "ask the configured sources and keep what they say",
		Description: "Asks all sources at once, read-only, and commits one journal entry for each. A source that fails does not stop the others;\n" +
			"its failure is kept as evidence and the exit status is 1. Without a period, the workspace's, else the current quarter is asked for,\n" +
			"begun with the quarter of the last collection.\n\n" +
			"With --every it goes on until SIGINT or SIGTERM and ends with status 130: the first collection begins at once, each next one up to a\n" +
			"tenth of the interval before it is due. A source that fails is asked again at the next turn. Configuration and secrets are read anew\n" +
			"for each turn. A second copy on the same store is refused. A period of the workspace that is over gives way to the current quarter.",
		Flags: append([]cli.Flag{
			&cli.StringSliceFlag{Name: "source", Usage: "ask only the source `NAME`; may be repeated"},
			&cli.DurationFlag{Name: "every", Usage: "collect again and again, about each `INTERVAL` such as 15m, until a signal comes"},
			&cli.BoolFlag{Name: "no-facts", Usage: "do not project what was collected into tables; assess and query do it when they need them"},
		}, periodFlags()...),
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("collect takes no argument, got %q; name sources with --source", c.Args().First())
			}
			return collect(c)
		},
	}
}

func collect(c *cli.Context) error {
	s, err := openSession(c, true)
	if err != nil {
		return err
	}
	if c.IsSet("every") {
		return collectEvery(c, s)
	}
	period, sources, err := askedBy(c, s, now())
	if err != nil {
		return err
	}
	results, err := s.ask(c, period, sources, newReporter(c.App.ErrWriter, sources, silent(c)))
	if err != nil {
		return err
	}
	if err := printResults(outputOf(c), results); err != nil {
		return err
	}
	s.warnOfLoosePermissions(c)
	return s.finish(c, results)
}

// silent says whether nobody wants to see progress.
func silent(c *cli.Context) bool { return c.Bool("quiet") || c.Bool("no-progress") || c.Bool("json") }

// ask asks all sources once.
func (s *session) ask(c *cli.Context, period evidence.Period, sources []collectors.Source, rep reporter) ([]collectors.Result, error) {
	defer rep.Stop()
	key, err := s.pseudonymKey(c, sources)
	if err != nil {
		return nil, err
	}
	release, err := s.store.Writing(c.Context)
	if err != nil {
		return nil, err
	}
	defer release()
	return collectors.Run(c.Context, sources, collectors.Options{
		Store: s.store, Journal: s.store, Period: period, Actor: actor(), Now: now, Reporter: rep, PseudonymKey: key,
	}), nil
}

// finish keeps the workspace's own files and makes the tables of what was collected. It returns all that went wrong, also in the
// collection itself.
func (s *session) finish(c *cli.Context, results []collectors.Result) error {
	errs := append(failures(results), s.keepInputs(c.Context), c.Context.Err())
	if !c.Bool("no-facts") && c.Context.Err() == nil {
		errs = append(errs, s.warm(c))
	}
	return errors.Join(errs...)
}

// warm projects what was collected while this process still knows that its bytes are right, so that no later command waits for it.
func (s *session) warm(c *cli.Context) error {
	_, done, err := s.facts(c)
	if err != nil {
		return fmt.Errorf("the evidence is kept, but its tables cannot be made: %w", err)
	}
	done()
	return nil
}

// keepInputs stores the workspace's own files when they changed since they were stored last.
func (s *session) keepInputs(ctx context.Context) error {
	inputs, err := s.Inputs()
	if err != nil {
		return err
	}
	last, err := s.store.Last(ctx, workspace.InputsSource)
	if err != nil {
		return err
	}
	if workspace.InputsUnchanged(last, inputs) {
		return nil
	}
	release, err := s.store.Writing(ctx)
	if err != nil {
		return err
	}
	defer release()
	res := collectors.Run(ctx, []collectors.Source{workspace.InputsOf(inputs)}, collectors.Options{
		Store: s.store, Journal: s.store, Actor: actor(), Now: now,
	})
	if !errors.Is(res[0].Err, evidence.ErrConflict) {
		return res[0].Err
	}
	// Another process stored them meanwhile; whether it saw the same files shows in what it committed.
	if last, err = s.store.Last(ctx, workspace.InputsSource); err == nil && workspace.InputsUnchanged(last, inputs) {
		return nil
	}
	return errors.Join(res[0].Err, err)
}

// fewParts is how many parts are named one by one when they failed for the same reason.
const fewParts = 3

// failures gives an error for each source that failed, and for each reason for which parts of a source failed or were denied.
func failures(results []collectors.Result) []error {
	var errs []error
	for _, r := range results {
		if r.Err != nil {
			errs = append(errs, r.Err)
			continue
		}
		for _, f := range reasonsOf(r.Entry.Parts) {
			for _, line := range f.lines(fewParts) {
				errs = append(errs, fmt.Errorf("collect %s: %s", r.Source, line))
			}
		}
	}
	return errs
}

// failedFor is the parts of a source that went wrong for one reason.
type failedFor struct {
	reason string
	parts  []evidence.PartOutcome // one for each part, whatever kinds it fills
}

// lines tells it to people: a line for each of a few parts, else one in which the first few are named.
func (f failedFor) lines(named int) (lines []string) {
	if len(f.parts) <= fewParts {
		for _, p := range f.parts {
			detail := strings.ReplaceAll(strings.TrimPrefix(p.Detail, string(p.Outcome)+": "), "\n", "; ")
			lines = append(lines, fmt.Sprintf("%s: %s: %s", p.Part, p.Outcome, detail))
		}
		return lines
	}
	var names []string
	for _, p := range f.parts[:min(named, len(f.parts))] {
		names = append(names, p.Part)
	}
	of := strings.Join(names, ", ")
	if more := len(f.parts) - len(names); more > 0 {
		of += fmt.Sprintf(" and %d more, see auditpack status", more)
	}
	return []string{fmt.Sprintf("%d parts %s: %s (%s)", len(f.parts), f.parts[0].Outcome, f.reason, of)}
}

// reasonsOf groups what went wrong by reason, in the order of the parts. Two reasons that differ in the part's own name alone are one.
func reasonsOf(parts []evidence.PartOutcome) (all []failedFor) {
	for _, p := range parts {
		if !unknown(p) {
			continue
		}
		reason := string(p.Outcome) + strings.ReplaceAll(strings.ReplaceAll(p.Detail, p.Part, "it"), "\n", "; ")
		i := slices.IndexFunc(all, func(f failedFor) bool { return f.reason == reason })
		if i < 0 {
			i, all = len(all), append(all, failedFor{reason: reason})
		}
		if !slices.ContainsFunc(all[i].parts, func(same evidence.PartOutcome) bool { return same.Part == p.Part }) {
			all[i].parts = append(all[i].parts, p)
		}
	}
	for i, f := range all {
		outcome := string(f.parts[0].Outcome)
		all[i].reason = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(f.reason, outcome), outcome+": "), "ask it: ")
	}
	return all
}

// resultLine is a collected source as JSON.
type resultLine struct {
	Source       string                 `json:"source"`
	Type         string                 `json:"type"`
	Outcome      string                 `json:"outcome"` // ok | failed
	Entry        int64                  `json:"entry"`   // of the journal; 0: nothing was committed
	Records      int                    `json:"records"`
	Items        int64                  `json:"items"`
	Bytes        int64                  `json:"bytes"`
	Milliseconds int64                  `json:"milliseconds"`
	Parts        []evidence.PartOutcome `json:"parts"` // that are not ok
	Error        string                 `json:"error,omitempty"`
}

func newResultLine(r collectors.Result) resultLine {
	line := resultLine{Source: r.Source, Type: r.Type, Outcome: "ok", Entry: r.Entry.Number, Records: r.Records, Items: r.Items,
		Bytes: r.Bytes, Milliseconds: r.Took.Milliseconds(), Parts: append([]evidence.PartOutcome{}, notOK(r)...)}
	if r.Failed() {
		line.Outcome = "failed"
	}
	if r.Err != nil {
		line.Error = r.Err.Error()
	}
	return line
}

func notOK(r collectors.Result) []evidence.PartOutcome {
	return slices.DeleteFunc(slices.Clone(r.Entry.Parts), func(p evidence.PartOutcome) bool { return p.Outcome == evidence.OutcomeOK })
}

func printResults(out output, results []collectors.Result) error {
	var rows [][]any
	for _, r := range results {
		if out.json {
			if err := out.object(newResultLine(r)); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []any{r.Source, r.Type, outcomeSummary(r), r.Items, r.Records, formatBytes(r.Bytes), r.Entry.Number, r.Took.Round(time.Millisecond).String()})
	}
	if out.json {
		return nil
	}
	return out.table([]string{"source", "type", "outcome", "items", "records", "raw bytes", "entry", "took"}, rows)
}

func outcomeSummary(r collectors.Result) string {
	if r.Err != nil {
		return "failed"
	}
	counts := map[evidence.Outcome]int{}
	for _, p := range notOK(r) {
		counts[p.Outcome]++
	}
	text := "ok"
	for _, o := range []evidence.Outcome{evidence.OutcomeFailed, evidence.OutcomeDenied, evidence.OutcomeNotOffered, evidence.OutcomeNone} {
		if counts[o] > 0 {
			if text == "ok" && o != evidence.OutcomeNone && o != evidence.OutcomeNotOffered {
				text = ""
			}
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", counts[o], o)
		}
	}
	return text
}
