package codeowners_test

import (
	"testing"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/codeowners"
)

func TestCollector(t *testing.T) {
	collectortest.Run(t, codeowners.Type, "testdata/*.txtar")
}
