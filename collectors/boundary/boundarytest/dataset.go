package boundarytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Dataset is what the controller knows. Its JSON files are access.json and, for each collection, a list of resources as a single
// read returns them: scopes.json, targets.json, sessions.json, users.json, auth-methods.json and so on. Zero values are left
// out of every answer, as Boundary does.
type Dataset struct {
	Scopes              []Scope
	Targets             []Target
	Sessions            []Session
	Users               []Resource
	Groups              []Resource
	Roles               []Resource
	AuthMethods         []Resource
	Accounts            []Resource
	ManagedGroups       []Resource
	CredentialStores    []Resource
	CredentialLibraries []Resource
	HostCatalogs        []Resource
	Hosts               []Resource
	Recordings          []Resource // nil: the community edition, which has none
	Access              Access
}

// Scope is an org or a project. Source: Boundary API, "Scope", fields as of 2026-11.
type Scope struct {
	ID                string              `json:"id,omitempty"`
	ScopeID           string              `json:"scope_id,omitempty"` // of the parent
	Scope             *ScopeInfo          `json:"scope,omitempty"`    // of the parent
	Name              string              `json:"name,omitempty"`
	Description       string              `json:"description,omitempty"`
	CreatedTime       string              `json:"created_time,omitempty"`
	UpdatedTime       string              `json:"updated_time,omitempty"`
	Version           uint32              `json:"version,omitempty"`
	Type              string              `json:"type,omitempty"` // org, project
	AuthorizedActions []string            `json:"authorized_actions,omitempty"`
	PrimaryAuthMethod string              `json:"primary_auth_method_id,omitempty"`
	CollectionActions map[string][]string `json:"authorized_collection_actions,omitempty"` // set by the server
}

// ScopeInfo is the scope of a resource, within that resource.
type ScopeInfo struct {
	ID            string `json:"id,omitempty"`
	Type          string `json:"type,omitempty"`
	Name          string `json:"name,omitempty"`
	Description   string `json:"description,omitempty"`
	ParentScopeID string `json:"parent_scope_id,omitempty"`
}

// Target is a target. Source: Boundary API, "Target", fields as of 2026-11.
type Target struct {
	ID                          string             `json:"id,omitempty"`
	ScopeID                     string             `json:"scope_id,omitempty"`
	Scope                       *ScopeInfo         `json:"scope,omitempty"`
	Name                        string             `json:"name,omitempty"`
	Description                 string             `json:"description,omitempty"`
	CreatedTime                 string             `json:"created_time,omitempty"`
	UpdatedTime                 string             `json:"updated_time,omitempty"`
	Version                     uint32             `json:"version,omitempty"`
	Type                        string             `json:"type,omitempty"`            // tcp, ssh
	HostSourceIDs               []string           `json:"host_source_ids,omitempty"` // single reads only, and so are all other sources
	HostSources                 []HostSource       `json:"host_sources,omitempty"`
	SessionMaxSeconds           uint32             `json:"session_max_seconds,omitempty"`
	SessionConnectionLimit      int32              `json:"session_connection_limit,omitempty"` // -1: no limit
	WorkerFilter                string             `json:"worker_filter,omitempty"`
	EgressWorkerFilter          string             `json:"egress_worker_filter,omitempty"`
	IngressWorkerFilter         string             `json:"ingress_worker_filter,omitempty"`
	BrokeredCredentialSourceIDs []string           `json:"brokered_credential_source_ids,omitempty"`
	BrokeredCredentialSources   []CredentialSource `json:"brokered_credential_sources,omitempty"`
	InjectedCredentialSourceIDs []string           `json:"injected_application_credential_source_ids,omitempty"`
	InjectedCredentialSources   []CredentialSource `json:"injected_application_credential_sources,omitempty"`
	Attributes                  json.RawMessage    `json:"attributes,omitempty"`
	AuthorizedActions           []string           `json:"authorized_actions,omitempty"`
	Address                     string             `json:"address,omitempty"`
}

// HostSource is a host set of a target.
type HostSource struct {
	ID            string `json:"id,omitempty"`
	HostCatalogID string `json:"host_catalog_id,omitempty"`
}

// CredentialSource is where a target's sessions get a credential from.
type CredentialSource struct {
	ID                string `json:"id,omitempty"`
	Name              string `json:"name,omitempty"`
	Description       string `json:"description,omitempty"`
	CredentialStoreID string `json:"credential_store_id,omitempty"`
	Type              string `json:"type,omitempty"` // of the source: vault-generic, username_password
	CredentialType    string `json:"credential_type,omitempty"`
}

// Session is a session. Source: Boundary API, "Session", fields as of 2026-11.
type Session struct {
	ID                string       `json:"id,omitempty"`
	TargetID          string       `json:"target_id,omitempty"`
	Scope             *ScopeInfo   `json:"scope,omitempty"`
	CreatedTime       string       `json:"created_time,omitempty"`
	UpdatedTime       string       `json:"updated_time,omitempty"`
	Version           uint32       `json:"version,omitempty"`
	Type              string       `json:"type,omitempty"`
	ExpirationTime    string       `json:"expiration_time,omitempty"`
	AuthTokenID       string       `json:"auth_token_id,omitempty"`
	UserID            string       `json:"user_id,omitempty"`
	HostSetID         string       `json:"host_set_id,omitempty"`
	HostID            string       `json:"host_id,omitempty"`
	ScopeID           string       `json:"scope_id,omitempty"`
	Endpoint          string       `json:"endpoint,omitempty"`
	States            []State      `json:"states,omitempty"` // newest first
	Status            string       `json:"status,omitempty"`
	TerminationReason string       `json:"termination_reason,omitempty"`
	AuthorizedActions []string     `json:"authorized_actions,omitempty"`
	Connections       []Connection `json:"connections,omitempty"` // single reads only
}

// State is one state of a session.
type State struct {
	Status    string `json:"status,omitempty"`
	StartTime string `json:"start_time,omitempty"`
	EndTime   string `json:"end_time,omitempty"`
}

// Connection is one connection of a session. Its 64-bit integers are strings in JSON.
type Connection struct {
	ClientTCPAddress   string `json:"client_tcp_address,omitempty"`
	ClientTCPPort      uint32 `json:"client_tcp_port,omitempty"`
	EndpointTCPAddress string `json:"endpoint_tcp_address,omitempty"`
	EndpointTCPPort    uint32 `json:"endpoint_tcp_port,omitempty"`
	BytesUp            int64  `json:"bytes_up,omitempty,string"`
	BytesDown          int64  `json:"bytes_down,omitempty,string"`
	ClosedReason       string `json:"closed_reason,omitempty"`
}

// Access is who may do what: accounts of one password auth method, auth tokens, and grants.
type Access struct {
	AuthMethod string    `json:"auth_method"` // ampw_...
	Accounts   []Account `json:"accounts"`
	Tokens     []Token   `json:"tokens"`
	Grants     []Grant   `json:"grants"`
}

// Account lets a user log in.
type Account struct {
	ID        string `json:"id"`
	UserID    string `json:"user_id"`
	LoginName string `json:"login_name"`
	Password  string `json:"password"` // of a fictional user of a fictional company
}

// Token is an auth token that exists already.
type Token struct {
	ID             string    `json:"id"`    // at_...
	Token          string    `json:"token"` // at_..._...
	UserID         string    `json:"user_id"`
	ExpirationTime time.Time `json:"expiration_time"`
}

// Grant lets a user do something in a scope: directly in it ("this"), or also in all below ("descendants").
type Grant struct {
	UserID      string   `json:"user_id"` // u_anon: everyone
	Scope       string   `json:"scope"`
	Descendants bool     `json:"descendants"`
	Type        string   `json:"type"` // scope, target, session, auth-token; * for all
	Actions     []string `json:"actions"`
}

// Load reads a dataset from the JSON files of a folder, strictly. A missing file is an empty list.
func Load(tree fs.FS) (Dataset, error) {
	var d Dataset
	err := errors.Join(
		load(tree, "scopes.json", &d.Scopes),
		load(tree, "targets.json", &d.Targets),
		load(tree, "sessions.json", &d.Sessions),
		load(tree, "access.json", &d.Access),
	)
	for _, c := range collections {
		err = errors.Join(err, load(tree, c.file(), c.of(&d)))
		for _, x := range *c.of(&d) {
			if wrong := c.check(x); wrong != nil {
				err = errors.Join(err, fmt.Errorf("read %q: %w", c.file(), wrong))
			}
		}
	}
	return d, err
}

func load(tree fs.FS, name string, v any) error {
	b, err := fs.ReadFile(tree, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read %q: %w", name, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %q: more than one JSON document", name)
	}
	return nil
}
