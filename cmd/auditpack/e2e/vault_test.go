// Package e2e runs bin/auditpack against a real Vault that lives in the test process. It is a module of its own, so that
// Vault's modules stay out of the program's.
package e2e

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	vaultapi "github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/vault"
)

// canary stands in places that auditpack must never print or keep in the clear.
const canary = "canary-4b1d-never-keep-this"

// program returns the path of the built program, which make names in AUDITPACK.
func program(t *testing.T) string {
	t.Helper()
	p := os.Getenv("AUDITPACK")
	if p == "" {
		p = filepath.Join("..", "..", "..", "bin", "auditpack")
	}
	abs, err := filepath.Abs(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(abs); err != nil {
		t.Fatalf("no program to test: %v; run make build", err)
	}
	return abs
}

// server is a running Vault with a file audit device.
type server struct {
	client *vaultapi.Client // with the root token
	log    string           // path of the device "file"
	ca     string           // path of the CA certificate, PEM
}

func startVault(t *testing.T) server {
	t.Helper()
	dir := t.TempDir()
	cluster := vault.NewTestCluster(t, &vault.CoreConfig{
		AuditBackends:      map[string]audit.Factory{"file": audit.NewFileBackend, "socket": audit.NewSocketBackend},
		CredentialBackends: map[string]logical.Factory{"userpass": userpass.Factory},
	}, &vault.TestClusterOptions{HandlerFunc: vaulthttp.Handler, NumCores: 1})
	t.Cleanup(cluster.Cleanup)
	s := server{client: cluster.Cores[0].Client, log: filepath.Join(dir, "audit.log"), ca: filepath.Join(dir, "ca.pem")}
	pemBytes := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.CACert.Raw})
	if err := os.WriteFile(s.ca, pemBytes, 0o600); err != nil {
		t.Fatal(err)
	}
	s.enableFile(t, "file", s.log)
	return s
}

func (s server) enableFile(t *testing.T, device, path string) {
	t.Helper()
	must(t, s.client.Sys().EnableAuditWithOptions(device, &vaultapi.EnableAuditOptions{Type: "file", Options: map[string]string{"file_path": path}}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// userPolicy is what alice may do.
const userPolicy = `path "secret/*" { capabilities = ["create", "read", "update"] }`

// tokenFor returns a token of the named policies.
func (s server) tokenFor(t *testing.T, policies ...string) string {
	t.Helper()
	secret, err := s.client.Auth().Token().Create(&vaultapi.TokenCreateRequest{Policies: policies, DisplayName: "auditpack"})
	must(t, err)
	return secret.Auth.ClientToken
}

// operate does what a company does with a Vault in a day, and the three things that an auditor wants to see.
func (s server) operate(t *testing.T) {
	t.Helper()
	must(t, s.client.Sys().EnableAuthWithOptions("userpass", &vaultapi.EnableAuthOptions{Type: "userpass"}))
	must(t, s.client.Sys().PutPolicy("team", userPolicy)) // a policy change, by the root token
	_, err := s.client.Logical().Write("auth/userpass/users/alice", map[string]any{"password": canary, "policies": "team"})
	must(t, err)
	alice, err := s.client.Clone()
	must(t, err)
	login, err := alice.Logical().Write("auth/userpass/login/alice", map[string]any{"password": canary})
	must(t, err)
	alice.SetToken(login.Auth.ClientToken)
	for i := range 20 {
		_, err := alice.Logical().Write(fmt.Sprintf("secret/app%d", i), map[string]any{"value": canary})
		must(t, err)
	}
	if _, err := alice.Logical().Read("sys/policies/acl/team"); err == nil {
		t.Fatal("alice may read policies: the test's Vault is not as it should be")
	}
	second := filepath.Join(filepath.Dir(s.log), "second.log") // an audit device comes and goes
	s.enableFile(t, "second", second)
	must(t, s.client.Sys().DisableAudit("second"))
}

// run runs the program and returns what it printed and its exit status.
func (s server) run(t *testing.T, dir, token string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "VAULT_ADDR="+s.client.Address(), "VAULT_TOKEN="+token, "VAULT_CACERT="+s.ca)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, text := range []string{out.String(), errs.String()} {
		if strings.Contains(text, token) || strings.Contains(text, canary) {
			t.Errorf("auditpack %s printed a secret", strings.Join(args, " "))
		}
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func (s server) mustRun(t *testing.T, want int, dir, token string, args ...string) string {
	t.Helper()
	stdout, stderr, status := s.run(t, dir, token, args...)
	if status != want {
		t.Fatalf("auditpack %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), status, want, stdout, stderr)
	}
	return stdout
}

// rows runs a query and returns its rows as JSON objects.
func (s server) rows(t *testing.T, dir, token, query string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	dec := json.NewDecoder(strings.NewReader(s.mustRun(t, 0, dir, token, "query", "--format", "json", query)))
	for dec.More() {
		var row map[string]any
		must(t, dec.Decode(&row))
		rows = append(rows, row)
	}
	return rows
}

func workspace(t *testing.T, s server) string {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("organization: {name: E2E GmbH, role: provider}\nframeworks: [iso27001-2022]\nsources:\n  - name: vault\n    type: vault\n    address: %s\n    audit_logs: [%q]\n", s.client.Address(), s.log)
	must(t, os.WriteFile(filepath.Join(dir, "auditpack.yaml"), []byte(config), 0o600))
	return dir
}

// period is today and a day on both sides, as flags: the suite may run at midnight.
func period() []string {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	return []string{"--from", today.AddDate(0, 0, -1).Format(time.DateOnly), "--to", today.AddDate(0, 0, 2).Format(time.DateOnly)}
}

func TestFindsWhatHappenedInARealVault(t *testing.T) {
	s := startVault(t)
	policy, _ := guidePolicy(t)
	must(t, s.client.Sys().PutPolicy("auditpack", policy))
	token := s.tokenFor(t, "auditpack")
	s.operate(t)
	dir := workspace(t, s)

	s.mustRun(t, 0, dir, token, append([]string{"collect"}, period()...)...)

	lines := countLines(t, s.log)
	got := s.rows(t, dir, token, "select count(*) as lines, count(*) filter (not parsed) as broken from vault_audit")
	if stored := int(got[0]["lines"].(float64)); stored == 0 || stored > lines {
		t.Errorf("stored %d lines, the log has %d", stored, lines)
	}
	if got[0]["broken"].(float64) != 0 {
		t.Errorf("%v lines did not parse", got[0]["broken"])
	}

	for what, query := range map[string]string{
		"policy change":         "select path from vault_request where path = 'sys/policies/acl/team' and operation in ('create', 'update') and list_contains(policies, 'root')",
		"audit device enabled":  "select path from vault_request where path = 'sys/audit/second' and operation in ('create', 'update')",
		"audit device disabled": "select path from vault_request where path = 'sys/audit/second' and operation = 'delete'",
		"denied read":           "select path from vault_request where path = 'sys/policies/acl/team' and operation = 'read' and error is not null",
		"device in snapshot":    "select path from vault_audit_device where path = 'file/' and not log_raw",
		"policy in snapshot":    "select name from vault_policy where name = 'team' and rules like '%secret/*%'",
		"mount in snapshot":     "select path from vault_mount where path = 'secret/'",
		"health":                "select version from vault_health where not sealed",
	} {
		if rows := s.rows(t, dir, token, query); len(rows) == 0 {
			t.Errorf("%s: not found by %s", what, query)
		}
	}

	out := s.mustRun(t, 3, dir, token, append([]string{"assess", "--json", "--framework", "iso27001-2022"}, period()...)...)
	var assessment struct {
		Tests []struct {
			ID         string `json:"id"`
			Status     string `json:"status"`
			Open       int    `json:"open"`
			Population int    `json:"population"`
			Deviations []struct {
				Resource string `json:"resource"`
				Evidence string `json:"evidence"`
				Line     int    `json:"line"`
			} `json:"deviations"`
		} `json:"tests"`
	}
	must(t, json.Unmarshal([]byte(out), &assessment))
	found := map[string][]string{}
	for _, test := range assessment.Tests {
		for _, d := range test.Deviations {
			found[test.ID] = append(found[test.ID], d.Resource)
			if d.Line > 0 {
				s.checkLine(t, dir, token, d.Evidence, d.Line)
			}
		}
	}
	if len(found["VAL-02"]) == 0 {
		t.Errorf("VAL-02 found no use of the root token")
	}
	for _, resource := range []string{"sys/policies/acl/team", "sys/audit/second"} {
		if !slices.ContainsFunc(found["VAL-01"], func(r string) bool { return strings.Contains(r, resource) }) {
			t.Errorf("VAL-01 did not find the unattributed change of %s, only %q", resource, found["VAL-01"])
		}
	}
	again := s.mustRun(t, 3, dir, token, append([]string{"assess", "--json", "--framework", "iso27001-2022"}, period()...)...)
	if again != out {
		t.Errorf("a second assessment of the same evidence differs")
	}
	s.noSecretsStored(t, dir, token)
}

// checkLine follows a deviation to its bytes.
func (s server) checkLine(t *testing.T, dir, token, blob string, line int) {
	t.Helper()
	raw := s.mustRun(t, 0, dir, token, "evidence", "cat", blob)
	lines := strings.Split(raw, "\n")
	if line > len(lines) || !json.Valid([]byte(lines[line-1])) {
		t.Errorf("deviation names line %d of %s, which is no entry", line, blob)
	}
}

// noSecretsStored reads every blob of the store and looks for the canary and the token.
func (s server) noSecretsStored(t *testing.T, dir, token string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(s.mustRun(t, 0, dir, token, "evidence", "list", "--json")))
	blobs := 0
	for dec.More() {
		var r struct {
			Record struct {
				Content []struct {
					Digest string `json:"digest"`
				} `json:"content"`
			} `json:"record"`
		}
		must(t, dec.Decode(&r))
		for _, p := range r.Record.Content {
			blobs++
			s.mustRun(t, 0, dir, token, "evidence", "cat", p.Digest) // fails when it prints a secret
		}
	}
	if blobs == 0 {
		t.Error("no blobs were listed")
	}
}

func TestCollectsOnlyTheTailThroughRotation(t *testing.T) {
	s := startVault(t)
	token := s.client.Token()
	s.operate(t)
	dir := workspace(t, s)
	config := filepath.Join(dir, "auditpack.yaml")
	b, err := os.ReadFile(config)
	must(t, err)
	must(t, os.WriteFile(config, bytes.Replace(b, []byte("audit.log"), []byte("audit.log*"), 1), 0o600))
	s.mustRun(t, 0, dir, token, append([]string{"collect"}, period()...)...)
	must(t, os.Rename(s.log, s.log+".1"))
	_, err = s.client.Logical().Read("sys/mounts") // goes to the old inode
	must(t, err)
	must(t, s.client.Sys().DisableAudit("file"))
	s.enableFile(t, "file", s.log) // stands for SIGHUP: Vault opens the new file
	s.operateAgain(t)
	s.mustRun(t, 0, dir, token, append([]string{"collect"}, period()...)...)
	stored := int(s.rows(t, dir, token, "select count(*) as n from vault_audit")[0]["n"].(float64))
	s.mustRun(t, 0, dir, token, append([]string{"collect"}, period()...)...) // takes the tail that the second collection wrote
	distinct := s.rows(t, dir, token, "select count(*) as n, count(distinct (request_id, type)) as d from vault_audit")[0]
	if distinct["n"] != distinct["d"] {
		t.Errorf("stored %v lines, %v of them different: something was stored twice", distinct["n"], distinct["d"])
	}
	if total := countLines(t, s.log) + countLines(t, s.log+".1"); stored > total {
		t.Errorf("stored %d lines, the logs have %d", stored, total)
	}
	if rows := s.rows(t, dir, token, "select 1 as x from vault_request where path = 'secret/after-rotation'"); len(rows) == 0 {
		t.Error("the request after the rotation was not collected")
	}
}

func (s server) operateAgain(t *testing.T) {
	t.Helper()
	_, err := s.client.Logical().Write("secret/after-rotation", map[string]any{"value": canary})
	must(t, err)
}

func TestDeniedPartsAreNamed(t *testing.T) {
	s := startVault(t)
	must(t, s.client.Sys().PutPolicy("little", `path "sys/mounts" { capabilities = ["read"] }`))
	token := s.tokenFor(t, "little")
	dir := workspace(t, s)
	stdout, stderr, status := s.run(t, dir, token, append([]string{"collect"}, period()...)...)
	if status != 1 {
		t.Fatalf("exit status %d, want 1\n%s%s", status, stdout, stderr)
	}
	for _, want := range []string{"sys/audit", "denied", "sudo"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("the error does not name %q:\n%s", want, stderr)
		}
	}
	if rows := s.rows(t, dir, token, "select count(*) as n from vault_audit"); rows[0]["n"].(float64) == 0 {
		t.Error("the log was not collected although only the configuration was denied")
	}
}

func countLines(t *testing.T, path string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return bytes.Count(b, []byte("\n"))
}
