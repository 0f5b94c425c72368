package assessment

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// responseFile holds management's answers as their file states them.
type responseFile struct {
	Responses []responseEntry `yaml:"responses"`
}

type responseEntry struct {
	ID               string   `yaml:"id"`
	Test             TestID   `yaml:"test"`
	Deviations       []string `yaml:"deviations"`
	Kind             string   `yaml:"kind"`
	Cause            string   `yaml:"cause"`
	Correction       string   `yaml:"correction"`
	CorrectiveAction string   `yaml:"corrective_action"`
	Owner            string   `yaml:"owner"`
	Due              string   `yaml:"due"`
	Done             string   `yaml:"done"`
	Effectiveness    string   `yaml:"effectiveness"`
	ReviewedBy       string   `yaml:"reviewed_by"`
}

// Kinds of responses.
const (
	correctiveAction = "corrective-action"
	falsePositive    = "false-positive"
)

// Codes of what is wrong with a response. None of them changes a status.
const (
	faultAnswersNothing = "answers-nothing"       // its test was assessed and found nothing that it names
	faultOtherCounts    = "answered-by-another"   // another response counts for a deviation that it answers too
	faultDoneLater      = "done-after-as-of"      // it was not done yet on the as-of date
	faultDueBefore      = "due-before-deviation"  // its day was over when a deviation happened that it answers
	faultDoneBefore     = "done-before-deviation" // a deviation that it answers happened after it was done: again
)

// ReadResponses reads the responses of all files, by id, and says which are overdue at a time. All problems of all files are
// reported, with file and line. What they answer is [Assess]'s to say.
func ReadResponses(files []File, c *Catalogue, at time.Time) ([]Response, error) {
	return readResponses(files, c, at.UTC().Format(time.DateOnly))
}

// readResponses reads the responses of all files, by id.
func readResponses(files []File, c *Catalogue, asOf string) ([]Response, error) {
	list := []Response{}
	var errs []error
	first := map[string]Response{}
	for _, f := range files {
		var r responseFile
		doc, err := readYAML(f, &r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p := &problems{doc: doc}
		p.when(len(r.Responses) == 0, "$", "file has no responses")
		for i, e := range r.Responses {
			at := element("$.responses", i)
			p.responseEntry(at, c, e)
			if before, ok := first[e.ID]; ok {
				p.add(at, "response %q occurs twice, first in %s, line %d", e.ID, before.File, before.Line)
				continue
			}
			answer := e.response(f.Name, doc.line("%s", at), asOf)
			first[e.ID] = answer
			list = append(list, answer)
		}
		errs = append(errs, p.err())
	}
	slices.SortFunc(list, func(a, b Response) int { return cmp.Compare(a.ID, b.ID) })
	return list, errors.Join(errs...)
}

func (p *problems) responseEntry(at string, c *Catalogue, e responseEntry) {
	_, ok := c.Test(e.Test)
	p.when(!ok, at, "test %q is not in the catalogue", e.Test)
	p.when(e.Kind != correctiveAction && e.Kind != falsePositive, at, "kind %q: want corrective-action or false-positive", e.Kind)
	p.when(len(e.Deviations) == 0, at, "response %q answers no deviations", e.ID)
	for i, d := range e.Deviations {
		p.when(bareWildcard(d), element(at+".deviations", i), "deviation %q: want a key, or a resource that is not only wildcards", d)
	}
	required := []struct{ name, value string }{{"id", e.ID}, {"cause", e.Cause}, {"owner", e.Owner}}
	if e.Kind == correctiveAction {
		required = append(required, struct{ name, value string }{"corrective_action", e.CorrectiveAction})
		p.date(at, "due", e.Due)
	} else {
		required = append(required, struct{ name, value string }{"reviewed_by", e.ReviewedBy})
		p.when(e.ReviewedBy != "" && samePerson(e.ReviewedBy, e.Owner), at, "a false positive is reviewed by another person than its owner %q", e.Owner)
	}
	for _, f := range required {
		p.when(strings.TrimSpace(f.value) == "", at, "%s is not set", f.name)
	}
	if e.Done != "" {
		p.date(at+".done", "done", e.Done)
	}
}

func (e responseEntry) response(file string, line int, asOf string) Response {
	r := Response{
		ID: e.ID, Test: e.Test, Deviations: append([]string{}, e.Deviations...), Kind: e.Kind, Cause: e.Cause, Correction: e.Correction,
		CorrectiveAction: e.CorrectiveAction, Owner: e.Owner, Due: e.Due, Done: e.Done, Effectiveness: e.Effectiveness, ReviewedBy: e.ReviewedBy,
		Overdue: e.Kind == correctiveAction && e.Due < asOf && (e.Done == "" || e.Done > asOf),
		Answers: []string{}, Redundant: []Redundancy{}, Faults: []string{}, File: file, Line: line,
	}
	if e.Done > asOf {
		r.fault(faultDoneLater)
	}
	return r
}

// respond notes which response answers which deviation; the first by id counts, and the others are noted with it. An answer changes
// no status.
func respond(results []TestResult, list []Response) {
	for i := range results {
		for j := range results[i].Deviations {
			d := &results[i].Deviations[j]
			for k := range list {
				r := &list[k]
				switch {
				case !r.answers(*d):
				case d.Response != "":
					r.Redundant = append(r.Redundant, Redundancy{Deviation: d.Key, Counts: d.Response})
				default:
					d.Response = r.ID
					r.Answers = append(r.Answers, d.Key)
					r.compareDays(d.At)
				}
			}
		}
	}
}

// compareDays notes a day of r that lies before the day of a deviation that it answers.
func (r *Response) compareDays(at *time.Time) {
	if at == nil {
		return
	}
	happened := at.UTC().Format(time.DateOnly)
	if r.Due != "" && r.Due < happened {
		r.fault(faultDueBefore)
	}
	if r.IsDone() && r.Done < happened {
		r.fault(faultDoneBefore)
	}
}

func (r *Response) fault(code string) {
	if !slices.Contains(r.Faults, code) {
		r.Faults = append(r.Faults, code)
	}
}

// finish brings what each response answers in order, and says which ones answer nothing, or not they alone. results are those of
// all tests that were run.
func finish(list []Response, results []TestResult, w window) {
	for k := range list {
		r := &list[k]
		slices.Sort(r.Answers)
		r.Answers = slices.Compact(r.Answers)
		r.Redundant = sortedRedundancies(r.Redundant)
		if len(r.Redundant) > 0 {
			r.fault(faultOtherCounts)
		}
		if len(r.Answers) == 0 && len(r.Redundant) == 0 && r.expectedBy(results, w) {
			r.fault(faultAnswersNothing)
		}
		slices.Sort(r.Faults)
	}
}

// expectedBy says whether its test was assessed and should have found what r answers. What is done is gone: from a look at one day
// once it is done, from a period once it was done before the period began.
func (r *Response) expectedBy(results []TestResult, w window) bool {
	i := slices.IndexFunc(results, func(t TestResult) bool { return t.ID == r.Test })
	if i < 0 || results[i].Status == TestNotAssessed {
		return false
	}
	if !r.IsDone() {
		return true
	}
	return w.typ == 2 && results[i].Assurance == Operating && r.Done >= w.period.From.Format(time.DateOnly)
}

// IsDone says whether the answer was carried out by the as-of date.
func (r Response) IsDone() bool { return r.Done != "" && !slices.Contains(r.Faults, faultDoneLater) }

func (r Response) answers(d Deviation) bool {
	return r.Test == d.Test && slices.ContainsFunc(r.Deviations, func(p string) bool { return p == d.Key || matchPattern(p, d.Resource) })
}
