package assessment

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/templates"
)

// Test is a control test, or a test of the information that control tests rest on: two SQL statements over fact tables, and the
// words that explain them.
type Test struct {
	ID         TestID              `yaml:"id"`
	Purpose    Purpose             `yaml:"purpose"` // what is not set is PurposeControl
	Title      templates.Localized `yaml:"title"`
	Procedure  templates.Localized `yaml:"procedure"` // what was compared with what, so that an auditor can do it by hand
	Limits     templates.Localized `yaml:"limits"`    // what the test cannot show
	Assurance  Assurance           `yaml:"assurance"`
	Severity   string              `yaml:"severity"`   // one of severities
	Frameworks []FrameworkID       `yaml:"frameworks"` // that it is judged for; empty: for all
	Needs      map[string]Need     `yaml:"needs"`      // fact tables
	Parameters map[string]any      `yaml:"parameters"`
	Population string              `yaml:"population"`
	Deviations string              `yaml:"deviations"`

	Untranslated []string `yaml:"untranslated"` // texts that are the same in German

	File   string          `yaml:"-"`
	Digest evidence.Digest `yaml:"-"`

	doc document
}

// Purpose is what a test is there for. The zero value is invalid in a test that was read.
type Purpose string

// The purposes.
const (
	PurposeControl Purpose = "control" // shows something of a control of the organisation
	PurposeIPE     Purpose = "ipe"     // tests our own collection, the information produced by the entity: it supports and fails no control
)

// Need says how much evidence a test wants of a fact table.
type Need struct {
	Age      string   `yaml:"max_age"` // as written: "24h" or "92d"
	Coverage Coverage `yaml:"coverage"`

	// AbsentRowsDeviate says that the test reports what is missing in this table: without any evidence of it everything would
	// deviate, so the test is then not assessed and reports nothing.
	AbsentRowsDeviate bool `yaml:"absent_rows_deviate"`

	// AbsenceIsTold says of an optional table that a part of the test rests on it: where a source that the test does have evidence
	// of lacks it, or lacks it for some time, that is a reason in words, and the rest of the test is assessed all the same.
	AbsenceIsTold bool `yaml:"absence_is_told"`

	// FailureBlocks says of an optional table that asking for it must not have failed: most collections have no row for it, and one
	// that could not look does not show that there was none.
	FailureBlocks bool `yaml:"failure_blocks"`

	MaxAge time.Duration `yaml:"-"` // the longest hole that is still no hole
}

// Coverage is the span that evidence must speak for. The zero value is invalid.
type Coverage string

// The spans.
const (
	CoverPeriod   Coverage = "period"   // the whole period, without a hole longer than the maximum age
	CoverAsOf     Coverage = "as-of"    // the as-of date, within the maximum age: a snapshot can show it
	CoverOptional Coverage = "optional" // read where it is there, never missed
)

// Variables that the runner sets for every test, besides its parameters.
const (
	varFrom          = "from"           // start of the period
	varTo            = "to"             // its end, which no longer belongs to it
	varAsOf          = "as_of"          // the date that is judged
	varEvidenceFrom  = "evidence_from"  // start less the longest maximum age of the tables needed
	varEvidenceTo    = "evidence_to"    // end and the longest maximum age
	varKnownControls = "known_controls" // ids that an exception may name
	varFramework     = "framework"      // id of the framework that is judged
	varRequirements  = "requirements"   // ids of its requirements
	varShownTests    = "shown_tests"    // ids of the other tests that found no deviations over all of the time judged
)

var (
	runnerVariables  = []string{varAsOf, varEvidenceFrom, varEvidenceTo, varFramework, varFrom, varKnownControls, varRequirements, varShownTests, varTo}
	purposes         = []Purpose{PurposeControl, PurposeIPE}
	coverages        = []Coverage{CoverPeriod, CoverAsOf, CoverOptional}
	severities       = []string{"low", "medium", "high", "critical"}
	testIDPattern    = regexp.MustCompile(`^[A-Z]{2,8}-[0-9]{2,3}$`)
	parameterPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	variablePattern  = regexp.MustCompile(`getvariable\(\s*'([^']*)'\s*\)`)
	anyVariable      = regexp.MustCompile(`(?i)getvariable`)
	agePattern       = regexp.MustCompile(`^([1-9][0-9]*)([hd])$`)
)

// deviationColumns are the columns of a test's deviations, in order; line may follow evidence or stand anywhere.
var deviationColumns = []string{"evidence", "item", "subject", "resource", "at", "detail"}

// readTest reads a test file strictly. Whether its tables exist and its SQL prepares is [Catalogue.Check]'s to say.
func readTest(file File) (*Test, error) {
	t := &Test{}
	doc, err := readYAML(file, t)
	if err != nil {
		return nil, err
	}
	t.File, t.Digest, t.doc, t.Purpose = file.Name, file.Digest(), doc, cmp.Or(t.Purpose, PurposeControl)
	p := &problems{doc: doc}
	p.when(!testIDPattern.MatchString(string(t.ID)), "$.id", "test id %q: want letters, a dash and a number, such as VAL-02", t.ID)
	p.when(!slices.Contains(purposes, t.Purpose), "$.purpose", "purpose %q: want one of %v", t.Purpose, purposes)
	p.localized("$.title", "title", t.Title)
	p.localized("$.procedure", "procedure", t.Procedure)
	p.localized("$.limits", "limits", t.Limits)
	p.when(t.Assurance != Design && t.Assurance != Operating, "$.assurance", "assurance %q: want design or operating", t.Assurance)
	p.when(!slices.Contains(severities, t.Severity), "$.severity", "severity %q: want one of %v", t.Severity, severities)
	p.when(strings.TrimSpace(t.Population) == "", "$.population", "test %q has no population", t.ID)
	p.when(strings.TrimSpace(t.Deviations) == "", "$.deviations", "test %q has no deviations", t.ID)
	p.needs(t)
	p.parameters(t)
	if err := p.err(); err != nil {
		return nil, err
	}
	return t, nil
}

func (p *problems) needs(t *Test) {
	p.when(len(t.Needs) == 0, "$", "test %q needs no table", t.ID)
	period := false
	for _, table := range slices.Sorted(maps.Keys(t.Needs)) {
		n, at := t.Needs[table], "$.needs."+table
		age, err := parseAge(n.Age)
		if err != nil {
			p.add(at, "max_age of %s: %v", table, err)
		}
		p.when(!slices.Contains(coverages, n.Coverage), at, "coverage %q of %s: want one of %v", n.Coverage, table, coverages)
		p.when(n.AbsenceIsTold && n.Coverage != CoverOptional, at, "absence_is_told of %s: only what is optional can be absent", table)
		p.when(n.FailureBlocks && n.Coverage != CoverOptional, at, "failure_blocks of %s: what is not optional is blocked by a failure anyway", table)
		period = period || n.Coverage == CoverPeriod
		n.MaxAge = age
		t.Needs[table] = n
	}
	p.when(t.Assurance == Operating && !period, "$.needs", "test %q: a test of operation needs a table over the whole period", t.ID)
}

// parseAge reads "24h" or "92d".
func parseAge(s string) (time.Duration, error) {
	m := agePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q: want hours or days, such as 24h or 92d", s)
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q: number is too large", s)
	}
	unit := time.Hour
	if m[2] == "d" {
		unit = 24 * time.Hour
	}
	if n > int64(1<<62/unit) {
		return 0, fmt.Errorf("%q: number is too large", s)
	}
	return time.Duration(n) * unit, nil
}

// parameters brings values to their types and compares what is declared with what the SQL reads.
func (p *problems) parameters(t *Test) {
	used := t.variables()
	for _, s := range []struct{ at, sql string }{{"$.population", t.Population}, {"$.deviations", t.Deviations}} {
		plain := len(variablePattern.FindAllString(s.sql, -1)) == len(anyVariable.FindAllString(s.sql, -1))
		p.when(!plain, s.at, "%s of %s: write variables as getvariable('name'), so that it can be told which ones the result depends on", s.at[2:], t.ID)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		at := "$.parameters." + name
		p.when(!parameterPattern.MatchString(name), at, "parameter %q: want lower-case letters, digits and underscores", name)
		p.when(slices.Contains(runnerVariables, name), at, "parameter %q: the name is the runner's own", name)
		p.when(!slices.Contains(used, name), at, "parameter %q: neither statement reads getvariable('%s')", name, name)
		v, err := parameterValue(t.Parameters[name])
		if err != nil {
			p.add(at, "parameter %q: %v", name, err)
			continue
		}
		t.Parameters[name] = v
	}
	for _, name := range used {
		_, declared := t.Parameters[name]
		p.when(!declared && !slices.Contains(runnerVariables, name), "$.deviations", "SQL reads getvariable('%s'), which is no parameter of the test", name)
	}
}

// variables lists the variables that the SQL reads, sorted.
func (t *Test) variables() []string {
	var names []string
	for _, m := range variablePattern.FindAllStringSubmatch(t.Population+"\n"+t.Deviations, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Tables lists the tables that the test needs, sorted.
func (t *Test) Tables() []string { return slices.Sorted(maps.Keys(t.Needs)) }

// longestAge is the longest maximum age of the tables needed.
func (t *Test) longestAge() (age time.Duration) {
	for _, n := range t.Needs {
		if n.Coverage != CoverOptional {
			age = max(age, n.MaxAge)
		}
	}
	return age
}

// parameterValue turns a YAML or JSON value into bool, int64, string or []string.
func parameterValue(v any) (any, error) {
	switch v := v.(type) {
	case bool, string, int64:
		return v, nil
	case int:
		return int64(v), nil
	case uint64:
		if v > 1<<62 {
			return nil, fmt.Errorf("number %d is too large", v)
		}
		return int64(v), nil
	case float64, float32:
		return nil, fmt.Errorf("%v is no whole number", v)
	case []string:
		return slices.Clone(v), nil
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("list element %v is no text", e)
			}
			list = append(list, s)
		}
		return list, nil
	case nil:
		return nil, errors.New("no value; an empty list is []")
	}
	return nil, fmt.Errorf("%v: want a truth value, a whole number, a text or a list of texts", v)
}

// override returns a copy of t with parameters of the workspace in place of its defaults.
func (t *Test) override(o Overrides) (*Test, error) {
	values := o.Values[t.ID]
	out := *t
	out.Parameters = maps.Clone(t.Parameters)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		def, ok := t.Parameters[name]
		if !ok {
			errs = append(errs, o.atParameter(t.ID, name, fmt.Errorf("%q is no parameter; there are %v", name, slices.Sorted(maps.Keys(t.Parameters)))))
			continue
		}
		v, err := parameterValue(values[name])
		if err != nil {
			errs = append(errs, o.atParameter(t.ID, name, fmt.Errorf("%q: %w", name, err)))
			continue
		}
		if got, want := valueKind(v), valueKind(def); got != want {
			errs = append(errs, o.atParameter(t.ID, name, fmt.Errorf("%q: got %s, want %s", name, got, want)))
			continue
		}
		out.Parameters[name] = v
	}
	return &out, errors.Join(errs...)
}

// valueKind is the kind of a parameter's value as people who write YAML know it.
func valueKind(v any) string {
	switch v.(type) {
	case int64:
		return "a whole number"
	case string:
		return "text"
	case bool:
		return "true or false"
	case []string:
		return "a list of texts"
	}
	return fmt.Sprintf("%T", v)
}
