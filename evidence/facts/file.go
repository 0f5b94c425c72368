package facts

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"auditpack/evidence"
)

// Unit says over how much evidence a fact file's statement is run at once.
type Unit string

// The units.
const (
	UnitRecord Unit = "record" // all parts of one record that no earlier record holds
	UnitPart   Unit = "part"   // one such part
)

// Kinds that the store itself fills, so that its own tables are projected like any other. Their input is one file of JSON lines.
const (
	KindRecords evidence.Kind = "auditpack.records/1" // {"entry", "record", "data"} for each record of the journal, in order
	KindEntries evidence.Kind = "auditpack.entries/1" // each journal entry, in order
)

// File is one fact file: the SQL of one table.
type File struct {
	Path   string          // in the file system that it was loaded from
	Table  string          // lower case, words joined by underscores; also the file's name
	Row    string          // what one row is, in words
	Kinds  []evidence.Kind // of the evidence that it reads; empty for a view
	From   []string        // tables that a view reads; empty for a projection
	Part   string          // glob (path.Match) on names of parts; empty for every part
	Unit   Unit
	Shared Shared          // zero: each statement computes the rows of the view that it needs
	SQL    string          // one SELECT, as written, head included
	Digest evidence.Digest // of the whole file
}

// IsView says whether the table is computed from other tables rather than from evidence.
func (f File) IsView() bool { return len(f.Kinds) == 0 }

var headKey = regexp.MustCompile(`^[a-z]+$`)

var tablePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// LoadFiles reads every *.sql in the top folder of fsys, in the order of names. It reports all that is wrong at once.
func LoadFiles(fsys fs.FS) ([]File, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list fact files: %w", err)
	}
	var (
		files []File
		errs  []error
	)
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("read fact file: %w", err))
			continue
		}
		f, err := ParseFile(name, b)
		if err != nil {
			errs = append(errs, fmt.Errorf("read fact file %q: %w", name, err))
			continue
		}
		files = append(files, f)
	}
	for _, f := range files {
		for _, from := range f.From {
			if !slices.ContainsFunc(files, func(o File) bool { return o.Table == from }) {
				errs = append(errs, fmt.Errorf("read fact file %q: from: there is no table %q", f.Path, from))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return sortByDependency(files)
}

// ParseFile reads one fact file. Its head is the comment lines at the top of the form "-- key: value", the key
// in lower case; an unknown or repeated key is an error. Any other line ends the head.
func ParseFile(name string, b []byte) (File, error) {
	f := File{Path: name, Unit: UnitRecord, SQL: string(b), Digest: evidence.DigestOf(b)}
	seen := map[string]bool{}
	rest := b
	for n := 1; ; n++ {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		text, isComment := strings.CutPrefix(string(line), "-- ")
		key, value, isPair := strings.Cut(text, ": ")
		if !isComment || !isPair || !headKey.MatchString(key) {
			break
		}
		if seen[key] {
			return File{}, fmt.Errorf("line %d: %q occurs twice", n, key)
		}
		seen[key] = true
		if err := f.set(key, strings.TrimSpace(value)); err != nil {
			return File{}, fmt.Errorf("line %d: %w", n, err)
		}
		rest = after
	}
	return f, f.validate(rest)
}

func (f *File) set(key, value string) error {
	switch key {
	case "table":
		f.Table = value
	case "row":
		f.Row = value
	case "kind":
		for _, k := range splitList(value) {
			kind := evidence.Kind(k)
			if err := kind.Validate(); err != nil {
				return err
			}
			f.Kinds = append(f.Kinds, kind)
		}
	case "from":
		f.From = splitList(value)
	case "part":
		if _, err := path.Match(value, ""); err != nil {
			return fmt.Errorf("part %q: %w", value, err)
		}
		f.Part = value
	case "unit":
		f.Unit = Unit(value)
		if f.Unit != UnitRecord && f.Unit != UnitPart {
			return fmt.Errorf("unit %q: want record or part", value)
		}
	case "shared":
		by, along, _ := strings.Cut(value, ",")
		f.Shared = Shared{By: strings.TrimSpace(by), Along: strings.TrimSpace(along)}
		if !tablePattern.MatchString(f.Shared.By) || !tablePattern.MatchString(f.Shared.Along) {
			return fmt.Errorf("shared %q: want two columns: what rows belong together by, and their time", value)
		}
	default:
		return fmt.Errorf("unknown key %q: want table, row, kind, from, part, unit or shared", key)
	}
	return nil
}

func (f *File) validate(body []byte) error {
	switch {
	case f.Table == "":
		return errors.New(`head has no "-- table: NAME"`)
	case !tablePattern.MatchString(f.Table):
		return fmt.Errorf("table %q: want lower-case words joined by underscores", f.Table)
	case path.Base(f.Path) != f.Table+".sql":
		return fmt.Errorf("table %q must be in a file named %q", f.Table, f.Table+".sql")
	case f.Row == "":
		return errors.New(`head has no "-- row: WHAT A ROW IS"`)
	case (len(f.Kinds) == 0) == (len(f.From) == 0):
		return errors.New(`head wants exactly one of "-- kind:" and "-- from:"`)
	case len(f.From) > 0 && (f.Part != "" || f.Unit != UnitRecord):
		return errors.New("part and unit are for tables with a kind")
	case f.Shared != (Shared{}) && len(f.From) != 1:
		return errors.New("shared is for views of one table")
	case len(bytes.TrimSpace(body)) == 0:
		return errors.New("no statement")
	}
	return nil
}

func splitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// sortByDependency puts projections first, by name, then each view after all that it reads.
func sortByDependency(files []File) ([]File, error) {
	var sorted []File
	done := map[string]bool{}
	for len(sorted) < len(files) {
		before := len(sorted)
		for _, f := range files {
			ready := !done[f.Table] && !slices.ContainsFunc(f.From, func(t string) bool { return !done[t] })
			if ready {
				sorted, done[f.Table] = append(sorted, f), true
			}
		}
		if len(sorted) == before {
			return nil, errors.New("order fact files: views read each other in a circle")
		}
	}
	return sorted, nil
}
