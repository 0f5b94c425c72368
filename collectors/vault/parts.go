package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The sections: groups of parts that a source can leave out by their name, see Config.Skip.
const (
	sectionServer     = "server"
	sectionIdentity   = "identity"
	sectionMFA        = "mfa"
	sectionPasswords  = "password-policies"
	sectionTuning     = "tuning"
	sectionRoles      = "auth-roles"
	sectionEngines    = "engine-roles"
	sectionKeys       = "transit-keys"
	sectionTokens     = "tokens"
	sectionNamespaces = "namespaces"
)

var sections = []string{
	sectionServer, sectionIdentity, sectionMFA, sectionPasswords, sectionTuning, sectionRoles, sectionEngines, sectionKeys, sectionTokens, sectionNamespaces,
}

const (
	authPath     = "sys/auth"
	mountsPath   = "sys/mounts"
	policiesPath = "sys/policies/acl"
	healthPath   = "sys/health"
)

// The names of parts that are of many mounts and may not be known before these are listed.
const (
	tuningPart  = "tuning of mounts"
	rolesPart   = "roles of auth methods"
	enginesPart = "roles of secrets engines"
	keysPart    = "keys of transit engines"
)

// What is asked for once, of the server as a whole.
var (
	auditDevices = snapshot{path: devicesPath, kind: KindAuditDevices, capabilities: []string{"read", "sudo"}, what: "the enabled audit devices"}

	serverSnapshots = []snapshot{
		{path: "sys/seal-status", kind: KindSealStatus, what: "how the server is sealed; needs no token"},
		{path: "sys/leader", kind: KindLeader, what: "which node leads; needs no token"},
		{path: "sys/ha-status", kind: KindHAStatus, capabilities: []string{"read"}, what: "the nodes of the cluster"},
		{path: "sys/replication/status", kind: KindReplication, what: "the state of replication; needs no token"},
		{path: "sys/version-history", kind: KindVersions, capabilities: []string{"list"}, what: "the versions that this server has run", list: true},
	}
)

// What is asked for in each namespace.
var (
	authMethods = snapshot{path: authPath, kind: KindAuthMethods, capabilities: []string{"read"}, what: "the enabled auth methods"}
	mounts      = snapshot{path: mountsPath, kind: KindMounts, capabilities: []string{"read"}, what: "the mounted secrets engines"}

	// A policy's name may hold slashes: + would not reach it.
	aclPolicies      = listing{path: policiesPath, kind: KindPolicies, noun: "policy", read: policiesPath + "/*"}
	passwordPolicies = listing{path: "sys/policies/password", kind: KindPasswordPolicies, noun: "password policy"}
	entities         = listing{path: "identity/entity/id", kind: KindEntities, noun: "entity"}
	groups           = listing{path: "identity/group/id", kind: KindGroups, noun: "group"}
	mfaEnforcements  = listing{path: "identity/mfa/login-enforcement", kind: KindMFAEnforcements, noun: "login enforcement"}

	// Their lists say all that is asked for, in key_info.
	entityAliases = snapshot{path: "identity/entity-alias/id", kind: KindEntityAliases, capabilities: []string{"list"}, what: "the aliases of entities", list: true}
	groupAliases  = snapshot{path: "identity/group-alias/id", kind: KindGroupAliases, capabilities: []string{"list"}, what: "the aliases of groups", list: true}
	mfaMethods    = snapshot{path: "identity/mfa/method", kind: KindMFAMethods, capabilities: []string{"list"}, what: "the methods of login MFA, without their secrets", list: true}
)

// serverSteps ask what only the namespace that a source names can say: of the server, and of what is not in a namespace.
func (a area) serverSteps() []step {
	steps := []step{a.snapshotPart(auditDevices)}
	if a.asks(sectionServer) {
		for _, s := range serverSnapshots {
			steps = append(steps, a.snapshotPart(s))
		}
	}
	return steps
}

// steps ask for all that a namespace has of its own.
func (a area) steps() []step {
	var auth, engines []mount
	var authErr, mountsErr error
	steps := []step{
		a.part(authPath, KindAuthMethods, func(ctx context.Context) (n int64, err error) {
			auth, n, err = a.mounts(ctx, authMethods)
			authErr = err
			return n, err
		}),
		a.part(mountsPath, KindMounts, func(ctx context.Context) (n int64, err error) {
			engines, n, err = a.mounts(ctx, mounts)
			mountsErr = err
			return n, err
		}),
		a.listingPart(aclPolicies),
	}
	if a.asks(sectionPasswords) {
		steps = append(steps, a.listingPart(passwordPolicies))
	}
	if a.asks(sectionIdentity) {
		steps = append(steps, a.listingPart(entities), a.snapshotPart(entityAliases), a.listingPart(groups), a.snapshotPart(groupAliases))
	}
	if a.asks(sectionMFA) {
		steps = append(steps, a.snapshotPart(mfaMethods), a.listingPart(mfaEnforcements))
	}
	if a.asks(sectionTuning) {
		steps = append(steps, a.part(tuningPart, KindTuning, func(ctx context.Context) (int64, error) {
			n, err := a.tuning(ctx, auth, engines)
			return n, firstOf(slices.DeleteFunc([]error{authErr, mountsErr, err}, func(err error) bool { return err == nil }))
		}))
	}
	if a.asks(sectionRoles) {
		steps = append(steps, a.rolesStep(rolesPart, KindAuthRoles, authRoles, &auth, &authErr))
	}
	if a.asks(sectionEngines) {
		steps = append(steps, a.rolesStep(enginesPart, KindEngineRoles, engineRoles, &engines, &mountsErr))
	}
	if a.asks(sectionKeys) {
		steps = append(steps, a.keysStep(&engines, &mountsErr))
	}
	if a.asks(sectionTokens) {
		steps = append(steps, a.part(accessorsPath, KindTokens, a.tokens))
	}
	return steps
}

func (a area) listingPart(l listing) step {
	return a.part(l.path, l.kind, func(ctx context.Context) (int64, error) { return a.items(ctx, l) })
}

// mount is an auth method or a secrets engine.
type mount struct {
	path string // where its API is, without a slash at the end: "auth/approle", "database"
	kind string // its type: "approle"
}

// mounts keeps the answer of s and returns the mounts that it lists, by path.
//
// Source: Vault API, "List auth methods" and "List mounted secrets engines": data has a member for each.
func (a area) mounts(ctx context.Context, s snapshot) ([]mount, int64, error) {
	body, n, err := a.snapshot(ctx, s)
	if err != nil {
		return nil, n, err
	}
	var answer struct {
		Data map[string]struct {
			Type string `json:"type"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, n, fmt.Errorf("read the answer: %w", err)
	}
	prefix := ""
	if s.path == authPath {
		prefix = "auth/"
	}
	var found []mount
	for _, path := range slices.Sorted(maps.Keys(answer.Data)) {
		found = append(found, mount{prefix + strings.TrimSuffix(path, "/"), answer.Data[path].Type})
	}
	return found, n, nil
}

// tuning asks how each mount is tuned. sys/auth/PATH/tune would take sudo; sys/mounts/auth/PATH/tune answers the same without it.
//
// Source: Vault API, "Read mount configuration" (tune) and the note of "Read auth method tuning".
func (a area) tuning(ctx context.Context, mounts ...[]mount) (int64, error) {
	var names []string
	for _, m := range slices.Concat(mounts...) {
		names = append(names, m.path)
	}
	if len(names) == 0 {
		return 0, nil
	}
	path := func(name string) string { return mountsPath + "/" + name + "/tune" }
	return a.each(ctx, many{
		kind: KindTuning, noun: "mount", names: names, total: int64(len(names)),
		procedure: a.request(mountsPath+"/PATH/tune", "for each secrets engine, and with auth/PATH for each auth method"),
		allow:     a.allow(mountsPath+"/+/tune", "read") + " and " + a.allow(mountsPath+"/auth/+/tune", "read"),
		call:      func(name string) call { return call{namespace: a.namespace, path: path(name)} },
		partName:  func(name string) string { return a.name(path(name)) },
	})
}

// asks says whether the section is to be asked for.
func (l *live) asks(section string) bool { return !slices.Contains(l.skip, section) }
