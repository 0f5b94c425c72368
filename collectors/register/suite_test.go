package register_test

import (
	"testing"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/register"
)

func TestCollector(t *testing.T) {
	collectortest.Run(t, register.Type, "testdata/*.txtar")
}
