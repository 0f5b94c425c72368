package workspace

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/all"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
	"auditpack/internal/doctest"
)

// TestRedactionExamples holds that the rules of docs/redaction.md are a configuration, and that they take what they are there for from
// what the systems say, and leave the rest.
func TestRedactionExamples(t *testing.T) {
	w, err := openWith(t, doctest.Blocks(t, filepath.Join("..", "..", "..", "docs", "redaction.md"), "yaml auditpack.yaml")[0], all.Types())
	if err != nil {
		t.Fatal(err)
	}
	key, err := redaction.MakeKey(filepath.Join(t.TempDir(), "pseudonym.key"))
	if err != nil {
		t.Fatal(err)
	}
	pn := key.Pseudonym
	const lines, api, text = "application/x-ndjson", "application/json", "text/plain"
	for _, tt := range []struct {
		source    string
		kind      evidence.Kind
		media     string
		in, taken string // taken: with each name in angle brackets in place of its pseudonym
	}{
		{"vault-prod", "vault.audit-log/1", lines,
			`{"auth":{"display_name":"userpass-ada","metadata":{"username":"ada"},"policies":["p"]},"request":{"path":"auth/userpass/login/ada","remote_address":"10.0.0.7","headers":{"x":["y"]}},"error":"no such user ada@acme.example"}`,
			`{"auth":{"display_name":"userpass-<ada>","metadata":{"username":"<ada>"},"policies":["p"]},"request":{"path":"auth/userpass/login/<ada>","remote_address":"<10.0.0.7>","headers":null},"error":"no such user <ada@acme.example>"}`},
		{"vault-prod", "vault.audit-log/1", lines, `{"auth":{"display_name":"root"},"request":{"path":"secret/data/login/x"}}`, `{"auth":{"display_name":"root"},"request":{"path":"secret/data/login/x"}}`},
		{"vault-prod", "vault.audit-odd-lines/1", lines, `{"line":2,"head":"{\"auth\":{\"display_name\":\"userpass-ada","recovered":"{\"auth\":{\"display_name\":\"userpass-ada\"}}"}`,
			`{"line":2,"head":"redacted","recovered":"{\"auth\":{\"display_name\":\"userpass-<ada>\"}}"}`},
		{"vault-prod", "vault.entities/1", api, `{"data":{"id":"e1","name":"ada","aliases":[{"name":"ada.l","mount_path":"auth/ldap/"}],"policies":["p"]}}`,
			`{"data":{"id":"e1","name":"<ada>","aliases":[{"name":"<ada.l>","mount_path":"auth/ldap/"}],"policies":["p"]}}`},
		{"terraform", "terraform.run-events/1", "application/vnd.api+json", `{"included":[{"type":"users","attributes":{"username":"ada","avatar-url":"https://a.example/f00"}},{"type":"comments","attributes":{"body":"ask ada@acme.example"}}]}`,
			`{"included":[{"type":"users","attributes":{"username":"<ada>","avatar-url":null}},{"type":"comments","attributes":{"body":"ask <ada@acme.example>"}}]}`},
		{"terraform", "terraform.audit-trail/1", api, `{"data":[{"auth":{"accessor_id":"user-1","description":"ada","type":"Client"}}]}`, `{"data":[{"auth":{"accessor_id":"user-1","description":"<ada>","type":"Client"}}]}`},
		{"boundary", "boundary.event-log/1", lines, `{"data":{"auth":{"email":"ada@acme.example","name":"Ada","user_info":{"id":"u_1"}},"request_info":{"client_ip":"10.0.0.7","path":"/v1"}},"serialized":"eyJh"}`,
			`{"data":{"auth":{"email":"<ada@acme.example>","name":"<Ada>","user_info":{"id":"u_1"}},"request_info":{"client_ip":"<10.0.0.7>","path":"/v1"}},"serialized":"redacted"}`},
		{"boundary", "boundary.users/1", api, `{"items":[{"id":"u_1","name":"ada","login_name":"ada","full_name":"Ada L","scope":{"name":"global"}}]}`, `{"items":[{"id":"u_1","name":"<ada>","login_name":"<ada>","full_name":"<Ada L>","scope":{"name":"global"}}]}`},
		{"infrastructure", "codeowners.reviews/1", api,
			`[{"user":{"login":"ada-l","avatar_url":"https://a.example/1","html_url":"https://github.com/ada-l","repos_url":"https://api.github.com/users/ada-l/repos"},"html_url":"https://github.com/acme/infra/pull/1"}]`,
			`[{"user":{"login":"<ada-l>","avatar_url":null,"html_url":"https://github.com/<ada-l>","repos_url":"https://api.github.com/users/<ada-l>/repos"},"html_url":"https://github.com/acme/infra/pull/1"}]`},
		{"infrastructure", "codeowners.file/1", text, "/terraform/ @acme/platform @ada-l ada@acme.example\n", "/terraform/ @acme/platform @<ada-l> <ada@acme.example>\n"},
		{"infrastructure", "codeowners.rules/1", lines, `{"pattern":"/terraform/","owners":["@acme/platform","@ada-l"]}`, `{"pattern":"/terraform/","owners":["@acme/platform","@<ada-l>"]}`},
		{"infrastructure", "codeowners.commits/1", text, "tree 12\nauthor Ada L <ada@acme.example> 1 +0000\ncommitter GitHub <noreply@github.com> 1 +0000\n",
			"tree 12\nauthor <Ada L> <<ada@acme.example>> 1 +0000\ncommitter <GitHub> <<noreply@github.com>> 1 +0000\n"},
		{"infrastructure", "codeowners.changes/1", lines, `{"author":"Ada L \u003cada@acme.example\u003e","subject":"x"}`, `{"author":"<Ada L> \u003c<ada@acme.example>\u003e","subject":"x"}`},
	} {
		t.Run(tt.source+" "+string(tt.kind), func(t *testing.T) {
			sources, err := w.Sources([]string{tt.source}, "test")
			if err != nil {
				t.Fatal(err)
			}
			p := sources[0].Redaction.Begin(key).Put(tt.kind, "part", tt.media, strings.NewReader(tt.in))
			if p == nil {
				t.Fatal("no rule applies")
			}
			got, err := io.ReadAll(p)
			if err != nil {
				t.Fatal(err)
			}
			shown := string(got)
			for _, name := range []string{"ada", "Ada", "Ada L", "ada-l", "ada.l", "10.0.0.7", "ada@acme.example", "noreply@github.com", "GitHub"} {
				shown = strings.ReplaceAll(shown, pn(name), "<"+name+">")
			}
			if diff := cmp.Diff(tt.taken, shown); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
