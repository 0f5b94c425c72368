package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/vault"
	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/filestore"
	"auditpack/internal/processuse"
	"auditpack/templates"
)

// runOurs collects the log into a new store in the folder o.ours, projects it, does both again, and prints a result as JSON.
func runOurs(ctx context.Context, o options, out io.Writer) (err error) {
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return fmt.Errorf("write profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("write profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	store, err := filestore.Create(filepath.Join(o.ours, "store"))
	if err != nil {
		return err
	}
	var r result
	if r.Collect, err = collect(ctx, o.log, store); err != nil {
		return err
	}
	if r.Project, err = project(ctx, o.ours, store, &r); err != nil {
		return err
	}
	before := processuse.ReadBytes()
	again, err := collect(ctx, o.log, store)
	if err != nil {
		return err
	}
	r.Again, r.AgainReadBytes = again.Wall, processuse.ReadBytes()-before
	if again, err = project(ctx, o.ours, store, &r); err != nil {
		return err
	}
	r.ProjectAgain = again.Wall
	if r.StoredBytes, err = folderBytes(filepath.Join(o.ours, "store")); err != nil {
		return err
	}
	r.RSSMiB = processuse.PeakMiB()
	return json.NewEncoder(out).Encode(r)
}

func collect(ctx context.Context, log string, store *filestore.Store) (cost, error) {
	return measure(func() error { return collectLog(ctx, log, store) })
}

func collectLog(ctx context.Context, log string, store *filestore.Store) error {
	env := collectors.Env{
		Name: "vault", Path: func(p string) string { return p }, Open: os.DirFS, Getenv: func(string) string { return "" },
		Now: func() time.Time { return time.Now().UTC() }, Tool: "auditpack bench",
	}
	c, err := vault.Type.New(func(config any) error {
		v, ok := config.(*vault.Config)
		if !ok {
			return fmt.Errorf("configuration: got %T", config)
		}
		v.AuditLogs = []string{log}
		return nil
	}, env)
	if err != nil {
		return err
	}
	results := collectors.Run(ctx, []collectors.Source{{Name: "vault", Type: vault.Type, Collector: c}}, collectors.Options{
		Store: store, Journal: store, Now: env.Now, Actor: evidence.Actor{Principal: "bench", Host: "bench", Tool: env.Tool},
	})
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
		if r.Failed() {
			return fmt.Errorf("collect: %+v", r.Entry.Parts)
		}
	}
	return nil
}

func project(ctx context.Context, folder string, store *filestore.Store, r *result) (took cost, err error) {
	var engine *facts.Engine
	var db *facts.DB
	took, err = measure(func() error {
		engine, db, err = openTables(ctx, folder, store)
		return err
	})
	if err != nil {
		return cost{}, err
	}
	defer func() { err = errors.Join(err, db.Close(), engine.Close()) }()
	if r.ProjectRSSMiB == 0 {
		r.ProjectRSSMiB = processuse.PeakMiB()
	}
	if r.Lines, err = count(ctx, db, "select count(*) from vault_audit"); err != nil {
		return cost{}, err
	}
	start := time.Now()
	if _, err = count(ctx, db, "select count(*) from vault_request where path like 'sys/%' and list_contains(policies, 'root')"); err != nil {
		return cost{}, err
	}
	r.Query = time.Since(start)
	r.ParquetBytes, err = folderBytes(filepath.Join(folder, "facts"))
	return took, err
}

// openTables projects what the store has. The caller closes the tables and then the engine.
func openTables(ctx context.Context, folder string, store *filestore.Store) (*facts.Engine, *facts.DB, error) {
	files, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		return nil, nil, err
	}
	size, err := store.Size(ctx)
	if err != nil {
		return nil, nil, err
	}
	engine, err := facts.Open(ctx, facts.Options{SQL: files, Store: store, Journal: store, Cache: filepath.Join(folder, "facts")})
	if err != nil {
		return nil, nil, err
	}
	db, err := engine.Project(ctx, size, nil)
	if err != nil {
		return nil, nil, errors.Join(err, engine.Close())
	}
	return engine, db, nil
}

func count(ctx context.Context, db *facts.DB, query string) (int64, error) {
	rows, err := db.Query(ctx, query, nil)
	if err != nil {
		return 0, err
	}
	all, err := rows.Collect()
	if err != nil {
		return 0, err
	}
	n, _ := all[0][0].(int64)
	return n, nil
}

func folderBytes(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}
