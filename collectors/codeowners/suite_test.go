package codeowners_test

import (
	"testing"

	"auditpack/collectors/codeowners"
	"auditpack/collectors/collectortest"
)

func TestCollector(t *testing.T) {
	collectortest.Run(t, codeowners.Type, "testdata/*.txtar")
}
