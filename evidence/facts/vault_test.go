package facts_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
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

func TestOddLines(t *testing.T) {
	const whole = `{"time":"2026-07-01T00:00:00.5Z","type":"request","request":{"id":"r1","path":"sys/audit"},"auth":{"policies":["root"]}}`
	log := `# {"time":"2026-07-01T00:00:00Z","type":"request","request":{"id":"r0"}}` + "\n" + `{"auth":{` + whole + "\n" + "# [not an object]\n" + `# {"type":"response","request":{"id":"r0"},"error":"denied"}` + "\n"
	s := memstore.New()
	blob := evidence.DigestOf([]byte(log))
	odd, err := json.Marshal(map[string]any{"evidence": blob, "line": 2, "device": "audit.log", "byte_offset": 73, "size_bytes": 130, "reason": "cut-entry", "head": "", "recovered": whole})
	if err != nil {
		t.Fatal(err)
	}
	factstest.Add(t, s, s,
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "audit.log", MediaType: `application/x-ndjson; prefix="# "`, Content: log},
		factstest.Evidence{Kind: "vault.audit-odd-lines/1", Name: "audit.log", Content: string(odd) + "\n", DerivedFrom: []evidence.Digest{blob}},
	)
	db := factstest.Project(t, s, s)
	for _, c := range []struct {
		query string
		want  []string
	}{
		{`select line, device, parsed, "time", request_id, path, policies, evidence = '` + string(blob) + `' from vault_audit order by line, parsed`, []string{
			"1 | audit.log | true | 2026-07-01T00:00:00Z | r0 | - | [] | true",
			"2 | audit.log | false | - | - | - | [] | true",
			"2 | audit.log | true | 2026-07-01T00:00:00.5Z | r1 | sys/audit | [root] | true",
			"3 | audit.log | false | - | - | - | [] | true",
			"4 | audit.log | true | - | r0 | - | [] | true",
		}},
		{"select line, reason, recovered is not null from vault_odd_line", []string{"2 | cut-entry | true"}},
		{"select request_id, requests, responses, devices, line, error from vault_request order by 1", []string{
			"r0 | 1 | 1 | 1 | 1 | denied", "r1 | 1 | 0 | 1 | 2 | -"}},
	} {
		if d := cmp.Diff(c.want, factstest.Rows(t, db, c.query)); d != "" {
			t.Errorf("%s: got (+) want (-):\n%s", c.query, d)
		}
	}
}

// An engine's refusal may stand in its answer alone, in the field error; in the answer of a secret that was read any field may.
func TestVaultResponseError(t *testing.T) {
	const refused = `{"type":"response","request":{"id":"r3","operation":"update","path":"auth/userpass/login/a","mount_type":"userpass"},"response":{"data":{"error":"hmac-sha256:00"}}}`
	log := `{"type":"request","request":{"id":"r1","operation":"delete","path":"transit/keys/a","mount_type":"transit"}}
{"type":"response","request":{"id":"r1","operation":"delete","path":"transit/keys/a","mount_type":"transit"},"response":{"data":{"error":"hmac-sha256:00"}}}
{"type":"response","request":{"id":"r2","operation":"read","path":"kv1/a","mount_type":"kv"},"response":{"data":{"error":"hmac-sha256:00","user":"hmac-sha256:01"}}}
x
{"type":"response","request":{"id":"r4","operation":"list","path":"a"},"response":{"data":["error"]}}
{"type":"response","request":{"id":"r5","operation":"read","path":"pki/tidy-status","mount_type":"pki"},"response":{"data":{"error":null,"state":"hmac-sha256:02"}}}
`
	s := memstore.New()
	blob := evidence.DigestOf([]byte(log))
	odd, err := json.Marshal(map[string]any{"evidence": blob, "line": 4, "device": "audit.log", "recovered": refused})
	if err != nil {
		t.Fatal(err)
	}
	factstest.Add(t, s, s,
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "audit.log", Content: log},
		factstest.Evidence{Kind: "vault.audit-odd-lines/1", Name: "audit.log", Content: string(odd) + "\n", DerivedFrom: []evidence.Digest{blob}},
	)
	db := factstest.Project(t, s, s)
	for query, want := range map[string][]string{
		`select line, response_error from vault_audit where parsed order by line`: {"1 | -", "2 | true", "3 | false", "4 | true", "5 | false", "6 | false"},
		`select request_id, response_error from vault_request order by 1`:         {"r1 | true", "r2 | false", "r3 | true", "r4 | false", "r5 | false"},
	} {
		if d := cmp.Diff(want, factstest.Rows(t, db, query)); d != "" {
			t.Errorf("%s: got (+) want (-):\n%s", query, d)
		}
	}
}

// What was found to be an entry when its line was kept aside counts as parsed, whatever its members are called.
func TestEntryKeptAsideIsParsed(t *testing.T) {
	s := memstore.New()
	blob := evidence.DigestOf([]byte("x\n"))
	odd, err := json.Marshal(map[string]any{"evidence": blob, "line": 1, "device": "audit.log", "recovered": `{"Time":"2026-07-01T00:00:00Z","Type":"request"}`})
	if err != nil {
		t.Fatal(err)
	}
	factstest.Add(t, s, s, factstest.Evidence{Kind: "vault.audit-odd-lines/1", Name: "audit.log", Content: string(odd) + "\n", DerivedFrom: []evidence.Digest{blob}})
	rows := factstest.Rows(t, factstest.Project(t, s, s), "select line, parsed from vault_audit")
	if d := cmp.Diff([]string{"1 | true"}, rows); d != "" {
		t.Errorf("got (+) want (-):\n%s", d)
	}
}
