package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"auditpack/collectors"
)

// Login is how a collection gets a token of its own: the section "login" of a source of type vault. Without a method the token is
// given, by VAULT_TOKEN or token_file.
type Login struct {
	Method       string `yaml:"method" json:"method,omitempty" jsonschema:"enum=approle,enum=kubernetes,enum=jwt,description=Auth method to log in with; without it a token is given"`
	Mount        string `yaml:"mount" json:"mount,omitempty" jsonschema:"description=Where the auth method is mounted (without auth/); the name of the method when empty"`
	Role         string `yaml:"role" json:"role,omitempty" jsonschema:"description=Role to log in as with kubernetes or jwt"`
	RoleIDFile   string `yaml:"role_id_file" json:"role_id_file,omitempty" jsonschema:"description=File that holds the AppRole's role id; VAULT_ROLE_ID when empty"`
	SecretIDFile string `yaml:"secret_id_file" json:"secret_id_file,omitempty" jsonschema:"description=File that holds the AppRole's secret id; VAULT_SECRET_ID when empty"`
	JWTFile      string `yaml:"jwt_file" json:"jwt_file,omitempty" jsonschema:"description=File that holds the JWT; with kubernetes the service account's token of the pod when empty"`
}

// The methods of Login.
const (
	methodAppRole    = "approle"
	methodKubernetes = "kubernetes"
	methodJWT        = "jwt"
)

// podTokenFile is where Kubernetes puts the token of a pod's service account.
//
// Source: Kubernetes, "Configure Service Accounts for Pods".
const podTokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// maxSecretFile bounds a file that holds a token, an id or a JWT.
const maxSecretFile = 64 << 10 // bytes

// check refuses what can never work.
func (l Login) check(tokenFile string) error {
	var errs []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("login: "+format, args...))
		}
	}
	switch l.Method {
	case "":
		add(l != Login{}, "method is not set")
	case methodAppRole:
		add(l.Role != "", "role is for kubernetes and jwt; an AppRole is named by its role id")
		add(l.JWTFile != "", "jwt_file is for kubernetes and jwt")
	case methodKubernetes, methodJWT:
		add(l.Role == "", "role is not set")
		add(l.RoleIDFile != "" || l.SecretIDFile != "", "role_id_file and secret_id_file are for approle")
		add(l.Method == methodJWT && l.JWTFile == "", "jwt_file is not set")
	default:
		add(true, "method %q: want approle, kubernetes or jwt", l.Method)
	}
	add(l.Method != "" && tokenFile != "", "token_file is set as well: want one of them")
	return errors.Join(errs...)
}

// login logs in. Files are read at each login, since Kubernetes replaces its token from time to time.
type login struct {
	Login
	env collectors.Env
}

func (l *login) path() string {
	mount := strings.Trim(l.Mount, "/")
	if mount == "" {
		mount = l.Method
	}
	return "auth/" + mount + "/login"
}

// grant asks for a token.
//
// Source: Vault API, "AppRole auth method", "Kubernetes auth method" and "JWT/OIDC auth method", login with each.
func (l *login) grant(ctx context.Context, c *client) (grant, error) {
	fields, err := l.fields()
	if err != nil {
		return grant{}, err
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return grant{}, err
	}
	answer, _, err := c.exchange(ctx, call{namespace: c.namespace, path: l.path(), body: body})
	var status *statusError
	if errors.As(err, &status) && (status.code == http.StatusBadRequest || status.code == http.StatusForbidden) {
		return grant{}, fmt.Errorf("vault refuses the %s login: %w", l.Method, err)
	}
	if err != nil {
		return grant{}, err
	}
	return readGrant(answer)
}

// fields are what a login sends.
func (l *login) fields() (map[string]string, error) {
	if l.Method == methodAppRole {
		id, err := l.secret(l.RoleIDFile, "role_id_file", "VAULT_ROLE_ID")
		if err == nil && id == "" {
			err = errors.New("no role id: set VAULT_ROLE_ID, or role_id_file")
		}
		if err != nil {
			return nil, err
		}
		fields := map[string]string{"role_id": id}
		secret, err := l.secret(l.SecretIDFile, "secret_id_file", "VAULT_SECRET_ID")
		if err != nil {
			return nil, err
		}
		if secret != "" { // a role with bind_secret_id=false has none
			fields["secret_id"] = secret
		}
		return fields, nil
	}
	file := l.JWTFile
	if file == "" {
		file = podTokenFile
	}
	jwt, err := l.secret(file, "jwt_file", "")
	if err == nil && jwt == "" {
		err = fmt.Errorf("jwt_file %q is empty", file)
	}
	return map[string]string{"role": l.Role, "jwt": jwt}, err
}

// secret returns what file holds, or the variable where no file is configured; empty when there is neither.
func (l *login) secret(file, key, variable string) (string, error) {
	if file == "" {
		return strings.TrimSpace(l.env.Getenv(variable)), nil
	}
	return readSecret(l.env, file, key)
}

// readSecret returns what the configured file holds, without the white space around it.
func readSecret(env collectors.Env, file, key string) (string, error) {
	path := env.Path(file)
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxSecretFile) {
		err = fmt.Errorf("want a file of at most %d bytes", maxSecretFile)
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return "", fmt.Errorf("read %s %q: %w", key, file, cause(err))
	}
	return strings.TrimSpace(string(b)), nil
}
