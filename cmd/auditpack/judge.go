package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// window is what is judged: a date, or a period and a date.
type window struct {
	kind   int // 1 or 2
	period evidence.Period
	asOf   time.Time
}

// windowOf reads the judging flags. The clock plays no part: the same flags name the same window tomorrow.
func windowOf(c *cli.Context, w *workspace.Workspace) (window, error) {
	win := window{kind: c.Int("type")}
	if win.kind != 1 && win.kind != 2 {
		return win, usagef("--type: got %d, want 1 (a date) or 2 (a period)", win.kind)
	}
	if text := c.String("as-of"); text != "" {
		asOf, err := workspace.ParseTime(text)
		if err != nil {
			return win, usagef("--as-of: %v", err)
		}
		win.asOf = asOf
	}
	period, err := periodOf(c, w)
	if err != nil {
		return win, err
	}
	if win.kind == 1 {
		if win.asOf.IsZero() {
			if period.IsZero() {
				return win, usagef("--type 1 judges a date: name it with --as-of")
			}
			win.asOf = period.To
		}
		return win, nil
	}
	if period.IsZero() {
		return win, usagef("no period: name it with --quarter, with --from and --to, or with period: in %s", workspace.FileName)
	}
	win.period = period
	if win.asOf.IsZero() {
		win.asOf = period.To
	}
	return win, nil
}

// end is the first instant that the window no longer speaks of, or the date that it speaks for.
func (w window) end() time.Time {
	if w.kind == 1 {
		return w.asOf
	}
	return w.period.To
}

// noteOpenEnd says that what is judged is not over yet. Only people hear of it: an Assessment has no clock, and is the same
// when it is made again later over the same journal.
func noteOpenEnd(c *cli.Context, w window, now time.Time) {
	if !now.Before(w.end()) {
		return
	}
	end := w.end().Format(time.RFC3339)
	if w.kind == 1 {
		note(c, "%s has not come yet: judged is what was collected so far", end)
		return
	}
	note(c, "the period has not ended yet, it does at %s: judged is what was collected so far", end)
}

// noteSuccessors says which of the frameworks another edition has taken the place of, for what is judged.
func (j *judgement) noteSuccessors(c *cli.Context, frameworks []string) {
	start := j.window.period.From
	if j.window.kind == 1 {
		start = j.window.asOf
	}
	for _, id := range frameworks {
		f, ok := j.catalogue.Framework(assessment.FrameworkID(id))
		if ok && f.Successor != nil && start.Format(time.DateOnly) >= f.Successor.From {
			note(c, "%s is judged, but for Type 1 reports dated, and Type 2 periods starting, on or after %s %s takes its place", id, f.Successor.From, f.Successor.Framework)
		}
	}
}

// judgement is everything that assessments of one window are made from. It is closed once.
type judgement struct {
	session   *session
	window    window
	catalogue *assessment.Catalogue
	engine    *facts.Engine
	db        *facts.DB
	known     known
	inputs    []workspace.Input
}

// known is what a journal says, as far as it bears on a verdict.
type known struct {
	entries []evidence.Entry
	last    evidence.Digest // of the last entry's bytes
	records []assessment.StoredRecord
	total   int64 // entries that the journal has in all
	gone    int   // records of the entries whose bytes a later entry let go under a retention rule
}

// openJudgement keeps the workspace's files as evidence, projects what is new, and loads what is judged by.
func openJudgement(c *cli.Context, s *session, win window) (_ *judgement, err error) {
	j := &judgement{session: s, window: win}
	if j.inputs, err = s.judgedBy(); err != nil {
		return nil, err
	}
	if j.catalogue, err = s.catalogue(); err != nil {
		return nil, s.placed(err)
	}
	if s.past == nil {
		if err := s.keepInputs(c.Context); err != nil {
			return nil, err
		}
		if j.known, err = readJournal(c.Context, s.store, s.store, time.Time{}); err != nil {
			return nil, err
		}
	} else {
		j.known = s.past.known
		noteKnown(c, s.past)
	}
	if j.engine, err = s.engine(c.Context); err != nil {
		return nil, err
	}
	if j.db, err = j.engine.Project(c.Context, int64(len(j.known.entries)), nil); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	if err := j.catalogue.Check(c.Context, j.db); err != nil {
		return nil, errors.Join(s.placed(err), j.Close())
	}
	return j, nil
}

// Close frees the facts.
func (j *judgement) Close() error {
	var err error
	if j.db != nil {
		err = j.db.Close()
	}
	return errors.Join(err, j.engine.Close())
}

// catalogue is what is shipped, overlaid by the workspace's own frameworks, controls, tests and parameters.
func (s *session) catalogue() (*assessment.Catalogue, error) {
	own := os.DirFS(s.Dir)
	if s.past != nil {
		own = s.past.files
	}
	return assessment.LoadCatalogue(layersOf(own), overridesOf(s.Workspace))
}

// layersOf is what is shipped, under a workspace's own files.
func layersOf(own fs.FS) []assessment.Layer {
	return []assessment.Layer{{Name: "templates", Files: templates.Files}, {Name: ownLayer, Files: own}}
}

// overridesOf is what auditpack.yaml says of the catalogue.
func overridesOf(w *workspace.Workspace) assessment.Overrides {
	overrides := assessment.Overrides{
		Values: map[assessment.TestID]map[string]any{},
		Owners: w.Config.Owners,
		Place:  w.Place,
	}
	for _, id := range w.Config.Frameworks {
		overrides.Frameworks = append(overrides.Frameworks, assessment.FrameworkID(id))
	}
	for id, values := range w.Config.Parameters {
		overrides.Values[assessment.TestID(id)] = values
	}
	return overrides
}

// readJournal reads what is known: the entries up to the last that adds to or takes from the evidence. That reports were
// exported since does not change a verdict. With a time other than zero it is what was known then: the entries before the first that
// was committed later. What a later entry let go under a retention rule cannot be read any more and is left out all the same.
func readJournal(ctx context.Context, store evidence.Store, journal evidence.Journal, until time.Time) (known, error) {
	var k known
	var pending, later []evidence.Entry
	for e, err := range journal.Entries(ctx, 1) {
		if err != nil {
			return known{}, err
		}
		k.total = e.Number
		if len(later) > 0 || (!until.IsZero() && e.Time.After(until)) {
			later = append(later, e)
			continue
		}
		pending = append(pending, e)
		if e.Type != evidence.EntryExported && e.Type != evidence.EntrySealed {
			k.entries = append(k.entries, pending...)
			pending = nil
		}
	}
	if len(k.entries) > 0 {
		b, err := k.entries[len(k.entries)-1].Encode()
		if err != nil {
			return known{}, err
		}
		k.last = evidence.DigestOf(b)
	}
	// What later entries took back, superseded or without its raw bytes under a retention rule, is no evidence any more.
	out := subjectsOf(k.entries, evidence.EntrySuperseded, evidence.EntryRetention)
	lost := subjectsOf(later, evidence.EntryRetention)
	for _, e := range k.entries {
		for _, d := range e.Records {
			if out[d] {
				continue
			}
			if lost[d] {
				k.gone++
				continue
			}
			r, err := readRecord(ctx, store, d)
			if err != nil {
				return known{}, fmt.Errorf("journal entry %d: record %s: %w", e.Number, d, err)
			}
			k.records = append(k.records, assessment.StoredRecord{Digest: d, Record: r, Entry: e.Number})
		}
	}
	return k, nil
}

// subjectsOf are the records that entries of some types are about.
func subjectsOf(entries []evidence.Entry, types ...evidence.EntryType) map[evidence.Digest]bool {
	subjects := map[evidence.Digest]bool{}
	for _, e := range entries {
		if !slices.Contains(types, e.Type) {
			continue
		}
		for _, d := range e.Subjects {
			subjects[d] = true
		}
	}
	return subjects
}

// assess judges one framework.
func (j *judgement) assess(ctx context.Context, framework string) (assessment.Assessment, error) {
	in := j.input()
	in.Framework = assessment.FrameworkID(framework)
	in.Results = j.engine
	a, err := assessment.Assess(ctx, in)
	return a, j.session.placed(err)
}

// inputFiles gives the workspace's files of one folder, or the one file that is called so, under the names that an Assessment gives them.
func inputFiles(inputs []workspace.Input, folder string) []assessment.File {
	var files []assessment.File
	for _, f := range inputs {
		if f.Folder() == folder {
			files = append(files, assessment.File{Name: ownLayer + "/" + f.Name, Content: f.Bytes})
		}
	}
	return files
}

// input is what is judged, but for the framework.
func (j *judgement) input() assessment.Input {
	return assessment.Input{
		Organization: assessment.Organization(j.session.Config.Organization),
		Catalogue:    j.catalogue,
		Type:         j.window.kind, Period: j.window.period, AsOf: j.window.asOf,
		Facts: j.db, Entries: j.known.entries, KnownLast: j.known.last, Records: j.known.records,
		SoA:          inputFiles(j.inputs, workspace.StatementOfApplicability),
		Descriptions: inputFiles(j.inputs, workspace.SystemDescription),
		Subservices:  inputFiles(j.inputs, workspace.Subservices),
		ManualTests:  inputFiles(j.inputs, workspace.ManualTests),
		Responses:    inputFiles(j.inputs, workspace.Responses),
	}
}

// ownLayer goes before the names of the workspace's own files in an Assessment.
const ownLayer = "workspace"

// ownFile finds the names of the workspace's own files in errors.
var ownFile = regexp.MustCompile(`(?m)(^|[ (])` + ownLayer + `/`)

// placed says where the workspace's own files are that err speaks of, so that people find them; nobody decides by it.
func (s *session) placed(err error) error {
	if err == nil || !ownFile.MatchString(err.Error()) {
		return err
	}
	return errors.New(ownPlaces(s.shown, err.Error()))
}

// ownPlaces puts the folder of a workspace, as it was named, before the names of its own files in a text.
func ownPlaces(folder, text string) string {
	dir := filepath.ToSlash(filepath.Clean(folder)) + "/"
	if dir == "./" {
		dir = ""
	}
	return ownFile.ReplaceAllString(text, "${1}"+strings.ReplaceAll(dir, "$", "$$"))
}

// frameworksOf returns the framework that --framework names, else the workspace's.
func frameworksOf(c *cli.Context, w *workspace.Workspace) ([]string, error) {
	if f := c.String("framework"); f != "" {
		return []string{f}, nil
	}
	if len(w.Config.Frameworks) == 0 {
		return nil, usagef("no framework: name one with --framework, or frameworks: in %s", workspace.FileName)
	}
	return w.Config.Frameworks, nil
}

// judge opens the judgement of a window for do, and closes it.
func (s *session) judge(c *cli.Context, win window, do func(*judgement) error) error {
	j, err := openJudgement(c, s, win)
	if err != nil {
		return err
	}
	noteOpenEnd(c, j.window, now())
	err = do(j)
	if closeErr := j.Close(); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	return err // as it is: main knows an outcome from an error
}

// judging gives do the judgement that the flags name.
func judging(c *cli.Context, do func(*judgement) error) error {
	s, err := openJudging(c)
	if err != nil {
		return err
	}
	win, err := windowOf(c, s.Workspace)
	if err != nil {
		return err
	}
	return s.judge(c, win, do)
}

// judgingFrameworks is judging with the frameworks that are judged against.
func judgingFrameworks(c *cli.Context, do func(*judgement, []string) error) error {
	s, err := openJudging(c)
	if err != nil {
		return err
	}
	frameworks, err := frameworksOf(c, s.Workspace)
	if err != nil {
		return err
	}
	win, err := windowOf(c, s.Workspace)
	if err != nil {
		return err
	}
	return s.judge(c, win, func(j *judgement) error { return do(j, frameworks) })
}

// judged gives do the assessment of each framework that the flags name.
func judged(c *cli.Context, do func(*judgement, []assessment.Assessment) error) error {
	if err := refuseArguments(c); err != nil {
		return err
	}
	return judgingFrameworks(c, func(j *judgement, frameworks []string) error {
		j.noteSuccessors(c, frameworks)
		var all []assessment.Assessment
		for _, f := range frameworks {
			a, err := j.assess(c.Context, f)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return do(j, all)
	})
}
