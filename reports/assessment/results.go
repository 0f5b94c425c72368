package assessment

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"time"

	"auditpack/evidence"
	"auditpack/internal/canonical"
)

// resultFormat names the layout of a kept result and the way from rows to it: another one is not believed.
const resultFormat = "auditpack.test-result/1"

// Results keeps what tests found from one assessment to the next; a *facts.Engine does. It is safe for concurrent use.
type Results interface {
	// Kept returns what was kept last under slot, unless it is not there any more or not as it was.
	Kept(slot string) ([]byte, bool)

	// Keep keeps b under slot, in place of what was there.
	Keep(slot string, b []byte) error
}

// based is the ability of fact tables to say what their rows rest on.
type based interface {
	Basis(ctx context.Context, tables ...string) (evidence.Digest, error)
}

// outcome is what the two statements of a test gave.
type outcome struct {
	Population     int64       `json:"population"`
	PopulationRoot string      `json:"population_root"`
	Deviations     []Deviation `json:"deviations"` // without owner, exception and response
}

// keptOutcome is an outcome in its slot, with the digest over all that can change it.
type keptOutcome struct {
	Key     evidence.Digest `json:"key"`
	Outcome outcome         `json:"outcome"`
}

// found gives the outcome of t: that of an earlier run where nothing has changed that can change it, else of a new one.
func (r *runner) found(ctx context.Context, t *Test, variables map[string]any) (outcome, error) {
	key, slot := r.keyOf(ctx, t, variables)
	if key == "" {
		return r.query(ctx, t, variables)
	}
	if b, ok := r.results.Kept(slot); ok {
		var kept keptOutcome
		if err := json.Unmarshal(b, &kept); err == nil && kept.Key == key {
			return kept.Outcome, nil
		}
	}
	out, err := r.query(ctx, t, variables)
	if err != nil {
		return outcome{}, err
	}
	if b, err := json.Marshal(keptOutcome{key, out}); err == nil { // nothing names these bytes: canonical ones would cost memory for nothing
		_ = r.results.Keep(slot, b) // what is not kept costs the next assessment some time, and nothing else
	}
	return out, nil
}

// keyOf returns a digest over all that can change what t finds: its statements, what getvariable() gives, and what the tables rest on.
// It is empty where nothing is kept. A slot is for one test and one window, so that what is kept does not grow with the evidence.
func (r *runner) keyOf(ctx context.Context, t *Test, variables map[string]any) (key evidence.Digest, slot string) {
	tables, ok := r.facts.(based)
	if r.results == nil || !ok {
		return "", ""
	}
	rest, err := tables.Basis(ctx, t.reads()...)
	if err != nil {
		return "", ""
	}
	values := maps.Clone(variables)
	read := t.variables()
	for name, v := range values {
		if at, ok := v.(time.Time); ok {
			values[name] = at.UTC().Format(time.RFC3339Nano)
		} else if !slices.Contains(read, name) { // it changes nothing: another framework finds the same
			delete(values, name)
		}
	}
	b, err := canonical.Marshal(struct {
		Format     string          `json:"format"`
		Test       TestID          `json:"test"`
		Population string          `json:"population"`
		Deviations string          `json:"deviations"`
		Variables  map[string]any  `json:"variables"`
		Basis      evidence.Digest `json:"basis"`
	}{resultFormat, t.ID, t.Population, t.Deviations, values, rest})
	if err != nil {
		return "", ""
	}
	when := evidence.DigestOf([]byte(values[varFrom].(string) + " " + values[varTo].(string) + " " + values[varAsOf].(string)))
	return evidence.DigestOf(b), string(t.ID) + "-" + when.Hex()[:16]
}

// reads lists what the statements of t may read, sorted: the tables that it needs, and those of the store that they name.
func (t *Test) reads() []string {
	tables := t.Tables()
	for _, own := range storeTables {
		if regexp.MustCompile(`(?i)\b` + own + `\b`).MatchString(t.Population + "\n" + t.Deviations) {
			tables = append(tables, own)
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}
