package boundary

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence/facts/factstest"
)

// The example company's recording holds the faults that its README names, and no others of their kind.
func TestExampleCompany(t *testing.T) {
	acme := filepath.Join("..", "..", "examples", "acme")
	data, err := boundarytest.Load(os.DirFS(filepath.Join(acme, "recorded", "boundary")))
	if err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Abs(filepath.Join(acme, "logs", "boundary"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, data)
	w.config += "event_logs: ['" + logs + "/*.ndjson']\n"
	w.vars = map[string]string{"BOUNDARY_TOKEN": data.Access.Tokens[0].Token}
	w.more = ""
	res := w.collect()
	const noRecordings = ` not-offered 0 list session-recordings: the source does not offer this: page 1: HTTP status 405, Unimplemented: "Session Recordings are an Enterprise-only feature"`
	want := []string{
		logs + "/events.ndjson: ok 67", "accounts: ok 8", "auth-methods: ok 2", "credential-libraries: ok 2", "credential-stores: ok 2",
		"group reads: ok 2", "groups: ok 2", "host-catalogs: ok 2", "hosts: ok 5", "managed-group reads: ok 1", "managed-groups: ok 1",
		"role reads: ok 5", "roles: ok 5", "scope global: ok 1", "scopes: ok 3", "session reads: ok 60",
		"session-recording reads:" + noRecordings, "session-recordings:" + noRecordings,
		"sessions: ok 60", "target reads: ok 5", "targets: ok 5", "user reads: ok 11", "users: ok 11",
	}
	if diff := cmp.Diff(want, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	db := factstest.Project(t, w.store, w.store)
	for _, q := range []query{
		{`select session_id, target_name, created_at from boundary_session where user_id is null`, []string{"s_noUser0708 | prod-db-admin | 2026-07-08T17:42:19.80683Z"}},
		{`select session_id, target_name, date_diff('second', expires_at, ended_at) from boundary_session where ended_at > expires_at + interval 60 seconds`, []string{"s_tooLong819 | prod-db-admin | 2832"}},
		{`select target_id, name from boundary_target where session_connection_limit = -1`, []string{"ttcp_k8sAdmin01 | prod-k8s-admin"}},
		{`select distinct session_id from boundary_event where session_id not in (select session_id from boundary_session)`, []string{"s_onlyInLog1"}},
		{`select session_id from boundary_session where created_at >= '2026-07-15' and session_id not in (select session_id from boundary_event where session_id is not null)`, []string{}},
		{`select count(*) from boundary_session as s join boundary_event as e on e.session_id = s.session_id and e.operation = 'authorize-session' where e.user_id <> s.user_id`, []string{"0"}},
		{`select event_id from boundary_event group by event_id having count(*) > 1`, nil},
		{`select count(*) from boundary_session where created_at < '2026-07-01' or created_at >= '2026-10-01' or target_name is null or scope_id is null`, []string{"0"}},
		{`select count(*) from boundary_session as s join boundary_target as t on t.target_id = s.target_id where t.session_connection_limit > 0 and s.connections > t.session_connection_limit`, []string{"0"}},
		{`select status, count(*), count(ended_at) from boundary_session group by status order by status`, []string{"active | 1 | 0", "terminated | 59 | 59"}},
		// counted by hand: 52 of the 60 began after the log was switched on on 15 July; it also has the one that no list knows
		{`select listed, logged, count(*) from boundary_session_match group by all order by all`, []string{"false | true | 1", "true | false | 8", "true | true | 52"}},
		{`select count(*) from boundary_session_match where listed and not logged and created_at >= log_from`, []string{"0"}},
		{`select u.user_id, count(*) from boundary_user_role as u where role_id in ('r_platAdm001', 'r_analyst001') group by all order by all`, []string{
			"u_jKq81LmZ0p | 1", "u_l0PzT9sEe3 | 1", "u_oB72xWcY4r | 1", "u_p55VnGhA1d | 1", "u_ssoAna0001 | 1", "u_tY3mQd8KfU | 1"}},
		{`select t.name from boundary_target as t where t.target_id not in (select target_id from boundary_target_source where "use" <> 'host') order by all`, []string{"prod-k8s-admin", "staging-ssh"}},
		{`select host_name, count(*) from boundary_session group by all order by all`, []string{"prod-k8s-api | 10", "prod-pg-1 | 16", "prod-pg-replica | 14", "staging-bastion | 9", "staging-pg | 11"}},
		{`select count(*) filter (not parsed), count(distinct event_id) from boundary_event`, []string{"0 | 66"}},
	} {
		if q.want == nil {
			if got := factstest.Rows(t, db, q.sql); len(got) != 1 {
				t.Errorf("%s: got %v, want one row", q.sql, got)
			}
			continue
		}
		if diff := cmp.Diff(q.want, factstest.Rows(t, db, q.sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q.sql, diff)
		}
	}
}
