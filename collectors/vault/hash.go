package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"auditpack/collectors"
)

// hashPolicy is what asking for a hash needs; collecting does not.
const hashPolicy = `path "sys/audit-hash/*" { capabilities = ["update"] }`

// Hasher is a collector whose source tells what an audit device writes in place of a value.
type Hasher interface {
	// Hash returns what the device, "file" or "file/", writes for value: "hmac-sha256:" and hexadecimal digits. It asks the source
	// for it and keeps the value nowhere. A source that refuses is a *collectors.DeniedError; one without such a device is
	// collectors.ErrNotOffered. No error holds the value. A hash beside an error is the answer all the same: what failed came after it.
	Hash(ctx context.Context, device, value string) (string, error)
}

var _ Hasher = (*collector)(nil)

// Hash implements Hasher.
//
// Source: Vault API, "Calculate hash" (sys/audit-hash/:path), POST with "input", answered with "hash". The request itself is in the log,
// its input hashed.
func (c *collector) Hash(ctx context.Context, device, value string) (string, error) {
	device = strings.Trim(device, "/")
	hash, err := c.hash(ctx, device, value)
	if err != nil {
		err = fmt.Errorf("ask for the hash of the audit device %q: %w", device, err)
	}
	return hash, err
}

func (c *collector) hash(ctx context.Context, device, value string) (hash string, err error) {
	address := c.Address
	if address == "" {
		address = c.env.Getenv("VAULT_ADDR")
	}
	if address == "" {
		return "", errors.New("the source has no address: set it, or VAULT_ADDR")
	}
	if err := checkAddress(address); err != nil {
		return "", err
	}
	api, err := newClient(c.Config, address, c.env)
	if err != nil {
		return "", err
	}
	if err := api.enter(ctx); err != nil {
		return "", err
	}
	defer func() {
		if left := api.leave(ctx); left != nil {
			err = errors.Join(err, fmt.Errorf("the token that asked lives on until it expires: %w", left))
		}
	}()
	input, err := json.Marshal(map[string]string{"input": value})
	if err != nil {
		return "", err
	}
	body, _, err := api.send(ctx, call{path: "sys/audit-hash/" + device, body: input, secret: true}) // audit devices are the root namespace's
	if err != nil {
		return "", hashCause(err)
	}
	var answer struct {
		Data struct {
			Hash string `json:"hash"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", errors.New("read the answer: it has no hash")
	}
	if !strings.HasPrefix(answer.Data.Hash, string(hashed)) {
		return "", fmt.Errorf("read the answer: the hash does not begin with %q", hashed)
	}
	return answer.Data.Hash, nil
}

// hashCause says what an answer of the API means. Vault names a device that it does not have in a 400.
func hashCause(err error) error {
	switch statusOf(err) {
	case http.StatusForbidden:
		return &collectors.DeniedError{Permission: hashPolicy, Cause: err}
	case http.StatusBadRequest, http.StatusNotFound:
		return fmt.Errorf("%w: is there such a device? vault audit list names them: %w", collectors.ErrNotOffered, err)
	}
	return err
}
