package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/filestore"
)

// watched is a workspace with a Boundary, a Vault and a folder of exceptions, whose journal a test writes.
type watched struct {
	t     *testing.T
	dir   string
	store *filestore.Store
}

func newWatched(t *testing.T) watched {
	t.Helper()
	dir := t.TempDir()
	config := `organization: {name: ACME}
period: 2026-Q3
sources:
  - {name: boundary-prod, type: boundary, address: "https://boundary.acme.example:9200"}
  - {name: vault-prod, type: vault, audit_logs: ["audit.log"]}
  - {name: exceptions, type: exceptions, path: exceptions}
`
	if err := os.Mkdir(filepath.Join(dir, "exceptions"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "auditpack.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := filestore.Create(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	return watched{t, dir, store}
}

// collected commits a collection; parts are "KIND OUTCOME".
func (w watched) collected(source, at string, parts ...string) {
	w.t.Helper()
	last, err := w.store.Last(w.t.Context(), source)
	if err != nil {
		w.t.Fatal(err)
	}
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		w.t.Fatal(err)
	}
	e := evidence.Entry{Type: evidence.EntryCollection, Time: when, Source: source, SourcePrevious: last.Number, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "test"}}
	for _, p := range parts {
		kind, outcome, _ := strings.Cut(p, " ")
		o := evidence.PartOutcome{Part: "part of " + kind, Kind: evidence.Kind(kind + "/1"), Outcome: evidence.Outcome(outcome)}
		if unknown(o) {
			o.Detail = "because"
		}
		e.Parts = append(e.Parts, o)
	}
	if _, err := w.store.Append(w.t.Context(), e); err != nil {
		w.t.Fatal(err)
	}
}

// auditpack runs the program and returns status and output.
func (w watched) auditpack(args ...string) (int, string) {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(append([]string{"auditpack", "-w", w.dir}, args...), strings.NewReader(""), &stdout, &stderr)
	if stderr.Len() > 0 {
		w.t.Errorf("stderr: %s", stderr.String())
	}
	return status, stdout.String()
}

func (w watched) want(status int, stdout string, args ...string) {
	w.t.Helper()
	gotStatus, got := w.auditpack(args...)
	trimmed := ""
	for line := range strings.Lines(got) {
		trimmed += strings.TrimRight(line, " \n") + "\n"
	}
	if diff := cmp.Diff(strings.TrimPrefix(stdout, "\n"), trimmed); diff != "" || status != gotStatus {
		w.t.Errorf("%q: status %d, want %d; stdout (-want +got):\n%s", args, gotStatus, status, diff)
	}
}

func TestStatus(t *testing.T) {
	w := newWatched(t)
	w.collected("boundary-prod", "2026-09-01T05:00:00Z", "boundary.sessions ok")
	w.collected("boundary-prod", "2026-09-01T09:00:00Z", "boundary.sessions ok") // three hours lie between them for good
	w.collected("boundary-prod", "2026-09-01T09:30:00Z", "boundary.targets ok", "boundary.sessions failed")
	w.collected("boundary-prod", "2026-09-01T09:40:00Z", "boundary.targets ok", "boundary.sessions ok")
	w.collected("boundary-prod", "2026-09-01T09:50:00Z", "boundary.targets failed", "boundary.sessions failed")
	w.collected("vault-prod", "2026-09-01T09:40:00Z", "vault.audit-log ok", "vault.mounts denied")
	w.collected("exceptions", "2026-08-01T09:40:00Z", "exceptions.file none")

	w.want(0, `
source         type        last success          age  forgets              after    window
boundary-prod  boundary    2026-09-01T09:40:00Z  20m  terminated sessions  1h       open
vault-prod     vault       2026-09-01T09:40:00Z  20m  audit log files      unknown  unknown
exceptions     exceptions  2026-08-01T09:40:00Z  31d  nothing              -        -
boundary-prod: terminated sessions from 2026-09-01T05:00:00Z to 2026-09-01T08:00:00Z are lost for good
boundary-prod: part of boundary.targets: failed: because
boundary-prod: part of boundary.sessions: failed: because
vault-prod: part of vault.mounts: denied: because
`, "status", "--as-of", "2026-09-01T10:00:00Z")
	w.want(0, "", "status", "--quiet", "--as-of", "2026-09-01T10:25:00Z")
	w.want(3, `
boundary-prod: overdue: terminated sessions since 2026-09-01T09:40:00Z are lost from 2026-09-01T10:40:00Z on, in 14m 59s: collect now
`, "status", "--quiet", "--as-of", "2026-09-01T10:25:01Z")
	w.want(3, `
boundary-prod: overdue: terminated sessions from 2026-09-01T09:40:00Z to 2026-09-01T10:00:00Z are lost, and more with every minute: collect now
`, "status", "--quiet", "--as-of", "2026-09-01T11:00:00Z")
	w.want(0, "", "status", "--quiet", "--source", "vault-prod", "--as-of", "2027-01-01")
	w.want(3, `
boundary-prod: overdue: was never collected
vault-prod: overdue: was never collected
exceptions: overdue: was never collected
`, "status", "--quiet", "--as-of", "2026-07-01") // before anything was collected
}

func TestStatusOfWhatNeverCame(t *testing.T) {
	w := newWatched(t)
	w.collected("boundary-prod", "2026-09-01T05:00:00Z", "boundary.scopes ok", "boundary.sessions denied")
	w.collected("vault-prod", "2026-09-01T05:00:00Z", "vault.audit-log failed")
	w.collected("exceptions", "2026-09-01T05:00:00Z", "exceptions.file ok")
	w.want(3, `
boundary-prod: overdue: terminated sessions were never collected whole
vault-prod: overdue: never answered, last asked 2026-09-01T05:00:00Z
`, "status", "--quiet", "--as-of", "2026-09-01T05:10:00Z")
}

func TestStatusAsJSON(t *testing.T) {
	w := newWatched(t)
	w.collected("boundary-prod", "2026-09-01T05:00:00Z", "boundary.sessions ok")
	w.want(3, `
{"at":"2026-09-01T07:00:00Z","period":{"from":"2026-07-01T00:00:00Z","to":"2026-10-01T00:00:00Z"},"sources":[`+
		`{"source":"boundary-prod","type":"boundary","last_asked":{"entry":1,"at":"2026-09-01T05:00:00Z"},"last_success":{"entry":1,"at":"2026-09-01T05:00:00Z"},"age_seconds":7200,`+
		`"overdue":true,"windows":[{"what":"terminated sessions","state":"closed","keeps_seconds":3600,`+
		`"why":"Boundary deletes a session an hour after it ended; what the event log says of it stays",`+
		`"reached":"2026-09-01T05:00:00Z","closes":"2026-09-01T06:00:00Z","lost":[{"from":"2026-09-01T05:00:00Z","to":"2026-09-01T06:00:00Z"}]}],"parts":[]}],"calendar":null,"exceptions":[],"responses":[]}
`, "--json", "status", "--source", "boundary-prod", "--as-of", "2026-09-01T07:00:00Z")
}

// What was lost across the start of the period is told also when the last collection before it failed.
func TestStatusOfALossAcrossTheStartOfThePeriod(t *testing.T) {
	w := newWatched(t)
	w.collected("boundary-prod", "2026-06-30T20:00:00Z", "boundary.sessions ok")
	w.collected("boundary-prod", "2026-06-30T22:00:00Z", "boundary.sessions ok")
	w.collected("boundary-prod", "2026-06-30T23:00:00Z", "boundary.targets ok", "boundary.sessions failed")
	w.collected("boundary-prod", "2026-07-01T05:00:00Z", "boundary.sessions ok")
	w.want(0, `
source         type      last success          age  forgets              after  window
boundary-prod  boundary  2026-07-01T05:00:00Z  10m  terminated sessions  1h     open
boundary-prod: terminated sessions from 2026-06-30T22:00:00Z to 2026-07-01T04:00:00Z are lost for good
`, "status", "--source", "boundary-prod", "--as-of", "2026-07-01T05:10:00Z")
}

// What a source does not offer, or nobody asks it for, is not overdue.
func TestStatusOfWhatIsNotThere(t *testing.T) {
	w := newWatched(t)
	w.collected("boundary-prod", "2026-09-01T05:00:00Z", "boundary.event-log ok")
	w.collected("vault-prod", "2026-09-01T05:00:00Z", "vault.mounts ok", "vault.audit-log not-offered")
	w.collected("exceptions", "2026-09-01T05:00:00Z", "exceptions.file ok")
	w.want(0, `
source         type        last success          age      forgets              after    window
boundary-prod  boundary    2026-09-01T05:00:00Z  27d 19h  terminated sessions  1h       not-asked
vault-prod     vault       2026-09-01T05:00:00Z  27d 19h  audit log files      unknown  not-offered
exceptions     exceptions  2026-09-01T05:00:00Z  27d 19h  nothing              -        -
`, "status", "--as-of", "2026-09-29")
}

func TestFormatAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", time.Minute: "1m", 61 * time.Second: "1m 1s", time.Hour + 59*time.Second: "1h",
		25 * time.Hour: "1d 1h", 14 * 24 * time.Hour: "14d", -time.Minute: "-1m",
	} {
		if got := formatAge(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}
