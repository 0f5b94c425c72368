package codeowners

import (
	"time"

	"auditpack/collectors"
	"auditpack/collectors/collectortest"
)

// NoWaits makes c wait no time between attempts. What it returns tells how long it would have waited.
func NoWaits(c collectors.Collector) (waited func() []time.Duration) {
	var w collectortest.Waits
	c.(*collector).sleep = w.Sleep
	return w.All
}

// Patience sets how long c waits for one answer.
func Patience(c collectors.Collector, d time.Duration) { c.(*collector).timeout = d }
