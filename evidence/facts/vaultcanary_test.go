package facts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// pair is a request and its response, or the halves that want names, in the shape of Vault 1.21.1.
func pair(id, at string, want ...string) string {
	if len(want) == 0 {
		want = []string{"request", "response"}
	}
	var b strings.Builder
	for _, half := range want {
		fmt.Fprintf(&b, `{"request":{"id":%q,"operation":"read","path":"sys/audit"},"time":%q,"type":%q}`+"\n", id, at, half)
	}
	return b.String()
}

// ask is a line of a record of the collector's own requests; devices are file devices by path, file and log.
func ask(id, at string, devices ...[3]string) string {
	list := "null"
	if devices != nil {
		var all []string
		for _, d := range devices {
			all = append(all, fmt.Sprintf(`{"file_path":%q,"log":%q,"partial":false,"path":%q,"type":"file"}`, d[1], d[2], d[0]))
		}
		list = "[" + strings.Join(all, ",") + "]"
	}
	return fmt.Sprintf(`{"address":"https://v","devices":%s,"namespace":"","path":"sys/audit","request_id":%q,"time":%q}`+"\n", list, id, at)
}

func TestVaultCanaries(t *testing.T) {
	a := [3]string{"a/", "/var/log/a/audit.log", "audit.log"}
	b := [3]string{"b/", "/var/log/b/audit.log", "audit.log"}
	second := [3]string{"second/", "/var/log/second.log", "second.log"}
	socket := [3]string{"sock/", "", ""}
	const early, late = "2026-07-01T10:00:00Z", "2026-07-01T12:00:00Z"
	for _, tt := range []struct {
		name string
		logs map[string]string
		asks string
		want []string // request id | device path | logs | logged until | requests | responses
	}{
		{"on both devices", map[string]string{"audit.log": pair("c1", early) + pair("x", late), "second.log": pair("c1", early)},
			ask("c1", early, a, second), []string{"c1 | a/ | [audit.log] | 2026-07-01T12:00:00Z | 1 | 1", "c1 | second/ | [second.log] | 2026-07-01T10:00:00Z | 1 | 1"}},
		{"one device lacks it, one has half", map[string]string{"audit.log": pair("c1", early, "request"), "second.log": pair("x", late)},
			ask("c1", early, a, second), []string{"c1 | a/ | [audit.log] | 2026-07-01T10:00:00Z | 1 | 0", "c1 | second/ | [second.log] | 2026-07-01T12:00:00Z | 0 | 0"}},
		{"files of one name in two folders", map[string]string{"a/audit.log": pair("c1", early), "b/audit.log": pair("x", late)},
			ask("c1", early, a, b), []string{"c1 | a/ | [a/audit.log] | 2026-07-01T10:00:00Z | 1 | 1", "c1 | b/ | [b/audit.log] | 2026-07-01T12:00:00Z | 0 | 0"}},
		{"nodes of a cluster", map[string]string{"node1/audit.log": pair("c1", early), "node2/audit.log": pair("x", late)},
			ask("c1", early, a), []string{"c1 | a/ | [node1/audit.log, node2/audit.log] | 2026-07-01T12:00:00Z | 1 | 1"}},
		{"a device whose log nobody collects", map[string]string{"audit.log": pair("c1", early)},
			ask("c1", early, a, second, socket), []string{"c1 | a/ | [audit.log] | 2026-07-01T10:00:00Z | 1 | 1", "c1 | second/ | [] | - | 0 | 0", "c1 | sock/ | [] | - | 0 | 0"}},
		{"only devices whose logs nobody collects", map[string]string{"received.log": pair("c1", early)},
			ask("c1", early, socket), []string{"c1 | - | [received.log] | 2026-07-01T10:00:00Z | 1 | 1", "c1 | sock/ | [] | - | 0 | 0"}},
		{"devices unknown", map[string]string{"audit.log": pair("x", late), "second.log": pair("c1", early)},
			ask("c1", early), []string{"c1 | - | [audit.log, second.log] | 2026-07-01T12:00:00Z | 1 | 1"}},
		{"no log yet", nil, ask("c1", early, a), []string{"c1 | - | [] | - | 0 | 0", "c1 | a/ | [] | - | 0 | 0"}},
		{"no canary", map[string]string{"audit.log": pair("x", late)}, "", []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := memstore.New()
			for name, text := range tt.logs {
				factstest.Add(t, s, s, factstest.Evidence{Kind: "vault.audit-log/1", Name: name, Content: text})
			}
			// the same name in the log of another Vault is no place to look
			factstest.Add(t, s, s, factstest.Evidence{Kind: "vault.audit-log/1", Source: "other", Name: "audit.log", Content: pair("y", "2026-08-01T00:00:00Z")})
			factstest.Add(t, s, s, factstest.Evidence{Kind: "vault.canary/1", Name: "own requests", At: time.Date(2026, 7, 1, 10, 0, 1, 0, time.UTC), Content: tt.asks})
			db := factstest.Project(t, s, s)
			got := factstest.Rows(t, db, "select request_id, device_path, logs, logged_until, requests, responses from vault_canary_log order by request_id, device_path nulls first")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnionOfDevices has one device that lacks what the other one has, and the other way round.
func TestUnionOfDevices(t *testing.T) {
	s := memstore.New()
	const at = "2026-07-01T10:00:00.25Z"
	factstest.Add(t, s, s,
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "a.log", Content: pair("both", at) + pair("only-a", at) + pair("halves", at, "request")},
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "b.log", Content: pair("both", at) + pair("halves", at, "response") + pair("half", at, "response")},
	)
	db := factstest.Project(t, s, s)
	for query, want := range map[string][]string{
		"select request_id, requests, responses, devices, device_names from vault_request order by 1": {
			"both | 2 | 2 | 2 | [a.log, b.log]", "half | 0 | 1 | 1 | [b.log]", "halves | 1 | 1 | 2 | [a.log, b.log]", "only-a | 1 | 1 | 1 | [a.log]"},
		"select request_id, device, requests, responses from vault_request_device order by 1, 2": {
			"both | a.log | 1 | 1", "both | b.log | 1 | 1", "half | b.log | 0 | 1", "halves | a.log | 1 | 0", "halves | b.log | 0 | 1", "only-a | a.log | 1 | 1"},
	} {
		if diff := cmp.Diff(want, factstest.Rows(t, db, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// TestVaultDeviceOptions projects entries of devices whose options change the format: lists as numbers, accessors in the clear, and what
// is left of an entry with log_raw after redaction.
func TestVaultDeviceOptions(t *testing.T) {
	s := memstore.New()
	entry := func(accessor, data string) string {
		return fmt.Sprintf(`{"auth":{"accessor":%q,"client_token":"hmac-sha256:00","display_name":"ada","policies":["p"]},"request":{"client_token_accessor":%q,"id":"r","operation":"list","path":"secret/metadata/"},"response":{"data":%s},"time":"2026-07-01T10:00:00Z","type":"response"}`+"\n", accessor, accessor, data)
	}
	factstest.Add(t, s, s,
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "elide.log", Content: entry("hmac-sha256:01", `{"keys":21}`)},
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "noacc.log", Content: entry("naUQ", `{"keys":["hmac-sha256:02"]}`)},
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "raw.log", Content: entry("redacted", `{"keys":["redacted"]}`) + `{"redacted":"a line that was no whole entry"}` + "\n"},
	)
	db := factstest.Project(t, s, s)
	want := []string{
		"elide.log | 1 | true | r | list | ada | hmac-sha256:01", "noacc.log | 1 | true | r | list | ada | naUQ",
		"raw.log | 1 | true | r | list | ada | -", "raw.log | 2 | false | - | - | - | -",
	}
	got := factstest.Rows(t, db, "select device, line, parsed, request_id, operation, display_name, token_accessor from vault_audit order by 1, 2")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
