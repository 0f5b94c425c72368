package main

import (
	"testing"

	"auditpack/collectors/collectortest"
)

// TestCollector runs the suite of all collectors on the type itself, in this process. auditpack's own tests run this program as a
// plugin.
func TestCollector(t *testing.T) {
	collectortest.Run(t, Type, "testdata/*.txtar")
}
