package assessment

import (
	"context"
	"errors"
	"fmt"

	"auditpack/evidence/facts"
)

// RunTest runs one test alone, whichever framework it bears on; in.Framework and the files of the workspace play no part, and no
// exception is applied. A test that the catalogue lacks is an error that names those there are.
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
