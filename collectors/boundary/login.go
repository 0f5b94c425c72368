package boundary

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"auditpack/collectors"
)

// maxSecretBytes bounds a token or password file; a token has about 70 bytes.
const maxSecretBytes = 64 << 10

// errTokenInvalid says that Boundary does not know the token (any more): it answers as for the anonymous user.
var errTokenInvalid = errors.New("the token is not valid (expired, revoked or mistyped): Boundary answers as for the anonymous user, so nothing it says can be relied on")

var errTokenForm = errors.New("the token does not have the form of a Boundary token (at_..._... or appt_..._...)")

// credentials is how a token is had.
type credentials struct {
	token      func() (string, error) // of a token from outside; nil with a login
	authMethod string
	loginName  string
	password   func() (string, error)
}

// identity is what a token says of itself.
type identity struct {
	User    string    // "u_1234567890"; empty if the token may not read itself
	Expires time.Time // zero if unknown
}

// authenticate gives c a token. It may be called again when a token has become invalid.
func (cr credentials) authenticate(ctx context.Context, c *client) error {
	c.token = ""
	if cr.token != nil {
		token, err := cr.token()
		if err != nil {
			return err
		}
		if _, err := tokenPath(token); err != nil {
			return err
		}
		c.token = token
		return nil
	}
	password, err := cr.password()
	if err != nil {
		return err
	}
	body, err := c.post(ctx, "/v1/auth-methods/"+url.PathEscape(cr.authMethod)+":authenticate", map[string]any{
		"command":    "login",
		"attributes": map[string]string{"login_name": cr.loginName, "password": password},
	})
	if status := statusOf(err); status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusBadRequest {
		return fmt.Errorf("log in as %q with auth method %q: wrong login name or password, or u_anon may not authenticate there: %w", cr.loginName, cr.authMethod, err)
	}
	if err != nil {
		return fmt.Errorf("log in as %q with auth method %q: %w", cr.loginName, cr.authMethod, err)
	}
	var answer struct {
		Attributes struct {
			Token string `json:"token"`
		} `json:"attributes"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Attributes.Token == "" {
		return fmt.Errorf("log in as %q with auth method %q: the answer holds no token", cr.loginName, cr.authMethod)
	}
	if _, err := tokenPath(answer.Attributes.Token); err != nil {
		return err
	}
	c.token = answer.Attributes.Token
	return nil
}

// again says whether authenticate can give another token than the one that became invalid.
func (cr credentials) again() bool { return cr.password != nil }

// self lets the token of c read itself. The error is errTokenInvalid when Boundary does not know it. A 403 comes only to a
// valid token without the grant to read itself: then the identity is empty and there is no error.
func (c *client) self(ctx context.Context) (identity, error) {
	path, err := tokenPath(c.token)
	if err != nil {
		return identity{}, err
	}
	body, err := c.get(ctx, path, nil)
	switch statusOf(err) {
	case http.StatusNotFound:
		return identity{}, fmt.Errorf("%w; or this is not the address of a Boundary controller: %v", errTokenInvalid, err)
	case http.StatusUnauthorized:
		return identity{}, fmt.Errorf("%w: %v", errTokenInvalid, err) // the status is of this reading, not of what was asked before it
	case http.StatusForbidden:
		return identity{}, nil
	}
	if err != nil {
		return identity{}, fmt.Errorf("read the token itself: %w", err)
	}
	var self struct {
		UserID         string    `json:"user_id"`
		ExpirationTime time.Time `json:"expiration_time"`
	}
	if err := json.Unmarshal(body, &self); err != nil {
		return identity{}, fmt.Errorf("read the token itself: %w", err)
	}
	return identity{User: self.UserID, Expires: self.ExpirationTime}, nil
}

// tokenPath is the path at which a token can read itself: its public id is the token up to its second underscore. The error
// does not show the token.
func tokenPath(token string) (string, error) {
	parts := strings.SplitN(token, "_", 3)
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" || strings.ContainsAny(token, "/?#% \t\r\n") {
		return "", errTokenForm
	}
	id := parts[0] + "_" + parts[1]
	switch parts[0] {
	case "at":
		return "/v1/auth-tokens/" + id, nil
	case "appt":
		return "/v1/app-tokens/" + id, nil
	}
	return "", errTokenForm
}

// secretFrom returns a reader of a secret: of a file where one is configured, otherwise of an environment variable.
func secretFrom(env collectors.Env, file, variable, setting string) func() (string, error) {
	return func() (string, error) {
		secret := env.Getenv(variable)
		if file != "" {
			b, err := readFile(env, file, maxSecretBytes)
			if err != nil {
				return "", fmt.Errorf("read %s: %w", setting, err)
			}
			secret = string(b)
		}
		if secret = strings.TrimSpace(secret); secret == "" {
			return "", fmt.Errorf("no credentials: set %s or %s", variable, setting)
		}
		return secret, nil
	}
}

// readFile returns a configured file of at most limit bytes.
func readFile(env collectors.Env, configured string, limit int64) ([]byte, error) {
	folder, name := filepath.Split(configured)
	if folder == "" {
		folder = "."
	}
	tree := env.Open(folder)
	info, err := fs.Stat(tree, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%q has %d bytes, more than %d", configured, info.Size(), limit)
	}
	return fs.ReadFile(tree, name)
}
