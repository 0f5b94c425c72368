package sampling

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"auditpack/internal/merkle"
)

// Population is what a sample is drawn from, counted row by row. Rows are canonical JSON objects in the order of the population. It is
// not safe for concurrent use.
type Population struct {
	plan   Plan
	tree   merkle.Tree
	strata map[string]int64 // rows by the canonical JSON of the stratum's value; "" without strata
}

// NewPopulation counts for a plan, which must be valid.
func NewPopulation(plan Plan) *Population {
	return &Population{plan: plan, strata: map[string]int64{}}
}

// Add counts the next row. A row without the column of the strata is an error, and so are more strata than items to draw: each takes one
// at least.
func (p *Population) Add(row []byte) error {
	key, err := p.plan.stratumOf(row)
	if err != nil {
		return fmt.Errorf("row %d: %w", p.tree.Size()+1, err)
	}
	p.tree.Add(row)
	p.strata[key]++
	if p.plan.Stratify != "" && int64(len(p.strata)) > p.plan.Size {
		return fmt.Errorf("stratify by %q: the column has more than %d values, and a sample of %d has no item for each: draw more, or take another column",
			p.plan.Stratify, p.plan.Size, p.plan.Size)
	}
	return nil
}

// Rows is how many rows were counted.
func (p *Population) Rows() int64 { return p.tree.Size() }

// Root is the Merkle tree hash of the rows in hexadecimal digits. No row may be added after it.
func (p *Population) Root() string { return p.tree.Root() }

// Strata are the strata with the items that the plan takes of each, in the order of their names' bytes; one without a name where the
// plan has none. A sample larger than the population, and an empty population, are errors.
func (p *Population) Strata() ([]Stratum, error) {
	if p.Rows() == 0 {
		return nil, fmt.Errorf("the population is empty: there is nothing to draw")
	}
	size := p.plan.Size
	if p.plan.Method == All {
		size = p.Rows()
	}
	if size > p.Rows() {
		return nil, fmt.Errorf("the population has %d items, and %d cannot be drawn from it: ask for fewer, or for all with --method all", p.Rows(), size)
	}
	var strata []Stratum
	for _, key := range slices.Sorted(maps.Keys(p.strata)) {
		strata = append(strata, Stratum{Value: key, Rows: p.strata[key]})
	}
	allocate(strata, size)
	return strata, nil
}

// stratumOf is the canonical JSON of a row's value in the column of the strata: part of a canonical text is canonical itself.
func (p Plan) stratumOf(row []byte) (string, error) {
	if p.Stratify == "" {
		return "", nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(row, &values); err != nil {
		return "", fmt.Errorf("read row of the population: %w", err)
	}
	v, ok := values[p.Stratify]
	if !ok {
		return "", fmt.Errorf("stratify by %q: the population has no such column; it has %v", p.Stratify, slices.Sorted(maps.Keys(values)))
	}
	return string(v), nil
}
