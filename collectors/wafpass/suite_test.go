package wafpass_test

import (
	"testing"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/wafpass"
)

func TestCollector(t *testing.T) {
	collectortest.Run(t, wafpass.Type, "testdata/*.txtar")
}
