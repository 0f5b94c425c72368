package boundary

import (
	"testing"

	"auditpack/collectors/collectortest"
)

func TestSuite(t *testing.T) { collectortest.Run(t, Type, "testdata/*.txtar") }
