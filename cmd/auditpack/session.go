package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors/all"
	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/filestore"
	"auditpack/templates"
)

// Folders of a workspace that the program writes to.
const (
	storeFolder = "store" // unless auditpack.yaml names another
	cacheFolder = "cache" // facts; may be deleted at any time
	keyFolder   = "keys"
)

// session is an opened workspace with its store.
type session struct {
	*workspace.Workspace
	store *filestore.Store
	shown string // the workspace's folder as it was named
	past  *past  // what was known on a date, to judge by; nil: all that is known, and the files of today
}

// openWorkspace opens the workspace that --workspace names.
func openWorkspace(c *cli.Context) (*workspace.Workspace, error) {
	return workspace.Open(c.String("workspace"), all.Types())
}

// openSession opens workspace and store. Only collect makes a store; elsewhere a missing one is an error with the next step.
func openSession(c *cli.Context, create bool) (*session, error) {
	w, err := openWorkspace(c)
	if err != nil {
		return nil, err
	}
	name := w.Config.Store
	if name == "" {
		name = storeFolder
	}
	dir := w.Path(name)
	store, err := filestore.Open(dir)
	if errors.Is(err, filestore.ErrNotStore) || errors.Is(err, fs.ErrNotExist) {
		if !create {
			return nil, fmt.Errorf("open evidence store: there is none at %q yet; collect first: auditpack collect", dir)
		}
		store, err = filestore.Create(dir)
		if errors.Is(err, fs.ErrExist) { // another process was quicker
			store, err = filestore.Open(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	return &session{Workspace: w, store: store, shown: c.String("workspace")}, nil
}

// engine opens the facts engine over the session's store. The caller closes it.
func (s *session) engine(ctx context.Context) (*facts.Engine, error) {
	return openFacts(ctx, s.store, s.Path(cacheFolder))
}

// openFacts opens the facts engine over a store that has its journal. Without a cache what is projected is gone with the engine. The
// caller closes it.
func openFacts(ctx context.Context, store interface {
	evidence.Store
	evidence.Journal
}, cache string) (*facts.Engine, error) {
	sql, err := factSQL()
	if err != nil {
		return nil, err
	}
	return facts.Open(ctx, facts.Options{SQL: sql, Store: store, Journal: store, Cache: cache})
}

// factSQL is the folder of the SQL that makes tables of evidence.
func factSQL() (fs.FS, error) {
	sql, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		return nil, fmt.Errorf("open facts: %w", err)
	}
	return sql, nil
}

// factFiles are the files of factSQL.
func factFiles() ([]facts.File, error) {
	sql, err := factSQL()
	if err != nil {
		return nil, err
	}
	return facts.LoadFiles(sql)
}

// actor says who runs the program, for the journal.
func actor() evidence.Actor {
	a := evidence.Actor{Principal: "unknown", Host: "unknown", Tool: toolName()}
	if u, err := user.Current(); err == nil {
		a.Principal = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		a.Host = h
	}
	return a
}

func now() time.Time { return time.Now().UTC() }
