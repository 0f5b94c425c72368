package assessment

import (
	"fmt"
	"time"

	"auditpack/evidence"
)

// OpenAspect is an aspect that people have not shown, or not for all of the time that is judged.
type OpenAspect struct {
	Control *Control
	Aspect  Aspect
	Reason  Reason
}

// OpenAspects lists the aspects of controls that bear on a framework for which manual tests are missing or do not suffice, by
// control. typ, period and asOf are those of [Input]. Whether the documents of a manual test are there is left to [Assess].
func OpenAspects(c *Catalogue, f FrameworkID, files []File, typ int, period evidence.Period, asOf time.Time) ([]OpenAspect, error) {
	if _, ok := c.Framework(f); !ok {
		return nil, fmt.Errorf("framework %q is not in the catalogue", f)
	}
	w, err := newWindow(typ, period, asOf)
	if err != nil {
		return nil, err
	}
	tests, err := readManualTests(files, c)
	if err != nil {
		return nil, err
	}
	open := []OpenAspect{}
	for _, x := range c.Controls {
		if !x.Reaches(f) {
			continue
		}
		for _, a := range x.Manual() {
			var res AspectResult
			reason := res.shownByPeople(manualTestsOf(tests, x.ID, a.ID), a.overPeriod(w), w)
			if reason.Code == "" || reason.Code == codeDeviations {
				continue
			}
			reason.Control, reason.Aspect, reason.Owner = x.ID, a.ID, x.Owner
			open = append(open, OpenAspect{x, a, reason})
		}
	}
	return open, nil
}
