package responsibility

import (
	_ "embed"
	"fmt"
	"sync"

	"auditpack/internal/yamldoc"
)

//go:embed responsibility.schema.json
var matrixSchemaSource []byte

//go:embed raci.schema.json
var raciSchemaSource []byte

// schemas are made once: their sources are part of the program.
var schemas = sync.OnceValues(func() (map[Document]*yamldoc.Schema, error) {
	matrix, err := yamldoc.CompileSchema("responsibility.schema.json", matrixSchemaSource)
	if err != nil {
		return nil, err
	}
	raci, err := yamldoc.CompileSchema("raci.schema.json", raciSchemaSource)
	if err != nil {
		return nil, err
	}
	return map[Document]*yamldoc.Schema{DocumentMatrix: matrix, DocumentRACI: raci}, nil
})

// MatrixSchema returns the JSON Schema of a responsibility matrix.
func MatrixSchema() []byte { return append([]byte(nil), matrixSchemaSource...) }

// RACISchema returns the JSON Schema of a RACI.
func RACISchema() []byte { return append([]byte(nil), raciSchemaSource...) }

// Document says what a file is. The empty one is a file that says neither.
type Document string

// The documents.
const (
	DocumentMatrix Document = "responsibility"
	DocumentRACI   Document = "raci"
)

// File is one responsibility matrix or RACI as its file states it. A field that is missing or malformed is empty and has a
// Problem. Dates are texts of the form 2026-03-31.
type File struct {
	Name               string // as given to Parse
	Line               int    // of the key document, 1 without one
	Document           Document
	Version            string
	ApprovedBy         string
	ApprovedDate       string
	ReviewedDate       string
	ReviewIntervalDays *int64 // nil when not stated
	Areas              []Area // of a matrix, in the order of the file
	Tasks              []Task // of a RACI, in the order of the file
}

// Problem is one thing that is missing or malformed. Whether the responsibilities suffice is not its concern.
type Problem = yamldoc.Problem

// Parse reads the matrix or RACI in b, the content of the file that name names. It never fails: what cannot be read is empty
// in File and said in the problems, which are ordered by line.
func Parse(name string, b []byte) (File, []Problem) {
	doc, problems := yamldoc.Parse(b)
	f := File{
		Name: name, Line: max(1, doc.Get("document").Line()), Version: doc.Get("version").Written(),
		ApprovedBy: doc.Get("approved_by").Text(), ApprovedDate: doc.Get("approved_date").Date(), ReviewedDate: doc.Get("reviewed_date").Date(),
	}
	if days, ok := doc.Get("review_interval_days").Int(); ok {
		f.ReviewIntervalDays = &days
	}
	switch d := Document(doc.Get("document").Text()); d {
	case DocumentMatrix:
		f.Document, f.Areas = d, areas(doc)
		problems = append(problems, duplicates(doc.Get("areas"), "area")...)
	case DocumentRACI:
		f.Document, f.Tasks = d, tasks(doc)
		problems = append(problems, duplicates(doc.Get("tasks"), "task")...)
		problems = append(problems, strangers(doc)...)
	}
	problems = append(problems, check(doc, f.Document)...)
	yamldoc.Sort(problems)
	return f, problems
}

// check compares the file with the schema of what it says it is.
func check(doc yamldoc.Node, d Document) []Problem {
	if !doc.Present() {
		return nil
	}
	if d == "" {
		what := "missing or of another sort; say document: responsibility or document: raci"
		return []Problem{{Line: max(1, doc.Get("document").Line()), Field: "document", What: what}}
	}
	byDocument, err := schemas()
	if err != nil { // cannot be: a test compiles them
		return []Problem{{Line: 1, Field: yamldoc.FileField, What: err.Error()}}
	}
	return byDocument[d].Check(doc)
}

// duplicates finds entries of a list that have the same text under key.
func duplicates(list yamldoc.Node, key string) []Problem {
	first := map[string]int{}
	var out []Problem
	for _, item := range list.Items() {
		n := item.Get(key)
		if n.Text() == "" {
			continue
		}
		if line, twice := first[n.Text()]; twice {
			out = append(out, Problem{Line: n.Line(), Field: n.Field(),
				What: fmt.Sprintf("%q is there twice, first in line %d; keep one", n.Text(), line)})
			continue
		}
		first[n.Text()] = n.Line()
	}
	return out
}
