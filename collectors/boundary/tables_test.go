package boundary

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

func check(t *testing.T, w *world, queries []query) {
	t.Helper()
	db := factstest.Project(t, w.store, w.store)
	for _, q := range queries {
		if diff := cmp.Diff(q.want, factstest.Rows(t, db, q.sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q.sql, diff)
		}
	}
}

// What changes seldom, row by row; the counts are those of fullDataset's comment.
func TestTablesOfConfiguration(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	w.collect()
	check(t, w, []query{
		{`select scope_id, parent_id, type, name from boundary_scope order by scope_id`, []string{
			"global | - | global | global", "o_1 | global | org | acme", "p_prod | o_1 | project | prod", "p_test | o_1 | project | test"}},
		{`select user_id, scope_id, name, login_name, full_name, email, primary_account_id, created_at, updated_at from boundary_user order by user_id`, []string{
			"u_anon | global | anonymous | - | - | - | - | - | -", "u_auth | global | authenticated | - | - | - | - | - | -",
			"u_collector1 | global | - | auditpack | - | - | acctpw_1 | 2026-06-01T08:00:00Z | 2026-06-01T08:00:00.5Z",
			"u_jane | o_1 | - | - | Jane Roe | jane@example.org | - | - | -", "u_nobody | o_1 | nobody | - | - | - | - | - | -",
			"u_recovery | global | recovery | - | - | - | - | - | -"}},
		{`select user_id, account_id, account_scope_id from boundary_user_account order by all`, []string{
			"u_collector1 | acctpw_1 | global", "u_jane | acctldap_1 | o_1", "u_jane | acctoidc_1 | o_1"}},
		{`select auth_method_id, scope_id, type, is_primary, state, min_password_length, issuer, max_age_seconds, signing_algorithms, urls, start_tls, insecure_tls from boundary_auth_method order by auth_method_id`, []string{
			"amldap_1 | o_1 | ldap | false | active-private | - | - | - | [] | [ldaps://ldap.example.org] | true | false",
			"amoidc_1 | o_1 | oidc | true | active-public | - | https://sso.example.org | 3600 | [RS256, ES256] | [] | false | false",
			"ampw_1234567890 | global | password | true | - | 12 | - | - | [] | [] | false | false"}},
		{`select account_id, auth_method_id, scope_id, type, login_name, subject, email from boundary_account order by account_id`, []string{
			"acctldap_1 | amldap_1 | o_1 | ldap | jroe | - | -", "acctoidc_1 | amoidc_1 | o_1 | oidc | - | s1 | jane@example.org",
			"acctpw_1 | ampw_1234567890 | global | password | auditpack | - | -", "acctpw_2 | ampw_1234567890 | global | password | unused | - | -"}},
		{`select group_id, scope_id, name from boundary_group order by group_id`, []string{"g_ops | global | ops", "g_prod | p_prod | prod"}},
		{`select group_id, user_id, user_scope_id from boundary_group_member order by all`, []string{"g_ops | u_collector1 | global", "g_ops | u_jane | o_1", "g_prod | u_jane | o_1"}},
		{`select managed_group_id, auth_method_id, scope_id, name, "filter", group_names from boundary_managed_group order by managed_group_id`, []string{
			"mgldap_1 | amldap_1 | o_1 | ldap-ops | - | [ops, admins]", `mgoidc_1 | amoidc_1 | o_1 | sso-ops | "ops" in "/token/groups" | []`}},
		{`select managed_group_id, auth_method_id, account_id from boundary_managed_group_member`, []string{"mgoidc_1 | amoidc_1 | acctoidc_1"}},
		{`select role_id, scope_id, name from boundary_role order by role_id`, []string{"r_admin | global | admin", "r_old | p_test | of an older server", "r_users | o_1 | users"}},
		{`select role_id, scope_id, canonical, "raw", type, ids, actions from boundary_role_grant order by all`, []string{
			"r_admin | global | ids=*;type=*;actions=* | type=*;ids=*;actions=* | * | [*] | [*]",
			"r_old | p_test | id=ttcp_test;actions=read | id=ttcp_test;actions=read | - | [ttcp_test] | [read]",
			"r_users | o_1 | ids=ttcp_db;actions=authorize-session | ids=ttcp_db;actions=authorize-session | - | [ttcp_db] | [authorize-session]",
			"r_users | o_1 | type=session;actions=list | type=session;actions=list | session | [] | [list]"}},
		{`select role_id, principal_id, type, principal_scope_id from boundary_role_principal order by all`, []string{
			"r_admin | g_ops | group | global", "r_users | mgoidc_1 | managed group | o_1", "r_users | u_auth | user | global", "r_users | u_jane | user | o_1"}},
		{`select role_id, scope_id, grant_scope from boundary_role_scope order by all`, []string{
			"r_admin | global | descendants", "r_admin | global | this", "r_old | p_test | p_test", "r_users | o_1 | p_prod"}},
		{`select user_id, role_id, scope_id, via, principal_id from boundary_user_role order by all`, []string{
			"u_auth | r_users | o_1 | user | u_auth", "u_collector1 | r_admin | global | group | g_ops", "u_jane | r_admin | global | group | g_ops",
			"u_jane | r_users | o_1 | managed group | mgoidc_1", "u_jane | r_users | o_1 | user | u_jane"}},
		{`select target_id, egress_worker_filter, session_recording from boundary_target order by target_id`, []string{`ttcp_db | "prod" in "/tags/zone" | false`, "ttcp_test | - | false"}},
		{`select target_id, host_sources, brokered_credential_sources, injected_credential_sources, aliases from boundary_target_read order by target_id`, []string{"ttcp_db | 1 | 1 | 1 | []", "ttcp_test | 0 | 0 | 0 | []"}},
		{`select target_id, "use", source_id, name, type, credential_type, parent_id from boundary_target_source order by all`, []string{
			"ttcp_db | brokered-credential | clvlt_1 | db | vault-generic | username_password | csvlt_1", "ttcp_db | host | hsst_1 | - | - | - | hcst_1",
			"ttcp_db | injected-credential | clvlt_2 | post | vault-generic | - | csvlt_1"}},
		{`select credential_store_id, scope_id, name, type, address, namespace, tls_skip_verify, token_status from boundary_credential_store order by credential_store_id`, []string{
			"csst_1 | p_test | - | static | - | - | false | -", "csvlt_1 | p_prod | vault | vault | https://vault.example.org | ops | false | current"}},
		{`select credential_library_id, credential_store_id, scope_id, name, type, credential_type, path, http_method from boundary_credential_library order by credential_library_id`, []string{
			"clvlt_1 | csvlt_1 | p_prod | db | vault-generic | username_password | database/creds/x | GET", "clvlt_2 | csvlt_1 | p_prod | post | vault-generic | - | transform/x | POST"}},
		{`select host_catalog_id, scope_id, name, type, plugin_name from boundary_host_catalog order by host_catalog_id`, []string{"hcplg_1 | p_test | cloud | plugin | aws", "hcst_1 | p_prod | hosts | static | -"}},
		{`select host_id, host_catalog_id, scope_id, name, address, host_set_ids, ip_addresses, dns_names, external_id from boundary_host order by host_id`, []string{
			"hplg_1 | hcplg_1 | p_test | bastion | - | [] | [10.1.0.1, 10.1.0.2] | [b.example.org] | i-0abc", "hst_1 | hcst_1 | p_prod | db-1 | 10.0.0.5 | [hsst_1] | [] | [] | -",
			"hst_2 | hcst_1 | p_prod | - | 10.0.0.6 | [] | [] | [] | -"}},
		{`select "read", recording_id, session_id, scope_id, state, error_details, started_at, ended_at, bytes_down, connections, user_name, target_id from boundary_session_recording order by recording_id, "read"`, []string{
			"false | sr_1 | s_ended1 | o_1 | available | - | 2026-10-01T05:10:01Z | 2026-10-01T05:11:00Z | 9007199254740993 | - | - | -",
			"true | sr_1 | s_ended1 | o_1 | available | - | 2026-10-01T05:10:01Z | 2026-10-01T05:11:00Z | 9007199254740993 | 2 | jane | tssh_1",
			"false | sr_2 | s_active | o_1 | started | - | - | - | 0 | - | - | -", "true | sr_2 | s_active | o_1 | started | - | - | - | 0 | 0 | - | -",
			"false | sr_3 | s_long_gone | global | unknown | the worker was lost | - | - | 0 | - | - | -", "true | sr_3 | s_long_gone | global | unknown | the worker was lost | - | - | 0 | 0 | - | -"}},
	})
}

// Names of users and hosts beside their ids, connections and states one by one.
func TestTablesOfSessions(t *testing.T) {
	data := fullDataset()
	data.Sessions = []boundarytest.Session{session("s_1", "p_prod", "terminated", "2026-10-01T05:30:00Z")}
	data.Sessions[0].HostID = "hst_1"
	data.Sessions[0].Connections = append(data.Sessions[0].Connections, boundarytest.Connection{ClientTCPAddress: "10.9.9.9", ClientTCPPort: 4000, EndpointTCPAddress: "10.0.0.5", EndpointTCPPort: 22})
	w := newFullWorld(t, data)
	w.collect()
	check(t, w, []query{
		{`select session_id, user_id, user_name, target_name, host_id, host_name, termination_reason from boundary_session`, []string{"s_1 | u_jane | jane@example.org | prod-db-admin | hst_1 | db-1 | closed by end-user"}},
		{`select session_id, position, client_address, client_port, endpoint_address, endpoint_port, bytes_up, bytes_down, closed_reason from boundary_session_connection order by position`, []string{
			"s_1 | 1 | 127.0.0.1 | - | - | - | 4312 | 99123 | closed by end-user", "s_1 | 2 | 10.9.9.9 | 4000 | 10.0.0.5 | 22 | 0 | 0 | -"}},
		{`select session_id, position, status, started_at, ended_at from boundary_session_state order by position`, []string{
			"s_1 | 1 | terminated | 2026-10-01T05:31:00Z | -", "s_1 | 2 | active | 2026-10-01T05:30:00Z | -", "s_1 | 3 | pending | 2026-10-01T05:30:00Z | 2026-10-01T05:30:00Z"}},
	})
}

// Three collections, the second on time and the third too late: what no list can have shown is told, and what was deleted.
func TestTablesOfWindows(t *testing.T) {
	data := smallDataset()
	data.Access.Tokens[0].ExpirationTime = testNow.AddDate(1, 0, 0)
	w := newWorld(t, data)
	w.collect()
	w.later(50 * time.Minute)
	w.server.Purge()
	w.later(10 * time.Minute)
	w.collect()
	w.later(150 * time.Minute)
	w.collect()
	check(t, w, []query{
		{`select entry, "at", previous_at, shown_from, unseen_from, unseen_to from boundary_session_window order by entry`, []string{
			"1 | 2026-10-01T06:00:00Z | - | 2026-10-01T05:00:00Z | - | 2026-10-01T05:00:00Z",
			"2 | 2026-10-01T07:00:00Z | 2026-10-01T06:00:00Z | 2026-10-01T06:00:00Z | - | -",
			"3 | 2026-10-01T09:30:00Z | 2026-10-01T07:00:00Z | 2026-10-01T08:30:00Z | 2026-10-01T07:00:00Z | 2026-10-01T08:30:00Z"}},
		{`select session_id, "at" from boundary_session_removed order by all`, []string{"s_ended1 | 2026-10-01T07:00:00Z", "s_ended2 | 2026-10-01T07:00:00Z"}},
		{`select session_id, listed, logged, removed from boundary_session_match order by all`, []string{
			"s_active | true | false | false", "s_ended1 | true | false | true", "s_ended2 | true | false | true"}},
	})
}

// Lists against event logs: each side knows one that the other does not, and a refresh one that neither does. What was refused, or
// asked of a session that does not exist, is none.
func TestTablesOfMatches(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s,
		factstest.Evidence{Kind: kindSessions, Content: `{"items":[
			{"id":"s_both","user_id":"u_1","target_id":"ttcp_1","status":"active","created_time":"2026-07-01T10:00:00Z"},
			{"id":"s_listed","status":"terminated","created_time":"2026-06-01T10:00:00Z"}],"response_type":"complete"}`},
		factstest.Evidence{Kind: kindChanges, Content: `{"removed_ids":["s_listed","s_hidden"],"response_type":"complete"}`},
		factstest.Evidence{Kind: kindEventLog, Name: "events.ndjson", MediaType: linesType, Content: `{"id":"1","time":"2026-07-01T10:00:00.5Z","data":{"request_info":{"method":"POST","path":"/v1/targets/ttcp_1:authorize-session"},"request":{"operation":"authorize-session"},"auth":{"user_info":{"id":"u_1"}},"response":{"status_code":200,"details":{"item":{"session_id":"s_both","target_id":"ttcp_1"}}}}}
{"id":"1","time":"2026-07-01T10:00:00.5Z","data":{"request":{"operation":"authorize-session"},"response":{"status_code":200,"details":{"item":{"session_id":"s_both"}}}}}
{"id":"2","time":"2026-07-01T11:00:00Z","data":{"request_info":{"path":"/v1/sessions/s_both"},"request":{"operation":"read"},"auth":{"user_info":{"id":"u_9"}},"response":{"status_code":200}}}
{"id":"3","time":"2026-07-01T12:00:00Z","data":{"request_info":{"path":"/v1/targets/ttcp_2:authorize-session"},"request":{"operation":"authorize-session"},"auth":{"user_info":{"id":"u_2"}},"response":{"status_code":200,"details":{"item":{"session_id":"s_logged"}}}}}
{"id":"4","time":"2026-07-01T13:00:00Z","data":{"request_info":{"path":"/v1/sessions/s_never"},"request":{"operation":"read"},"response":{"status_code":404}}}
{"id":"5","time":"2026-07-01T14:00:00Z","data":{"request_info":{"path":"/v1/targets/ttcp_2:authorize-session"},"request":{"operation":"authorize-session"},"response":{"status_code":403}}}
{"id":"6","time":"2026-07-01T15:00:00Z","data":{"request":{"endpoint":"AuthorizeConnection","details":{"session_id":"s_worker"}},"response":{"details":{"connection_id":"sc_1"}}}}
`},
	)
	w := &world{store: s}
	check(t, w, []query{
		{`select session_id, listed, logged, removed, created_at, authorized_at, user_id, log_user_id, target_id, log_target_id, events, line from boundary_session_match order by all`, []string{
			"s_both | true | true | false | 2026-07-01T10:00:00Z | 2026-07-01T10:00:00.5Z | u_1 | u_1 | ttcp_1 | ttcp_1 | 2 | 1",
			"s_hidden | false | false | true | - | - | - | - | - | - | 0 | 1",
			"s_listed | true | false | true | 2026-06-01T10:00:00Z | - | - | - | - | - | 0 | 1",
			"s_logged | false | true | false | - | 2026-07-01T12:00:00Z | - | u_2 | - | ttcp_2 | 1 | 4",
			"s_worker | false | true | false | - | - | - | - | - | - | 1 | 7",
		}},
		{`select distinct log_from, log_to, log_source from boundary_session_match where logged`, []string{"2026-07-01T10:00:00.5Z | 2026-07-01T15:00:00Z | test"}},
	})
}
