package codeowners

import (
	"context"
	"slices"
	"sync"
	"time"

	"auditpack/collectors"
)

// NoWaits makes c wait no time between attempts. What it returns tells how long it would have waited.
func NoWaits(c collectors.Collector) (waited func() []time.Duration) {
	var mu sync.Mutex
	var waits []time.Duration
	c.(*collector).sleep = func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		waits = append(waits, d)
		return ctx.Err()
	}
	return func() []time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(waits)
	}
}

// Patience sets how long c waits for one answer.
func Patience(c collectors.Collector, d time.Duration) { c.(*collector).timeout = d }
