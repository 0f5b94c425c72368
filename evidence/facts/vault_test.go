package facts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestVaultTables(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s,
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "audit.log", Content: read(t, "vault/audit-variants.log")},
		factstest.Evidence{Kind: "vault.audit-devices/1", Content: read(t, "vault/api-sys-audit.json")},
		factstest.Evidence{Kind: "vault.auth-methods/1", Content: read(t, "vault/api-sys-auth.json")},
		factstest.Evidence{Kind: "vault.mounts/1", Content: read(t, "vault/api-sys-mounts.json")},
	)
	db := factstest.Project(t, s, s)
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"select count(*), count(\"time\"), count(*) filter (parsed), max(line) from vault_audit", []string{"58 | 58 | 58 | 58"}},
		{"select path, type, file_path, log_raw, hmac_accessor from vault_audit_device order by path", []string{
			"file/ | file | /var/log/vault/audit.log | false | true", "sock/ | socket | - | false | true"}},
		{"select path, accessor, max_lease_ttl from vault_auth_method order by path", []string{
			"approle/ | auth_approle_d75c4939 | 0", "token/ | auth_token_ffd23ecf | 0", "userpass/ | auth_userpass_2aea9f32 | 0"}},
		{"select name, size_bytes, entry from record where kind = 'vault.audit-log/1'", []string{"audit.log | 99023 | 1"}},
	} {
		if d := cmp.Diff(c.want, factstest.Rows(t, db, c.query)); d != "" {
			t.Errorf("%s: got (+) want (-):\n%s", c.query, d)
		}
	}
}
