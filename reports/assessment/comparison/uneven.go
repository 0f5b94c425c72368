package comparison

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"auditpack/reports/assessment"
)

// Kinds of what makes two assessments uneven.
const (
	kindType      = "type"      // of a date against a period
	kindLength    = "length"    // of the periods, by more than the days that months and quarters differ
	kindParameter = "parameter" // of a test
	kindProgram   = "program"   // catalogue and SQL that the program brings
	kindWorkspace = "workspace" // the workspace's own files
)

// uneven lists what the two assessments were not alike made with.
func uneven(before, after assessment.Assessment) []InputChange {
	list := []InputChange{}
	if before.Type != after.Type {
		list = append(list, InputChange{Kind: kindType, Name: "type of assessment", Old: fmt.Sprint(before.Type), New: fmt.Sprint(after.Type)})
	}
	if a, b := lengthDays(before), lengthDays(after); a != b && max(a-b, b-a) > 3 {
		list = append(list, InputChange{Kind: kindLength, Name: "days of the period", Old: fmt.Sprint(a), New: fmt.Sprint(b)})
	}
	was, is := testsOf(before), testsOf(after)
	for _, id := range both(was, is) {
		x, hadIt := was[id]
		y, hasIt := is[id]
		if !hadIt || !hasIt {
			continue // the test's own file says so
		}
		for _, name := range both(x.Parameters, y.Parameters) {
			if a, b := valueText(x.Parameters[name]), valueText(y.Parameters[name]); a != b {
				list = append(list, InputChange{Kind: kindParameter, Name: string(id) + " " + name, Old: a, New: b})
			}
		}
	}
	return append(list, files(before, after)...)
}

// files lists the inputs whose bytes differ.
func files(before, after assessment.Assessment) []InputChange {
	was, is := map[string]string{}, map[string]string{}
	for _, f := range before.Inputs {
		was[f.Name] = string(f.Digest)
	}
	for _, f := range after.Inputs {
		is[f.Name] = string(f.Digest)
	}
	list := []InputChange{}
	for _, name := range both(was, is) {
		if was[name] == is[name] {
			continue
		}
		kind := kindProgram
		if strings.HasPrefix(name, "workspace/") {
			kind = kindWorkspace
		}
		list = append(list, InputChange{Kind: kind, Name: name, Old: was[name], New: is[name]})
	}
	slices.SortStableFunc(list, func(a, b InputChange) int { return cmp.Compare(a.Kind, b.Kind) })
	return list
}

// lengthDays is 0 for an assessment of a date.
func lengthDays(a assessment.Assessment) int64 {
	if a.Period == nil {
		return 0
	}
	return int64(a.Period.To.Sub(a.Period.From) / (24 * time.Hour))
}

func valueText(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil { // cannot come from JSON
		return fmt.Sprint(v)
	}
	return string(b)
}
