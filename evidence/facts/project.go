package facts

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// heavyBytes of raw evidence are projected with all the memory that DuckDB may use: what was collected before has left garbage on the heap of
// Go, which is not DuckDB's, and is given back first.
const heavyBytes = 64 << 20

// Progress is how far a projection is.
type Progress struct {
	Done, Total           int // units that were not in the cache
	DoneBytes, TotalBytes int64
	Table                 string // of the unit that was done last
}

// Project returns the tables as of the first upTo entries of the journal. What is not in the cache is projected, Options.Threads
// units at once, and told to progress (nil for none; never called twice at once). The first unit that fails ends it: the error names
// the table and the evidence, and wraps evidence.ErrCorrupt or evidence.ErrNotFound where the store is to blame. The caller closes
// the DB before the engine.
func (e *Engine) Project(ctx context.Context, upTo int64, progress func(Progress)) (*DB, error) {
	k, err := e.readJournal(ctx, upTo)
	if err != nil {
		return nil, err
	}
	units, err := e.plan(k)
	if err != nil {
		return nil, err
	}
	if err := e.projectMissing(ctx, units, progress); err != nil {
		return nil, err
	}
	return e.openTables(units), nil
}

func (e *Engine) projectMissing(ctx context.Context, units []*unit, progress func(Progress)) error {
	var missing []*unit
	var p Progress
	for _, u := range units {
		_, err := os.Stat(u.path)
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for table %q in the cache: %w", u.file.Table, err)
		}
		missing = append(missing, u)
		p.Total++
		p.TotalBytes += u.sizeBytes
	}
	if len(missing) == 0 {
		return nil
	}
	if p.TotalBytes >= heavyBytes {
		debug.FreeOSMemory()
	}
	// The largest first: at the end no thread waits long for another.
	slices.SortStableFunc(missing, func(a, b *unit) int { return cmp.Compare(b.sizeBytes, a.sizeBytes) })
	spool, err := os.MkdirTemp(e.scratch, "spool-*")
	if err != nil {
		return fmt.Errorf("make spool: %w", err)
	}
	defer os.RemoveAll(spool)
	folders, err := e.foldersOf(missing)
	if err != nil {
		return err
	}
	// One thread for each unit: units are independent, and one thread keeps the order of lines and the bytes of the result.
	db, err := e.openDuckDB(ctx, 1, append(folders, spool, e.options.Cache)...)
	if err != nil {
		return err
	}
	defer db.Close()

	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(e.options.Threads)
	for _, u := range missing {
		group.Go(func() error {
			if err := e.projectUnit(ctx, db, spool, u); err != nil {
				return fmt.Errorf("project table %q from %s: %w", u.file.Table, u.inputs[0], err)
			}
			mu.Lock()
			defer mu.Unlock()
			p.Done++
			p.DoneBytes += u.sizeBytes
			p.Table = u.file.Table
			if progress != nil {
				progress(p)
			}
			return nil
		})
	}
	return group.Wait()
}

// projectUnit checks the digests of u's blobs, runs the statement over them and puts the result in its place.
func (e *Engine) projectUnit(ctx context.Context, db *sql.DB, spool string, u *unit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(spool, "unit-*")
	if err != nil {
		return fmt.Errorf("make spool: %w", err)
	}
	defer os.RemoveAll(dir)
	paths, err := e.spool(ctx, dir, u)
	if err != nil {
		return err
	}
	folder := filepath.Dir(u.path)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	temp := filepath.Join(folder, ".part-"+rand.Text())
	defer os.Remove(temp) // not there any more after the rename
	if err := e.copyTo(ctx, db, u, paths, temp); err != nil {
		return err
	}
	return install(temp, u.path)
}

func (e *Engine) copyTo(ctx context.Context, db *sql.DB, u *unit, paths []string, target string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to DuckDB: %w", err)
	}
	defer conn.Close()
	variables := map[string]any{"paths": paths}
	for k, v := range u.variables {
		variables[k] = v
	}
	if err := setVariables(ctx, conn, variables); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, copyStatement(e.schemas[u.file.Table], u.file.SQL, target)); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("run %q: %w", u.file.Path, cleanError(err))
	}
	return nil
}

func copyStatement(columns []Column, query, target string) string {
	return "copy (" + typed(columns, query) + ") to " + quote(target) + " (format parquet, compression snappy, row_group_size 122880)"
}

// typed keeps the statement's lines where they are, so that a message of DuckDB names the line of the file. The casts are no work
// where types agree already; they hold a part to its table's types where a column was empty.
func typed(columns []Column, query string) string {
	casts := make([]string, len(columns))
	for i, c := range columns {
		name := quoteName(c.Name)
		casts[i] = name + "::" + c.Type + " as " + name
	}
	return "select " + strings.Join(casts, ", ") + " from (" + trimStatement(query) + "\n)"
}

// install makes temp durable and gives it its name.
func install(temp, path string) error {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("keep part: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep part: %w", err)
	}
	if err := writeSum(temp, path); err != nil {
		return fmt.Errorf("keep part: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("keep part: %w", err)
	}
	return nil
}
