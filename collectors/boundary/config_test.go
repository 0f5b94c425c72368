package boundary

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/boundary/boundarytest"
)

func TestConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		vars   map[string]string
		want   string // the error
	}{
		"address":               {config: "address: https://boundary.example:9200/\n"},
		"address from outside":  {config: "scope: o_123\n", vars: map[string]string{"BOUNDARY_ADDR": "https://boundary.example"}},
		"event logs alone":      {config: "event_logs: [logs/*.ndjson]\n"},
		"nothing":               {config: "scope: global\n", want: "none of address (or BOUNDARY_ADDR), event_logs and recordings is set"},
		"no scheme":             {config: "address: boundary.example:9200\n", want: `address "boundary.example:9200": want https://host:port`},
		"another scheme":        {config: "address: ftp://boundary.example\n", want: `address "ftp://boundary.example": want https://host:port`},
		"password in address":   {config: "address: https://jane:canary@boundary.example\n", want: "address holds credentials, a query or a fragment: give scheme, host and port only"},
		"no URL":                {config: "address: \"https://jane:canary@%zz\"\n", want: "address is not a URL"},
		"bad scope":             {config: "address: https://b.example\nscope: everything\n", want: `scope "everything": want global, o_... or p_...`},
		"OIDC":                  {config: "address: https://b.example\nauth_method: amoidc_1\nlogin_name: x\n", want: `auth_method "amoidc_1": OIDC needs a browser; give the collector a token or an account with a password`},
		"login without name":    {config: "address: https://b.example\nauth_method: ampw_1\n", want: "auth_method needs login_name"},
		"two ways in":           {config: "address: https://b.example\nauth_method: ampw_1\nlogin_name: x\ntoken_file: t\n", want: "auth_method and token_file exclude each other"},
		"bad duration":          {config: "address: https://b.example\nconfiguration_every: daily\n", want: `configuration_every "daily": want a duration such as 6h or 30m`},
		"negative duration":     {config: "address: https://b.example\nconfiguration_every: -1h\n", want: `configuration_every "-1h": want a duration such as 6h or 30m`},
		"name without a method": {config: "address: https://b.example\nlogin_name: x\n", want: "login_name and password_file need auth_method"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, boundarytest.Dataset{})
			w.config, w.vars = tc.config, tc.vars
			got := ""
			if _, err := w.open(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
