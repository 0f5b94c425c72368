package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vaultServer answers as Vault's API documentation says: sys/health without a token, POST sys/audit-hash/file with data.hash, and
// 403 to all else, as to a token that may only do that.
func vaultServer(t *testing.T, hash string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/sys/health":
			fmt.Fprint(w, `{"initialized":true,"sealed":false,"version":"1.21.1"}`)
		case r.URL.Path == "/v1/sys/audit-hash/file" && r.Header.Get("X-Vault-Token") == "t":
			fmt.Fprintf(w, `{"request_id":"q2","data":{"hash":%q}}`, hash)
		default:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"errors":["permission denied"]}`)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestVaultHash(t *testing.T) {
	const value, hash = "canary of the hash", "hmac-sha256:0123456789abcdef"
	entry := func(id, path, data string) string {
		return fmt.Sprintf(`{"auth":{"client_token":"hmac-sha256:00","display_name":"ada"},"request":{"data":{"x":%q},"id":%q,"operation":"update","path":%q},"time":"2026-07-01T08:00:00Z","type":"request"}`+"\n", data, id, path)
	}
	server := vaultServer(t, hash)
	t.Setenv("VAULT_TOKEN", "t")
	t.Setenv("VAULT_NAMESPACE", "")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"auditpack.yaml": "organization: {name: ACME GmbH}\nsources:\n  - {name: vault, type: vault, address: \"" + server.URL + "\", audit_logs: [\"audit.log*\"]}\n  - {name: empty, type: vault, audit_logs: [\"none.log\"]}\n",
		"audit.log":      entry("r1", "secret/a", hash) + entry("r2", "secret/b", "hmac-sha256:ff") + entry("q1", "sys/audit-hash/file", hash),
		"audit.log.1":    entry("r0", "secret/b", hash),
		"none.log":       "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	auditpack := func(stdin string, args ...string) (stdout, stderr string, status int) {
		var out, errs bytes.Buffer
		status = run(append([]string{"auditpack", "--workspace", dir}, args...), strings.NewReader(stdin), &out, &errs)
		if text := out.String() + errs.String(); strings.Contains(text, value) {
			t.Errorf("auditpack %v printed the value: %s", args, text)
		}
		return out.String(), errs.String(), status
	}
	if _, stderr, status := auditpack("", "collect", "--no-progress"); status != 1 { // all but health is denied
		t.Fatalf("collect: status %d: %s", status, stderr)
	}

	stdout, stderr, status := auditpack(value+"\n", "vault", "hash", "--device", "file/", "--source", "vault", "--json")
	var got struct {
		Device, Hash                               string
		Used                                       bool
		Uses, Questions, Segments, Lines, Redacted int64
		Found                                      []struct {
			RequestID string `json:"request_id"`
			Log       string
			Line      int64
			Question  bool
			Evidence  string
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s%s", status, err, stdout, stderr)
	}
	if got.Hash != hash || !got.Used || got.Uses != 2 || got.Questions != 1 || got.Segments != 2 || got.Lines != 4 || got.Redacted != 0 || got.Device != "file" {
		t.Errorf("got %+v", got)
	}
	var found []string
	for _, f := range got.Found {
		found = append(found, fmt.Sprint(f.RequestID, " ", f.Log, " ", f.Line, " ", f.Question))
		raw, _, _ := auditpack("", "evidence", "cat", f.Evidence)
		if lines := strings.Split(raw, "\n"); !strings.Contains(lines[f.Line-1], hash) {
			t.Errorf("line %d of %s does not hold the hash", f.Line, f.Evidence)
		}
	}
	if diff := cmp.Diff([]string{"r0 audit.log 1 false", "r1 audit.log 1 false", "q1 audit.log 3 true"}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}

	for _, tt := range []struct {
		name, stdin string
		args        []string
		status      int
		want        []string
	}{
		{"a table", value, []string{"--source", "vault", "--device", "file"}, 0, []string{"r0", "secret/b", "ada", "asks for this hash", "Used: 2 of 4 lines (2 segments of audit logs, from 2026-07-01T08:00:00Z", "1 line of requests for this very hash"}},
		{"a limit", value, []string{"--source", "vault", "--device", "file", "--limit", "1"}, 0, []string{"Used: 2 of 4 lines", "The first 1 line are listed"}},
		{"an argument", "", []string{value, "--device", "file"}, 2, []string{"takes no argument", "standard input"}},
		{"no device", value, nil, 2, []string{"needs --device"}},
		{"which source", value, []string{"--device", "file"}, 2, []string{"2 sources of type vault", "vault, empty"}},
		{"no such source", value, []string{"--device", "file", "--source", "x"}, 2, []string{`no source "x" of type vault`}},
		{"nothing on standard input", "\n", []string{"--device", "file", "--source", "vault"}, 2, []string{"there is no value"}},
		{"too long", strings.Repeat("x", maxValueBytes+1), []string{"--device", "file", "--source", "vault"}, 2, []string{"longer than 1048576 bytes"}},
		{"denied", value, []string{"--device", "other", "--source", "vault"}, 1, []string{"denied", "sys/audit-hash/*"}},
		{"no address", value, []string{"--device", "file", "--source", "empty"}, 1, []string{"no address"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, status := auditpack(tt.stdin, append([]string{"vault", "hash"}, tt.args...)...)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout+stderr, want) {
					t.Errorf("got %s%s, want %q", stdout, stderr, want)
				}
			}
		})
	}
	checkKeptNowhere(t, dir, value)
}

// checkKeptNowhere reads every file of the workspace.
func checkKeptNowhere(t *testing.T, dir, value string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(value)) {
			t.Errorf("%s holds the value", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
