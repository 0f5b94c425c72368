package assessment

import (
	"context"
	"fmt"

	"auditpack/evidence"
)

const compensatingSQL = `select
    evidence, "position", compensating_control, proof, "interval"
from exception_compensating`

const impactSQL = `select
    evidence, framework, requirement, effect, reason
from exception_impact`

// parts adds to each exception what its version in force says of compensating controls and of requirements.
func (r *runner) parts(ctx context.Context, list []Exception) error {
	measures, impacts := map[evidence.Digest][]Measure{}, map[evidence.Digest][]Impact{}
	err := query(ctx, r.facts, compensatingSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		m := Measure{Position: x.number("position"), Control: x.text("compensating_control"), Proof: x.text("proof"), Interval: x.text("interval"), Shown: measureNotAssessed}
		measures[x.digest("evidence")] = append(measures[x.digest("evidence")], m)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read compensating controls of exceptions: %w", err)
	}
	err = query(ctx, r.facts, impactSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		impact := Impact{FrameworkID(x.text("framework")), RequirementID(x.text("requirement")), x.text("effect"), x.text("reason")}
		impacts[x.digest("evidence")] = append(impacts[x.digest("evidence")], impact)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read requirements that exceptions touch: %w", err)
	}
	for i := range list {
		list[i].Measures = append(list[i].Measures, distinct(measures[list[i].Evidence])...)
		list[i].Impact = append(list[i].Impact, distinct(impacts[list[i].Evidence])...)
	}
	return nil
}

// distinct leaves out what was there before, in order: the same bytes in two sources or files say the same.
func distinct[T comparable](list []T) []T {
	seen := map[T]bool{}
	var out []T
	for _, x := range list {
		if !seen[x] {
			seen[x] = true
			out = append(out, x)
		}
	}
	return out
}

// Whether a compensating control was shown to operate.
const (
	measureShown       = "yes"
	measureNotShown    = "no"
	measureNotAssessed = "not-assessed" // EXC-08 was not assessed, or did not look at this version
)

// testOfMeasures is the test that looks at compensating controls. Its items are the exception's id and the control's position.
const testOfMeasures TestID = "EXC-08"

// showMeasures tells of each compensating control what the test found on it. Only what stood in the time judged was looked at.
func showMeasures(results []TestResult, list []Exception) {
	for _, t := range results {
		if t.ID != testOfMeasures || t.Status == TestNotAssessed {
			continue
		}
		found := map[string]string{}
		for _, d := range t.Deviations {
			found[d.Item] = d.Detail
		}
		for i := range list {
			e := &list[i]
			for j := range e.Measures {
				m := &e.Measures[j]
				detail, deviates := found[itemOfMeasure(e.ID, m.Position)]
				switch {
				case deviates:
					m.Shown, m.Detail = measureNotShown, detail
				case e.Valid:
					m.Shown = measureShown
				}
			}
		}
	}
}

func itemOfMeasure(id string, position int64) string { return fmt.Sprintf("%s %d", id, position) }
