package terraformtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"auditpack/collectors/terraform/terraformtest"
)

func acme(t *testing.T) *terraformtest.Server {
	t.Helper()
	s, err := terraformtest.NewServer(os.DirFS("../../../examples/acme/recorded/terraform"), terraformtest.Token)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(t *testing.T, h http.Handler, method, target, token string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

// The fake refuses whatever the documentation does not offer.
func TestStrict(t *testing.T) {
	s := acme(t)
	for name, tt := range map[string]struct {
		method, target, token string
		want                  int
	}{
		"whole":                    {"GET", "/api/v2/organizations/acme/workspaces", terraformtest.Token, 200},
		"no token":                 {"GET", "/api/v2/organizations/acme/workspaces", "", 401},
		"another token":            {"GET", "/api/v2/runs/run-Jun3Appl1edJuly/policy-checks", "x", 401},
		"another organization":     {"GET", "/api/v2/organizations/emca/workspaces", terraformtest.Token, 404},
		"a page that is too large": {"GET", "/api/v2/organizations/acme/workspaces?page%5Bsize%5D=101", terraformtest.Token, 400},
		"page 0":                   {"GET", "/api/v2/organizations/acme/workspaces?page%5Bnumber%5D=0", terraformtest.Token, 400},
		"unknown parameter":        {"GET", "/api/v2/organizations/acme/workspaces?per_page=5", terraformtest.Token, 400},
		"unknown operation":        {"GET", "/api/v2/workspaces/ws-Sandbox000000001/runs?filter%5Boperation%5D=everything", terraformtest.Token, 400},
		"unknown include":          {"GET", "/api/v2/runs/run-Jun3Appl1edJuly/run-events?include=user", terraformtest.Token, 400},
		"unknown run":              {"GET", "/api/v2/runs/run-1/run-events", terraformtest.Token, 404},
		"unknown endpoint":         {"GET", "/api/v2/runs/run-Jun3Appl1edJuly/logs", terraformtest.Token, 404},
		"something is changed":     {"POST", "/api/v2/policy-checks/polchk-1/actions/override", terraformtest.Token, 405},
	} {
		t.Run(name, func(t *testing.T) {
			code, body := ask(t, s, tt.method, tt.target, tt.token)
			if code != tt.want || !json.Valid([]byte(body)) || strings.Contains(body, terraformtest.Token) {
				t.Errorf("got %d %s, want %d", code, body, tt.want)
			}
		})
	}
}

func TestPlanOnlyIsLeftOut(t *testing.T) {
	s := acme(t)
	for filter, want := range map[string]int{"": 10, "?filter%5Boperation%5D=plan_only": 2, "?filter%5Boperation%5D=plan_only,plan_and_apply,refresh_only": 12} {
		_, body := ask(t, s, "GET", "/api/v2/workspaces/ws-ProdNetwork00001/runs"+filter, terraformtest.Token)
		if got := strings.Count(body, `"type":"runs"`); got != want {
			t.Errorf("filter %q: got %d runs, want %d", filter, got, want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	head := "organization: acme\nusers: [{id: user-1, name: jo}]\nworkspaces: [{id: ws-1, name: prod}]\n"
	for name, tt := range map[string]struct{ organization, runs, want string }{
		"unknown key":       {head + "x: 1\n", "workspace: prod\nruns: []\n", "x"},
		"unknown workspace": {head, "workspace: dev\nruns: []\n", `there is no workspace "dev"`},
		"unknown user":      {head, "workspace: prod\nruns: [{id: run-1, created: 2026-07-01T00:00:00Z, status: applied, by: max}]\n", `there is no user "max"`},
		"run twice":         {head, "workspace: prod\nruns: [{id: run-1, created: 2026-07-01T00:00:00Z, status: applied}, {id: run-1, created: 2026-07-01T00:00:00Z, status: applied}]\n", `id "run-1" is empty or occurs twice`},
		"no status":         {head, "workspace: prod\nruns: [{id: run-1, created: 2026-07-01T00:00:00Z}]\n", "lacks created or status"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := terraformtest.NewServer(fstest.MapFS{"organization.yaml": {Data: []byte(tt.organization)}, "runs-1.yaml": {Data: []byte(tt.runs)}}, "token")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one that says %q", err, tt.want)
			}
		})
	}
}
