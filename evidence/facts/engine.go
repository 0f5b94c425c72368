package facts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/duckdb/duckdb-go/v2/mapping"
	"golang.org/x/sync/errgroup"

	"auditpack/evidence"
	"auditpack/internal/canonical"
)

// What an engine uses unless told otherwise. 384 MiB leaves the rest of the program room below 600 MiB in all, and was enough for
// questions to the requests of a log of 4 GB, 2.6 million lines; two threads is what the smallest machine we care for has.
const (
	DefaultMemoryBytes = 384 << 20
	DefaultThreads     = 2
)

// Options of an Engine.
type Options struct {
	SQL     fs.FS            // the folder of fact files
	Store   evidence.Store   // may be nil where only fixtures are made
	Journal evidence.Journal // may be nil where only fixtures are made
	Cache   string           // folder for Parquet parts, made when missing; it may be deleted at any time. Empty: a temporary one
	Temp    string           // folder for what is spilled and spooled, made when missing. Empty: the system's

	Threads     int   // units projected at once, and threads of a query; 0: DefaultThreads
	MemoryBytes int64 // what DuckDB may use; beyond it spills to Temp. 0: DefaultMemoryBytes
}

// Engine projects evidence to tables. It is safe for concurrent use; two engines may share a cache.
type Engine struct {
	options   Options
	files     []File
	scratch   string // ours alone, removed by Close
	version   string // of DuckDB
	functions functionTable
	schemas   map[string][]Column // of each table, from Open on
	accepted  accepted
}

// Open reads the fact files and checks each statement against empty evidence: it must be one SELECT that names only functions
// whose result depends on nothing but their arguments. The caller closes the engine, after every DB that came from it.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Threads <= 0 {
		o.Threads = DefaultThreads
	}
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = DefaultMemoryBytes
	}
	files, err := LoadFiles(o.SQL)
	if err != nil {
		return nil, err
	}
	if o.Temp != "" {
		if err := os.MkdirAll(o.Temp, 0o700); err != nil {
			return nil, fmt.Errorf("open facts: %w", err)
		}
	}
	scratch, err := os.MkdirTemp(o.Temp, "auditpack-facts-*")
	if err != nil {
		return nil, fmt.Errorf("open facts: %w", err)
	}
	e := &Engine{options: o, files: files, scratch: scratch, schemas: map[string][]Column{}}
	if e.options.Cache == "" {
		e.options.Cache = filepath.Join(scratch, "cache")
	}
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// prepare makes the folders, and learns the types of every table from its statement over no evidence.
func (e *Engine) prepare(ctx context.Context) error {
	for _, dir := range []*string{&e.options.Cache, &e.scratch} {
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return fmt.Errorf("open facts: %w", err)
		}
		if err := os.MkdirAll(abs, 0o700); err != nil {
			return fmt.Errorf("open facts: %w", err)
		}
		// DuckDB compares paths without links with its allowed folders.
		if abs, err = filepath.EvalSymlinks(abs); err != nil {
			return fmt.Errorf("open facts: %w", err)
		}
		*dir = abs
	}
	if err := os.WriteFile(e.emptyInput(), nil, 0o600); err != nil {
		return fmt.Errorf("open facts: %w", err)
	}
	e.version = mapping.LibraryVersion()
	if e.recall() {
		return nil
	}
	db, err := e.openDuckDB(ctx, 1, e.scratch)
	if err != nil {
		return err
	}
	defer db.Close()
	if e.functions, err = loadFunctions(ctx, db); err != nil {
		return err
	}
	if err := e.checkAll(ctx, db); err != nil {
		return err
	}
	return e.remember()
}

// checkAll checks the projections at once, and then the views, each of which needs what it reads to be there.
func (e *Engine) checkAll(ctx context.Context, db *sql.DB) error {
	columns, errs := make([][]Column, len(e.files)), make([]error, len(e.files))
	var group errgroup.Group
	group.SetLimit(e.options.Threads)
	for i, f := range e.files {
		if !f.IsView() {
			group.Go(func() error {
				columns[i], errs[i] = e.checkFile(ctx, db, f)
				return nil // all faults are reported
			})
		}
	}
	if err := errors.Join(group.Wait(), errors.Join(errs...)); err != nil {
		return err
	}
	for i, f := range e.files {
		if f.IsView() {
			columns[i], errs[i] = e.checkFile(ctx, db, f)
		}
		e.schemas[f.Table] = columns[i]
	}
	return errors.Join(errs...)
}

// checkFile checks a fact file and makes its table, empty, for the views that read it. It returns its columns.
func (e *Engine) checkFile(ctx context.Context, db *sql.DB, f File) ([]Column, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to DuckDB: %w", err)
	}
	defer conn.Close()
	if err := setVariables(ctx, conn, emptyVariables(e.emptyInput())); err != nil {
		return nil, err
	}
	columns, err := e.check(ctx, conn, f)
	if err != nil {
		return nil, fmt.Errorf("check fact file %q: %w", f.Path, err)
	}
	if _, err := conn.ExecContext(ctx, "create view "+f.Table+" as "+emptyTable(columns)); err != nil {
		return nil, fmt.Errorf("check fact file %q: %w", f.Path, cleanError(err))
	}
	return columns, nil
}

// check holds a fact file to its rules and returns the columns that it gives. All that it reads from must be there.
func (e *Engine) check(ctx context.Context, conn *sql.Conn, f File) ([]Column, error) {
	st, err := analyse(ctx, conn, f.SQL)
	if err != nil {
		return nil, err
	}
	if f.IsView() {
		_, err = st.refuseSources(f.From)
		err = errors.Join(err, st.refuseOrder())
	}
	if err := errors.Join(err, st.refuseFunctions(e.functions)); err != nil {
		return nil, err
	}
	columns, err := describe(ctx, conn, f.SQL)
	if err != nil {
		return nil, err
	}
	return columns, checkColumns(columns)
}

// checkColumns holds a projected table to docs/formats/facts.md.
func checkColumns(columns []Column) error {
	want := map[string]string{"evidence": "VARCHAR", "line": "BIGINT"}
	var errs []error
	for _, c := range columns {
		if t, ok := want[c.Name]; ok && t != c.Type {
			errs = append(errs, fmt.Errorf("column %s: got %s, want %s", c.Name, c.Type, t))
		}
		switch c.Type {
		case "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS":
			errs = append(errs, fmt.Errorf("column %s: got %s, want TIMESTAMP_NS", c.Name, c.Type))
		case "FLOAT", "DOUBLE", `"NULL"`, "JSON":
			errs = append(errs, fmt.Errorf("column %s: %s is no type for a fact", c.Name, c.Type))
		}
	}
	return errors.Join(errs...)
}

// emptyInput is a file without bytes, named as a blob is.
func (e *Engine) emptyInput() string {
	return filepath.Join(e.scratch, evidence.DigestOf(nil).Hex())
}

// Files returns the fact files, each view after all that it reads.
func (e *Engine) Files() []File { return e.files }

// Version names the engine whose SQL this is: part of what a cached part rests on.
func (e *Engine) Version() string { return "duckdb " + e.version }

// Close removes what the engine spooled. A second Close does nothing.
func (e *Engine) Close() error {
	if err := os.RemoveAll(e.scratch); err != nil {
		return fmt.Errorf("close facts: %w", err)
	}
	return nil
}

// keyOf is the name of a cached part: the digest over all that can change its bytes.
func keyOf(parts any) (string, error) {
	b, err := canonical.Marshal(parts)
	if err != nil {
		return "", err
	}
	return evidence.DigestOf(b).Hex(), nil
}
