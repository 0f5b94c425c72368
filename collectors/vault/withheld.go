package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// errSecret says that an answer of the API was not kept because it holds a secret.
var errSecret = errors.New("the answer is not kept: it holds a secret")

// secretSettings are the fields under which settings of auth methods and secrets engines have secrets. The documentation says of
// each that it is not returned; a plugin or an older version may still do so.
var secretSettings = []string{
	"access_token", "api_token", "bindpass", "client_secret", "client_tls_key", "client_token", "credentials", "integration_key",
	"oidc_client_secret", "password", "password_hash", "private_key", "secret", "secret_id", "secret_key", "self_managed_password",
	"token_reviewer_jwt",
}

// refuseSecrets returns an error that wraps errSecret and names the field, when the data of body has a field of a secret that is a
// text and not empty. Nothing but data is looked at: an answer to a read makes no token.
func refuseSecrets(body []byte) error {
	var answer struct {
		Data any `json:"data"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if field := secretSettingIn(answer.Data); field != "" {
		return fmt.Errorf("%w in %q", errSecret, field)
	}
	return nil
}

// secretSettingIn returns the name of the first such field in v, by name.
func secretSettingIn(v any) string {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if field := secretSettingIn(item); field != "" {
				return field
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if text, ok := v[name].(string); ok && text != "" && slices.Contains(secretSettings, name) {
				return name
			}
			if field := secretSettingIn(v[name]); field != "" {
				return field
			}
		}
	}
	return ""
}
