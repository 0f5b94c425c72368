package e2e

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	vaultapi "github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/ldap"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	"github.com/hashicorp/vault/builtin/logical/aws"
	"github.com/hashicorp/vault/builtin/logical/database"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/vault"
)

// startWholeVault starts a Vault with the auth methods and engines that company has set up.
func startWholeVault(t *testing.T) server {
	t.Helper()
	cluster := vault.NewTestCluster(t, &vault.CoreConfig{
		AuditBackends: map[string]audit.Factory{"file": audit.NewFileBackend},
		CredentialBackends: map[string]logical.Factory{
			"userpass": userpass.Factory, "approle": approle.Factory, "ldap": ldap.Factory, "acme-sso": userpass.Factory,
		},
		LogicalBackends: map[string]logical.Factory{"database": database.Factory, "aws": aws.Factory, "transit": transit.Factory},
	}, &vault.TestClusterOptions{HandlerFunc: vaulthttp.Handler, NumCores: 1})
	t.Cleanup(cluster.Cleanup)
	dir := t.TempDir()
	s := server{client: cluster.Cores[0].Client, log: filepath.Join(dir, "audit.log"), ca: filepath.Join(dir, "ca.pem")}
	must(t, os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.CACert.Raw}), 0o600))
	s.enableFile(t, "file", s.log)
	s.setUp(t)
	return s
}

func (s server) write(t *testing.T, path string, data map[string]any) map[string]any {
	t.Helper()
	secret, err := s.client.Logical().Write(path, data)
	if err != nil {
		t.Fatalf("write %s: %v", path, err)
	}
	if secret == nil {
		return nil
	}
	return secret.Data
}

// setUp makes, for the counts below: 2 entities with an alias each, 2 groups (one external with an alias), a TOTP method and an
// enforcement of it, 2 password policies, a token role, 2 AppRoles, 2 users, LDAP with a group, 2 database roles, an AWS lease, 2 transit keys (one rotated).
func (s server) setUp(t *testing.T) {
	t.Helper()
	for _, kind := range []string{"userpass", "approle", "ldap", "acme-sso"} {
		must(t, s.client.Sys().EnableAuthWithOptions(kind, &vaultapi.EnableAuthOptions{Type: kind}))
	}
	for _, kind := range []string{"database", "aws", "transit"} {
		must(t, s.client.Sys().Mount(kind, &vaultapi.MountInput{Type: kind}))
	}
	must(t, s.client.Sys().TuneMount("auth/userpass", vaultapi.MountConfigInput{
		DefaultLeaseTTL: "1h", MaxLeaseTTL: "8h", AuditNonHMACRequestKeys: []string{"username"},
	}))
	methods, err := s.client.Sys().ListAuth()
	must(t, err)

	s.write(t, "auth/token/roles/ci", map[string]any{"allowed_policies": "team", "token_explicit_max_ttl": "2h", "orphan": true})
	s.write(t, "auth/approle/role/deploy", map[string]any{"token_ttl": "20m", "token_max_ttl": "1h", "secret_id_num_uses": 40, "token_policies": "team"})
	s.write(t, "auth/approle/role/batch", map[string]any{"token_type": "batch", "token_ttl": "5m", "bind_secret_id": false, "token_bound_cidrs": "127.0.0.1/32", "secret_id_bound_cidrs": ""})
	s.write(t, "auth/userpass/users/alice", map[string]any{"password": canary, "token_policies": "team", "token_ttl": "30m"})
	s.write(t, "auth/userpass/users/bob", map[string]any{"password": canary, "token_period": "24h"})
	s.write(t, "auth/ldap/config", map[string]any{"url": "ldap://127.0.0.1:1", "binddn": "cn=vault", "bindpass": canary, "token_ttl": "15m"})
	s.write(t, "auth/ldap/groups/admins", map[string]any{"policies": "team"})
	s.write(t, "database/roles/app", map[string]any{"db_name": "orders", "creation_statements": "create user {{name}}", "default_ttl": "1h", "max_ttl": "24h"})
	s.write(t, "database/roles/report", map[string]any{"db_name": "orders", "creation_statements": "create user {{name}}", "default_ttl": "10m"})
	s.write(t, "aws/config/lease", map[string]any{"lease": "30m", "lease_max": "2h"})
	s.write(t, "aws/roles/deploy", map[string]any{"credential_type": "iam_user", "policy_document": `{"Version":"2012-10-17","Statement":[]}`})
	s.write(t, "transit/keys/app", map[string]any{"auto_rotate_period": "720h"})
	s.write(t, "transit/keys/app/rotate", nil)
	s.write(t, "transit/keys/sign", map[string]any{"type": "ecdsa-p256", "exportable": true})
	for _, name := range []string{"long", "longer"} {
		s.write(t, "sys/policies/password/"+name, map[string]any{"policy": "length = 20\nrule \"charset\" {\n  charset = \"abcdefghij\"\n}\n"})
	}

	var ids []string
	for _, name := range []string{"alice", "bob"} {
		id := s.write(t, "identity/entity", map[string]any{"name": name, "policies": "team", "metadata": map[string]string{"team": "platform"}})["id"].(string)
		s.write(t, "identity/entity-alias", map[string]any{"name": name, "canonical_id": id, "mount_accessor": methods["userpass/"].Accessor})
		ids = append(ids, id)
	}
	s.write(t, "identity/entity/id/"+ids[1], map[string]any{"disabled": true})
	s.write(t, "identity/group", map[string]any{"name": "platform", "policies": "team", "member_entity_ids": ids[:1]})
	external := s.write(t, "identity/group", map[string]any{"name": "ldap-admins", "type": "external"})["id"]
	s.write(t, "identity/group-alias", map[string]any{"name": "admins", "canonical_id": external, "mount_accessor": methods["ldap/"].Accessor})
	method := s.write(t, "identity/mfa/method/totp", map[string]any{"issuer": "ACME", "period": 30, "method_name": "totp"})["method_id"]
	s.write(t, "identity/mfa/login-enforcement/people", map[string]any{"mfa_method_ids": []any{method}, "auth_method_accessors": []string{methods["ldap/"].Accessor}})
}

// guidePolicy is the policy of docs/sources/vault.md, whole, and its stanzas.
func guidePolicy(t *testing.T) (string, []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "sources", "vault.md"))
	must(t, err)
	var whole strings.Builder
	for _, block := range regexp.MustCompile("(?s)\n```hcl\n(.*?)```").FindAllSubmatch(b, -1) {
		whole.Write(block[1])
	}
	stanzas := regexp.MustCompile(`(?s)path "[^"]+" \{.*?\n\}\n`).FindAllString(whole.String(), -1)
	if len(stanzas) < 30 {
		t.Fatalf("the guide has %d stanzas of policy, want at least 30", len(stanzas))
	}
	return whole.String(), stanzas
}

// liveWorkspace has a source that asks at address, with further keys.
func liveWorkspace(t *testing.T, address string, keys ...string) string {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("organization: {name: E2E GmbH, role: provider}\nframeworks: [iso27001-2022]\nsources:\n  - name: vault\n    type: vault\n    address: %s\n", address)
	for _, key := range keys {
		config += "    " + key + "\n"
	}
	must(t, os.WriteFile(filepath.Join(dir, "auditpack.yaml"), []byte(config), 0o600))
	return dir
}

// outcomes returns the outcomes of the only collection of the source by part, with their details.
func (s server) outcomes(t *testing.T, dir, token string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, row := range s.rows(t, dir, token, "select part, outcome, items, detail from collection_part where source = 'vault'") {
		got[row["part"].(string)] = strings.TrimSpace(fmt.Sprint(row["outcome"], " ", row["items"], " ", row["detail"]))
	}
	return got
}

func TestPolicyOfTheGuideIsEnough(t *testing.T) {
	s := startWholeVault(t)
	policy, _ := guidePolicy(t)
	policy += extraPolicy
	must(t, s.client.Sys().PutPolicy("auditpack", policy))
	token := s.tokenFor(t, "auditpack")
	forever, err := s.client.Auth().Token().CreateOrphan(&vaultapi.TokenCreateRequest{Policies: []string{"root"}, DisplayName: "left-over"})
	must(t, err)
	dir := liveWorkspace(t, s.client.Address())
	s.mustRun(t, 0, dir, token, append([]string{"collect"}, period()...)...)

	got := s.outcomes(t, dir, token)
	for part, want := range map[string]string{
		"sys/audit": "ok 1", "sys/auth": "ok 1", "sys/mounts": "ok 1", "sys/health": "ok 1", "sys/seal-status": "ok 1", "sys/leader": "ok 1",
		"sys/ha-status": "ok 1", "sys/replication/status": "ok 1", "sys/version-history": "ok 1", "sys/namespaces": "not-offered 0",
		"sys/policies/acl": "ok 3", "sys/policies/password": "ok 2", "identity/entity/id": "ok 2", "identity/entity-alias/id": "ok 1",
		"identity/group/id": "ok 2", "identity/group-alias/id": "ok 1", "identity/mfa/method": "ok 1", "identity/mfa/login-enforcement": "ok 1",
		"tuning of mounts": "ok 12", "auth/token/roles": "ok 1", "auth/approle/role": "ok 2", "auth/userpass/users": "ok 2",
		"auth/ldap/config": "ok 1", "auth/ldap/users": "none 0", "auth/ldap/groups": "ok 1", "auth/acme-sso/": "not-offered 0",
		"database/roles": "ok 2", "database/static-roles": "none 0", "aws/roles": "ok 1", "aws/static-roles": "none 0", "aws/config/lease": "ok 1", "transit/keys": "ok 2",
		"auth/token/accessors": "ok 3", "own requests": "ok",
	} {
		if !strings.HasPrefix(got[part], want) {
			t.Errorf("%s: got %q, want %q", part, got[part], want)
		}
		delete(got, part)
	}
	for part, outcome := range got {
		t.Errorf("%s: got %q, and nobody asked for it", part, outcome)
	}

	for _, q := range []struct{ query, want string }{
		{"select string_agg(name || ' ' || disabled || ' ' || aliases || ' ' || len(direct_group_ids), ', ' order by name) as x from vault_entity", "alice false 1 1, bob true 1 0"},
		{"select string_agg(name || ' ' || mount_type, ', ' order by name) as x from vault_entity_alias join vault_entity using (entity_id, name)", "alice userpass, bob userpass"},
		{"select string_agg(name || ' ' || type || ' ' || len(member_entity_ids) || ' ' || coalesce(alias_name, '-'), ', ' order by name) as x from vault_group", "ldap-admins external 0 admins, platform internal 1 -"},
		{"select string_agg(a.name || ' ' || g.name || ' ' || a.mount_path, ', ') as x from vault_group_alias a join vault_group g using (group_id)", "admins ldap-admins auth/ldap/"},
		{"select string_agg(m.type || ' ' || m.issuer || ' ' || e.name || ' ' || a.path, ', ') as x from vault_mfa_enforcement e join vault_mfa_method m on list_contains(e.mfa_method_ids, m.method_id) join vault_auth_method a on list_contains(e.auth_method_accessors, a.accessor)", "totp ACME people ldap/"},
		{"select string_agg(name || ' ' || length, ', ' order by name) as x from vault_password_policy", "long 20, longer 20"},
		{"select string_agg(mount || ' ' || mount_type || ' ' || collection || ' ' || coalesce(role, '-') || coalesce(' ' || token_ttl || ' ' || token_max_ttl || ' ' || token_period, ''), ', ' order by mount, collection, role) as x from vault_auth_role where mount_type <> 'token'",
			"auth/approle/ approle role batch 300 0 0, auth/approle/ approle role deploy 1200 3600 0, auth/ldap/ ldap config - 900 0 0, auth/ldap/ ldap groups admins, auth/userpass/ userpass users alice 1800 0 0, auth/userpass/ userpass users bob 0 0 86400"},
		{"select string_agg(role || ' ' || token_explicit_max_ttl || ' ' || orphan || ' ' || policies[1], ', ') as x from vault_auth_role where mount = 'auth/token/'", "ci 7200 true team"},
		{"select string_agg(mount || collection || ' ' || coalesce(role, '-') || ' ' || coalesce(default_ttl, -1) || ' ' || coalesce(max_ttl, -1), ', ' order by mount, collection, role) as x from vault_engine_role",
			"aws/config/lease - 1800 7200, aws/roles deploy 0 0, database/roles app 3600 86400, database/roles report 600 0"},
		{"select default_lease_ttl || ' ' || max_lease_ttl || ' ' || audit_non_hmac_request_keys[1] as x from vault_tuning where path = 'auth/userpass/'", "3600 28800 username"},
		{"select string_agg(display_name || ' ' || root || ' ' || never_expires, ', ' order by display_name) as x from vault_token", "root true true, token-auditpack false false, token-left-over true true"},
		{"select string_agg(mount || ' ' || key || ' ' || key_type || ' ' || latest_version || ' ' || versions || ' ' || (rotated_at >= created_at) || ' ' || auto_rotate_period || ' ' || exportable || ' ' || deletion_allowed, ', ' order by key) as x from vault_transit_key",
			"transit/ app aes256-gcm96 2 2 true 2592000 false false, transit/ sign ecdsa-p256 1 1 true 0 true false"},
		{"select type || ' ' || threshold || ' ' || shares || ' ' || sealed as x from vault_seal", "shamir 3 3 false"},
		{"select string_agg(replication || ' ' || mode, ', ' order by replication) as x from vault_replication", "dr disabled, performance disabled"},
		{"select count(*) || ' ' || count(*) filter (active) as x from vault_ha_node", "1 1"},
		{"select string_agg(name, ', ' order by name) as x from vault_policy", "auditpack, default, root"},
	} {
		if rows := s.rows(t, dir, token, q.query); len(rows) != 1 || fmt.Sprint(rows[0]["x"]) != q.want {
			t.Errorf("%s:\n got %v\nwant %s", q.query, rows, q.want)
		}
	}
	s.noSecretsStored(t, dir, token)
	s.noSecretsStored(t, dir, forever.Auth.ClientToken)
}

// extraPolicy is for mounts that the guide names in its table alone.
const extraPolicy = `
path "auth/ldap/config" { capabilities = ["read"] }
path "auth/ldap/users" { capabilities = ["list"] }
path "auth/ldap/groups" { capabilities = ["list"] }
path "auth/ldap/groups/+" { capabilities = ["read"] }
path "aws/roles" { capabilities = ["list"] }
path "aws/roles/+" { capabilities = ["read"] }
path "aws/static-roles" { capabilities = ["list"] }
path "aws/config/lease" { capabilities = ["read"] }
`

// Each stanza of the guide's policy is needed: without it a part is denied, and the denial names it.
func TestPolicyOfTheGuideIsNotTooMuch(t *testing.T) {
	s := startWholeVault(t)
	must(t, s.client.Sys().PutPolicy("auditpack", extraPolicy))
	token := s.tokenFor(t, "auditpack")
	dir := liveWorkspace(t, s.client.Address())
	_, stanzas := guidePolicy(t)
	for i, stanza := range stanzas {
		path := regexp.MustCompile(`path "([^"]+)"`).FindStringSubmatch(stanza)[1]
		if path == "database/static-roles/+" {
			continue // a static role needs a database
		}
		rest := slices.Concat(stanzas[:i], stanzas[i+1:])
		must(t, s.client.Sys().PutPolicy("auditpack", strings.Join(rest, "\n")+extraPolicy))
		_, stderr, status := s.run(t, dir, token, append([]string{"collect", "--no-facts"}, period()...)...)
		if status != 1 || !strings.Contains(stderr, fmt.Sprintf("path %q", path)) {
			t.Errorf("without the stanza of %s: exit status %d, want 1 and its line named:\n%s", path, status, stderr)
		}
	}
}

// proxy passes requests on to the Vault and calls seen after each answer.
func proxy(t *testing.T, s server, before func(path string)) *httptest.Server {
	t.Helper()
	target, err := url.Parse(s.client.Address())
	must(t, err)
	pass := httputil.NewSingleHostReverseProxy(target)
	pass.Transport = s.client.CloneConfig().HttpClient.Transport
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(r.URL.Path)
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func TestSealWhileCollecting(t *testing.T) {
	s := startWholeVault(t)
	token := s.client.Token()
	var asked atomic.Int64
	p := proxy(t, s, func(path string) {
		if path == "/v1/identity/group/id" && asked.Add(1) == 1 {
			must(t, s.client.Sys().Seal())
		}
	})
	dir := liveWorkspace(t, p.URL)
	start := time.Now()
	_, stderr, status := s.run(t, dir, token, append([]string{"collect"}, period()...)...)
	if status != 1 || !strings.Contains(stderr, "sealed") {
		t.Errorf("exit status %d, want 1 and a word of the seal:\n%s", status, stderr)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %s: each of the parts was waited for", took)
	}
	got := s.outcomes(t, dir, token)
	for part, want := range map[string]string{
		"sys/audit": "ok 1", "identity/entity/id": "ok 2", "identity/group/id": "failed 0", "identity/mfa/method": "failed 0 ask identity/mfa/method: vault was sealed while it was asked",
		"tuning of mounts": "failed", "roles of auth methods": "failed", "roles of secrets engines": "failed", "auth/token/accessors": "failed", "own requests": "failed",
	} {
		if !strings.HasPrefix(got[part], want) {
			t.Errorf("%s: got %q, want %q", part, got[part], want)
		}
	}
	if rows := s.rows(t, dir, token, "select count(*) as n from vault_entity"); fmt.Sprint(rows[0]["n"]) != "2" {
		t.Errorf("got %v entities from before the seal, want 2", rows[0]["n"])
	}
}

// An AppRole whose tokens live for two seconds, and not longer than four, collects over a slow line: it renews, logs in again, and
// leaves no token behind.
func TestAppRoleLoginOverASlowLine(t *testing.T) {
	s := startWholeVault(t)
	policy, _ := guidePolicy(t)
	must(t, s.client.Sys().PutPolicy("auditpack", policy+extraPolicy))
	s.write(t, "auth/approle/role/auditpack", map[string]any{"token_policies": "auditpack", "token_ttl": "2s", "token_max_ttl": "4s"})
	role, err := s.client.Logical().Read("auth/approle/role/auditpack/role-id")
	must(t, err)
	id := s.write(t, "auth/approle/role/auditpack/secret-id", nil)["secret_id"].(string)
	var logins, renewals, revoked atomic.Int64
	p := proxy(t, s, func(path string) {
		switch path {
		case "/v1/auth/approle/login":
			logins.Add(1)
		case "/v1/auth/token/renew-self":
			renewals.Add(1)
		case "/v1/auth/token/revoke-self":
			revoked.Add(1)
		}
		time.Sleep(200 * time.Millisecond)
	})
	dir := liveWorkspace(t, p.URL, "login: {method: approle, role_id_file: role-id, secret_id_file: secret-id}")
	must(t, os.WriteFile(filepath.Join(dir, "role-id"), []byte(role.Data["role_id"].(string)+"\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "secret-id"), []byte(id+"\n"), 0o600))
	s.mustRun(t, 0, dir, id, append([]string{"collect"}, period()...)...)
	t.Logf("%d logins, %d renewals, %d revocations", logins.Load(), renewals.Load(), revoked.Load())
	if logins.Load() < 2 || renewals.Load() < 1 || revoked.Load() != logins.Load() {
		t.Errorf("%d logins, %d renewals, %d revocations: want at least 2, 1 and as many as logins", logins.Load(), renewals.Load(), revoked.Load())
	}
	keys, err := s.client.Logical().List("auth/token/accessors")
	must(t, err)
	if n := len(keys.Data["keys"].([]any)); n != 1 {
		t.Errorf("%d tokens are left, want the root token alone", n)
	}
	rows := s.rows(t, dir, id, "select count(*) as n from vault_auth_role where mount = 'auth/approle/'")
	if fmt.Sprint(rows[0]["n"]) != "3" {
		t.Errorf("got %v AppRoles, want 3", rows[0]["n"])
	}
	out := s.mustRun(t, 0, dir, id, "evidence", "list", "--json")
	if !strings.Contains(out, `"approle (entity `) {
		t.Error("no record says that it was collected as approle")
	}
	s.noSecretsStored(t, dir, id)
}

func TestLoginsThatFail(t *testing.T) {
	s := startWholeVault(t)
	role, err := s.client.Logical().Read("auth/approle/role/deploy/role-id")
	must(t, err)
	id := s.write(t, "auth/approle/role/deploy/secret-id", nil)["secret_id"].(string)
	methods, err := s.client.Sys().ListAuth()
	must(t, err)
	list, err := s.client.Logical().List("identity/mfa/method")
	must(t, err)
	for _, tt := range []struct {
		name, login, secret, want string
		enforce                   bool
	}{
		{"a wrong secret id", "{method: approle, secret_id_file: secret-id}", "wrong", "vault refuses the approle login", false},
		{"no such mount", "{method: approle, mount: elsewhere, secret_id_file: secret-id}", id, "vault refuses the approle login", false},
		{"no file", "{method: approle, secret_id_file: missing}", id, `read secret_id_file "missing": no such file`, false},
		{"not in a pod", "{method: kubernetes, role: auditpack}", id, "read jwt_file", false},
		{"login MFA", "{method: approle, secret_id_file: secret-id}", id, "asks for a second factor", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.enforce {
				s.write(t, "identity/mfa/login-enforcement/machines", map[string]any{"mfa_method_ids": list.Data["keys"], "auth_method_accessors": []string{methods["approle/"].Accessor}})
			}
			dir := liveWorkspace(t, s.client.Address(), "login: "+tt.login)
			must(t, os.WriteFile(filepath.Join(dir, "secret-id"), []byte(tt.secret), 0o600))
			t.Setenv("VAULT_ROLE_ID", role.Data["role_id"].(string))
			_, stderr, status := s.run(t, dir, id, append([]string{"collect"}, period()...)...)
			if status != 1 || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit status %d, want 1 and %q:\n%s", status, tt.want, stderr)
			}
			if got := s.outcomes(t, dir, id)["sys/health"]; !strings.HasPrefix(got, "ok 1") {
				t.Errorf("sys/health, which needs no token: got %q", got)
			}
		})
	}
}

func TestTokensAreBounded(t *testing.T) {
	s := startWholeVault(t)
	for range 30 {
		s.tokenFor(t, "default")
	}
	token := s.client.Token()
	dir := liveWorkspace(t, s.client.Address(), "max_tokens: 12")
	s.mustRun(t, 0, dir, token, append([]string{"collect"}, period()...)...)
	if rows := s.rows(t, dir, token, "select count(*) as n from vault_token"); fmt.Sprint(rows[0]["n"]) != "12" {
		t.Errorf("got %v tokens, want 12", rows[0]["n"])
	}
	out := s.mustRun(t, 0, dir, token, "evidence", "list", "--json")
	if !bytes.Contains([]byte(out), []byte("looked at 12 of 31 tokens")) {
		t.Error("no record says that 12 of 31 tokens were looked at")
	}
}
