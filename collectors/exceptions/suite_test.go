package exceptions_test

import (
	"testing"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/exceptions"
)

func TestCollector(t *testing.T) {
	collectortest.Run(t, exceptions.Type, "testdata/*.txtar")
}
