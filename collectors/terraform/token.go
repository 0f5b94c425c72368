package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Files is one file, or one for each organization: a token of an organization opens that organization alone.
type Files map[string]string

// anyOrganization is the key of the one file that stands for whichever organization is configured.
const anyOrganization = ""

// UnmarshalYAML takes a text, or a mapping of organizations to texts.
func (f *Files) UnmarshalYAML(decode func(any) error) error {
	var one string
	if decode(&one) == nil {
		*f = Files{anyOrganization: one}
		return nil
	}
	var many map[string]string
	if err := decode(&many); err != nil {
		return errors.New("audit_token_file: want a file, or a mapping of organizations to files")
	}
	*f = many
	return nil
}

// check refuses files for organizations that are not asked, and one file for several.
func (f Files) check(orgs []string) error {
	var errs []error
	for org := range f {
		switch {
		case org == anyOrganization && len(orgs) > 1:
			errs = append(errs, errors.New("audit_token_file: a token is of one organization: give a file for each, as ORGANIZATION: FILE"))
		case org != anyOrganization && !slices.Contains(orgs, org):
			errs = append(errs, fmt.Errorf("audit_token_file: %q is not among the organizations", org))
		}
	}
	return errors.Join(errs...)
}

// readToken returns the API token; no error holds a part of it.
func (c *collector) readToken() (string, error) {
	token, from, err := c.secret("TFE_TOKEN", "token_file", c.tokenFile)
	if err != nil {
		return "", err
	}
	if token == "" {
		return "", errors.New("no API token: set TFE_TOKEN or token_file")
	}
	return token, oneToken(token, from)
}

// readAuditToken returns the token that an organization's audit trail is asked for with, empty for none. The variable is used for
// a single organization only.
func (c *collector) readAuditToken(org string) (string, error) {
	file := firstSet(c.auditFiles[org], c.auditFiles[anyOrganization])
	if file == "" && len(c.orgs) > 1 {
		return "", nil
	}
	token, from, err := c.secret("TFE_AUDIT_TOKEN", "audit_token_file", file)
	if err != nil || token == "" {
		return "", err
	}
	return token, oneToken(token, from)
}

// secret reads a token from a file where one is configured, else from the variable, and says where it came from.
func (c *collector) secret(variable, key, file string) (token, from string, err error) {
	if file == "" {
		return strings.TrimSpace(c.env.Getenv(variable)), variable, nil
	}
	b, err := c.readFile(file)
	if err != nil {
		return "", "", fmt.Errorf("read %s: %w", key, err)
	}
	return strings.TrimSpace(string(b)), key, nil
}

// oneToken refuses what cannot be a token and would break a header.
func oneToken(token, from string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("%s holds more than one token: want one line of visible ASCII", from)
	}
	return nil
}

func (c *collector) readFile(configured string) ([]byte, error) {
	return fs.ReadFile(c.env.Open(filepath.Dir(configured)), filepath.Base(configured))
}
