package assessment_test

import (
	"context"
	"io/fs"
	"path"
	"strings"
	"testing"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// TestFixtures runs each shipped test over its fixtures: it must find what they say, and there must be a case in which it finds
// something and one in which it finds nothing.
func TestFixtures(t *testing.T) {
	c, engine := shipped(t), openEngine(t, 1)
	for _, test := range c.Tests {
		t.Run(string(test.ID), func(t *testing.T) {
			if err := c.RunFixture(context.Background(), engine, test, shippedFixture(t, test.ID)); err != nil {
				t.Error(err)
			}
		})
	}
}

func shippedFixture(t *testing.T, id assessment.TestID) assessment.File {
	t.Helper()
	name := path.Join("tests/fixtures", string(id)+".yaml")
	b, err := fs.ReadFile(templates.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return assessment.File{Name: "templates/" + name, Content: b}
}

// A fixture that disagrees says where, what it got and what it wanted.
func TestFixtureDisagrees(t *testing.T) {
	c, engine := shipped(t), openEngine(t, 1)
	test, _ := c.Test("VAL-02")
	good := shippedFixture(t, test.ID)
	for name, tc := range map[string]struct{ old, new, want string }{
		"another population":     {"    population: 6\n", "    population: 5\n", `templates/tests/fixtures/VAL-02.yaml:3: case "root by either list of policies, and the generation of a root token" of VAL-02: population: got 6, want 5`},
		"another detail":         {"detail: \"operation read; policy root\"", "detail: \"policy root\"", `deviation 2: got {item: "r2", subject: "token", resource: "secret/data/app", detail: "operation read; policy root"}, want {item: "r2", subject: "token", resource: "secret/data/app", detail: "policy root"}`},
		"another time":           {`at: "2026-07-02T08:00:00Z", detail`, `at: "2026-07-02T09:00:00Z", detail`, `deviation 1: got {item: "r1", subject: "token", resource: "sys/mounts/kv1", at: "2026-07-02T08:00:00Z"`},
		"one that is not found":  {"    deviations:\n", "    deviations:\n      - {item: r0}\n", `deviation 4: got none, want {item: "r3"`},
		"one too many found":     {"      - {item: r3, ", "      # - {item: r3, ", `want none`},
		"a table that is not":    {"vault_request:", "vault_requests:", `there is no table "vault_requests"`},
		"a parameter that isn't": {"{max_uses: 1}", "{max_use: 1}", `"max_use" is no parameter`},
		"a day that is not":      {"    population: 6\n", "    population: 6\n    from: 2026-02-30\n", `"2026-02-30": want a day as YYYY-MM-DD`},
		"an unknown key":         {"cases:", "extra: 1\ncases:", `templates/tests/fixtures/VAL-02.yaml:2: unknown field "extra"`},
		"nothing that fires":     {string(good.Content), "cases:\n  - {name: a, population: 0}\n", "no case has deviations"},
		"nothing that is silent": {string(good.Content), "cases:\n  - {name: a, population: 0}\n", "want one with a population in which the test must find nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(good.Content)
			if !strings.Contains(text, tc.old) {
				t.Fatalf("no %q to replace", tc.old)
			}
			err := c.RunFixture(context.Background(), engine, test, assessment.File{Name: good.Name, Content: []byte(strings.Replace(text, tc.old, tc.new, 1))})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}
