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
	return Response{
		ID: e.ID, Test: e.Test, Deviations: append([]string{}, e.Deviations...), Kind: e.Kind, Cause: e.Cause, Correction: e.Correction,
		CorrectiveAction: e.CorrectiveAction, Owner: e.Owner, Due: e.Due, Done: e.Done, Effectiveness: e.Effectiveness, ReviewedBy: e.ReviewedBy,
		Overdue: e.Kind == correctiveAction && e.Due < asOf && (e.Done == "" || e.Done > asOf),
		Answers: []string{}, File: file, Line: line,
	}
}

// respond notes which response answers which deviation; the first by id counts. An answer changes no status.
func respond(results []TestResult, list []Response) {
	for i := range results {
		for j := range results[i].Deviations {
			d := &results[i].Deviations[j]
			for k := range list {
				if list[k].answers(*d) {
					d.Response = list[k].ID
					list[k].Answers = append(list[k].Answers, d.Key)
					break
				}
			}
		}
	}
}

// finish brings the answers of each response in order, once it is known what they answer.
func finish(list []Response) {
	for k := range list {
		slices.Sort(list[k].Answers)
		list[k].Answers = slices.Compact(list[k].Answers)
	}
}

func (r Response) answers(d Deviation) bool {
	return r.Test == d.Test && slices.ContainsFunc(r.Deviations, func(p string) bool { return p == d.Key || matchPattern(p, d.Resource) })
}
