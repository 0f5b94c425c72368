package collectors

import (
	"time"

	"auditpack/evidence"
)

// Standing says what evidence speaks about that is found now and is known to have been the same since a time: the period from
// then to now. Without such a time, or with one that is not in the past (clocks differ), it speaks about the instant now
// alone. Exactly one of the results is set.
func Standing(since *time.Time, now time.Time) (*evidence.Period, *time.Time) {
	now = now.UTC()
	if since == nil {
		return nil, &now
	}
	p, err := evidence.NewPeriod(*since, now)
	if err != nil {
		return nil, &now
	}
	return &p, nil
}
