package documents_test

import (
	"testing"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/documents"
)

func TestCollector(t *testing.T) {
	collectortest.Run(t, documents.Type, "testdata/*.txtar")
}
