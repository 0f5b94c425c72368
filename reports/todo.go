package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// Task is one thing that stands between requirements and support, and the next step to take about it.
type Task struct {
	Code      string               `json:"code"`   // of the reason
	What      string               `json:"what"`   // in words
	Detail    string               `json:"detail"` // in words; empty for none
	Control   assessment.ControlID `json:"control,omitempty"`
	Aspect    string               `json:"aspect,omitempty"` // its id
	Tests     []assessment.TestID  `json:"tests"`
	Source    string               `json:"source,omitempty"`
	Owners    []string             `json:"owners"`
	Due       string               `json:"due,omitempty"` // YYYY-MM-DD, the last day on which it helps or was promised; empty where no rule sets one
	Next      string               `json:"next"`          // the next command, or the file to edit; empty when nothing can be done for the time that is judged
	Late      bool                 `json:"late"`          // what was collected since tells of later times alone: it can hardly be helped any more
	Completes []string             `json:"completes"`     // "FRAMEWORK ID" of requirements that lack nothing else, and so become supported by it
	Helps     []string             `json:"helps"`         // of other requirements that lack it
}

// Lines writes the task for people, its first line without a number.
func (task Task) Lines(t templates.Text) []string {
	what := task.What
	if place := task.place(); place != "" {
		what += " (" + place + ")"
	}
	lines := []string{what}
	add := func(label, text string) {
		if text != "" {
			lines = append(lines, label+": "+strings.ReplaceAll(text, "\n", " "))
		}
	}
	add(t.Get("todo.detail"), task.Detail)
	add(t.Get("todo.next"), task.Next)
	add(t.Get("todo.owner"), strings.Join(task.Owners, ", "))
	add(t.Get("todo.due"), FormatCell(t.Language, dayText(task.Due)))
	add(t.Get("todo.completes"), firstFew(task.Completes))
	add(t.Get("todo.helps"), firstFew(task.Helps))
	return lines
}

// place says where a task belongs.
func (task Task) place() string {
	var words []string
	words = appendNew(words, task.Source)
	words = appendNew(words, strings.TrimSuffix(string(task.Control)+"/"+task.Aspect, "/"))
	for _, id := range task.Tests {
		words = append(words, string(id))
	}
	return strings.Join(words, ", ")
}

// fewRequirements is how many requirements a line names.
const fewRequirements = 12

func firstFew(ids []string) string {
	if len(ids) <= fewRequirements {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s, +%d", strings.Join(ids[:fewRequirements], ", "), len(ids)-fewRequirements)
}

// Origin says where the evidence of a fact table comes from.
type Origin struct {
	Sources []string // configured sources that can give it
	Types   []string // source types that could
}

// ToDo lists what is missing for support in the assessments, which are of one time and of different frameworks, the most valuable
// first: what completes most requirements, then what helps most, and at the end what comes too late. origin tells where a table's evidence comes from. Each task
// stands once, however many requirements and tests lack it.
func ToDo(all []assessment.Assessment, origin func(table string) Origin, t templates.Text) []Task {
	list := taskList{tasks: map[taskKey]*Task{}, origin: origin}
	for _, a := range all {
		list.b = newBuilder(a, t)
		for _, f := range a.Requirements {
			list.require(f)
		}
	}
	tasks := []Task{}
	for _, key := range slices.SortedFunc(maps.Keys(list.tasks), taskKey.compare) {
		tasks = append(tasks, *list.tasks[key])
	}
	slices.SortStableFunc(tasks, func(x, y Task) int {
		return cmp.Or(
			compareTruth(x.Next != "", y.Next != ""), compareTruth(!x.Late, !y.Late),
			cmp.Compare(len(y.Completes), len(x.Completes)), cmp.Compare(len(y.Helps), len(x.Helps)), cmp.Compare(x.Code, y.Code),
		)
	})
	return tasks
}

// compareTruth puts what is true first.
func compareTruth(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// taskKey is what makes two reasons one task.
type taskKey struct {
	code, source, detail string
	control              assessment.ControlID
	aspect               string
	test                 assessment.TestID
}

func (k taskKey) compare(l taskKey) int {
	return cmp.Or(
		cmp.Compare(k.code, l.code), cmp.Compare(k.source, l.source), cmp.Compare(k.control, l.control), cmp.Compare(k.aspect, l.aspect),
		cmp.Compare(k.test, l.test), cmp.Compare(k.detail, l.detail),
	)
}

type taskList struct {
	b      *builder // of the assessment at hand
	tasks  map[taskKey]*Task
	origin func(table string) Origin
}

// require adds what a requirement lacks. What only supporting controls lack does not stand in its way.
func (l *taskList) require(f assessment.Finding) {
	if f.Status == assessment.Supported || f.Status == assessment.NotApplicable || f.Status == assessment.CarvedOut {
		return
	}
	var keys []taskKey
	name := string(l.b.a.Framework.ID) + " " + string(f.ID)
	for _, r := range f.Reasons {
		switch {
		case r.Control != "" && !bearsPrimarily(f, r.Control):
		case r.Code == notShown: // gone as soon as something is shown
		case ofDeclaration(r): // to be put right, and not in the way of support
			task := l.tasks[l.add(f, r)]
			task.Helps = appendNew(task.Helps, name)
		default:
			keys = appendNew(keys, l.add(f, r))
		}
	}
	for _, k := range keys {
		task := l.tasks[k]
		if len(keys) == 1 && task.Next != "" && completing(task.Code) {
			task.Completes = appendNew(task.Completes, name)
			continue
		}
		task.Helps = appendNew(task.Helps, name)
	}
}

// completing says whether a requirement that lacks nothing else is supported once a reason is gone. A deviation of the time judged
// stays one, and a new control has first to be shown.
func completing(code string) bool {
	return !slices.Contains([]string{"deviations", "no-control", "supporting-only"}, code)
}

func bearsPrimarily(f assessment.Finding, id assessment.ControlID) bool {
	return slices.ContainsFunc(f.Controls, func(t assessment.ControlTarget) bool { return t.Control == id && t.Strength == assessment.Primary })
}

// add finds or makes the task that would remove a reason.
func (l *taskList) add(f assessment.Finding, r assessment.Reason) taskKey {
	key := l.keyOf(f, r)
	task, ok := l.tasks[key]
	if !ok {
		task = &Task{
			Code: r.Code, What: l.b.reasonText(r), Detail: l.b.reasonDetail(r), Control: key.control, Aspect: key.aspect, Source: r.Source,
			Tests: []assessment.TestID{}, Owners: []string{}, Completes: []string{}, Helps: []string{}, Next: l.next(f, r), Late: l.late(r), Due: l.due(r),
		}
		l.tasks[key] = task
	}
	task.Tests, task.Owners = appendNew(task.Tests, r.Test), appendNew(task.Owners, r.Owner)
	return key
}

// keyOf leaves out of a reason what other reasons with the same remedy have different: one collection serves every test.
func (l *taskList) keyOf(f assessment.Finding, r assessment.Reason) taskKey {
	table, _, _ := strings.Cut(r.Detail, ": ")
	switch {
	case r.Code == "no-evidence" || r.Code == "stale" || r.Code == "part-of-period" || r.Code == "part-of-test":
		return taskKey{code: r.Code, source: r.Source, detail: table}
	case r.Code == "failed" || r.Code == "denied" || r.Code == "part-refused" || r.Code == "not-offered" || r.Code == "not-read":
		return taskKey{code: r.Code, source: r.Source, detail: r.Detail}
	case r.Test != "":
		return taskKey{code: r.Code, test: r.Test}
	case r.Control != "":
		return taskKey{code: r.Code, control: r.Control, aspect: r.Aspect}
	}
	return taskKey{code: r.Code, detail: string(l.b.a.Framework.ID) + " " + string(f.ID)}
}

// next is the command to run or the file to edit, empty when nothing can be done any more for the time that is judged.
func (l *taskList) next(f assessment.Finding, r assessment.Reason) string {
	switch r.Code {
	case "no-evidence":
		return l.collect(r.Detail)
	case "stale", "part-of-period", "part-of-test":
		table, _, some := strings.Cut(r.Detail, ": ")
		switch {
		case !some && l.collected(r.Source):
			return l.extend(table, r.Source)
		case l.late(r):
			return l.b.t.Get("todo.late", "source", r.Source)
		}
		return l.b.t.Get("todo.collect", "source", r.Source)
	case "failed":
		return l.b.t.Get("todo.mend", "source", r.Source)
	case "denied", "part-refused":
		return l.b.t.Get("todo.grant", "source", r.Source)
	case "not-read":
		return l.b.t.Get("todo.newer", "source", r.Source)
	case "not-offered":
		return l.b.t.Get("todo.not-offered", "source", r.Source)
	case "no-occurrences":
		return ""
	case "deviations":
		if r.Test == "" {
			return l.b.t.Get("todo.manual-deviations", "control", string(r.Control), "aspect", r.Aspect)
		}
		return l.answer(r.Test)
	case "no-control", "supporting-only":
		return l.b.t.Get("todo.control", "framework", string(l.b.a.Framework.ID), "id", string(f.ID))
	case contradicted, notShown, "declared-less-than-shown", "declaration-changed", "declaration-not-approved":
		return l.b.t.Get("todo.soa", "place", fmt.Sprintf("%s:%d", ownName(f.SoA.File), f.SoA.Line), "id", string(f.ID))
	case "not-in-statement":
		return l.b.t.Get("todo.declare", "id", string(f.ID))
	case "condition-unanswered", "condition-answer-not-counting":
		return l.b.t.Get("todo.describe", "id", string(f.ID))
	case "carve-out-organisation-unknown", "carve-out-not-listed", "carve-out-shared", "carve-out-not-attested", "attestation-part-of-period",
		"complementary-control-not-shown", "shared-part-not-attested", "providers-part-not-attested":
		return l.b.t.Get("todo.organisation", "id", string(f.ID))
	}
	if strings.HasPrefix(r.Code, "manual-") {
		return l.manual(r)
	}
	return l.b.t.Get("todo.read", "id", string(f.ID))
}

// collect says how a table without any evidence comes to have some. A source that was collected and gave none has to be asked for more.
func (l *taskList) collect(table string) string {
	o := l.origin(table)
	waiting := slices.DeleteFunc(slices.Clone(o.Sources), l.collected)
	switch {
	case len(waiting) > 0:
		return l.b.t.Get("todo.collect", "source", strings.Join(waiting, " --source "))
	case len(o.Sources) > 0:
		return l.extend(table, o.Sources...)
	}
	return l.b.t.Get("todo.configure", "types", strings.Join(o.Types, ", "), "table", table)
}

// extend says that sources are to be configured so that they give a table too.
func (l *taskList) extend(table string, sources ...string) string {
	return l.b.t.Get("todo.extend", "sources", strings.Join(sources, ", "), "table", table, "flags", strings.Join(sources, " --source "))
}

func (l *taskList) collected(source string) bool {
	return slices.ContainsFunc(l.b.a.Sources, func(s assessment.SourceResult) bool { return s.Source == source })
}

// late says whether a source was collected after the time that is judged, and then told of later times alone.
func (l *taskList) late(r assessment.Reason) bool {
	end := l.b.a.AsOf
	if l.b.a.Period != nil {
		end = l.b.a.Period.To
	}
	_, when, some := strings.Cut(r.Detail, ": ")
	switch r.Code {
	case "stale":
		nearest, _, _ := strings.Cut(when, ", max_age ")
		at, err := time.Parse(time.RFC3339, nearest)
		return err == nil && at.After(end)
	case "part-of-period", "part-of-test":
		return some && slices.ContainsFunc(l.b.a.Sources, func(s assessment.SourceResult) bool { return s.Source == r.Source && !s.Time.Before(end) })
	}
	return false
}

// answer says how to go about the deviations of a test: those that nobody answered first.
func (l *taskList) answer(id assessment.TestID) string {
	test := l.b.a.Tests[l.b.tests[id]]
	unanswered := int64(0)
	for _, d := range test.Deviations {
		if d.Exception == "" && d.Response == "" {
			unanswered++
		}
	}
	switch {
	case unanswered > 0 && l.inExceptionFiles(test):
		return l.b.t.Get("todo.correct-exceptions", "test", string(id), "n", l.b.num(unanswered))
	case unanswered > 0:
		return l.b.t.Get("todo.answer", "test", string(id), "n", l.b.num(unanswered))
	case test.Open > 0:
		return l.b.t.Get("todo.answered", "test", string(id))
	}
	return l.b.t.Get("todo.excepted", "test", string(id))
}

// inExceptionFiles says whether all that a test found stands in files of exceptions, in any of their versions.
func (l *taskList) inExceptionFiles(test assessment.TestResult) bool {
	files := map[evidence.Digest]bool{}
	for _, e := range l.b.a.Exceptions {
		files[e.Evidence] = true
		for _, v := range e.Versions {
			files[v.Evidence] = true
		}
	}
	return !slices.ContainsFunc(test.Deviations, func(d assessment.Deviation) bool { return !files[d.Evidence] })
}

// manual names the file of a manual test that does not count, or where a new one goes.
func (l *taskList) manual(r assessment.Reason) string {
	if i, ok := l.b.controls[r.Control]; ok {
		for _, a := range l.b.a.Controls[i].Aspects {
			if a.ID == r.Aspect && a.Manual != nil {
				return l.b.t.Get("todo.manual-again", "place", fmt.Sprintf("%s:%d", ownName(a.Manual.File), a.Manual.Line))
			}
		}
	}
	return l.b.t.Get("todo.manual", "control", string(r.Control), "aspect", r.Aspect)
}

// ownName is the name of a file of the workspace as people know it.
func ownName(file string) string { return strings.TrimPrefix(file, "workspace/") }

// due is the last day on which a step helps for the time that is judged, or was promised.
func (l *taskList) due(r assessment.Reason) string {
	switch {
	case strings.HasPrefix(r.Code, "manual-"):
		return l.lastDay()
	case r.Code != "deviations" || r.Test == "":
		return ""
	}
	due := ""
	for _, d := range l.b.a.Tests[l.b.tests[r.Test]].Deviations {
		i, ok := l.b.responses[d.Response]
		if !ok || l.b.a.Responses[i].IsDone() || l.b.a.Responses[i].Due == "" {
			continue
		}
		if day := l.b.a.Responses[i].Due; due == "" || day < due {
			due = day
		}
	}
	return due
}

// lastDay is the last day that is judged.
func (l *taskList) lastDay() string {
	if l.b.a.Period == nil {
		return l.b.a.AsOf.Format(time.DateOnly)
	}
	return l.b.a.Period.To.Add(-1).Format(time.DateOnly)
}
