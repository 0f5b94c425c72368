package sampling

import (
	"cmp"
	"math/bits"
	"slices"
)

// Stratum is a part of a population that has one value in a column.
type Stratum struct {
	Value string `json:"value"` // canonical JSON of the value; empty when there are no strata
	Rows  int64  `json:"rows"`
	Size  int64  `json:"size"` // items drawn from it
}

// allocate divides size among strata in proportion to their rows, by largest remainder, so that each has one item at least. Strata to
// which proportion alone gives none get one, and the others share the rest in the same way, until each has one. There are at least as
// many rows as items, and at least as many items as strata.
func allocate(strata []Stratum, size int64) {
	open := make([]*Stratum, len(strata))
	for i := range strata {
		open[i] = &strata[i]
	}
	for len(open) > 0 {
		divide(open, size)
		var rest []*Stratum
		for _, s := range open {
			if s.Size > 0 {
				rest = append(rest, s)
				continue
			}
			s.Size = 1
			size--
		}
		if len(rest) == len(open) {
			return
		}
		open = rest
	}
}

// divide gives each stratum size * rows / all, rounded down, and one more to those with the largest remainders until size is used up;
// of equal remainders the first stratum's goes first.
func divide(strata []*Stratum, size int64) {
	var all int64
	for _, s := range strata {
		all += s.Rows
	}
	remainders := make([]uint64, len(strata))
	order := make([]int, len(strata))
	left := size
	for i, s := range strata {
		high, low := bits.Mul64(uint64(size), uint64(s.Rows))
		quotient, remainder := bits.Div64(high, low, uint64(all)) // size is at most all, so the quotient fits
		s.Size, remainders[i], order[i] = int64(quotient), remainder, i
		left -= s.Size
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, i := range order[:left] {
		strata[i].Size++
	}
}
