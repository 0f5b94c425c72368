package facts

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"hash"
)

// Checked is what is known of a statement without running it.
type Checked struct {
	Columns []Column
	Tables  []string // that it names, sorted; views are not looked into
}

// Ordered appends "order by all" to a SELECT: the order that every result of a control test has.
func (db *DB) Ordered(query string) string { return Ordered(query) }

// What stands before and behind an ordered statement.
const (
	orderedHead = "from ("
	orderedTail = "\n) order by all"
)

// Ordered appends "order by all" to a SELECT.
func Ordered(query string) string { return orderedHead + trimStatement(query) + orderedTail }

// Check prepares query as a control test without running it. An error says all that is wrong: it is no single SELECT (ErrNotSelect),
// it reads something else than the tables or calls a function whose result can differ between two runs (RefusedError, one for
// each), or a column is a floating-point number. params give the types that getvariable() has.
func (db *DB) Check(ctx context.Context, query string, params map[string]any) (Checked, error) {
	if c, ok := db.engine.accepted.of(query, params); ok {
		return c, nil
	}
	conn, err := db.connect(ctx)
	if err != nil {
		return Checked{}, err
	}
	defer conn.Close()
	if err := setVariables(ctx, conn, params); err != nil {
		return Checked{}, err
	}
	return db.check(ctx, conn, query, params)
}

// check looks at a statement once in the life of an engine: taking it apart and binding it is most of the work of a test over few rows.
// The variables are set.
func (db *DB) check(ctx context.Context, conn *sql.Conn, query string, params map[string]any) (Checked, error) {
	if c, ok := db.engine.accepted.of(query, params); ok {
		return c, nil
	}
	st, err := analyse(ctx, conn, query)
	if err != nil {
		return Checked{}, err
	}
	c, err := db.checkAnew(ctx, conn, st)
	if err == nil {
		db.engine.accepted.add(query, params, c)
	}
	return c, err
}

func (db *DB) checkAnew(ctx context.Context, conn *sql.Conn, st *statement) (Checked, error) {
	names := make([]string, len(db.tables))
	for i, t := range db.tables {
		names[i] = t.Name
	}
	reads, err := st.refuseSources(names)
	if err := errors.Join(err, st.refuseFunctions(db.engine.functions), st.refuseOrder()); err != nil {
		return Checked{}, err
	}
	columns, err := describe(ctx, conn, st.text)
	if err != nil {
		return Checked{}, err
	}
	for _, c := range columns {
		if c.Type == "DOUBLE" || c.Type == "FLOAT" {
			err = errors.Join(err, &RefusedError{What: "column " + c.Name, Why: "floating point has no place in a result; use bigint or decimal"})
		}
	}
	return Checked{Columns: columns, Tables: reads}, err
}

// Query runs a control test: a statement that Check accepts, in the order of its rows (see Ordered). params are what getvariable()
// gives: text, numbers, booleans, times, lists and maps. The caller closes the rows.
func (db *DB) Query(ctx context.Context, query string, params map[string]any) (*Rows, error) {
	conn, err := db.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := setVariables(ctx, conn, params); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	checked, err := db.check(ctx, conn, query, params)
	if err == nil {
		err = db.share(ctx, checked.Tables)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if db.large(checked.Tables) {
		return runInPages(ctx, conn, query)
	}
	return run(ctx, conn, query)
}

// Explore runs any single SELECT over the tables, for people who look around: its result need not be the same twice. It can read
// nothing but the tables either. The caller closes the rows.
func (db *DB) Explore(ctx context.Context, query string, params map[string]any) (*Rows, error) {
	conn, err := db.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(prepareSelect(conn, query), setVariables(ctx, conn, params)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return run(ctx, conn, query)
}

func newHash() hash.Hash { return sha256.New() }
