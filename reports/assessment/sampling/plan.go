package sampling

import (
	"fmt"
	"slices"
)

// Method is how items are chosen.
type Method string

// The methods. The zero value is invalid.
const (
	Random     Method = "random"     // those whose ticket, SHA-256 over seed, line and row, is lowest
	Systematic Method = "systematic" // in equal steps through the population, from a start that the seed gives
	All        Method = "all"        // every item
)

// Methods are all methods, as people may name them.
func Methods() []string { return []string{string(Random), string(Systematic), string(All)} }

// Plan is what to draw.
type Plan struct {
	Method   Method `json:"method"`
	Size     int64  `json:"size"`     // items; with All it is set by the draw
	Stratify string `json:"stratify"` // column whose values are the strata; empty for none
}

// Validate refuses a plan that nothing can be drawn by.
func (p Plan) Validate() error {
	switch {
	case !slices.Contains(Methods(), string(p.Method)):
		return fmt.Errorf("method %q: want one of %v", string(p.Method), Methods())
	case p.Method == All && p.Size != 0:
		return fmt.Errorf("size %d: method all takes every item and no size", p.Size)
	case p.Method == All && p.Stratify != "":
		return fmt.Errorf("strata by %q: method all takes every item and has no strata", p.Stratify)
	case p.Method != All && p.Size < 1:
		return fmt.Errorf("size %d: want 1 or more", p.Size)
	}
	return nil
}
