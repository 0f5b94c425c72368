package vault

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

const token = "hvs.canary-of-live-test"

// respond answers as a Vault with two empty lists does, to those who have the token.
func respond(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/v1/sys/health":
		w.Write([]byte(`{"initialized":true,"sealed":false,"version":"1.21.1","cluster_id":"c-1"}`))
	case r.Header.Get("X-Vault-Token") != token:
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte(`{"errors":["permission denied"]}`))
	case r.URL.Path == "/v1/sys/policies/acl":
		w.Write([]byte(`{"data":{"keys":[]}}`))
	default:
		w.Write([]byte(`{"data":{}}`))
	}
}

// ask collects from a live server, with the files of dir and the variables vars.
func ask(t *testing.T, ctx context.Context, cfg Config, dir string, vars map[string]string) collectors.Result {
	t.Helper()
	store := memstore.New()
	return askAt(t, ctx, cfg, dir, vars, store, func() time.Time { return time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC) })
}

// askAt is ask into store, by the clock now.
func askAt(t *testing.T, ctx context.Context, cfg Config, dir string, vars map[string]string, store *memstore.Store, now func() time.Time) collectors.Result {
	t.Helper()
	decode := func(v any) error {
		*v.(*Config) = cfg
		return nil
	}
	c, err := Type.New(decode, collectors.Env{
		Name: "vault",
		Path: func(p string) string {
			if filepath.IsAbs(p) {
				return p
			}
			return filepath.Join(dir, p)
		},
		Getenv: func(name string) string { return vars[name] },
		HTTP:   func() *http.Client { return &http.Client{Transport: &http.Transport{}} },
		Now:    now,
		Tool:   "auditpack test",
	})
	if err != nil {
		t.Fatal(err)
	}
	o := collectors.Options{Store: store, Journal: store, Now: now, Actor: evidence.Actor{Principal: "p", Host: "h", Tool: "t"}}
	return collectors.Run(ctx, []collectors.Source{{Name: "vault", Type: Type, Collector: c}}, o)[0]
}

func TestLive(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(respond))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	standby := httptest.NewServer(http.RedirectHandler("", 0))
	standby.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, server.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	})
	t.Cleanup(standby.Close)
	gone := httptest.NewServer(nil)
	gone.Close()

	dir := t.TempDir()
	files := map[string]string{
		"ca.pem":    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
		"no.pem":    "not a certificate\n",
		"token":     token + "\n",
		"empty":     "\n",
		"audit.log": entryLines(0, 2),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"VAULT_TOKEN": token, "VAULT_CACERT": filepath.Join(dir, "ca.pem")}
	tests := []struct {
		name string
		cfg  Config
		vars map[string]string
		want map[string]string // how an outcome begins, or what it contains after "..."
	}{
		{"all from the environment", Config{}, map[string]string{"VAULT_ADDR": server.URL, "VAULT_TOKEN": token, "VAULT_CACERT": filepath.Join(dir, "ca.pem")},
			map[string]string{"sys/health": "ok 1", "sys/audit": "ok 1", "sys/mounts": "ok 1", "sys/auth": "ok 1", "sys/policies/acl": "none 0"}},
		{"all from the configuration", Config{Address: server.URL + "/", TokenFile: "token", CACert: "ca.pem"}, nil,
			map[string]string{"sys/health": "ok 1", "sys/audit": "ok 1"}},
		{"a standby sends us on", Config{Address: standby.URL}, env, map[string]string{"sys/health": "ok 1", "sys/audit": "ok 1"}},
		{"an authority that is not trusted", Config{Address: server.URL}, map[string]string{"VAULT_TOKEN": token},
			map[string]string{"sys/health": "...certificate", "sys/audit": "failed 0"}},
		{"a file without certificates", Config{Address: server.URL, CACert: "no.pem"}, env, map[string]string{"sys/health": `...read certificates "no.pem"`}},
		{"no file with certificates", Config{Address: server.URL, CACert: "missing.pem"}, env, map[string]string{"sys/health": "...no such file"}},
		{"nobody listens, and the log is collected", Config{Address: gone.URL, AuditLogs: []string{"audit.log"}}, env,
			map[string]string{"sys/health": "...connection refused", "sys/policies/acl": "failed 0", "audit.log": "ok 2"}},
		{"no token file", Config{Address: server.URL, TokenFile: "missing"}, env, map[string]string{"sys/health": "ok 1", "sys/audit": `...read token_file "missing": no such file`}},
		{"an empty token file", Config{Address: server.URL, TokenFile: "empty"}, env, map[string]string{"sys/audit": `...token_file "empty" is empty`}},
		{"another token", Config{Address: server.URL}, map[string]string{"VAULT_TOKEN": "hvs.wrong-canary", "VAULT_CACERT": env["VAULT_CACERT"]},
			map[string]string{"sys/health": "ok 1", "sys/audit": "denied 0: ask sys/audit: denied: needs a valid token (Vault refuses the one from VAULT_TOKEN"}},
		{"a token that is no header", Config{Address: server.URL}, map[string]string{"VAULT_TOKEN": "hvs.\x01canary", "VAULT_CACERT": env["VAULT_CACERT"]},
			map[string]string{"sys/audit": "failed 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := outcomes(ask(t, t.Context(), tt.cfg, dir, tt.vars))
			for part, want := range tt.want {
				if rest, ok := strings.CutPrefix(want, "..."); ok && !strings.Contains(got[part], rest) || !ok && !strings.HasPrefix(got[part], want) {
					t.Errorf("%s: got %q, want %q", part, got[part], want)
				}
			}
			for part, text := range got {
				if strings.Contains(text, "canary") {
					t.Errorf("%s: %q holds the token", part, text)
				}
			}
		})
	}
}

func TestLiveIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel() // while it waits for the answer
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	res := ask(t, ctx, Config{Address: server.URL, AuditLogs: []string{"x.log"}}, t.TempDir(), map[string]string{"VAULT_TOKEN": token})
	if !res.Failed() || res.Err == nil {
		t.Errorf("got %v and parts %v, want a failure", res.Err, outcomes(res))
	}
}
