// Package all lists the built-in collectors. It is the only place that knows them all.
package all

import (
	"auditpack/collectors"
	"auditpack/collectors/boundary"
	"auditpack/collectors/codeowners"
	"auditpack/collectors/documents"
	"auditpack/collectors/exceptions"
	"auditpack/collectors/plugin"
	"auditpack/collectors/register"
	"auditpack/collectors/responsibility"
	"auditpack/collectors/terraform"
	"auditpack/collectors/vault"
	"auditpack/collectors/wafpass"
)

// Types returns the collectors that auditpack.yaml may name, by name.
func Types() []collectors.Type {
	return []collectors.Type{
		boundary.Type,
		codeowners.Type,
		documents.Type,
		exceptions.Type,
		plugin.Type,
		register.Type,
		responsibility.Type,
		terraform.Type,
		vault.Type,
		wafpass.Type,
	}
}
