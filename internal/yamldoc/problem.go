package yamldoc

import (
	"cmp"
	"fmt"
	"slices"
)

// FileField is the Field of a problem that concerns the file as a whole.
const FileField = "file"

// Problem is one thing that is wrong with a file.
type Problem struct {
	Line  int    // from 1
	Field string // "approvals[0].date", or FileField
	What  string // what is wrong and what to do, without the field
}

// String gives "field: line N: what".
func (p Problem) String() string { return fmt.Sprintf("%s: line %d: %s", p.Field, p.Line, p.What) }

// Sort orders problems by line, then field, then text.
func Sort(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field), cmp.Compare(a.What, b.What))
	})
}

// Strings returns the texts of problems; never nil.
func Strings(problems []Problem) []string {
	out := make([]string, 0, len(problems))
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}
