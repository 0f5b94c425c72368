package facts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"auditpack/evidence"
)

// DB answers SQL over the tables as of one size of the journal. It is safe for concurrent use. It cannot write, nor read any other
// file.
type DB struct {
	engine *Engine
	tables []Table
	parts  []PartFile

	projected bool // from evidence, not from a fixture

	pagedBytes int64 // of Parquet from which on results are read in pages; 0: largeBytes

	fillMu sync.Mutex
	sql    *sql.DB           // nil until a statement is asked for
	filled int               // of the engine's files: those whose tables are there
	create func(File) string // the statement that makes a table

	digestsMu sync.Mutex
	digests   map[string]evidence.Digest // of the bytes of parts, by path

	sharedMu  sync.Mutex
	shared    map[string]string // shared views whose rows are there, and the folder of these
	pieceRows int64             // rows below a shared view that are taken at once; 0: as many as fit into memory
}

// Table is one table of a DB.
type Table struct {
	Name    string
	Row     string // what one row is, in words
	Columns []Column
	File    File // it is made by
}

// Column of a table or a result.
type Column struct {
	Name string
	Type string // as DuckDB writes it: VARCHAR, BIGINT, TIMESTAMP_NS, VARCHAR[], ...
}

// PartFile is one Parquet file of a projected table.
type PartFile struct {
	Table  string
	Path   string
	Name   string            // of the file: its key, a digest over all that it was made from, and ".parquet"
	Inputs []evidence.Digest // blobs, in order
	SQL    evidence.Digest   // of the fact file

	unit *unit // it was made from
}

// openTables makes a DB whose tables are the Parquet files of units.
func (e *Engine) openTables(units []*unit) *DB {
	parts := map[string][]string{}
	db := &DB{engine: e, projected: true}
	for _, u := range units {
		parts[u.file.Table] = append(parts[u.file.Table], u.path)
		db.parts = append(db.parts, PartFile{
			Table: u.file.Table, Path: u.path, Name: u.key + ".parquet", Inputs: u.inputs, SQL: u.file.Digest, unit: u,
		})
	}
	return e.open(db, func(f File) string { return createView(f, e.schemas[f.Table], parts[f.Table]) })
}

// createView makes the table of f: from Parquet files, without rows where there are none, or by its own SQL.
func createView(f File, columns []Column, parts []string) string {
	statement := "create view " + f.Table + " as "
	switch {
	case f.IsView():
		return statement + trimStatement(f.SQL)
	case len(parts) == 0:
		types := make([]string, len(columns))
		for i, c := range columns {
			types[i] = quoteName(c.Name) + " " + c.Type
		}
		return "create table " + f.Table + " (" + strings.Join(types, ", ") + ")" // a view would have to be bound
	}
	return statement + "select * from read_parquet(" + mustLiteral(parts) + ")"
}

// open tells db its tables and, by create, the statement that makes each. The first query opens DuckDB and makes them: whoever only projects,
// as collect does, need not wait for more than a hundred views to be bound.
func (e *Engine) open(db *DB, create func(File) string) *DB {
	db.create = create
	for _, f := range e.files {
		db.tables = append(db.tables, Table{Name: f.Table, Row: f.Row, Columns: e.schemas[f.Table], File: f})
	}
	slices.SortFunc(db.tables, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return db
}

// connect opens a connection that has the tables.
func (db *DB) connect(ctx context.Context) (*sql.Conn, error) {
	db.fillMu.Lock()
	defer db.fillMu.Unlock()
	if err := db.start(ctx); err != nil {
		return nil, err
	}
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to DuckDB: %w", err)
	}
	if err := db.fill(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// start opens DuckDB, unless it is open, and makes its settings final. The caller holds fillMu.
func (db *DB) start(ctx context.Context) error {
	if db.sql != nil {
		return nil
	}
	e := db.engine
	opened, err := e.openDuckDB(ctx, e.options.Threads, e.options.Cache, e.scratch)
	if err != nil {
		return err
	}
	if err := lock(ctx, opened); err != nil {
		return errors.Join(err, opened.Close())
	}
	db.sql = opened
	return nil
}

// fill makes the tables that are not there yet. What failed, or was interrupted, is tried again by the next. The caller holds fillMu.
func (db *DB) fill(ctx context.Context, conn *sql.Conn) error {
	for _, f := range db.engine.files[db.filled:] {
		if _, err := conn.ExecContext(ctx, db.create(f)); err != nil {
			return fmt.Errorf("open table %q: %q: %w", f.Table, f.Path, cleanError(err))
		}
		db.filled++
	}
	return nil
}

// emptyTable is a SELECT of no rows with the types of columns.
func emptyTable(columns []Column) string {
	nulls := make([]string, len(columns))
	for i, c := range columns {
		nulls[i] = "null::" + c.Type + " as " + quoteName(c.Name)
	}
	return "select " + strings.Join(nulls, ", ") + " limit 0"
}

// trimStatement takes off what may follow a statement, so that it can stand inside another.
func trimStatement(query string) string { return strings.TrimRight(query, "; \t\r\n") }

// Tables returns all tables by name.
func (db *DB) Tables() []Table { return db.tables }

// Parts returns the Parquet files that the tables rest on, by table and then in the order of the journal.
func (db *DB) Parts() []PartFile { return db.parts }

// Digest reads the file and returns the digest of its bytes. The same inputs, SQL and engine give the same bytes.
func (p PartFile) Digest() (evidence.Digest, int64, error) {
	f, err := os.Open(p.Path)
	if err != nil {
		return "", 0, fmt.Errorf("read part of table %q: %w", p.Table, err)
	}
	defer f.Close()
	h := newHash()
	n, err := io.Copy(h, f)
	if err != nil {
		return "", 0, fmt.Errorf("read part of table %q: %w", p.Table, err)
	}
	return evidence.DigestSum(h), n, nil
}

// Close closes the DB. Rows that are open end with an error.
func (db *DB) Close() error {
	db.fillMu.Lock()
	defer db.fillMu.Unlock()
	var err error
	if db.sql != nil {
		err = db.sql.Close()
	}
	return errors.Join(err, db.unshare())
}
