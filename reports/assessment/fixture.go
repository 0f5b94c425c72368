package assessment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/facts"
)

// Fixtures makes tables of the rows given, typed as in the fact files; a *facts.Engine does.
type Fixtures interface {
	Fixture(ctx context.Context, rows map[string][]map[string]any) (*facts.DB, error)
}

var _ Fixtures = (*facts.Engine)(nil)

// fixture is tests/fixtures/ID.yaml; docs/formats/test.md describes it.
type fixture struct {
	Cases []fixtureCase `yaml:"cases"`

	doc document
}

type fixtureCase struct {
	Name       string                      `yaml:"name"`
	From       string                      `yaml:"from"` // these three: 2026-07-01, 2026-10-01 and the same again where left out
	To         string                      `yaml:"to"`
	AsOf       string                      `yaml:"as_of"`
	Parameters map[string]any              `yaml:"parameters"`
	Framework  FrameworkID                 `yaml:"framework"`   // the first one of the test where left out
	ShownTests []string                    `yaml:"shown_tests"` // that found no deviations
	Rows       map[string][]map[string]any `yaml:"rows"`
	Population int64                       `yaml:"population"`
	Deviations []fixtureDeviation          `yaml:"deviations"`
}

// fixtureDeviation is a deviation that a case wants. At and Line are compared where they are given.
type fixtureDeviation struct {
	Item     string `yaml:"item"`
	Subject  string `yaml:"subject"`
	Resource string `yaml:"resource"`
	At       string `yaml:"at"`
	Line     int64  `yaml:"line"`
	Detail   string `yaml:"detail"`
}

// Days of a case that does not say its own.
const (
	fixtureFrom = "2026-07-01"
	fixtureTo   = "2026-10-01"
)

// readFixture reads a fixture strictly. There must be a case that fires, and one with a population in which nothing may.
func readFixture(file File) (*fixture, error) {
	f := &fixture{}
	var err error
	if f.doc, err = readYAML(file, f); err != nil {
		return nil, err
	}
	p := &problems{doc: f.doc}
	fires := slices.ContainsFunc(f.Cases, func(c fixtureCase) bool { return len(c.Deviations) > 0 })
	silent := slices.ContainsFunc(f.Cases, func(c fixtureCase) bool { return len(c.Deviations) == 0 && c.Population > 0 })
	p.when(!fires, "$.cases", "no case has deviations: want one in which the test must find something")
	p.when(!silent, "$.cases", "each case has deviations or an empty population: want one with a population in which the test must find nothing")
	return f, p.err()
}

// RunFixture runs a test over the cases of its fixture. A case that disagrees is a [Problem] with its line, all are joined; so is
// what is wrong with the fixture itself.
func (c *Catalogue) RunFixture(ctx context.Context, engine Fixtures, t *Test, file File) error {
	f, err := readFixture(file)
	if f == nil {
		return err
	}
	p := &problems{doc: f.doc}
	for i, tc := range f.Cases {
		at := element("$.cases", i)
		res, err := c.runCase(ctx, engine, t, tc)
		if err != nil {
			p.add(at, "case %q of %s: %v", tc.Name, t.ID, err)
			continue
		}
		p.when(res.Population != tc.Population, at, "case %q of %s: population: got %d, want %d", tc.Name, t.ID, res.Population, tc.Population)
		for _, text := range compareFixture(tc.Deviations, res.Deviations) {
			p.add(at, "case %q of %s: %s", tc.Name, t.ID, text)
		}
	}
	return errors.Join(err, p.err())
}

// runCase runs the two statements of a test in the small world of one case.
func (c *Catalogue) runCase(ctx context.Context, engine Fixtures, t *Test, tc fixtureCase) (res outcome, err error) {
	t, err = t.override(Overrides{Values: map[TestID]map[string]any{t.ID: tc.Parameters}})
	if err != nil {
		return res, err
	}
	w, err := tc.window()
	if err != nil {
		return res, err
	}
	db, err := engine.Fixture(ctx, namedBlobs(tc.Rows))
	if err != nil {
		return res, err
	}
	defer db.Close()
	framework := tc.Framework
	if framework == "" && len(t.Frameworks) > 0 {
		framework = t.Frameworks[0]
	}
	around := settingOf(c, framework)
	around.shown = append(around.shown, tc.ShownTests...)
	r := &runner{facts: db, window: w, setting: around}
	return r.query(ctx, t, t.variablesFor(w, around))
}

func (tc fixtureCase) window() (window, error) {
	var days [3]time.Time
	for i, s := range [][2]string{{tc.From, fixtureFrom}, {tc.To, fixtureTo}, {tc.AsOf, fixtureTo}} {
		if s[0] == "" {
			s[0] = s[1]
		}
		d, err := time.Parse(time.DateOnly, s[0])
		if err != nil {
			return window{}, fmt.Errorf("%q: want a day as YYYY-MM-DD", s[0])
		}
		days[i] = d
	}
	return newWindow(2, evidence.Period{From: days[0], To: days[1]}, days[2])
}

// compareFixture says how the deviations found differ from those wanted, both in their order.
func compareFixture(want []fixtureDeviation, found []Deviation) []string {
	var out []string
	keys := map[string]bool{}
	for i := range max(len(want), len(found)) {
		switch {
		case i >= len(found):
			out = append(out, fmt.Sprintf("deviation %d: got none, want %s", i+1, want[i].resolved()))
			continue
		case i >= len(want):
			out = append(out, fmt.Sprintf("deviation %d: got %s, want none", i+1, seen(found[i], fixtureDeviation{At: "x", Line: 1})))
		default:
			if w, g := want[i].resolved(), seen(found[i], want[i]); w != g {
				out = append(out, fmt.Sprintf("deviation %d: got %s, want %s", i+1, g, w))
			}
		}
		if keys[found[i].Key] {
			out = append(out, fmt.Sprintf("deviation %d: another one has the same key %s: test, item and resource must differ", i+1, found[i].Key))
		}
		keys[found[i].Key] = true
	}
	return out
}

// resolved has the digest in place of a blob's name.
func (d fixtureDeviation) resolved() fixtureDeviation {
	d.Item = blobDigests(d.Item)
	return d
}

// seen is a deviation as a fixture writes it, with at and line only where want has them.
func seen(d Deviation, want fixtureDeviation) fixtureDeviation {
	out := fixtureDeviation{Item: d.Item, Subject: d.Subject, Resource: d.Resource, Detail: d.Detail}
	if want.Line != 0 {
		out.Line = d.Line
	}
	if want.At != "" && d.At != nil {
		out.At = d.At.Format(time.RFC3339Nano)
	}
	return out
}

// String is the deviation as a fixture writes it.
func (d fixtureDeviation) String() string {
	parts := []string{fmt.Sprintf("item: %q", d.Item), fmt.Sprintf("subject: %q", d.Subject), fmt.Sprintf("resource: %q", d.Resource)}
	if d.At != "" {
		parts = append(parts, fmt.Sprintf("at: %q", d.At))
	}
	if d.Line != 0 {
		parts = append(parts, fmt.Sprintf("line: %d", d.Line))
	}
	return "{" + strings.Join(append(parts, fmt.Sprintf("detail: %q", d.Detail)), ", ") + "}"
}

var blobName = regexp.MustCompile(`\bblob-[a-z0-9]+\b`)

// blobDigests puts a digest in the place of names such as blob-1.
func blobDigests(s string) string {
	return blobName.ReplaceAllStringFunc(s, func(name string) string { return string(evidence.DigestOf([]byte(name))) })
}

// namedBlobs puts a digest in the place of names such as blob-1, and blob-0 where a row names no evidence.
func namedBlobs(rows map[string][]map[string]any) map[string][]map[string]any {
	out := map[string][]map[string]any{}
	for table, list := range rows {
		for _, row := range list {
			named := maps.Clone(row)
			for column, v := range row {
				if s, ok := v.(string); ok {
					named[column] = blobDigests(s)
				}
			}
			if _, ok := named["evidence"]; !ok && !slices.Contains(storeTables, table) {
				named["evidence"] = blobDigests("blob-0")
				if _, ok := named["line"]; !ok {
					named["line"] = 1
				}
			}
			out[table] = append(out[table], named)
		}
	}
	return out
}
