package terraform_test

import (
	"testing"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/terraform"
)

func TestSuite(t *testing.T) { collectortest.Run(t, terraform.Type, "testdata/*.txtar") }
