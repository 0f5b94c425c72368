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
	"strconv"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/vault"
	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/filestore"
	"auditpack/templates"
)

// runOurs collects folder/audit.log into a new store, projects it, does both again, and prints a result as JSON.
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
	if r.Collect, err = collect(ctx, o.ours, store); err != nil {
		return err
	}
	if r.Project, err = project(ctx, o.ours, store, &r); err != nil {
		return err
	}
	r.CPU = cpuTime()
	before := readBytes()
	if r.Again, err = collect(ctx, o.ours, store); err != nil {
		return err
	}
	r.AgainReadBytes = readBytes() - before
	if r.ProjectAgain, err = project(ctx, o.ours, store, &r); err != nil {
		return err
	}
	if r.StoredBytes, err = folderBytes(filepath.Join(o.ours, "store")); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

func collect(ctx context.Context, folder string, store *filestore.Store) (time.Duration, error) {
	start := time.Now()
	env := collectors.Env{
		Name: "vault", Path: func(p string) string { return p }, Open: os.DirFS, Getenv: func(string) string { return "" },
		Now: func() time.Time { return time.Now().UTC() }, Tool: "auditpack bench",
	}
	c, err := vault.Type.New(func(config any) error {
		v, ok := config.(*vault.Config)
		if !ok {
			return fmt.Errorf("configuration: got %T", config)
		}
		v.AuditLogs = []string{filepath.Join(folder, "audit.log")}
		return nil
	}, env)
	if err != nil {
		return 0, err
	}
	results := collectors.Run(ctx, []collectors.Source{{Name: "vault", Type: vault.Type, Collector: c}}, collectors.Options{
		Store: store, Journal: store, Now: env.Now, Actor: evidence.Actor{Principal: "bench", Host: "bench", Tool: env.Tool},
	})
	for _, r := range results {
		if r.Err != nil {
			return 0, r.Err
		}
		if r.Failed() {
			return 0, fmt.Errorf("collect: %+v", r.Entry.Parts)
		}
	}
	return time.Since(start), nil
}

func project(ctx context.Context, folder string, store *filestore.Store, r *result) (_ time.Duration, err error) {
	start := time.Now()
	files, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		return 0, err
	}
	engine, err := facts.Open(ctx, facts.Options{SQL: files, Store: store, Journal: store, Cache: filepath.Join(folder, "facts")})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	size, err := store.Size(ctx)
	if err != nil {
		return 0, err
	}
	db, err := engine.Project(ctx, size, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	took := time.Since(start)
	if r.Lines, err = count(ctx, db, "select count(*) from vault_audit"); err != nil {
		return 0, err
	}
	start = time.Now()
	if _, err = count(ctx, db, "select count(*) from vault_request where path like 'sys/%' and list_contains(policies, 'root')"); err != nil {
		return 0, err
	}
	r.Query = time.Since(start)
	r.ParquetBytes, err = folderBytes(filepath.Join(folder, "facts"))
	return took, err
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

// readBytes is how much this process has read through system calls so far, -1 where the system does not say.
func readBytes() int64 {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "rchar: "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			if err == nil {
				return n
			}
		}
	}
	return -1
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
