package e2e

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	vaultapi "github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/vault"
)

// startLoggedVault starts a Vault with the audit device "file", and returns what SIGHUP does to its devices.
func startLoggedVault(t *testing.T) (s server, reopen func()) {
	t.Helper()
	cluster := vault.NewTestCluster(t, &vault.CoreConfig{
		AuditBackends:      map[string]audit.Factory{"file": audit.NewFileBackend},
		CredentialBackends: map[string]logical.Factory{"userpass": userpass.Factory},
	}, &vault.TestClusterOptions{HandlerFunc: vaulthttp.Handler, NumCores: 1})
	t.Cleanup(cluster.Cleanup)
	dir := t.TempDir()
	core := cluster.Cores[0]
	s = server{client: core.Client, log: filepath.Join(dir, "audit.log"), ca: filepath.Join(dir, "ca.pem")}
	must(t, os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.CACert.Raw}), 0o600))
	s.enableFile(t, "file", s.log)
	return s, func() {
		core.ReloadFuncsLock.RLock()
		defer core.ReloadFuncsLock.RUnlock()
		for name, reloads := range *core.ReloadFuncs {
			if !strings.HasPrefix(name, "audit_file|") {
				continue
			}
			for _, reload := range reloads {
				must(t, reload())
			}
		}
	}
}

// logWorkspace has one source with these keys, and counts a canary as missing at once.
func logWorkspace(t *testing.T, keys ...string) string {
	t.Helper()
	dir := t.TempDir()
	config := "organization: {name: E2E GmbH, role: provider}\nframeworks: [iso27001-2022]\n" +
		"parameters:\n  VAL-09: {canary_clock_seconds: 0, canary_write_seconds: 0}\n" +
		"sources:\n  - name: vault\n    type: vault\n    skip: [server, identity, mfa, password-policies, tuning, auth-roles, engine-roles, transit-keys, tokens, namespaces]\n"
	for _, key := range keys {
		config += "    " + key + "\n"
	}
	must(t, os.WriteFile(filepath.Join(dir, "auditpack.yaml"), []byte(config), 0o600))
	return dir
}

func (s server) collect(t *testing.T, status int, dir, token string) {
	t.Helper()
	s.mustRun(t, status, dir, token, append([]string{"collect"}, period()...)...)
}

// count runs a query that gives one number called n.
func (s server) count(t *testing.T, dir, token, query string) int {
	t.Helper()
	return int(s.rows(t, dir, token, query)[0]["n"].(float64))
}

// deviationsOf assesses and returns the items that a test found, by item with its detail.
func (s server) deviationsOf(t *testing.T, dir, token, test string) map[string]string {
	t.Helper()
	out, stderr, status := s.run(t, dir, token, append([]string{"assess", "--json", "--framework", "iso27001-2022"}, period()...)...)
	if status != 0 && status != 3 {
		t.Fatalf("assess: exit status %d: %s", status, stderr)
	}
	var a struct {
		Tests []struct {
			ID         string `json:"id"`
			Deviations []struct {
				Item   string `json:"item"`
				Detail string `json:"detail"`
			} `json:"deviations"`
		} `json:"tests"`
	}
	must(t, json.Unmarshal([]byte(out), &a))
	for _, x := range a.Tests {
		if x.ID == test {
			found := map[string]string{}
			for _, d := range x.Deviations {
				found[d.Item] = d.Detail
			}
			return found
		}
	}
	t.Fatalf("the assessment has no test %s", test)
	return nil
}

func canariesIn(deviations map[string]string) (items []string) {
	for item := range deviations {
		if strings.HasPrefix(item, "canaries of ") {
			items = append(items, item)
		}
	}
	return items
}

// ship copies a log as a transport to another machine does, without the lines that hold any of the texts.
func ship(t *testing.T, from, to string, without ...string) {
	t.Helper()
	b, err := os.ReadFile(from)
	must(t, err)
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		keep := true
		for _, text := range without {
			keep = keep && !strings.Contains(line, text)
		}
		if keep {
			out.WriteString(line)
		}
	}
	must(t, os.WriteFile(to, []byte(out.String()), 0o600))
}

func TestCanariesAreFoundOnEveryDevice(t *testing.T) {
	s, _ := startLoggedVault(t)
	token := s.client.Token()
	second := filepath.Join(filepath.Dir(s.log), "second.log")
	s.enableFile(t, "second", second)
	shipped := t.TempDir()
	dir := logWorkspace(t, "address: "+s.client.Address(), fmt.Sprintf("audit_logs: [%q]", filepath.Join(shipped, "*.log")))
	logs := map[string]string{"audit.log": s.log, "second.log": second}
	for name, from := range logs {
		ship(t, from, filepath.Join(shipped, name))
	}
	s.collect(t, 0, dir, token)
	asked := s.rows(t, dir, token, "select request_id, path from vault_canary where path <> 'auth/token/lookup-self' order by line")
	if len(asked) < 5 {
		t.Fatalf("got %d canaries, want the two lists of devices, auth methods, mounts and policies at least: %v", len(asked), asked)
	}
	if n := s.count(t, dir, token, "select count(*) as n from vault_canary_log where requests > 0"); n != 0 {
		t.Errorf("%d canaries are in logs of before they were asked", n)
	}
	if items := canariesIn(s.deviationsOf(t, dir, token, "VAL-09")); len(items) > 0 {
		t.Errorf("not due yet, and missing: %q", items)
	}

	// The next day: the logs came, and every canary is on both devices, request and response.
	for name, from := range logs {
		ship(t, from, filepath.Join(shipped, name))
	}
	s.collect(t, 0, dir, token)
	found := s.count(t, dir, token, "select count(*) as n from vault_canary_log where requests = 1 and responses = 1 and device_path is not null and evidence = (select min(evidence) from vault_canary where time = (select min(time) from vault_canary))")
	if want := 2 * len(asked); found != want {
		t.Errorf("found %d canaries with both entries, want %d: %v", found, want, s.rows(t, dir, token, "select path, device_path, requests, responses from vault_canary_log"))
	}
	for _, a := range asked { // by another means
		for _, log := range logs {
			if n := countText(t, log, `"id":"`+a["request_id"].(string)+`"`); n != 2 {
				t.Errorf("%s has %d lines of the request for %s, want 2", log, n, a["path"])
			}
		}
	}
	if items := canariesIn(s.deviationsOf(t, dir, token, "VAL-09")); len(items) > 0 {
		t.Errorf("VAL-09 misses %q", items)
	}

	// The day after: one line of one canary is gone from the log of one device before it was collected.
	last := s.rows(t, dir, token, "select request_id from vault_canary where path = 'sys/mounts' order by time desc limit 1")[0]["request_id"].(string)
	ship(t, s.log, filepath.Join(shipped, "audit.log"))
	ship(t, second, filepath.Join(shipped, "second.log"), last)
	s.collect(t, 0, dir, token)
	deviations := s.deviationsOf(t, dir, token, "VAL-09")
	items := canariesIn(deviations)
	if len(items) != 1 || !strings.HasSuffix(items[0], " on second/") || !strings.Contains(deviations[items[0]], last) {
		t.Errorf("got %q, want one deviation of the device second that names %s", deviations, last)
	}
	// What one device lacks the other has: it is no half request.
	if n := s.count(t, dir, token, "select count(*) as n from vault_request where request_id = '"+last+"' and requests = 1 and responses = 1 and device_names = ['audit.log']"); n != 1 {
		t.Errorf("the union of devices does not have the request that one of them lacks")
	}
}

func countText(t *testing.T, path, text string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	n := 0
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// hash asks whether value was used.
func (s server) hash(t *testing.T, dir, token, value string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"vault", "hash", "--device", "file"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(value+"\n")
	cmd.Env = append(os.Environ(), "VAULT_ADDR="+s.client.Address(), "VAULT_TOKEN="+token, "VAULT_CACERT="+s.ca)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("vault hash: %v: %s", err, errs.String())
	}
	if strings.Contains(out.String()+errs.String(), value) {
		t.Error("vault hash printed the value")
	}
	return out.String(), errs.String()
}

func TestHashFindsWhereAValueWasUsed(t *testing.T) {
	s := startVault(t)
	must(t, s.client.Sys().PutPolicy("asking", `path "sys/audit-hash/*" { capabilities = ["update"] }`))
	token := s.tokenFor(t, "asking")
	s.operate(t) // alice logs in with the canary and writes it 20 times
	dir := logWorkspace(t, fmt.Sprintf("audit_logs: [%q]", s.log))
	s.collect(t, 0, dir, token)
	for range 2 { // the second time the first question is in the log, and collected
		out, _ := s.hash(t, dir, token, canary, "--json")
		var got struct {
			Hash            string
			Used            bool
			Uses, Questions int
			Found           []struct {
				Path      string
				RequestID string `json:"request_id"`
				Evidence  string
				Line      int
				Question  bool
			}
		}
		must(t, json.Unmarshal([]byte(out), &got))
		b, err := os.ReadFile(s.log)
		must(t, err)
		want := 0 // by another means: in the log itself
		for line := range strings.Lines(string(b)) {
			if strings.Contains(line, got.Hash) && !strings.Contains(line, `"path":"sys/audit-hash/`) {
				want++
			}
		}
		if !got.Used || got.Uses != want || want < 40 {
			t.Errorf("got %d uses, the log has %d lines with %s", got.Uses, want, got.Hash)
		}
		if len(got.Found) != got.Uses+got.Questions {
			t.Errorf("listed %d of %d lines", len(got.Found), got.Uses+got.Questions)
		}
		f := got.Found[0]
		s.checkLine(t, dir, token, f.Evidence, f.Line)
		s.collect(t, 0, dir, token)
	}
	if out, _ := s.hash(t, dir, token, "a value that nobody used"); !strings.Contains(out, "Not used") {
		t.Errorf("got %q", out)
	}
	s.noSecretsStored(t, dir, token)
}

func TestLogRawIsRefusedOrRedacted(t *testing.T) {
	s, _ := startLoggedVault(t)
	token := s.client.Token()
	raw := filepath.Join(filepath.Dir(s.log), "raw.log")
	must(t, s.client.Sys().EnableAuditWithOptions("raw", &vaultapi.EnableAuditOptions{Type: "file", Options: map[string]string{"file_path": raw, "log_raw": "true"}}))
	s.operate(t)
	wrapping, err := s.client.Clone()
	must(t, err)
	wrapping.SetToken(token)
	wrapping.SetWrappingLookupFunc(func(string, string) string { return "60s" })
	_, err = wrapping.Logical().Read("auth/token/lookup-self")
	must(t, err)
	must(t, s.client.Sys().DisableAudit("raw"))
	lines := countLines(t, raw)
	if countText(t, raw, token) == 0 || countText(t, raw, canary) == 0 {
		t.Fatal("the device does not write secrets in the clear: the test's Vault is not as it should be")
	}

	refusing := logWorkspace(t, fmt.Sprintf("audit_logs: [%q, %q]", s.log, raw))
	_, stderr, status := s.run(t, refusing, token, append([]string{"collect"}, period()...)...)
	if status != 1 || !strings.Contains(stderr, "log_raw") {
		t.Errorf("exit status %d, want 1 and the advice: %s", status, stderr)
	}
	if n := s.count(t, refusing, token, "select count(*) as n from vault_audit where device = 'raw.log'"); n != 0 {
		t.Errorf("stored %d lines of a log with secrets in the clear", n)
	}
	s.noSecretsStored(t, refusing, token)

	redacting := logWorkspace(t, fmt.Sprintf("audit_logs: [%q, %q]", s.log, raw), "log_raw: redact")
	s.collect(t, 0, redacting, token)
	s.noSecretsStored(t, redacting, token)
	for query, want := range map[string]int{
		"select count(*) as n from vault_audit where device = 'raw.log'":                                      lines,
		"select count(*) as n from vault_audit where device = 'raw.log' and not parsed":                       0,
		"select count(*) as n from vault_audit where device = 'raw.log' and token_accessor is not null":       0,
		"select count(*) as n from record where name = 'raw.log' and redacted":                                1,
		"select count(*) as n from record where name = 'audit.log' and redacted":                              0,
		"select count(distinct path) as n from vault_audit where device = 'raw.log' and path like 'secret/%'": 20,
	} {
		if n := s.count(t, redacting, token, query); n != want {
			t.Errorf("%s: got %d, want %d", query, n, want)
		}
	}
	for name, dir := range map[string]string{"refused": refusing, "redacted": redacting} {
		found := false
		for item, detail := range s.deviationsOf(t, dir, token, "VAD-02") {
			found = found || strings.Contains(item, "raw.log") && strings.Contains(detail, "secrets in the clear")
		}
		if !found {
			t.Errorf("VAD-02 does not report the log that was %s", name)
		}
	}
}

func TestRotationWhileCollectingUnderLoad(t *testing.T) {
	s, reopen := startLoggedVault(t)
	token := s.client.Token()
	dir := logWorkspace(t, fmt.Sprintf("audit_logs: [%q]", s.log+"*"))
	stop := make(chan struct{})
	var load sync.WaitGroup
	for worker := range 3 {
		client, err := s.client.Clone()
		must(t, err)
		client.SetToken(token)
		load.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := client.Logical().Write(fmt.Sprintf("secret/load-%d-%d", worker, i%50), map[string]any{"value": canary}); err != nil {
					t.Errorf("write under load: %v", err)
					return
				}
			}
		})
	}
	for rotation := range 3 {
		collected := make(chan struct{})
		go func() {
			defer close(collected)
			for range 2 {
				s.collect(t, 0, dir, token)
			}
		}()
		time.Sleep(300 * time.Millisecond) // so that a collection runs; the counts hold wherever it is
		for n := rotation; n > 0; n-- {
			must(t, os.Rename(fmt.Sprintf("%s.%d", s.log, n), fmt.Sprintf("%s.%d", s.log, n+1)))
		}
		must(t, os.Rename(s.log, s.log+".1"))
		time.Sleep(100 * time.Millisecond) // Vault writes to the renamed file meanwhile
		reopen()
		<-collected
	}
	close(stop)
	load.Wait()
	if _, err := exec.Command("gzip", s.log+".2").CombinedOutput(); err != nil {
		t.Fatal(err)
	}
	must(t, s.client.Sys().DisableAudit("file"))
	s.collect(t, 0, dir, token)

	// By another means: all lines of all files, unpacked by gzip.
	out, err := exec.Command("sh", "-c", "cat "+s.log+" "+s.log+".1 "+s.log+".3; gzip -dc "+s.log+".2.gz").Output()
	must(t, err)
	want := bytes.Count(out, []byte("\n"))
	got := s.rows(t, dir, token, "select count(*) as n, count(distinct (request_id, type)) as d, count(*) filter (not parsed) as broken, count(distinct device) as devices from vault_audit")[0]
	if int(got["n"].(float64)) != want || int(got["d"].(float64)) != want || got["broken"].(float64) != 0 || got["devices"].(float64) != 1 {
		t.Errorf("stored %v lines, %v of them different, %v broken, of %v logs; the files have %d", got["n"], got["d"], got["broken"], got["devices"], want)
	}
	t.Logf("%d lines in 4 files", want)
	if halves := s.count(t, dir, token, "select count(*) as n from vault_request where (requests = 0 or responses = 0) and path not like 'sys/audit/%'"); halves != 0 {
		t.Errorf("%d requests lack a half", halves)
	}
	s.noSecretsStored(t, dir, token)
}
