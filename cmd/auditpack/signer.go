package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hashicorp/vault/api"
	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence/seal"
	"auditpack/evidence/seal/transit"
)

// sealKeyFlag names the key that signs.
func sealKeyFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "key", Usage: usage + ": a private key `FILE` (PEM), or vault-transit://MOUNT/KEY; default: keys/seal.key.pem of the workspace"}
}

// sealKey opens the key that --key names, else the workspace's.
func sealKey(c *cli.Context, w *workspace.Workspace) (seal.Signer, error) {
	name := c.String("key")
	if name == "" {
		name = keyPath(w, sealKeyFile)
	}
	key, err := openSigner(c, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open seal key: there is none at %q; make one with: auditpack key generate, or name another with --key", name)
	}
	return key, err
}

// openSigner opens a key by its file or its reference.
func openSigner(c *cli.Context, name string) (seal.Signer, error) {
	return openSignerWith(c, name, passphraseOf(c))
}

func openSignerWith(c *cli.Context, name string, passphrase seal.Passphrase) (seal.Signer, error) {
	if transit.IsReference(name) {
		return openTransit(c.Context, name)
	}
	return seal.LoadPrivateKey(name, passphrase)
}

// openTransit opens a key in Vault. Address, token, namespace and certificates are in Vault's own variables.
func openTransit(ctx context.Context, name string) (seal.Signer, error) {
	reference, err := transit.ParseReference(name)
	if err != nil {
		return nil, usagef("%v", err)
	}
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("open key %s: %w", reference, config.Error)
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("open key %s: %w", reference, err)
	}
	if client.Token() == "" {
		return nil, fmt.Errorf("open key %s: no token: set VAULT_TOKEN", reference)
	}
	return transit.Open(ctx, client, reference)
}
