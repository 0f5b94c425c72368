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
)

// Files in the workspace's folder of keys.
const (
	sealKeyFile   = "seal.key.pem" // 0600
	sealPubFile   = "seal.pub.pem"
	logKeyFile    = "log.key" // 0600
	logPublicFile = "log.pub"
)

func keyCommand() *cli.Command {
	return &cli.Command{
		Name:  "key",
		Usage: "the key that seals bundles",
		Subcommands: []*cli.Command{
			{
				Name: "generate", Usage: "make keys/seal.key.pem and keys/seal.pub.pem",
				Description: "Prints the fingerprint. Give it to your auditors by another way than the bundle: it is what they trust.",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "algorithm", Value: string(seal.ECDSAP256), Usage: "ecdsa-p256 or ed25519"},
				},
				Action: keyGenerate,
			},
			{
				Name: "show", Usage: "print the fingerprint of the workspace's key",
				Action: keyShow,
			},
		},
	}
}

// shownKey is a public key as JSON.
type shownKey struct {
	Fingerprint string `json:"fingerprint"`
	Algorithm   string `json:"algorithm"`
	Public      string `json:"public"` // path of the PEM file
}

func keyGenerate(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("key generate takes no argument, got %q", c.Args().First())
	}
	algorithm := seal.Algorithm(c.String("algorithm"))
	if algorithm != seal.ECDSAP256 && algorithm != seal.Ed25519 {
		return usagef("--algorithm: unknown %q, want %s or %s", algorithm, seal.ECDSAP256, seal.Ed25519)
	}
	w, err := openWorkspace(c)
	if err != nil {
		return err
	}
	key, err := seal.Generate(algorithm)
	if err != nil {
		return err
	}
	private, public := keyPath(w, sealKeyFile), keyPath(w, sealPubFile)
	if err := os.MkdirAll(filepath.Dir(private), 0o700); err != nil {
		return fmt.Errorf("generate key: %w", err)
	}
	if err := key.Save(private, public); err != nil {
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

func keyShow(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("key show takes no argument, got %q", c.Args().First())
	}
	w, err := openWorkspace(c)
	if err != nil {
		return err
	}
	path := keyPath(w, sealPubFile)
	public, err := seal.LoadPublicKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("show key: there is none at %q; make one with: auditpack key generate", path)
	}
	if err != nil {
		return err
	}
	return printKey(c, public, path)
}

func printKey(c *cli.Context, public seal.PublicKey, path string) error {
	out := outputOf(c)
	if out.json {
		return out.object(shownKey{public.Fingerprint(), string(public.Algorithm()), path})
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
