package register_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/collectortest"
	"auditpack/collectors/register"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// registers is one line of each register, with every column, and the row that it gives.
var registers = map[string]struct{ header, cells, query, want string }{
	"leaver": {"person,event,effective_at,privileged,identities", "Jane,left,2026-07-31,yes,a; b ;",
		`select line, "source", person, event, effective_at, privileged, identities from leaver`, "2 | source | Jane | left | 2026-07-31T00:00:00Z | true | [a, b]"},
	"ticket": {"ticket_id,kind,subject,resource,requested_by,approved_by,approved_at,valid_from,valid_to,closed_at,status", "T-1,change,s,sys/*,r,a,2026-07-01,2026-07-02,2026-07-03,2026-07-04,done",
		`select * exclude (evidence) from ticket`, "2 | source | T-1 | change | s | sys/* | r | a | 2026-07-01T00:00:00Z | 2026-07-02T00:00:00Z | 2026-07-03T00:00:00Z | 2026-07-04T00:00:00Z | done"},
	"alert": {"alert_id,raised_at,identity,reason,ticket,handled_by,handled_at", "A-1,2026-07-01T00:00:00.5Z,i,why,T-1,h,",
		`select * exclude (evidence) from alert`, "2 | source | A-1 | 2026-07-01T00:00:00.5Z | i | why | T-1 | h | -"},
	"sign_in_rule": {"mount,provider,federated,mfa_enforced,checked_at", "auth/oidc/,idp,true,false,2026-07-01",
		`select * exclude (evidence) from sign_in_rule`, "2 | source | auth/oidc/ | idp | true | false | 2026-07-01T00:00:00Z"},
	"identity_owner": {"identity,kind,owner,purpose,expires_at", "ci,service,Platform,builds,",
		`select * exclude (evidence) from identity_owner`, "2 | source | ci | service | Platform | builds | -"},
	"log_store": {"store,log,retention_days,immutable,oldest_retrieved_at,tested_at,tested_by", "s,l,400,true,2025-07-01,2026-07-01,t",
		`select * exclude (evidence) from log_store`, "2 | source | s | l | 400 | true | 2025-07-01T00:00:00Z | 2026-07-01T00:00:00Z | t"},
	"access_review": {"review_id,system,identity,grant_name,decision,decided_by,decided_at,done_at", "R,vault,jane,admin,revoke,b,2026-07-01,2026-07-02",
		`select * exclude (evidence) from access_review`, "2 | source | R | vault | jane | admin | revoke | b | 2026-07-01T00:00:00Z | 2026-07-02T00:00:00Z"},
	"blocked_run": {"gate,command,fail_on,exit_status,ran_at,reference", "ci,wafpass check,high,1,2026-07-01,run 7",
		`select * exclude (evidence) from blocked_run`, "2 | source | ci | wafpass check | high | 1 | 2026-07-01T00:00:00Z | run 7"},
	"deployment": {"environment,commit,deployed_at,reference", "prod,0a1b,2026-07-01,d",
		`select * exclude (evidence) from deployment`, "2 | source | prod | 0a1b | 2026-07-01T00:00:00Z | d"},
}

// folder is a folder with one file, and a clock.
type folder struct {
	t     *testing.T
	dir   string
	store *memstore.Store
	now   time.Time
}

func newFolder(t *testing.T) *folder {
	return &folder{t: t, dir: t.TempDir(), store: memstore.New(), now: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)}
}

// collect writes the file and collects it an hour later than the time before.
func (f *folder) collect(table, content string) collectors.Result {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, "register.csv"), []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
	f.now = f.now.Add(time.Hour)
	return collectortest.CollectFolder(f.t, register.Type, f.store, f.dir, f.now, func(v any) {
		*v.(*register.Config) = register.Config{Table: table, Path: "register.csv"}
	})
}

func TestFacts(t *testing.T) {
	f := newFolder(t)
	for table, r := range registers {
		if res := f.collect(table, r.header+"\n"+r.cells+"\n"); res.Failed() {
			t.Fatalf("collect %s: got %v and parts %+v, want no failure", table, res.Err, res.Entry.Parts)
		}
	}
	db := factstest.Project(t, f.store, f.store)
	for table, r := range registers {
		factstest.Check(t, db, r.query, r.want)
		factstest.Check(t, db, `select r.name, r.kind like 'register.%' from record as r join `+table+` as t on t.evidence = r.blob`, "register.csv | true")
	}
}

// The newest state of a file is the table; every state is in the other. A row that cannot be read is in a table of its own until it is
// corrected, and a file that cannot be read at all leaves what was read before.
func TestStates(t *testing.T) {
	const header = "environment,commit,deployed_at\n"
	f := newFolder(t)
	for _, step := range []struct {
		content   string
		failed    bool
		rows, odd []string
	}{
		{header + "prod,a,2026-07-01\n", false, []string{"a"}, []string{}},
		{header + "prod,a,2026-07-01\nprod,b,yesterday\n", true, []string{"a"}, []string{"3 | deployment | [deployed_at: line 3: no date or time; write it like 2026-07-31 or 2026-07-31T17:00:00Z]"}},
		{"environment,commit\n", true, []string{"a"}, []string{"3 | deployment | [deployed_at: line 3: no date or time; write it like 2026-07-31 or 2026-07-31T17:00:00Z]"}},
		{header + "prod,b,2026-07-02\n", false, []string{"b"}, []string{}},
		{header, false, []string{}, []string{}},
	} {
		if res := f.collect("deployment", step.content); res.Failed() != step.failed {
			t.Errorf("collect %q: got parts %+v, want failed %v", step.content, res.Entry.Parts, step.failed)
		}
		db := factstest.Project(t, f.store, f.store)
		factstest.Check(t, db, `select "commit" from deployment order by all`, step.rows...)
		factstest.Check(t, db, `select line, register, problems from register_odd_row order by all`, step.odd...)
	}
	db := factstest.Project(t, f.store, f.store)
	factstest.Check(t, db, `select count(*), count(distinct evidence) from deployment_version`, "3 | 3")
}
