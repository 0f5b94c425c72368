package assessment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"auditpack/evidence"
	"auditpack/evidence/facts"
)

// TestsNeeding lists the control tests that are judged for a framework and need no evidence but that of kinds, by id. What a test reads where it
// is there (an optional table) may come from elsewhere, unless a failure there would block the test; and none of them asks what other tests
// showed. files are the fact files that make the tables.
func (c *Catalogue) TestsNeeding(f FrameworkID, kinds []evidence.Kind, files []facts.File) []TestID {
	tables, list := KindsOf(files), []TestID{}
	for _, id := range slices.Sorted(maps.Keys(ownersOf(c.bearing(f, nil)))) {
		if t := c.tests[id]; t.needsOnly(kinds, tables) && !slices.Contains(t.variables(), varShownTests) {
			list = append(list, id)
		}
	}
	return list
}

// needsOnly says whether every table whose want would keep t from being assessed rests on kinds.
func (t *Test) needsOnly(kinds []evidence.Kind, tables map[string][]evidence.Kind) bool {
	for table, need := range t.Needs {
		if need.Coverage == CoverOptional && !need.FailureBlocks {
			continue
		}
		if slices.ContainsFunc(tables[table], func(k evidence.Kind) bool { return !slices.Contains(kinds, k) }) {
			return false
		}
	}
	return true
}

// RunTest runs one test alone, whichever framework it bears on; in.Framework matters to a test that asks for it alone, the files of the
// workspace play no part, and no exception is applied. A test that the catalogue lacks is an error that names those there are.
func RunTest(ctx context.Context, in Input, id TestID) (TestResult, error) {
	t, r, err := in.single(id)
	if err != nil {
		return TestResult{}, err
	}
	return r.run(ctx, t, "")
}

// PopulationRows runs the population of one test and gives its rows in their one order, the order of the leaves of its root. The caller
// closes them.
func PopulationRows(ctx context.Context, in Input, id TestID) (*facts.Rows, error) {
	t, r, err := in.single(id)
	if err != nil {
		return nil, err
	}
	rows, err := r.facts.Query(ctx, r.facts.Ordered(t.Population), t.variablesFor(r.window, r.setting))
	if err != nil {
		return nil, fmt.Errorf("run population of %s: %w", id, err)
	}
	return rows, nil
}

// ReadExceptions gives the register of exceptions as it stands on the as-of date, by id and file. No test is run: what an exception
// covers, and whether anything still needs it, is not looked at.
func ReadExceptions(ctx context.Context, in Input) ([]Exception, error) {
	if in.Catalogue == nil {
		return nil, errors.New("read exceptions: no catalogue")
	}
	if err := in.validateEvidence(); err != nil {
		return nil, fmt.Errorf("read exceptions: %w", err)
	}
	w, err := newWindow(in.Type, in.Period, in.AsOf)
	if err != nil {
		return nil, fmt.Errorf("read exceptions: %w", err)
	}
	return newRunner(in, w).register(ctx, rulesOf(in.Catalogue))
}

// single prepares a test to be run alone.
func (in Input) single(id TestID) (*Test, *runner, error) {
	if in.Catalogue == nil {
		return nil, nil, errors.New("no catalogue")
	}
	if err := in.validateEvidence(); err != nil {
		return nil, nil, fmt.Errorf("run %s: %w", id, err)
	}
	t, ok := in.Catalogue.Test(id)
	if !ok {
		var ids []TestID
		for _, other := range in.Catalogue.Tests {
			ids = append(ids, other.ID)
		}
		return nil, nil, fmt.Errorf("test %q is not in the catalogue; there are %v", id, ids)
	}
	w, err := newWindow(in.Type, in.Period, in.AsOf)
	if err != nil {
		return nil, nil, fmt.Errorf("run %s: %w", id, err)
	}
	return t, newRunner(in, w), nil
}
