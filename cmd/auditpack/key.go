package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"
	sumnote "golang.org/x/mod/sumdb/note"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence/seal"
	"auditpack/evidence/seal/transit"
)

// Files in the workspace's folder of keys.
const (
	sealKeyFile   = "seal.key.pem" // 0600
	sealPubFile   = "seal.pub.pem"
	logKeyFile    = "log.key" // 0600
	logPublicFile = "log.pub"
)

func keyCommand() *cli.Command {
	algorithm := &cli.StringFlag{Name: "algorithm", Value: string(seal.ECDSAP256), Usage: "ecdsa-p256 or ed25519"}
	encrypt := &cli.BoolFlag{Name: "encrypt", Usage: "encrypt the private key with a passphrase"}
	return &cli.Command{
		Name:  "key",
		Usage: "the key that seals bundles",
		Subcommands: []*cli.Command{
			{
				Name: "generate", Usage: "make keys/seal.key.pem and keys/seal.pub.pem",
				Description: "Prints the fingerprint. Give it to your auditors by another way than the bundle: it is what they trust.",
				Flags:       []cli.Flag{algorithm, encrypt, passphraseFlag()},
				Action:      keyGenerate,
			},
			{
				Name: "show", Usage: "print the fingerprint of a key",
				Description: "Without --key it is the workspace's. --out writes the public key as PEM, for auditors and for openssl.",
				Flags: append([]cli.Flag{
					&cli.StringFlag{Name: "key", Usage: "a public or private key `FILE` (PEM), or vault-transit://MOUNT/KEY; default: keys/seal.pub.pem of the workspace"},
					passphraseFlag(),
				}, outFlags()...),
				Action: keyShow,
			},
			rotateCommand(algorithm, encrypt),
		},
	}
}

// shownKey is a public key as JSON.
type shownKey struct {
	Fingerprint string `json:"fingerprint"`
	Algorithm   string `json:"algorithm"`
	Public      string `json:"public"` // path of the PEM file, or the reference of a key in Vault
}

func keyGenerate(c *cli.Context) error {
	if err := refuseArguments(c); err != nil {
		return err
	}
	algorithm, err := algorithmOf(c)
	if err != nil {
		return err
	}
	w, err := openWorkspace(c)
	if err != nil {
		return err
	}
	var passphrase []byte
	if c.Bool("encrypt") {
		if passphrase, err = newPassphrase(c, "passphrase-file"); err != nil {
			return err
		}
	} else if c.String("passphrase-file") != "" {
		return usagef("--passphrase-file goes with --encrypt")
	}
	key, err := seal.Generate(algorithm)
	if err != nil {
		return err
	}
	private, public := keyPath(w, sealKeyFile), keyPath(w, sealPubFile)
	if err := os.MkdirAll(filepath.Dir(private), 0o700); err != nil {
		return fmt.Errorf("generate key: %w", err)
	}
	if err := key.Save(private, public, passphrase); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w; bundles that it sealed are checked with it, so it is never written over: move it away first", err)
		}
		return err
	}
	if err := printKey(c, key.Public(), public); err != nil {
		return err
	}
	note(c, "the private key is %s; keep it secret and keep a copy", private)
	return nil
}

func algorithmOf(c *cli.Context) (seal.Algorithm, error) {
	a := seal.Algorithm(c.String("algorithm"))
	if a != seal.ECDSAP256 && a != seal.Ed25519 {
		return a, usagef("--algorithm: unknown %q, want %s or %s", a, seal.ECDSAP256, seal.Ed25519)
	}
	return a, nil
}

func keyShow(c *cli.Context) error {
	if err := refuseArguments(c); err != nil {
		return err
	}
	public, place, err := shownPublicKey(c)
	if err != nil {
		return err
	}
	if out := c.String("out"); out != "" {
		if err := writeFile(out, public.PEM(), c.Bool("force")); err != nil {
			return err
		}
		place = out
	}
	return printKey(c, public, place)
}

// shownPublicKey is the public key that --key names, and where it is from.
func shownPublicKey(c *cli.Context) (seal.PublicKey, string, error) {
	name := c.String("key")
	if name == "" {
		w, err := openWorkspace(c)
		if err != nil {
			return seal.PublicKey{}, "", err
		}
		name = keyPath(w, sealPubFile)
		public, err := seal.LoadPublicKey(name)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("show key: there is none at %q; make one with: auditpack key generate", name)
		}
		return public, name, err
	}
	if !transit.IsReference(name) {
		if public, err := seal.LoadPublicKey(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			return public, name, err
		}
	}
	key, err := openSigner(c, name)
	if err != nil {
		return seal.PublicKey{}, "", err
	}
	if place := key.Place(); place != "" {
		name = place
	}
	return key.Public(), name, nil
}

func printKey(c *cli.Context, public seal.PublicKey, place string) error {
	out := outputOf(c)
	if out.json {
		return out.object(shownKey{public.Fingerprint(), string(public.Algorithm()), place})
	}
	_, err := fmt.Fprintf(out.w, "%s\n", public.Fingerprint())
	return err
}

func keyPath(w *workspace.Workspace, name string) string {
	return w.Path(filepath.Join(keyFolder, name))
}

// fingerprint of the workspace's seal key; empty when there is none.
func fingerprint(w *workspace.Workspace) (string, error) {
	public, err := seal.LoadPublicKey(keyPath(w, sealPubFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return public.Fingerprint(), nil
}

// logSigner returns the key that signs checkpoints of the session's store; the first call makes it.
func (s *session) logSigner() (sumnote.Signer, error) {
	private, public := keyPath(s.Workspace, logKeyFile), keyPath(s.Workspace, logPublicFile)
	if _, err := os.Stat(private); errors.Is(err, fs.ErrNotExist) {
		key, err := seal.GenerateLogKey(seal.Origin(s.store.UUID()))
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(private), 0o700); err != nil {
			return nil, fmt.Errorf("make log key: %w", err)
		}
		if err := key.Save(private, public); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	signer, err := seal.LoadLogSigner(private)
	if errors.Is(err, fs.ErrNotExist) { // its public half stood in the way of a new one
		return nil, fmt.Errorf("%w; checkpoints that it signed are checked with %q: bring the key back, or move that file away to begin with a new one", err, public)
	}
	return signer, err
}
