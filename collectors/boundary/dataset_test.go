package boundary

import (
	"encoding/json"
	"fmt"
	"slices"

	"auditpack/collectors/boundary/boundarytest"
)

// secretBody is what a credential library sends to Vault; it must not be stored.
const secretBody = `{"key":"canary-of-the-library"}`

// fullDataset is smallDataset with two of everything, each collection with something that it may easily be taken for.
//
// Counted by hand: 6 users with 3 accounts between them; 2 groups with 3 members; 3 auth methods with 4 accounts; 2 managed groups, one
// without members; 3 roles with 4 principals, 4 grants and 4 grant scopes; 2 targets with 1 host source, 1 brokered and 1 injected
// credential; 2 credential stores with 2 libraries; 2 host catalogs with 3 hosts; 3 recordings.
func fullDataset() boundarytest.Dataset {
	d := smallDataset()
	d.Users = resources(`[
		{"id":"u_anon","scope_id":"global","name":"anonymous"}, {"id":"u_auth","scope_id":"global","name":"authenticated"}, {"id":"u_recovery","scope_id":"global","name":"recovery"},
		{"id":"u_collector1","scope_id":"global","login_name":"auditpack","primary_account_id":"acctpw_1","account_ids":["acctpw_1"],"accounts":[{"id":"acctpw_1","scope_id":"global"}],"created_time":"2026-06-01T08:00:00Z","updated_time":"2026-06-01T08:00:00.5Z","version":2},
		{"id":"u_jane","scope_id":"o_1","full_name":"Jane Roe","email":"jane@example.org","account_ids":["acctoidc_1","acctldap_1"],"accounts":[{"id":"acctoidc_1","scope_id":"o_1"},{"id":"acctldap_1","scope_id":"o_1"}]},
		{"id":"u_nobody","scope_id":"o_1","name":"nobody"}]`)
	d.Groups = resources(`[
		{"id":"g_ops","scope_id":"global","name":"ops","member_ids":["u_collector1","u_jane"],"members":[{"id":"u_collector1","scope_id":"global"},{"id":"u_jane","scope_id":"o_1"}]},
		{"id":"g_prod","scope_id":"p_prod","name":"prod","member_ids":["u_jane"],"members":[{"id":"u_jane","scope_id":"o_1"}]}]`)
	d.Roles = resources(`[
		{"id":"r_admin","scope_id":"global","name":"admin","grant_scope_ids":["this","descendants"],"principal_ids":["g_ops"],"principals":[{"id":"g_ops","type":"group","scope_id":"global"}],
			"grant_strings":["type=*;ids=*;actions=*"],"grants":[{"raw":"type=*;ids=*;actions=*","canonical":"ids=*;type=*;actions=*","json":{"ids":["*"],"type":"*","actions":["*"]}}]},
		{"id":"r_users","scope_id":"o_1","name":"users","grant_scope_ids":["p_prod"],"principal_ids":["u_jane","mgoidc_1","u_auth"],
			"principals":[{"id":"u_jane","type":"user","scope_id":"o_1"},{"id":"mgoidc_1","type":"managed group","scope_id":"o_1"},{"id":"u_auth","type":"user","scope_id":"global"}],
			"grant_strings":["ids=ttcp_db;actions=authorize-session","type=session;actions=list"],
			"grants":[{"raw":"ids=ttcp_db;actions=authorize-session","canonical":"ids=ttcp_db;actions=authorize-session","json":{"ids":["ttcp_db"],"actions":["authorize-session"]}},
				{"raw":"type=session;actions=list","canonical":"type=session;actions=list","json":{"type":"session","actions":["list"]}}]},
		{"id":"r_old","scope_id":"p_test","name":"of an older server","grant_scope_id":"p_test","grant_strings":["id=ttcp_test;actions=read"],
			"grants":[{"raw":"id=ttcp_test;actions=read","canonical":"id=ttcp_test;actions=read","json":{"id":"ttcp_test","actions":["read"]}}]}]`)
	d.AuthMethods = resources(`[
		{"id":"ampw_1234567890","scope_id":"global","name":"local","type":"password","is_primary":true,"attributes":{"min_login_name_length":3,"min_password_length":12}},
		{"id":"amoidc_1","scope_id":"o_1","name":"sso","type":"oidc","is_primary":true,"attributes":{"state":"active-public","issuer":"https://sso.example.org","client_id":"boundary","client_secret_hmac":"xyz","max_age":3600,"signing_algorithms":["RS256","ES256"]}},
		{"id":"amldap_1","scope_id":"o_1","type":"ldap","attributes":{"state":"active-private","urls":["ldaps://ldap.example.org"],"start_tls":true}}]`)
	d.Accounts = resources(`[
		{"id":"acctpw_1","scope":{"id":"global"},"type":"password","auth_method_id":"ampw_1234567890","attributes":{"login_name":"auditpack"}},
		{"id":"acctpw_2","scope":{"id":"global"},"type":"password","auth_method_id":"ampw_1234567890","attributes":{"login_name":"unused"}},
		{"id":"acctoidc_1","scope":{"id":"o_1"},"type":"oidc","auth_method_id":"amoidc_1","managed_group_ids":["mgoidc_1"],"attributes":{"issuer":"https://sso.example.org","subject":"s1","full_name":"Jane Roe","email":"jane@example.org"}},
		{"id":"acctldap_1","scope":{"id":"o_1"},"type":"ldap","auth_method_id":"amldap_1","attributes":{"login_name":"jroe"}}]`)
	d.ManagedGroups = resources(`[
		{"id":"mgoidc_1","scope":{"id":"o_1"},"name":"sso-ops","type":"oidc","auth_method_id":"amoidc_1","attributes":{"filter":"\"ops\" in \"/token/groups\""},"member_ids":["acctoidc_1"]},
		{"id":"mgldap_1","scope":{"id":"o_1"},"name":"ldap-ops","type":"ldap","auth_method_id":"amldap_1","attributes":{"group_names":["ops","admins"]}}]`)
	d.CredentialStores = resources(`[
		{"id":"csvlt_1","scope_id":"p_prod","name":"vault","type":"vault","attributes":{"address":"https://vault.example.org","namespace":"ops","token_hmac":"abc","token_status":"current"}},
		{"id":"csst_1","scope_id":"p_test","type":"static"}]`)
	d.CredentialLibraries = resources(fmt.Sprintf(`[
		{"id":"clvlt_1","scope":{"id":"p_prod"},"name":"db","type":"vault-generic","credential_store_id":"csvlt_1","credential_type":"username_password","attributes":{"path":"database/creds/x","http_method":"GET"}},
		{"id":"clvlt_2","scope":{"id":"p_prod"},"name":"post","type":"vault-generic","credential_store_id":"csvlt_1","attributes":{"path":"transform/x","http_method":"POST","http_request_body":%q}}]`, secretBody))
	d.HostCatalogs = resources(`[
		{"id":"hcst_1","scope_id":"p_prod","name":"hosts","type":"static"},
		{"id":"hcplg_1","scope_id":"p_test","name":"cloud","type":"plugin","plugin_id":"pl_1","plugin":{"id":"pl_1","name":"aws"},"secrets_hmac":"abc"}]`)
	d.Hosts = resources(`[
		{"id":"hst_1","scope":{"id":"p_prod"},"name":"db-1","type":"static","host_catalog_id":"hcst_1","host_set_ids":["hsst_1"],"attributes":{"address":"10.0.0.5"}},
		{"id":"hst_2","scope":{"id":"p_prod"},"type":"static","host_catalog_id":"hcst_1","attributes":{"address":"10.0.0.6"}},
		{"id":"hplg_1","scope":{"id":"p_test"},"type":"plugin","host_catalog_id":"hcplg_1","external_id":"i-0abc","external_name":"bastion","ip_addresses":["10.1.0.1","10.1.0.2"],"dns_names":["b.example.org"]}]`)
	d.Recordings = resources(`[
		{"id":"sr_1","scope":{"id":"o_1"},"session_id":"s_ended1","storage_bucket_id":"sb_1","type":"ssh","state":"available","endpoint":"ssh://10.0.0.5:22","start_time":"2026-10-01T05:10:01Z","end_time":"2026-10-01T05:11:00Z","bytes_up":"12","bytes_down":"9007199254740993","created_time":"2026-10-01T05:10:00Z","updated_time":"2026-10-01T05:11:02Z",
			"connection_recordings":[{"id":"cr_1"},{"id":"cr_2"}],"create_time_values":{"user":{"id":"u_jane","name":"jane"},"target":{"id":"tssh_1","name":"ssh"}}},
		{"id":"sr_2","scope":{"id":"o_1"},"session_id":"s_active","storage_bucket_id":"sb_1","type":"ssh","state":"started","created_time":"2026-10-01T05:50:00Z","updated_time":"2026-10-01T05:50:00Z"},
		{"id":"sr_3","scope":{"id":"global"},"session_id":"s_long_gone","storage_bucket_id":"sb_2","type":"ssh","state":"unknown","error_details":"the worker was lost","created_time":"2026-09-01T05:50:00Z","updated_time":"2026-09-01T05:50:00Z"}]`)
	d.Targets[0].HostSources = []boundarytest.HostSource{{ID: "hsst_1", HostCatalogID: "hcst_1"}}
	d.Targets[0].EgressWorkerFilter = `"prod" in "/tags/zone"`
	d.Targets[0].BrokeredCredentialSources = []boundarytest.CredentialSource{{ID: "clvlt_1", Name: "db", CredentialStoreID: "csvlt_1", Type: "vault-generic", CredentialType: "username_password"}}
	d.Targets[0].InjectedCredentialSources = []boundarytest.CredentialSource{{ID: "clvlt_2", Name: "post", CredentialStoreID: "csvlt_1", Type: "vault-generic"}}
	for _, typ := range grantTypes {
		d.Access.Grants = append(d.Access.Grants, boundarytest.Grant{UserID: testUser, Scope: "global", Descendants: true, Type: typ, Actions: []string{"list", "read"}})
	}
	return d
}

// grantTypes are the types that the small dataset does not let the collector read.
var grantTypes = []string{"scope", "user", "group", "role", "auth-method", "account", "managed-group", "credential-store", "credential-library", "host-catalog", "host", "session-recording"}

// withoutGrant takes all grants of a type away from the collector.
func withoutGrant(d boundarytest.Dataset, typ string) boundarytest.Dataset {
	d.Access.Grants = slices.DeleteFunc(slices.Clone(d.Access.Grants), func(g boundarytest.Grant) bool { return g.UserID == testUser && g.Type == typ })
	return d
}

func resources(list string) []boundarytest.Resource {
	var out []boundarytest.Resource
	if err := json.Unmarshal([]byte(list), &out); err != nil {
		panic(err)
	}
	return out
}
