package assessment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/internal/canonical"
	"auditpack/internal/merkle"
)

// runner runs the tests of one assessment.
type runner struct {
	facts   Facts
	ledger  *ledger
	window  window
	tables  map[string][]evidence.Kind
	setting setting

	results Results // of earlier assessments; nil: every test is run
}

func newRunner(in Input, w window) *runner {
	return &runner{
		facts: in.Facts, ledger: newLedger(in), window: w, tables: tableKinds(in.Facts), setting: settingOf(in.Catalogue, in.Framework), results: in.Results,
	}
}

// run runs a test: its population and its deviations always, even where evidence is missing, because a deviation that was found
// stands.
func (r *runner) run(ctx context.Context, t *Test, owner string) (TestResult, error) {
	variables := t.variablesFor(r.window, r.setting)
	res := TestResult{
		ID: t.ID, Title: t.Title, Procedure: t.Procedure, Limits: t.Limits, Assurance: t.Assurance, Severity: t.Severity,
		Parameters: maps.Clone(t.Parameters), Variables: t.used(variables), Tables: t.Tables(),
		SQL: TestSQL{Population: t.Population, Deviations: t.Deviations, Digest: t.Digest},
	}
	if res.Parameters == nil {
		res.Parameters = map[string]any{}
	}
	out, err := r.found(ctx, t, variables)
	if err != nil {
		return TestResult{}, err
	}
	res.Population, res.PopulationRoot, res.Deviations = out.Population, out.PopulationRoot, out.Deviations
	for i := range res.Deviations {
		res.Deviations[i].Owner = owner
	}
	r.conclude(t, &res)
	return res, nil
}

// query runs both statements of t.
func (r *runner) query(ctx context.Context, t *Test, variables map[string]any) (out outcome, err error) {
	if out.Population, out.PopulationRoot, err = r.population(ctx, t, variables); err != nil {
		return outcome{}, fmt.Errorf("run population of %s: %w", t.ID, err)
	}
	if out.Deviations, err = r.deviations(ctx, t, variables); err != nil {
		return outcome{}, fmt.Errorf("run deviations of %s: %w", t.ID, err)
	}
	return out, nil
}

// used gives the runner's variables that the SQL of t reads, times as text.
func (t *Test) used(variables map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range t.variables() {
		if !slices.Contains(runnerVariables, name) {
			continue
		}
		out[name] = variables[name]
		if at, ok := variables[name].(time.Time); ok {
			out[name] = at.Format(time.RFC3339Nano)
		}
	}
	return out
}

func (r *runner) population(ctx context.Context, t *Test, variables map[string]any) (size int64, root string, err error) {
	var tree merkle.Tree
	var writer *rowWriter
	err = query(ctx, r.facts, t.Population, variables, func(columns []string, row []any) error {
		if writer == nil {
			writer = newRowWriter(columns)
		}
		leaf, err := writer.row(row)
		if err != nil {
			return err
		}
		tree.Add(leaf)
		return nil
	})
	return tree.Size(), tree.Root(), err
}

// CanonicalRow is a row of a population as canonical JSON: an object with the names of the columns, times in RFC 3339, numbers beyond
// 53 bits as text. It is a leaf of the population's root.
func CanonicalRow(columns []string, row []any) ([]byte, error) {
	return newRowWriter(columns).row(row)
}

// canonicalRow writes a row by way of an object.
func canonicalRow(columns []string, row []any) ([]byte, error) {
	object := make(map[string]any, len(columns))
	for i, name := range columns {
		object[name] = jsonValue(row[i])
	}
	b, err := canonical.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("row of the population: %w", err)
	}
	return b, nil
}

// jsonValue writes a value of a result as JSON can hold it without loss: times as RFC 3339, numbers beyond 53 bits as text.
func jsonValue(v any) any {
	const exact = 1 << 53 // RFC 8785 writes numbers as IEEE 754 doubles
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case int64:
		if v > exact || v < -exact {
			return fmt.Sprint(v)
		}
	case *big.Int:
		return v.String()
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = jsonValue(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = jsonValue(v[k])
		}
		return out
	}
	return v
}

func (r *runner) deviations(ctx context.Context, t *Test, variables map[string]any) ([]Deviation, error) {
	deviations := []Deviation{}
	err := query(ctx, r.facts, t.Deviations, variables, func(columns []string, row []any) error {
		d := Deviation{Test: t.ID}
		for i, name := range columns {
			if err := d.set(name, row[i]); err != nil {
				return err
			}
		}
		d.Key = deviationKey(d)
		deviations = append(deviations, d)
		return nil
	})
	slices.SortStableFunc(deviations, compareDeviations)
	return deviations, err
}

// set takes one column of a row of deviations.
func (d *Deviation) set(column string, v any) error {
	if v == nil {
		return nil
	}
	s, isText := v.(string)
	switch column {
	case "line":
		n, ok := v.(int64)
		if !ok {
			return fmt.Errorf("column line: got a %T, want a whole number", v)
		}
		d.Line = n
		return nil
	case "at":
		at, ok := v.(time.Time)
		if !ok {
			return fmt.Errorf("column at: got a %T, want a time", v)
		}
		d.At = &at
		return nil
	}
	if !isText {
		return fmt.Errorf("column %s: got a %T, want a text", column, v)
	}
	switch column {
	case "evidence":
		if s == "" {
			return nil
		}
		digest, err := evidence.ParseDigest(s)
		if err != nil {
			return fmt.Errorf("column evidence: %w", err)
		}
		d.Evidence = digest
	case "item":
		d.Item = s
	case "subject":
		d.Subject = s
	case "resource":
		d.Resource = s
	case "detail":
		d.Detail = s
	}
	return nil
}

// deviationKey names a deviation so that it is found again in another assessment: the first 16 hexadecimal digits of SHA-256 over
// test, item and resource, with a NUL between them, which no text of a fact table holds.
func deviationKey(d Deviation) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(d.Test), d.Item, d.Resource}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// compareDeviations orders by time, those without one last, then by item and resource.
func compareDeviations(a, b Deviation) int {
	switch {
	case a.At != nil && b.At == nil:
		return -1
	case a.At == nil && b.At != nil:
		return 1
	case a.At != nil:
		if c := a.At.Compare(*b.At); c != 0 {
			return c
		}
	}
	return cmp.Or(
		strings.Compare(a.Item, b.Item), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Detail, b.Detail),
		strings.Compare(string(a.Evidence), string(b.Evidence)), cmp.Compare(a.Line, b.Line),
	)
}

// conclude gives the status. Deviations found stand even where evidence is missing, unless what is missing is what they rest on.
func (r *runner) conclude(t *Test, res *TestResult) {
	b := r.ledger.basisOf(t, r.window, r.tables)
	res.Covered, res.CoveredDays, res.Evidence = b.covered, days(b.covered), b.evidence
	if b.period && r.window.typ == 2 {
		res.PeriodDays = days([]evidence.Period{r.window.period})
	}
	res.Reasons = append([]Reason{}, b.reasons...)
	for i := range res.Reasons {
		res.Reasons[i].Test = t.ID
	}
	if b.mute {
		res.Deviations = []Deviation{}
	}
	res.Evidence = r.ledger.withReadFrom(res.Evidence, res.Deviations)
	switch {
	case len(res.Deviations) > 0:
		res.Status = TestDeviations
	case b.blocked:
		res.Status = TestNotAssessed
	case res.Population == 0:
		res.Status = TestNoOccurrences
		res.Reasons = append(res.Reasons, Reason{Code: codeNoOccurrences, Test: t.ID})
	default:
		res.Status = TestNoDeviations
	}
	if t.Purpose == PurposeIPE {
		res.ofInformation()
	}
}

// whole says whether a test shows what it is to show for all of the time that is judged.
func (res TestResult) whole() bool {
	return res.Status == TestNoDeviations && !slices.ContainsFunc(res.Reasons, func(r Reason) bool { return r.Code == codePartOfPeriod })
}
