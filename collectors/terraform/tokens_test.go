package terraform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
)

// withTokens is a data set of one team and one agent pool with a token of every kind.
func withTokens() terraformtest.Dataset {
	d := small()
	d.Teams = []terraformtest.Team{{ID: "team-1", Name: "platform"}}
	d.AgentPools = []terraformtest.AgentPool{{ID: "apool-1", Name: "office", Created: at("2025-01-01T00:00:00Z")}}
	d.Tokens = []terraformtest.APIToken{
		{ID: "at-org", Kind: terraformtest.OrganizationToken, Created: at("2026-01-01T00:00:00Z"), Expires: at("2027-01-01T00:00:00Z"), By: "jo"},
		{ID: "at-trail", Kind: terraformtest.AuditTrailsToken, Created: at("2026-01-02T00:00:00Z"), By: "jo"},
		{ID: "at-team", Kind: terraformtest.TeamToken, Of: "platform", Description: "pipeline", Created: at("2026-01-03T00:00:00Z"), Used: at("2026-09-01T00:00:00Z"), By: "max"},
		{ID: "at-user", Kind: terraformtest.UserToken, Of: "jo", Description: "laptop", Created: at("2026-01-04T00:00:00Z")},
		{ID: "at-agent", Kind: terraformtest.AgentToken, Of: "office", Description: "agent", Created: at("2026-01-05T00:00:00Z"), By: "max"},
		{ID: "mt-1", Kind: terraformtest.MetricsToken, Description: "dashboard", Created: at("2026-01-06T00:00:00Z")},
	}
	return d
}

// tokenParts writes the outcomes that are about tokens as lines.
func tokenParts(res collectors.Result) []string {
	kinds := []evidence.Kind{terraform.KindOrganizationTokens, terraform.KindTeamTokens, terraform.KindUserTokens, terraform.KindAgentPools, terraform.KindAgentTokens, terraform.KindMetricsTokens}
	res.Entry.Parts = slices.DeleteFunc(slices.Clone(res.Entry.Parts), func(p evidence.PartOutcome) bool { return !slices.Contains(kinds, p.Kind) })
	return parts(res)
}

// Every list that the API has, asked with the token of an owner.
func TestTokens(t *testing.T) {
	d := withTokens()
	d.Account = "jo"
	w := newWorld(t, terraformtest.New(d, token))
	res := w.collect()
	if diff := cmp.Diff([]string{"agent pools: ok 1", "agent tokens: ok 1", "audit trails token: ok 1", "metrics tokens: ok 1", "organization token: ok 1", "team tokens: ok 1", "user tokens: ok 1"},
		tokenParts(res)); diff != "" || res.Failed() {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"at-agent | agent | - | apool-1 | agent | 2026-01-05T00:00:00Z | user-2 | - | -",
		"at-org | organization | acme | - | - | 2026-01-01T00:00:00Z | user-1 | - | 2027-01-01T00:00:00Z",
		"at-team | team | acme | team-1 | pipeline | 2026-01-03T00:00:00Z | user-2 | 2026-09-01T00:00:00Z | -",
		"at-trail | audit-trails | acme | - | - | 2026-01-02T00:00:00Z | user-1 | - | -",
		"at-user | user | - | user-1 | laptop | 2026-01-04T00:00:00Z | - | - | -",
		"mt-1 | metrics | acme | - | dashboard | 2026-01-06T00:00:00Z | - | - | -",
	}, factstest.Rows(t, w.facts(), "select token_id, token_type, organization, owner_id, description, created_at, created_by, last_used_at, expires_at from terraform_token order by all")); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// To whoever may not make tokens of the organization, 404 is a refusal; to whoever may, it says that there is none.
func TestTokensAreRefused(t *testing.T) {
	denied := func(t *testing.T, update bool, faults map[string]int, want []string) {
		t.Helper()
		d := withTokens()
		d.Settings.UpdatesToken = update
		if update {
			d.Tokens = nil
		}
		fake := terraformtest.New(d, token)
		for path, status := range faults {
			fake.Plant(path, -1, terraformtest.Fault{Status: status})
		}
		w := newWorld(t, fake)
		var got []string
		for _, p := range tokenParts(w.collect()) {
			outcome, rest, _ := strings.Cut(p, " (")
			if _, permission, ok := strings.Cut(rest, "needs "); ok {
				permission, _, _ = strings.Cut(permission, ":")
				outcome += ", " + permission
			}
			got = append(got, outcome)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
	}
	const or404 = " (404 is also the answer for what does not exist)"
	t.Run("no owner, and nothing else either", func(t *testing.T) {
		denied(t, false, map[string]int{"/team-tokens": 403, "/agent-pools": 404}, []string{
			"agent pools: denied, Manage agent pools" + or404, "agent tokens: denied, Manage agent pools" + or404, "audit trails token: denied, the token of an owner or of the organization" + or404,
			"metrics tokens: denied, the token of an owner or of the organization" + or404, "organization token: denied, the token of an owner or of the organization" + or404,
			"team tokens: denied, Manage teams, or the token of an owner or of the organization", "user tokens: not-offered",
		})
	})
	t.Run("an owner, and there are none", func(t *testing.T) {
		denied(t, true, map[string]int{"/metrics-tokens": 404, "/apool-1/authentication-tokens": 403}, []string{
			"agent pools: ok 1", "agent tokens: denied, Manage agent pools", "agent tokens of apool-1: denied, Manage agent pools", "audit trails token: none", "metrics tokens: not-offered",
			"organization token: none", "team tokens: none", "user tokens: not-offered",
		})
	})
}

// A list longer than a page is read whole.
func TestTokensOnPages(t *testing.T) {
	d := withTokens()
	for i := range 230 {
		d.Tokens = append(d.Tokens, terraformtest.APIToken{ID: fmt.Sprintf("at-%03d", i), Kind: terraformtest.TeamToken, Of: "platform", Description: fmt.Sprint(i), Created: at("2026-01-03T00:00:00Z")})
	}
	w := newWorld(t, terraformtest.New(d, token))
	if got := tokenParts(w.collect()); !slices.Contains(got, "team tokens: ok 231") {
		t.Errorf("parts: %v", got)
	}
	if got := factstest.Rows(t, w.facts(), "select count(distinct token_id), count(distinct evidence) from terraform_token where token_type = 'team'"); !slices.Equal(got, []string{"231 | 3"}) {
		t.Errorf("facts: %v", got)
	}
}

// An answer that holds the secret of a token is not stored, wherever the secret stands, and nothing of it comes out.
func TestSecretsOfTokens(t *testing.T) {
	const secret = "canary-secret-of-another-token"
	for name, change := range map[string]func(*terraformtest.APIToken){
		"where the API has it":      func(t *terraformtest.APIToken) { t.Secret = secret },
		"pasted into a description": func(t *terraformtest.APIToken) { t.Description = "x.atlasv1." + secret },
	} {
		t.Run(name, func(t *testing.T) {
			d := withTokens()
			d.Account = "jo"
			for i := range d.Tokens[:5] {
				change(&d.Tokens[i])
			}
			w := newWorld(t, terraformtest.New(d, token))
			res := w.collect()
			for _, p := range tokenParts(res) {
				if !strings.HasPrefix(p, "agent pools: ok") && !strings.HasPrefix(p, "metrics tokens: ok") && !strings.Contains(p, "failed (the answer holds the secret of a token, which is never stored)") {
					t.Errorf("part %q, want one that refuses the answer", p)
				}
			}
			if err := w.store.Walk(t.Context(), func(d evidence.Digest, _ int64) error {
				b, err := evidence.ReadAll(t.Context(), w.store, d, 64<<20)
				if strings.Contains(string(b), secret) {
					t.Errorf("the secret is in blob %s", d)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// An empty text is no secret; attributes that are no object may hide one, and are refused as what they are.
func TestOddTokens(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(resource map[string]any)
		want   string
	}{
		"empty":     {func(r map[string]any) { r["attributes"].(map[string]any)["token"] = "" }, "team tokens: ok 1"},
		"left out":  {func(r map[string]any) { delete(r["attributes"].(map[string]any), "token") }, "team tokens: ok 1"},
		"an object": {func(r map[string]any) { r["attributes"].(map[string]any)["token"] = map[string]any{"secret": "x"} }, "team tokens: failed (the answer holds the secret"},
		"no object": {func(r map[string]any) { r["attributes"] = "x" }, `team tokens: failed (read token "at-team": `},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, terraformtest.New(withTokens(), token))
			altered(w, func(path string, document map[string]any) {
				if strings.HasSuffix(path, "/team-tokens") {
					tt.change(document["data"].([]any)[0].(map[string]any))
				}
			})
			if got := tokenParts(w.collect()); !slices.ContainsFunc(got, func(p string) bool { return strings.HasPrefix(p, tt.want) }) {
				t.Errorf("parts %v, want %q", got, tt.want)
			}
		})
	}
}

// What is left out is not asked for, has no outcome, and is not among what a failure of the source concerns. Tokens are left out unless
// skip says otherwise.
func TestSkip(t *testing.T) {
	for skip, policies := range map[string]bool{
		"skip: [organization tokens, team tokens, user tokens, agent tokens, metrics tokens, policies]": false,
		"": true,
	} {
		t.Run(skip, func(t *testing.T) {
			fake := terraformtest.New(withTokens(), token)
			w := newWorld(t, fake)
			w.config = strings.Replace(w.config, "skip: []", skip, 1)
			res := w.collect()
			asked := slices.ContainsFunc(parts(res), func(p string) bool { return strings.HasPrefix(p, "policies") })
			if got := tokenParts(res); len(got) > 0 || asked != policies || res.Failed() {
				t.Errorf("parts: %v", parts(res))
			}
			for _, path := range fake.Asked() {
				if strings.Contains(path, "token") || strings.Contains(path, "agent-pools") || !policies && strings.Contains(path, "/policies") {
					t.Errorf("asked for %s", path)
				}
			}
			w.vars["TFE_TOKEN"] = "wrong"
			for _, p := range w.collect().Entry.Parts {
				if p.Kind == terraform.KindTeamTokens || !policies && p.Kind == terraform.KindPolicies {
					t.Errorf("a failure of the source concerns %s", p.Kind)
				}
			}
		})
	}
}
