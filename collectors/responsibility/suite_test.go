package responsibility_test

import (
	"testing"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/responsibility"
)

func TestCollector(t *testing.T) {
	collectortest.Run(t, responsibility.Type, "testdata/*.txtar")
}
