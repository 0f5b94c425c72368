package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/filestore"
	"auditpack/evidence/seal"
	"auditpack/internal/atomicfile"
)

func rotateCommand(flags ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name: "rotate", Usage: "replace the seal key by a new one, and announce it",
		Description: "The journal gets an entry that announces the new key, signed with the old one. Whoever trusts the old key can so verify later bundles;\n" +
			"earlier ones verify as before. The old key stays in keys/ under its fingerprint. With --new the new key is one that exists already, such as a\n" +
			"key in Vault; without it, one is made. A rotation that was interrupted goes on when the command is given again.\n\n" +
			"It does not help against a thief: who has the old key can announce a key, too. After a theft, give your auditors the new fingerprint as you\n" +
			"gave them the first.",
		Flags: append(flags,
			sealKeyFlag("the old key"), passphraseFlag(),
			&cli.StringFlag{Name: "new", Usage: "the new key: a private key `FILE` (PEM), or vault-transit://MOUNT/KEY; default: a new file"},
			&cli.StringFlag{Name: "new-passphrase-file", Usage: "`FILE` (mode 0600) with the passphrase of the new key; default: the same as of the old one, or a prompt"},
		),
		Action: func(c *cli.Context) error { return noArgs(c, keyRotate) },
	}
}

func keyRotate(c *cli.Context, s *session) error {
	if _, err := algorithmOf(c); err != nil {
		return err
	}
	if c.String("key") != "" && c.String("new") == "" {
		return usagef("key rotate: --key names an old key outside of the workspace, so name the new one, too: --new")
	}
	if c.String("new") != "" && (c.Bool("encrypt") || c.IsSet("algorithm")) {
		return usagef("key rotate: --encrypt and --algorithm are for a key that is made; --new names one that exists")
	}
	// From here on to the last file in its place: two rotations at once would take each other's new key away.
	a := actor()
	release, err := s.store.ClaimKeys(filestore.Holder{PID: os.Getpid(), Host: a.Host, Since: now()})
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	defer release()
	old, err := sealKey(c, s.Workspace)
	if err != nil {
		return err
	}
	succession, err := seal.ReadSuccession(c.Context, s.store, seal.Origin(s.store.UUID()))
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	next, err := s.nextKey(c, old, succession)
	if err != nil {
		return err
	}
	if err := s.announce(c.Context, old, next, succession); err != nil {
		return err
	}
	if err := s.install(old.Public(), next, c.String("key") == ""); err != nil {
		return fmt.Errorf("rotate key: the new key is announced, and not yet in place: %w; give the command again", err)
	}
	if err := printKey(c, next, s.keyUnder(next, publicSuffix)); err != nil {
		return err
	}
	note(c, "the journal announces it, signed with %s, whose files are in %s under its fingerprint", old.Public().Fingerprint(), keyFolder)
	note(c, "tell your auditors the new fingerprint, too, by another way than a bundle")
	return nil
}

// Ends of the names of keys that lie under their fingerprint.
const (
	privateSuffix = ".key.pem"
	publicSuffix  = ".pub.pem"
)

// keyUnder is the path of a key under its fingerprint.
func (s *session) keyUnder(key seal.PublicKey, suffix string) string {
	return keyPath(s.Workspace, "seal-"+strings.TrimPrefix(key.Fingerprint(), "SHA256:")+suffix)
}

// nextKey returns the key that follows on old: the one that --new names, the one that an interrupted rotation announced already, or
// a new one, whose files lie under its fingerprint until it is announced.
func (s *session) nextKey(c *cli.Context, old seal.Signer, succession seal.Succession) (seal.PublicKey, error) {
	if name := c.String("new"); name != "" {
		next, err := openNext(c, name)
		if err != nil {
			return seal.PublicKey{}, err
		}
		return next.Public(), nil
	}
	if r, announced := succession.Successor(old.Public().Fingerprint()); announced {
		if _, err := os.Stat(s.keyUnder(r.New, privateSuffix)); err != nil {
			return seal.PublicKey{}, fmt.Errorf("rotate key: entry %d of the journal announces %s after the key at hand, and its file is not there: %w", r.Entry, r.New.Fingerprint(), err)
		}
		return r.New, nil
	}
	var passphrase []byte
	if file, inFile := old.(*seal.PrivateKey); c.Bool("encrypt") || c.String("new-passphrase-file") != "" || inFile && file.Encrypted() {
		var err error
		if passphrase, err = newPassphrase(c, nextPassphraseFlag(c)); err != nil {
			return seal.PublicKey{}, err
		}
	}
	key, err := seal.Generate(seal.Algorithm(c.String("algorithm")))
	if err != nil {
		return seal.PublicKey{}, err
	}
	next := key.Public()
	return next, key.Save(s.keyUnder(next, privateSuffix), s.keyUnder(next, publicSuffix), passphrase)
}

// openNext opens the key that --new names.
func openNext(c *cli.Context, name string) (seal.Signer, error) {
	return openSignerWith(c, name, func() ([]byte, error) {
		text, err := givenPassphrase(c, nextPassphraseFlag(c))
		if text != nil || err != nil {
			return text, err
		}
		return promptPassphrase(c, "Passphrase of the new seal key: ")
	})
}

func nextPassphraseFlag(c *cli.Context) string {
	if c.String("new-passphrase-file") != "" {
		return "new-passphrase-file"
	}
	return "passphrase-file"
}

// announce writes the entry, unless an interrupted rotation wrote it.
func (s *session) announce(ctx context.Context, old seal.Signer, next seal.PublicKey, succession seal.Succession) error {
	if r, announced := succession.Successor(old.Public().Fingerprint()); announced && r.New.Fingerprint() == next.Fingerprint() {
		return nil
	}
	if err := succession.Check(old.Public(), next); err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	e, err := seal.AnnounceRotation(ctx, old, next, seal.Origin(s.store.UUID()), now())
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	e.Actor = actor()
	e.Note = fmt.Sprintf("seal key %s follows on %s", next.Fingerprint(), old.Public().Fingerprint())
	if _, err := s.store.Append(ctx, e); err != nil {
		return fmt.Errorf("rotate key: announce it: %w", err)
	}
	return nil
}

// install puts both public keys under their fingerprints. When the workspace had the old one as its own, next takes its place; own
// says that the old private key is the file in its place. Every step can be done again.
func (s *session) install(old, next seal.PublicKey, own bool) error {
	if err := os.MkdirAll(s.Path(keyFolder), 0o700); err != nil {
		return err
	}
	for _, key := range []seal.PublicKey{old, next} {
		if err := atomicfile.Write(s.keyUnder(key, publicSuffix), key.PEM(), 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	current, err := fingerprint(s.Workspace)
	if err != nil {
		return err
	}
	if own || current == old.Fingerprint() {
		if err := atomicfile.Overwrite(keyPath(s.Workspace, sealPubFile), next.PEM(), 0o644); err != nil {
			return err
		}
	}
	if !own {
		return nil
	}
	// The old private key gets its second name before it loses the first, so that a crash in between loses nothing.
	private := keyPath(s.Workspace, sealKeyFile)
	if err := os.Link(private, s.keyUnder(old, privateSuffix)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	err = os.Rename(s.keyUnder(next, privateSuffix), private)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Remove(private) // the new key lies elsewhere: the workspace has no file of its own from now on
	}
	return err
}

// refuseReplaced returns an error when the journal announced another key in the place of this one.
func (s *session) refuseReplaced(ctx context.Context, key seal.PublicKey) error {
	succession, err := seal.ReadSuccession(ctx, s.store, seal.Origin(s.store.UUID()))
	if err != nil {
		return err
	}
	if r, replaced := succession.Successor(key.Fingerprint()); replaced {
		return fmt.Errorf("key %s was replaced by %s in entry %d of the journal: seal with that one (a rotation that was interrupted goes on with: auditpack key rotate)",
			key.Fingerprint(), r.New.Fingerprint(), r.Entry)
	}
	return nil
}
