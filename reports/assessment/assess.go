package assessment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"auditpack/evidence"
	"auditpack/evidence/facts"
)

// Assess judges one framework. It is a pure function of in: the same input gives the same Assessment. An error means that nothing
// was judged: the input is faulty (workspace files give file and line, all of them), or a statement of a test cannot be run. What
// cannot be assessed for want of evidence is no error but a finding.
func Assess(ctx context.Context, in Input) (Assessment, error) {
	if err := in.validate(); err != nil {
		return Assessment{}, fmt.Errorf("assess %s: %w", in.Framework, err)
	}
	w, err := newWindow(in.Type, in.Period, in.AsOf)
	if err != nil {
		return Assessment{}, fmt.Errorf("assess %s: %w", in.Framework, err)
	}
	a, err := assess(ctx, in, w)
	if err != nil {
		return Assessment{}, fmt.Errorf("assess %s: %w", in.Framework, err)
	}
	return a, nil
}

func assess(ctx context.Context, in Input, w window) (Assessment, error) {
	framework, _ := in.Catalogue.Framework(in.Framework)
	inputs, errInputs := in.inputs()
	declared, errs := readScope(in, framework, w)
	manual, errManual := readManualTests(in.ManualTests, in.Catalogue)
	responses, errResponses := readResponses(in.Responses, in.Catalogue, w.day())
	if err := errors.Join(append(errs, errInputs, errManual, errResponses)...); err != nil {
		return Assessment{}, err
	}
	r := newRunner(in, w)
	l := r.ledger
	controls := in.Catalogue.bearing(in.Framework, declared.controls())
	owners := ownersOf(controls)
	results, err := r.runAll(ctx, in.Catalogue, owners)
	if err != nil {
		return Assessment{}, err
	}
	information, err := r.runAll(ctx, in.Catalogue, in.Catalogue.informationFor(owners, r.tables))
	if err != nil {
		return Assessment{}, err
	}
	register, err := r.register(ctx, rulesOf(in.Catalogue))
	if err != nil {
		return Assessment{}, err
	}
	documents, err := r.documents(ctx, manual)
	if err != nil {
		return Assessment{}, err
	}
	except(results, register, in.Catalogue, w)
	showMeasures(results, register)
	respond(results, responses)
	respond(information, responses)
	finish(responses, slices.Concat(results, information), w)
	a := Assessment{
		Format: Format, Organization: in.Organization, Framework: framework.Ref(), Type: w.typ, AsOf: w.asOf,
		KnownEntries: int64(len(in.Entries)), KnownLast: in.KnownLast, Inputs: inputs,
		Tests: results, Information: information, Exceptions: register, Responses: responses,
	}
	if w.typ == 2 {
		a.Period = &w.period
	}
	if err := r.responsibilities(ctx, &a); err != nil {
		return Assessment{}, err
	}
	if err := r.deadTeams(ctx, &a); err != nil {
		return Assessment{}, err
	}
	a.conclude(controls, declared, manual, w)
	a.Evidence = l.index(slices.Concat(results, information), l.holding(documents), w)
	a.Sources = l.sources(w)
	return a, nil
}

// bearing lists the controls that bear on a framework and those named besides, by id.
func (c *Catalogue) bearing(f FrameworkID, named []ControlID) []*Control {
	var list []*Control
	for _, x := range c.Controls {
		if x.Reaches(f) || slices.Contains(named, x.ID) {
			if x = c.judgedFor(x, f); len(x.Aspects) > 0 {
				list = append(list, x)
			}
		}
	}
	return list
}

// judgedFor is x without the tests that are judged for other frameworks alone.
func (c *Catalogue) judgedFor(x *Control, f FrameworkID) *Control {
	return x.without(func(id TestID) bool {
		t, ok := c.Test(id)
		return ok && len(t.Frameworks) > 0 && !slices.Contains(t.Frameworks, f)
	})
}

// ownersOf gives every test of the controls, with the owner of the first control that names it.
func ownersOf(controls []*Control) map[TestID]string {
	owners := map[TestID]string{}
	for _, x := range controls {
		for _, id := range x.Tests() {
			if _, ok := owners[id]; !ok {
				owners[id] = x.Owner
			}
		}
	}
	return owners
}

// runAll runs the tests that owners names, as many at once as there are cores, and returns them by id. Each deviation gets its owner.
func (r *runner) runAll(ctx context.Context, c *Catalogue, owners map[TestID]string) ([]TestResult, error) {
	var first, second []TestID // the second ones ask what the first ones showed
	for _, id := range slices.Sorted(maps.Keys(owners)) {
		if t, _ := c.Test(id); slices.Contains(t.variables(), varShownTests) {
			second = append(second, id)
			continue
		}
		first = append(first, id)
	}
	results, err := r.runEach(ctx, c, first, owners)
	if err != nil {
		return nil, err
	}
	for _, t := range results {
		if t.whole() {
			r.setting.shown = append(r.setting.shown, string(t.ID))
		}
	}
	rest, err := r.runEach(ctx, c, second, owners)
	if err != nil {
		return nil, err
	}
	results = append(results, rest...)
	slices.SortFunc(results, func(a, b TestResult) int { return cmp.Compare(a.ID, b.ID) })
	return results, nil
}

// testsAtOnce is how many tests run at once at most, however many cores there are: the memory of a facts.Engine was measured with as
// many. Eight at once already run out of it over a quarter of a small company.
const testsAtOnce = facts.DefaultThreads

// runEach runs tests, some at once, and returns their results in the order given.
func (r *runner) runEach(ctx context.Context, c *Catalogue, ids []TestID, owners map[TestID]string) ([]TestResult, error) {
	results, errs := make([]TestResult, len(ids)), make([]error, len(ids))
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), testsAtOnce))
	for i, id := range ids {
		group.Go(func() error {
			t, _ := c.Test(id)
			results[i], errs[i] = r.run(ctx, t, owners[id])
			return nil // the first error by id is told, not the first in time
		})
	}
	if err := errors.Join(group.Wait(), cmp.Or(errs...)); err != nil {
		return nil, err
	}
	return results, nil
}

// conclude rolls the tests up to controls and requirements, and sets beside them what is declared.
func (a *Assessment) conclude(controls []*Control, s *scope, manual []ManualTest, w window) {
	tests := make(map[TestID]TestResult, len(a.Tests))
	for _, t := range a.Tests {
		tests[t.ID] = t
	}
	a.Controls = []ControlResult{}
	byRequirement := map[RequirementID][]bearing{}
	statuses := map[ControlID]RequirementStatus{}
	for _, x := range controls {
		res := controlOf(x, tests, manual, w)
		a.Controls = append(a.Controls, res)
		statuses[x.ID] = res.Status
		for _, t := range x.Targets {
			if t.Framework == s.framework.ID {
				byRequirement[t.ID] = append(byRequirement[t.ID], bearing{t.Strength, res})
			}
		}
		for _, more := range s.additions {
			if slices.Contains(more.controls, x.ID) {
				byRequirement[more.requirement.ID] = append(byRequirement[more.requirement.ID], bearing{Primary, res})
			}
		}
	}
	for i := range s.organisations {
		s.organisations[i].judge(s.framework, statuses, w)
	}
	s.sides = sidesOf(a.Responsible)
	requirements := slices.Clone(s.framework.Requirements)
	for _, more := range s.additions {
		requirements = append(requirements, more.requirement)
	}
	a.Requirements = []Finding{}
	for _, r := range requirements {
		f := findingOf(r, byRequirement[r.ID], tests)
		s.apply(&f)
		a.Requirements = append(a.Requirements, f)
	}
	a.Statements, a.Description, a.Subservices = s.statements, s.description, s.organisations
	a.own(controls)
}

// sidesOf gives what a responsibility matrix says of the requirements that its areas name: service model to side.
func sidesOf(areas []Responsibility) map[RequirementID]map[string]string {
	sides := map[RequirementID]map[string]string{}
	for _, x := range areas {
		if x.Control == "" {
			continue
		}
		id := RequirementID(x.Control)
		if sides[id] == nil {
			sides[id] = map[string]string{}
		}
		for model, side := range map[string]string{"iaas": x.IaaS, "paas": x.PaaS, "saas": x.SaaS} {
			if before, ok := sides[id][model]; ok && before != side {
				side = sideShared // two areas of one requirement lie on two sides
			}
			sides[id][model] = side
		}
	}
	return sides
}

// index lists the records that tests used, those that manual tests rest on, and every other record that speaks for the time that
// is judged, in the order of the journal.
func (l *ledger) index(results []TestResult, manual map[int]bool, w window) []EvidenceItem {
	users := map[evidence.Digest][]TestID{}
	for _, t := range results {
		for _, d := range t.Evidence {
			users[d] = append(users[d], t.ID)
		}
	}
	items := []EvidenceItem{}
	listed := map[evidence.Digest]bool{}
	for i, r := range l.records {
		_, tested := users[r.Digest]
		used := tested || manual[i]
		if listed[r.Digest] || (!used && !l.reaches(i, w.reach(0)) && !l.askedFor(r, w)) {
			continue
		}
		listed[r.Digest] = true
		items = append(items, EvidenceItem{
			Record: r.Digest, Data: r.Record, Entry: r.Entry, EntryTime: l.entries[r.Entry].Time.UTC(),
			Tests: append([]TestID{}, users[r.Digest]...),
		})
	}
	return items
}

// askedFor says whether the collection that committed r asked for the time that is judged.
func (l *ledger) askedFor(r StoredRecord, w window) bool {
	p := l.entries[r.Entry].Period
	return p != nil && w.typ == 2 && p.Overlaps(w.period)
}

// sources says how each source came out over the time that is judged, by name.
func (l *ledger) sources(w window) []SourceResult {
	types := map[string]string{}
	for _, r := range l.records {
		types[r.Record.Source.Name] = r.Record.Source.Type
	}
	list := []SourceResult{}
	for _, a := range l.latest(w.reach(0)) {
		n := len(list)
		if n == 0 || list[n-1].Source != a.source {
			list = append(list, SourceResult{Source: a.source, Type: types[a.source], Parts: []evidence.PartOutcome{}})
			n++
		}
		s := &list[n-1]
		if a.entry.Number > s.Entry {
			s.Entry, s.Time = a.entry.Number, a.entry.Time.UTC()
		}
		if a.part.Outcome == evidence.OutcomeOK {
			s.OK++
			continue
		}
		s.Parts = append(s.Parts, a.part)
	}
	return list
}

const responsibilitySQL = `select
    area, control, iaas, paas, saas, team, validates, responds, contact, escalation, evidence, line
from responsibility`

const raciSQL = `select
    task, responsible, accountable, consulted, informed, other, evidence, line
from raci_task`

// responsibilities fills in the matrix and the RACI, with what tests found on each task.
func (r *runner) responsibilities(ctx context.Context, a *Assessment) error {
	a.Responsible, a.RACI = []Responsibility{}, []RACITask{}
	err := query(ctx, r.facts, responsibilitySQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		a.Responsible = append(a.Responsible, Responsibility{
			Area: x.text("area"), IaaS: x.text("iaas"), PaaS: x.text("paas"), SaaS: x.text("saas"), Control: x.text("control"),
			Team: x.text("team"), Validates: x.text("validates"), Responds: x.text("responds"), Contact: x.text("contact"),
			Escalation: x.text("escalation"), Evidence: x.digest("evidence"), Line: x.number("line"),
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read responsibility matrix: %w", err)
	}
	err = query(ctx, r.facts, raciSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		t := RACITask{
			Task: x.text("task"), Responsible: x.list("responsible"), Accountable: x.list("accountable"), Consulted: x.list("consulted"),
			Informed: x.list("informed"), Other: x.list("other"), Evidence: x.digest("evidence"), Line: x.number("line"),
		}
		t.Faults = a.faultsOf(t)
		a.RACI = append(a.RACI, t)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read RACI: %w", err)
	}
	slices.SortStableFunc(a.Responsible, func(x, y Responsibility) int { return compareLines(x.Evidence, x.Line, y.Evidence, y.Line) })
	slices.SortStableFunc(a.RACI, func(x, y RACITask) int { return compareLines(x.Evidence, x.Line, y.Evidence, y.Line) })
	return nil
}

func compareLines(a evidence.Digest, lineA int64, b evidence.Digest, lineB int64) int {
	if c := strings.Compare(string(a), string(b)); c != 0 {
		return c
	}
	return int(lineA - lineB)
}

// faultsOf lists what tests found on the line of a task.
func (a *Assessment) faultsOf(task RACITask) []string {
	faults := []string{}
	for _, t := range a.Tests {
		for _, d := range t.Deviations {
			if d.Evidence == task.Evidence && d.Line == task.Line && d.Item == task.Task {
				faults = append(faults, string(t.ID)+": "+d.Detail)
			}
		}
	}
	return faults
}
