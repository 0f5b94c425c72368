package documents

import (
	_ "embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"auditpack/internal/yamldoc"
)

//go:embed documents.schema.json
var schemaSource []byte

// compiledSchema is made once: the source is part of the program.
var compiledSchema = sync.OnceValues(func() (*yamldoc.Schema, error) {
	return yamldoc.CompileSchema("documents.schema.json", schemaSource)
})

// Schema returns the JSON Schema of a documents index.
func Schema() []byte { return append([]byte(nil), schemaSource...) }

// Problem is one thing that is missing or malformed in an index.
type Problem = yamldoc.Problem

// Entry is what an index says of one file. A field that is missing or malformed is empty and has a Problem. Dates are texts
// of the form 2026-03-31.
type Entry struct {
	Line       int // in the index
	ID         string
	Title      string
	File       string // as written; it may lead nowhere, see Local
	Targets    []string
	Owner      string
	ValidFrom  string
	ValidUntil string // the last day
	Approver   string
	Problems   []Problem
}

// Local says whether the entry names a file within the folder of its index.
func (e Entry) Local() bool { return fs.ValidPath(e.File) && e.File != "." }

// Parse reads an index. It never fails: what cannot be read is empty and said in the problems of the entry, or, where it
// concerns no entry, in those that are returned; both are ordered by line.
func Parse(b []byte) ([]Entry, []Problem) {
	doc, problems := yamldoc.Parse(b)
	var entries []Entry
	for _, n := range doc.Get("documents").Items() {
		entries = append(entries, Entry{
			Line: n.Line(), ID: n.Get("id").Text(), Title: n.Get("title").Text(), File: n.Get("file").Text(),
			Targets: n.Get("targets").Texts(), Owner: n.Get("owner").Text(),
			ValidFrom: n.Get("valid_from").Date(), ValidUntil: n.Get("valid_until").Date(), Approver: n.Get("approver").Text(),
		})
	}
	problems = append(problems, check(doc)...)
	problems = append(problems, duplicates(doc)...)
	problems = append(problems, contradictions(doc)...)
	yamldoc.Sort(problems)
	return entries, share(entries, problems)
}

func check(doc yamldoc.Node) []Problem {
	if !doc.Present() {
		return nil
	}
	schema, err := compiledSchema()
	if err != nil { // cannot be: a test compiles it
		return []Problem{{Line: 1, Field: yamldoc.FileField, What: err.Error()}}
	}
	return schema.Check(doc)
}

// duplicates finds ids that an earlier entry has.
func duplicates(doc yamldoc.Node) []Problem {
	first := map[string]int{}
	var out []Problem
	for _, n := range doc.Get("documents").Items() {
		id := n.Get("id")
		if id.Text() == "" {
			continue
		}
		if line, twice := first[id.Text()]; twice {
			out = append(out, Problem{Line: id.Line(), Field: id.Field(),
				What: fmt.Sprintf("%q is there twice, first in line %d; give each document its own", id.Text(), line)})
			continue
		}
		first[id.Text()] = id.Line()
	}
	return out
}

// contradictions finds files outside the folder and validity that ends before it begins.
func contradictions(doc yamldoc.Node) []Problem {
	var out []Problem
	for _, n := range doc.Get("documents").Items() {
		file, from, until := n.Get("file"), n.Get("valid_from"), n.Get("valid_until")
		if name := file.Text(); name != "" && !(Entry{File: name}).Local() {
			out = append(out, Problem{Line: file.Line(), Field: file.Field(),
				What: fmt.Sprintf("%q leads out of the folder of the index; name a file below it, with slashes and without ..", name)})
		}
		if from.Date() != "" && until.Date() != "" && until.Date() < from.Date() {
			out = append(out, Problem{Line: until.Line(), Field: until.Field(),
				What: fmt.Sprintf("%s lies before valid_from %s; correct one of them", until.Date(), from.Date())})
		}
	}
	return out
}

// share gives each entry its own problems and returns the others.
func share(entries []Entry, problems []Problem) []Problem {
	var rest []Problem
	for _, p := range problems {
		i, ok := entryOf(p.Field)
		if !ok || i >= len(entries) {
			rest = append(rest, p)
			continue
		}
		entries[i].Problems = append(entries[i].Problems, p)
	}
	return rest
}

// entryOf reads the number out of "documents[3].title".
func entryOf(field string) (int, bool) {
	rest, ok := strings.CutPrefix(field, "documents[")
	if !ok {
		return 0, false
	}
	var i int
	if n, err := fmt.Sscanf(rest, "%d]", &i); n != 1 || err != nil {
		return 0, false
	}
	return i, true
}
