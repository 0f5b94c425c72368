package terraform

import (
	"context"
	"time"

	"auditpack/collectors"
)

// NoWaits makes c wait no time between attempts and returns where it notes how long it would have waited.
func NoWaits(c collectors.Collector) *[]time.Duration {
	var waits []time.Duration
	c.(*collector).sleep = func(ctx context.Context, d time.Duration) error {
		waits = append(waits, d)
		return ctx.Err()
	}
	return &waits
}
