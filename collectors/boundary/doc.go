// Package boundary collects from HashiCorp Boundary: by its HTTP API sessions, targets, scopes, users, groups, roles, auth methods,
// credential stores, host catalogs and session recordings; and event log files.
//
// The API client is ours, small and read-only: GET requests, and one POST when a password is configured. Six traits of Boundary
// shape it, all from Boundary's documentation and source:
//
//   - A session is deleted one hour after it ended, by a job that runs every 30 minutes. So terminated sessions are asked for
//     and read before those that still run, and a session that is gone when it is read is counted, not failed.
//   - A token that expired or was revoked is no error: the request is answered as for the anonymous user, with 403 from a
//     recursive list, 401 elsewhere, and 200 with fewer items where anyone may list. So the token reads itself before and after
//     each list, and a list counts only between two good readings.
//   - A recursive list leaves out the scopes that the token may not list in, and says nothing. The list of scopes tells for
//     each scope what the token may list there: what it may not is a part of its own, denied.
//   - A list token carries none of the other parameters; they are repeated with each page. The end of a list is its
//     response_type, not a missing token, and est_item_count proves nothing.
//   - A list of sessions lacks connections. Each session is read once after it ended, and again at each collection until then.
//   - A refresh of an older list names what was deleted, and may miss changes. So sessions are listed whole each time, and the
//     refresh stands beside the list.
//
// Source: Boundary API documentation ("API", "API list pagination", "Rate limiting") and the service definitions of
// hashicorp/boundary, fields as of 2026-11.
package boundary
