package exceptions

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"auditpack/internal/yamldoc"
)

//go:embed exception.schema.json
var schemaSource []byte

// compiledSchema is made once: the source is part of the program.
var compiledSchema = sync.OnceValues(func() (*yamldoc.Schema, error) {
	return yamldoc.CompileSchema("exception.schema.json", schemaSource)
})

// Schema returns the JSON Schema of an exception file, for editors and for auditpack schema.
func Schema() []byte { return append([]byte(nil), schemaSource...) }

// Describe says what belongs into a field of an exception file, in the schema's words; empty for a field that there is not.
func Describe(field string) string {
	var schema struct {
		Properties map[string]struct {
			Description string `json:"description"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(schemaSource, &schema); err != nil { // cannot be: a test reads it
		return ""
	}
	return schema.Properties[field].Description
}

// File is one exception as its file states it. A field that is missing or malformed is empty and has a Problem. Dates are
// texts of the form 2026-03-31.
type File struct {
	Name                 string // as given to Parse
	Line                 int    // of exception_id, 1 without one
	ExceptionID          string
	Renews               string // id of the exception that this one renews
	Control              string
	Resource             string
	Reason               string
	RiskLevel            string // low, medium, high, critical, or as written
	RiskOwner            string
	RequestedBy          string
	ApprovedBy           string // as written: "CISO - Max Mustermann"
	ApprovedDate         string
	ExpiryDate           string // the last day on which it holds
	ReviewDate           string
	Approvals            []Approval // also the one that approved_by names
	CompensatingControls []CompensatingControl
	CriterionImpact      []CriterionImpact
}

// Approval is one person's yes.
type Approval struct {
	Line int // in the file
	Role string
	Name string
	Date string
}

// CompensatingControl is what replaces the control meanwhile.
type CompensatingControl struct {
	Control  string
	Evidence string // document, test or record that shows that it operates
	Interval string // how often it is done
}

// String is the control with its evidence and interval where they are given.
func (c CompensatingControl) String() string {
	var extra []string
	if c.Evidence != "" {
		extra = append(extra, "evidence: "+c.Evidence)
	}
	if c.Interval != "" {
		extra = append(extra, "interval: "+c.Interval)
	}
	if len(extra) == 0 {
		return c.Control
	}
	return c.Control + " (" + strings.Join(extra, ", ") + ")"
}

// CriterionImpact says how the exception touches a requirement of a framework.
type CriterionImpact struct {
	Framework string
	ID        string
	Effect    string // "deviates", "none"; empty means deviates
	Reason    string
}

// String is "framework:id: reason", with " (none)" behind the id of a requirement that is met all the same.
func (c CriterionImpact) String() string {
	id := c.ID
	if c.Effect == "none" {
		id += " (none)"
	}
	return c.Framework + ":" + id + ": " + c.Reason
}

// Problem is one thing that is missing or malformed in an exception file. Whether the exception may be granted is not its
// concern: that is for control tests to say.
type Problem struct {
	File  string
	Line  int    // from 1
	Field string // "approvals[0].date"; "file" for the file as a whole
	What  string // what is wrong and what to do
}

// String gives "file:line: field: what", the form that editors and merge pipelines turn into a link.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Field, p.What)
}

// Parse reads the exception in b, the content of the file that name names. It never fails: what cannot be read is empty in
// File and said in the problems, which are ordered by line. An empty list of problems means that every field is there and
// well formed.
func Parse(name string, b []byte) (File, []Problem) {
	doc, problems := yamldoc.Parse(b)
	f := read(name, doc)
	schema, err := compiledSchema()
	if err != nil { // cannot be: a test compiles it
		problems = append(problems, yamldoc.Problem{Line: 1, Field: yamldoc.FileField, What: err.Error()})
	} else if doc.Present() {
		problems = append(problems, schema.Check(doc)...)
	}
	problems = append(problems, order(doc)...)
	yamldoc.Sort(problems)
	out := make([]Problem, 0, len(problems))
	for _, p := range problems {
		out = append(out, Problem{File: name, Line: p.Line, Field: p.Field, What: p.What})
	}
	return f, out
}

// order finds dates that contradict each other.
func order(doc yamldoc.Node) []yamldoc.Problem {
	approved, expiry := doc.Get("approved_date"), doc.Get("expiry_date")
	if approved.Date() == "" || expiry.Date() == "" || approved.Date() <= expiry.Date() {
		return nil
	}
	return []yamldoc.Problem{{Line: expiry.Line(), Field: expiry.Field(),
		What: fmt.Sprintf("%s lies before approved_date %s; correct one of them", expiry.Date(), approved.Date())}}
}

func read(name string, doc yamldoc.Node) File {
	f := File{
		Name: name, Line: max(1, doc.Get("exception_id").Line()),
		ExceptionID: doc.Get("exception_id").Text(), Renews: doc.Get("renews").Text(), Control: doc.Get("control").Text(), Resource: doc.Get("resource").Text(),
		Reason: doc.Get("reason").Text(), RiskLevel: doc.Get("risk_level").Text(), RiskOwner: doc.Get("risk_owner").Text(),
		RequestedBy: doc.Get("requested_by").Text(), ApprovedBy: doc.Get("approved_by").Text(),
		ApprovedDate: doc.Get("approved_date").Date(), ExpiryDate: doc.Get("expiry_date").Date(), ReviewDate: doc.Get("review_date").Date(),
	}
	for _, n := range doc.Get("approvals").Items() {
		f.Approvals = append(f.Approvals, Approval{
			Line: n.Line(), Role: n.Get("role").Text(), Name: n.Get("name").Text(), Date: n.Get("date").Date(),
		})
	}
	if a, ok := bareApproval(doc); ok && !f.approvedBy(a) {
		f.Approvals = append(f.Approvals, a)
	}
	for _, n := range doc.Get("compensating_controls").Items() {
		f.CompensatingControls = append(f.CompensatingControls, compensating(n))
	}
	for _, n := range doc.Get("criterion_impact").Items() {
		f.CriterionImpact = append(f.CriterionImpact, CriterionImpact{
			Framework: n.Get("framework").Text(), ID: n.Get("id").Text(), Effect: n.Get("effect").Text(), Reason: n.Get("reason").Text(),
		})
	}
	return f
}

func compensating(n yamldoc.Node) CompensatingControl {
	if !n.IsMap() {
		return CompensatingControl{Control: n.Written()}
	}
	return CompensatingControl{Control: n.Get("control").Text(), Evidence: n.Get("evidence").Text(), Interval: n.Get("interval").Text()}
}

// bareApproval reads approved_by: "CISO - Max Mustermann" is a role and a name, a text without a dash is a name.
func bareApproval(doc yamldoc.Node) (Approval, bool) {
	n := doc.Get("approved_by")
	text := strings.TrimSpace(n.Text())
	if text == "" {
		return Approval{}, false
	}
	a := Approval{Line: n.Line(), Name: text, Date: doc.Get("approved_date").Date()}
	for _, dash := range []string{" - ", " – ", " — "} {
		if role, name, ok := strings.Cut(text, dash); ok {
			a.Role, a.Name = strings.TrimSpace(role), strings.TrimSpace(name)
			break
		}
	}
	return a, true
}

// approvedBy says whether the list of approvals already holds a.
func (f File) approvedBy(a Approval) bool {
	for _, have := range f.Approvals {
		if strings.EqualFold(have.Name, a.Name) && (a.Role == "" || strings.EqualFold(have.Role, a.Role)) {
			return true
		}
	}
	return false
}

// Duplicates finds identifiers that more than one of files uses. Each such file gets a problem that names the others.
func Duplicates(files []File) []Problem {
	byID := map[string][]File{}
	for _, f := range files {
		if f.ExceptionID != "" {
			byID[f.ExceptionID] = append(byID[f.ExceptionID], f)
		}
	}
	var out []Problem
	for i, f := range files {
		same := byID[f.ExceptionID]
		if len(same) < 2 {
			continue
		}
		var others []string
		for _, o := range same {
			if o.Name != f.Name {
				others = append(others, o.Name)
			}
		}
		out = append(out, Problem{File: files[i].Name, Line: f.Line, Field: "exception_id",
			What: fmt.Sprintf("%q is used in %s too; give each exception its own", f.ExceptionID, strings.Join(others, ", "))})
	}
	return out
}
