package vault

import (
	"cmp"
	"context"
	"fmt"

	"auditpack/evidence"
)

// collection is where a mount has what decides how long its tokens or credentials live.
type collection struct {
	list   string // below the mount, of the names: "role"
	item   string // below the mount, up to a name; list and a slash when empty
	single string // instead of a list: one answer, such as "config"
	depth  int    // see listing
	noun   string // what one of the list is; a role when empty
	deep   bool   // names may hold slashes, which a plus in a policy would not reach
}

// authRoles has for each type of auth method where its lifetimes are decided. Secret ids, role ids, passwords and certificates
// of trust are elsewhere and never asked for.
//
// Source: Vault API, "Auth methods": the pages of each, "List roles" (or users, groups, certificates) and "Read role".
var authRoles = map[string][]collection{
	"token":      {{list: "roles"}},
	"ns_token":   {{list: "roles"}}, // the token method of a namespace
	"approle":    {{list: "role"}},
	"kubernetes": {{list: "role"}},
	"jwt":        {{list: "role"}},
	"oidc":       {{list: "role"}},
	"userpass":   {{list: "users"}},
	"ldap":       {{single: "config"}, {list: "users", deep: true}, {list: "groups", deep: true}},
	"okta":       {{single: "config"}, {list: "users", deep: true}, {list: "groups", deep: true}},
	"radius":     {{single: "config"}, {list: "users"}},
	"github":     {{single: "config"}},
	"kerberos":   {{single: "config/ldap"}, {list: "groups", deep: true}},
	"cert":       {{list: "certs"}},
	"aws":        {{list: "roles", item: "role/"}},
	"gcp":        {{list: "roles", item: "role/"}},
	"alicloud":   {{list: "roles", item: "role/"}},
	"azure":      {{list: "role"}},
	"oci":        {{list: "role"}},
	"cf":         {{list: "roles"}},
	"saml":       {{list: "role"}},
}

// engineRoles is the same for secrets engines that hand out credentials with a lifetime. Connections with their passwords, and
// paths that make credentials, are never asked for. An engine with an empty list has no such roles.
//
// Source: Vault API, "Secrets engines": the pages of each, "List roles", "Read role", "Read lease".
var engineRoles = map[string][]collection{
	"database":     {{list: "roles"}, {list: "static-roles"}},
	"aws":          {{list: "roles"}, {list: "static-roles"}, {single: "config/lease"}},
	"azure":        {{list: "roles"}},
	"ad":           {{list: "roles"}},
	"gcp":          {{list: "rolesets", item: "roleset/"}, {list: "static-accounts", item: "static-account/"}, {list: "impersonated-accounts", item: "impersonated-account/"}},
	"consul":       {{list: "roles"}},
	"nomad":        {{list: "role"}, {single: "config/lease"}},
	"rabbitmq":     {{list: "roles"}, {single: "config/lease"}},
	"kubernetes":   {{list: "roles"}},
	"ldap":         {{list: "role", depth: maxRoleFolders}, {list: "static-role", depth: maxRoleFolders}},
	"openldap":     {{list: "role"}, {list: "static-role"}},
	"mongodbatlas": {{list: "roles"}},
	"pki":          {{list: "roles"}},
	"ssh":          {{list: "roles"}},
	"terraform":    {{list: "role"}},
	"alicloud":     {{list: "role"}},

	"system": {}, "ns_system": {}, "identity": {}, "ns_identity": {}, "cubbyhole": {}, "ns_cubbyhole": {},
	"kv": {}, "generic": {}, "transit": {}, "transform": {}, "totp": {}, "kmip": {}, "keymgmt": {}, "gcpkms": {},
}

// maxRoleFolders is how deep the folders of LDAP roles may be nested.
const maxRoleFolders = 8

// rolesStep asks for the collections of each mount. Each has an outcome of its own, and so has a mount of a type that is not read;
// name has one when the mounts are not known, or none of them has a collection.
func (a area) rolesStep(name string, kind evidence.Kind, known map[string][]collection, mounts *[]mount, listErr *error) step {
	return step{name, kind, func(ctx context.Context) {
		if *listErr != nil {
			a.outcome(ctx, name, kind, 0, fmt.Errorf("which mounts there are is not known: %w", *listErr))
			return
		}
		asked := 0
		for _, m := range *mounts {
			found, ok := known[m.kind]
			if !ok {
				a.out.Outcome(evidence.PartOutcome{
					Part: a.name(m.path + "/"), Kind: kind, Outcome: evidence.OutcomeNotOffered,
					Detail: fmt.Sprintf("not read: auditpack does not know where a mount of type %q has its roles", m.kind),
				})
				asked++
			}
			for _, c := range found {
				a.collection(ctx, kind, m, c)
				asked++
			}
		}
		if asked == 0 {
			a.outcome(ctx, name, kind, 0, ctx.Err())
		}
	}}
}

// collection asks for one collection of a mount.
func (a area) collection(ctx context.Context, kind evidence.Kind, m mount, c collection) {
	path := m.path + "/" + c.list + c.single
	if err := a.gone(); err != nil {
		a.live.outcome(a.name(path), kind, 0, err)
		return
	}
	if c.single != "" {
		n, err := a.setting(ctx, kind, m, path)
		a.outcome(ctx, path, kind, n, err)
		return
	}
	l := listing{path: path, kind: kind, noun: cmp.Or(c.noun, "role"), mount: m.path, depth: c.depth}
	if c.item != "" {
		l.item = m.path + "/" + c.item
	}
	if c.depth > 0 || c.deep {
		l.read = path + "/*"
	}
	n, err := a.items(ctx, l)
	a.outcome(ctx, path, kind, n, err)
}

// setting keeps the one answer that decides for a whole mount. A mount that was never configured has none.
func (a area) setting(ctx context.Context, kind evidence.Kind, m mount, path string) (int64, error) {
	body, at, err := a.api.getIn(ctx, a.namespace, path, nil)
	if missing(err) {
		return 0, nil
	}
	if err == nil {
		err = refuseSecrets(body)
	}
	if err != nil {
		return 0, a.classify(err, a.allow(path, "read"))
	}
	return a.add(ctx, kind, at, a.request(path, "the settings of "+m.path+", an engine or auth method of type "+m.kind), a.name(partOf(m.path, path)), body)
}
