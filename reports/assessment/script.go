package assessment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"auditpack/evidence/facts"
	"auditpack/templates"
)

// runnerTimes are the variables of the runner that are times: an Assessment has them as text.
var runnerTimes = []string{varAsOf, varEvidenceFrom, varEvidenceTo, varFrom, varTo}

// Script returns the SQL that runs t again over the fact tables, in DuckDB alone: its variables, the size of its population, and its
// deviations in one order. The same result gives the same text.
func (t TestResult) Script() (string, error) {
	params := map[string]any{}
	for name, v := range t.Parameters {
		params[name] = v
	}
	for name, v := range t.Variables {
		text, isText := v.(string)
		if isText && slices.Contains(runnerTimes, name) {
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				return "", fmt.Errorf("write script of %s: variable %q: %w", t.ID, name, err)
			}
			v = at
		}
		params[name] = v
	}
	variables, err := facts.VariablesScript(params)
	if err != nil {
		return "", fmt.Errorf("write script of %s: %w", t.ID, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-- %s: %s\n", t.ID, strings.Join(strings.Fields(t.Title.In(templates.English)), " "))
	fmt.Fprintf(&b, "-- The assessment has: %s, population %d, deviations %d.\n", t.Status, t.Population, len(t.Deviations))
	if t.Status == TestNotAssessed {
		b.WriteString("-- Rows found below are not in it: what they would rest on is missing, and the assessment says what.\n")
	}
	fmt.Fprintf(&b, "%s\nselect count(*) as population from (%s);\n\n%s;\n", variables, facts.Ordered(t.SQL.Population), facts.Ordered(t.SQL.Deviations))
	return b.String(), nil
}
