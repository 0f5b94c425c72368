package e2e

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	vaultapi "github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/vault"
)

// sealPolicy is the policy of docs/formats/seal.md, for an engine that is mounted below a folder.
const sealPolicy = `
path "team/transit/keys/audit-seal" { capabilities = ["read"] }
path "team/transit/sign/audit-seal" { capabilities = ["update"] }
`

func startTransit(t *testing.T) server {
	t.Helper()
	cluster := vault.NewTestCluster(t, &vault.CoreConfig{LogicalBackends: map[string]logical.Factory{"transit": transit.Factory}},
		&vault.TestClusterOptions{HandlerFunc: vaulthttp.Handler, NumCores: 1})
	t.Cleanup(cluster.Cleanup)
	s := server{client: cluster.Cores[0].Client, ca: filepath.Join(t.TempDir(), "ca.pem")}
	must(t, os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.CACert.Raw}), 0o600))
	must(t, s.client.Sys().Mount("team/transit", &vaultapi.MountInput{Type: "transit"}))
	must(t, s.client.Sys().PutPolicy("audit-seal", sealPolicy))
	return s
}

// put writes to Vault with the root token.
func (s server) put(t *testing.T, path string, data map[string]any) {
	t.Helper()
	_, err := s.client.Logical().Write(path, data)
	must(t, err)
}

// ok runs the program, wants status 0, and returns what it printed, without the end of the line.
func (s server) ok(t *testing.T, dir, token string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(s.mustRun(t, 0, dir, token, args...))
}

// TestSealWithTransit seals with a key that Vault keeps, of both types; openssl checks the seal, and one version follows on another.
func TestSealWithTransit(t *testing.T) {
	s := startTransit(t)
	token := s.tokenFor(t, "audit-seal")
	const key = "vault-transit://team/transit/audit-seal"
	for keyType, check := range map[string]string{
		"ecdsa-p256": "openssl dgst -sha256 -verify seal.pub.pem -signature attestation.sig attestation.pae",
		"ed25519":    "openssl pkeyutl -verify -pubin -inkey seal.pub.pem -rawin -in attestation.pae -sigfile attestation.sig",
	} {
		t.Run(keyType, func(t *testing.T) {
			s.put(t, "team/transit/keys/audit-seal", map[string]any{"type": keyType})
			t.Cleanup(func() {
				s.put(t, "team/transit/keys/audit-seal/config", map[string]any{"deletion_allowed": true})
				_, err := s.client.Logical().Delete("team/transit/keys/audit-seal")
				must(t, err)
			})
			dir := t.TempDir()
			s.ok(t, dir, token, "init", ".", "--quiet")
			s.ok(t, dir, token, "collect", "--no-facts", "--no-progress")
			first := s.ok(t, dir, token, "key", "show", "--key", key, "--out", "first.pem")
			s.ok(t, dir, token, "bundle", "-f", "waf-sec", "--quarter", "2026-Q3", "--format", "txt", "--key", key, "--out", "1.zip")
			s.ok(t, dir, token, "verify", "1.zip", "--key", "first.pem")
			sealedWith(t, dir, "1.zip", check, `"key":"`+key+`?version=1"`)

			// Vault's key is rotated: the seal is of the new version, and before it is announced nobody who trusts the first believes it.
			s.put(t, "team/transit/keys/audit-seal/rotate", nil)
			second := s.ok(t, dir, token, "key", "show", "--key", key, "--out", "second.pem")
			if first == second {
				t.Fatalf("both versions have the fingerprint %s", first)
			}
			if got := s.ok(t, dir, token, "key", "show", "--key", key+"?version=1"); got != first {
				t.Errorf("version 1: got %s, want %s", got, first)
			}
			s.ok(t, dir, token, "bundle", "-f", "waf-sec", "--quarter", "2026-Q3", "--format", "txt", "--key", key, "--out", "2.zip")
			sealedWith(t, dir, "2.zip", check, `"key":"`+key+`?version=2"`)
			if stdout, _, status := s.run(t, dir, token, "verify", "2.zip", "--key", "first.pem"); status != 4 {
				t.Errorf("not announced: status %d, want 4\n%s", status, stdout)
			}
			s.ok(t, dir, token, "key", "rotate", "--key", key+"?version=1", "--new", key)
			s.ok(t, dir, token, "bundle", "-f", "waf-sec", "--quarter", "2026-Q3", "--format", "txt", "--key", key, "--out", "3.zip")
			out := s.ok(t, dir, token, "verify", "3.zip", "--key", "first.pem")
			if !strings.Contains(out, "announces "+second+" and is signed with "+first) {
				t.Errorf("announced: verify does not say so:\n%s", out)
			}
			if _, stderr, status := s.run(t, dir, token, "bundle", "-f", "waf-sec", "--quarter", "2026-Q3", "--format", "txt", "--key", key+"?version=1", "--out", "4.zip"); status != 1 || !strings.Contains(stderr, "was replaced by") {
				t.Errorf("sealing with the replaced version: status %d\n%s", status, stderr)
			}
		})
	}
}

// sealedWith unpacks a bundle, lets openssl check the seal, and wants the words in what is signed.
func sealedWith(t *testing.T, dir, name, check, words string) {
	t.Helper()
	unpacked := t.TempDir()
	if out, err := exec.Command("unzip", "-q", filepath.Join(dir, name), "-d", unpacked).CombinedOutput(); err != nil {
		t.Fatalf("unzip: %v\n%s", err, out)
	}
	cmd := exec.Command("sh", "-c", check)
	cmd.Dir = unpacked
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", check, err, out)
	}
	signed, err := os.ReadFile(filepath.Join(unpacked, "attestation.pae"))
	must(t, err)
	if !strings.Contains(string(signed), words) {
		t.Errorf("%s: what is signed does not have %s:\n%s", name, words, signed)
	}
}

// TestTransitRefuses: what Vault does not give, or gives wrongly, is said with the permission or the reason.
func TestTransitRefuses(t *testing.T) {
	s := startTransit(t)
	s.put(t, "team/transit/keys/audit-seal", map[string]any{"type": "ecdsa-p256"})
	s.put(t, "team/transit/keys/p384", map[string]any{"type": "ecdsa-p384"})
	s.put(t, "team/transit/keys/aes", nil)
	s.put(t, "team/transit/keys/derived", map[string]any{"type": "ed25519", "derived": true})
	must(t, s.client.Sys().PutPolicy("reads-only", `path "team/transit/keys/*" { capabilities = ["read"] }`))
	token, reader, nothing := s.tokenFor(t, "audit-seal"), s.tokenFor(t, "reads-only"), s.tokenFor(t, "default")
	dir := t.TempDir()
	s.ok(t, dir, token, "init", ".", "--quiet")
	s.ok(t, dir, token, "collect", "--no-facts", "--no-progress")
	for name, c := range map[string]struct {
		token, key, want string
		status           int
		signs            bool
	}{
		"may not read":  {nothing, "audit-seal", `denied: the token needs read on "team/transit/keys/audit-seal"`, 1, false},
		"may not sign":  {reader, "audit-seal", `denied: the token needs update on "team/transit/sign/audit-seal"`, 1, true},
		"no such key":   {reader, "other", `nothing at "team/transit/keys/other"`, 1, false},
		"no version 9":  {token, "audit-seal?version=9", "has no version 9", 1, false},
		"another curve": {reader, "p384", `"ecdsa-p384", want ecdsa-p256 or ed25519`, 1, false},
		"symmetric":     {reader, "aes", "want type ecdsa-p256 or ed25519", 1, false},
		"derived":       {reader, "derived", "derived", 1, false},
		"no reference":  {token, "audit-seal?v=1", "no reference to a key", 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"key", "show"}
			if c.signs {
				args = []string{"bundle", "-f", "waf-sec", "--quarter", "2026-Q3", "--format", "txt", "--out", "pack.zip"}
			}
			_, stderr, status := s.run(t, dir, c.token, append(args, "--key", "vault-transit://team/transit/"+c.key)...)
			if status != c.status || !strings.Contains(stderr, c.want) {
				t.Errorf("status %d, want %d and %q:\n%s", status, c.status, c.want, stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "pack.zip")); err == nil {
				t.Error("a bundle was left behind")
			}
		})
	}
}
