package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence/seal"
)

func requireTimestampFlag() cli.Flag {
	return &cli.BoolFlag{Name: "require-timestamp", Usage: "fail when the timestamp authority of auditpack.yaml gives no timestamp; without it, that is only said"}
}

// authorityOf returns the timestamp authority of auditpack.yaml, nil when it names none.
func authorityOf(w *workspace.Workspace) (*seal.Authority, error) {
	t := w.Config.Timestamp
	if t == nil {
		return nil, nil
	}
	roots, err := seal.LoadTimestampRoots(w.Path(t.CA))
	if err != nil {
		return nil, err
	}
	return seal.NewAuthority(t.URL, t.Policy, roots, &http.Client{})
}

// timestampOf asks the workspace's authority for a timestamp of b, which is a thing such as "checkpoint" and has one only where an
// authority is configured. An authority that is down or wrong is told to people, and an error with --require-timestamp; nil bytes
// then say that there is no timestamp.
func timestampOf(c *cli.Context, w *workspace.Workspace, thing string, b []byte) ([]byte, seal.Timestamp, error) {
	require := c.Bool("require-timestamp")
	authority, err := authorityOf(w)
	if err == nil && authority == nil {
		if require {
			return nil, seal.Timestamp{}, fmt.Errorf("--require-timestamp: %s names no timestamp authority", workspace.FileName)
		}
		return nil, seal.Timestamp{}, nil
	}
	if err != nil {
		return nil, seal.Timestamp{}, err // a fault in the configuration stays one, however often it is tried
	}
	response, at, err := authority.Stamp(c.Context, b)
	if err == nil {
		return response, at, nil
	}
	if require || c.Context.Err() != nil {
		return nil, seal.Timestamp{}, err
	}
	note(c, "the %s has no timestamp: %v", thing, err)
	return nil, seal.Timestamp{}, nil
}

// stampSeal returns what asks for the timestamp of a bundle's seal.
func (s *session) stampSeal(c *cli.Context) func(context.Context, []byte) ([]byte, error) {
	return func(_ context.Context, signature []byte) ([]byte, error) {
		response, at, err := timestampOf(c, s.Workspace, "seal", signature)
		if response != nil {
			note(c, "the seal has a timestamp: %s", at)
		}
		return response, err
	}
}

// timestampRoots are those of --timestamp-ca, else of the workspace's authority; nil when there are neither.
func timestampRoots(c *cli.Context, w *workspace.Workspace) (*seal.TimestampRoots, error) {
	if path := c.String("timestamp-ca"); path != "" {
		return seal.LoadTimestampRoots(path)
	}
	if w.Config.Timestamp == nil {
		return nil, nil
	}
	return seal.LoadTimestampRoots(w.Path(w.Config.Timestamp.CA))
}

var errNoTimestampFile = errors.New("a timestamp is a file of its own beside the checkpoint: name the checkpoint's with --out, or use --json")

// thereSince says what the timestamp of a thing shows.
func thereSince(thing string, t seal.Timestamp) string {
	if !t.Trusted {
		return fmt.Sprintf("the %s has a timestamp, of %s; nobody vouches for it until you name an authority that you trust: --timestamp-ca FILE", thing, t)
	}
	return fmt.Sprintf("the %s was there on %s", thing, t)
}
