package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"auditpack/collectors"
)

// hashServer answers sys/audit-hash as the page "/sys/audit-hash" of Vault's API documentation says: POST to the path of the device, with
// the text "input" in the body, is answered with data.hash. It needs a token, and the device must exist.
func hashServer(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail := func(status int, text string) {
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(map[string][]string{"errors": {text}})
		}
		var body struct {
			Input *string `json:"input"`
		}
		device, isHash := strings.CutPrefix(r.URL.Path, "/v1/sys/audit-hash/")
		switch {
		case !isHash || r.Method != http.MethodPost && r.Method != http.MethodPut:
			t.Errorf("asked %s %s", r.Method, r.URL)
			fail(http.StatusMethodNotAllowed, "unsupported operation")
		case r.Header.Get("X-Vault-Token") != token:
			fail(http.StatusForbidden, "permission denied")
		case json.NewDecoder(r.Body).Decode(&body) != nil || body.Input == nil || *body.Input == "":
			fail(http.StatusBadRequest, "the \"input\" parameter is empty")
		case device == "quoting":
			fail(http.StatusBadGateway, strings.Repeat("x", maxErrorText-20)+" of "+*body.Input) // cut within the value
		case device == "malformed":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", *body.Input)
			conn.Close()
		case device == "odd":
			w.Write([]byte(`{"data":{"hash":"plain"}}`))
		case device != "file" && device != "a/b":
			fail(http.StatusBadRequest, "unknown audit backend")
		default:
			w.Write([]byte(`{"request_id":"r1","data":{"hash":"hmac-sha256:00ff"}}`))
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestHash(t *testing.T) {
	server := hashServer(t)
	const value = "canary  of the\thash" // white space is what errorText would collapse
	denied := new(collectors.DeniedError)
	for _, tt := range []struct {
		name, device string
		vars         map[string]string
		want         string // the hash, or what the error has
		as           func(error) bool
	}{
		{"a device", "file", nil, "hmac-sha256:00ff", nil},
		{"with a slash at its end", "file/", nil, "hmac-sha256:00ff", nil},
		{"of two words", "a/b/", nil, "hmac-sha256:00ff", nil},
		{"no such device", "other", nil, "status 400", func(err error) bool { return errors.Is(err, collectors.ErrNotOffered) }},
		{"a token that may not", "file", map[string]string{"VAULT_TOKEN": "hvs.other"}, "sys/audit-hash/*", func(err error) bool { return errors.As(err, &denied) }},
		{"no token", "file", map[string]string{"VAULT_TOKEN": ""}, "no token", nil},
		{"no address", "file", map[string]string{"VAULT_ADDR": ""}, "no address", nil},
		{"an answer that is no hash", "odd", nil, "does not begin with", nil},
		{"somebody who quotes the value", "quoting", nil, "status 502", nil},
		{"somebody who quotes it in a header that is none", "malformed", nil, "did not come whole", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			vars := map[string]string{"VAULT_ADDR": server.URL, "VAULT_TOKEN": token}
			for name, v := range tt.vars {
				vars[name] = v
			}
			got, err := hasher(t, Config{}, vars).Hash(t.Context(), tt.device, value)
			if err != nil {
				got = err.Error()
			}
			quotes := func(err error) bool { // as any of its causes
				for ; err != nil; err = errors.Unwrap(err) {
					if strings.Contains(err.Error(), "canary") {
						return true
					}
				}
				return false
			}
			if !strings.Contains(got, tt.want) || strings.Contains(got, "canary") || quotes(err) || tt.as != nil && !tt.as(err) {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

// hasher opens a source with the variables vars.
func hasher(t *testing.T, cfg Config, vars map[string]string) Hasher {
	t.Helper()
	decode := func(v any) error {
		*v.(*Config) = cfg
		return nil
	}
	c, err := Type.New(decode, collectors.Env{
		Path: func(p string) string { return p }, Getenv: func(name string) string { return vars[name] },
		HTTP: func() *http.Client { return &http.Client{Transport: &http.Transport{}} },
		Now:  func() time.Time { return time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC) }, Tool: "auditpack test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.(Hasher)
}

// TestHashLeaves logs in for a token that cannot be given back, which says nothing about the hash.
func TestHashLeaves(t *testing.T) {
	for _, tt := range []struct{ device, want, hash string }{
		{"file", "lives on until it expires", "hmac-sha256:00ff"},
		{"other", "lives on until it expires", ""},
	} {
		asking := hashServer(t).Config.Handler
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/v1/auth/approle/login":
				fmt.Fprintf(w, `{"auth":{"client_token":%q,"lease_duration":3600,"renewable":true,"token_type":"service"}}`, token)
			case "/v1/" + revokeSelfPath:
				w.WriteHeader(http.StatusForbidden)
				w.Write([]byte(`{"errors":["permission denied"]}`))
			default:
				asking.ServeHTTP(w, r)
			}
		}))
		t.Cleanup(server.Close)
		cfg := Config{Address: server.URL, Login: Login{Method: methodAppRole}}
		got, err := hasher(t, cfg, map[string]string{"VAULT_ROLE_ID": "r"}).Hash(t.Context(), tt.device, "x")
		denied := new(collectors.DeniedError)
		if got != tt.hash || err == nil || !strings.Contains(err.Error(), tt.want) || errors.As(err, &denied) || errors.Is(err, collectors.ErrNotOffered) != (tt.hash == "") {
			t.Errorf("%s: got %q and %v, want %q and %q", tt.device, got, err, tt.hash, tt.want)
		}
	}
}
