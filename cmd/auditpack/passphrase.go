package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"auditpack/evidence/seal"
)

// passphraseVariable holds the passphrase of the seal key, for jobs that nobody watches.
const passphraseVariable = "AUDITPACK_KEY_PASSPHRASE"

func passphraseFlag() cli.Flag {
	return &cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` (mode 0600) with the passphrase of an encrypted key; default: the variable " + passphraseVariable + ", else a prompt"}
}

// passphraseOf gives the passphrase of an existing key: from the file, else the variable, else the terminal. It is never an
// argument and never in auditpack.yaml, where others would read it.
func passphraseOf(c *cli.Context) seal.Passphrase {
	return func() ([]byte, error) {
		text, err := givenPassphrase(c, "passphrase-file")
		if text != nil || err != nil {
			return text, err
		}
		return promptPassphrase(c, "Passphrase of the seal key: ")
	}
}

// newPassphrase gives the passphrase of a key that is being made, from the file that the flag names, else the variable; at a
// terminal it is asked for twice.
func newPassphrase(c *cli.Context, flag string) ([]byte, error) {
	text, err := givenPassphrase(c, flag)
	if text != nil || err != nil {
		return text, err
	}
	first, err := promptPassphrase(c, "New passphrase of the seal key: ")
	if err != nil {
		return nil, err
	}
	second, err := promptPassphrase(c, "The same again: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, errors.New("read passphrase: the two are not the same; nothing was made")
	}
	return first, nil
}

// givenPassphrase is the one in the file that a flag names, or in the variable; nil when there is neither.
func givenPassphrase(c *cli.Context, flag string) ([]byte, error) {
	if path := c.String(flag); path != "" {
		b, err := seal.ReadSecret(path)
		if err != nil {
			return nil, fmt.Errorf("read passphrase: %w", err)
		}
		b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
		if len(b) == 0 {
			return nil, fmt.Errorf("read passphrase: file %q is empty", path)
		}
		return b, nil
	}
	if text, set := os.LookupEnv(passphraseVariable); set && text != "" {
		return []byte(text), nil
	}
	return nil, nil
}

// promptPassphrase asks at the terminal without showing what is typed.
func promptPassphrase(c *cli.Context, prompt string) ([]byte, error) {
	in, ok := c.App.Reader.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, fmt.Errorf("%w: name a file with --passphrase-file, set %s, or type it at a terminal", seal.ErrNoPassphrase, passphraseVariable)
	}
	fmt.Fprint(c.App.ErrWriter, prompt)
	defer fmt.Fprintln(c.App.ErrWriter)
	text, err := readHidden(c.Context, int(in.Fd()))
	if errors.Is(err, io.EOF) || err == nil && len(text) == 0 {
		return nil, errors.New("read passphrase: nothing was typed")
	}
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	return text, nil
}

// readHidden reads a line from the terminal fd with its echo off, and turns the echo on again also when ctx ends first.
func readHidden(ctx context.Context, fd int) ([]byte, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type line struct {
		text []byte
		err  error
	}
	typed := make(chan line, 1)
	go func() { // nothing can end a read from a terminal; the program ends soon after, and with it this
		text, err := term.ReadPassword(fd)
		typed <- line{text, err}
	}()
	select {
	case l := <-typed:
		return l.text, l.err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}
