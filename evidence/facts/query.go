package facts

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"iter"
	"math"
	"math/big"
	"time"

	"github.com/duckdb/duckdb-go/v2"
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

func run(ctx context.Context, conn *sql.Conn, query string) (*Rows, error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, errors.Join(cleanError(err), conn.Close())
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, errors.Join(err, rows.Close(), conn.Close())
	}
	r := &Rows{conn: conn, rows: rows}
	for _, t := range types {
		r.columns = append(r.columns, Column{Name: t.Name(), Type: t.DatabaseTypeName()})
	}
	return r, nil
}

// Rows are the rows of a result. It is not safe for concurrent use.
type Rows struct {
	conn    *sql.Conn
	rows    *sql.Rows
	columns []Column
}

// Columns returns the columns of the result.
func (r *Rows) Columns() []Column { return r.columns }

// All gives each row once, a value for each column: nil, bool, int64 (*big.Int where it does not fit), float64, string (also for
// decimals, UUIDs and intervals), []byte, time.Time in UTC (dates too), []string for lists of text, []any for other lists, and
// map[string]any for structs. A row is the caller's to keep. After an error there are no more rows.
func (r *Rows) All() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		pointers := make([]any, len(r.columns))
		for r.rows.Next() {
			row := make([]any, len(r.columns))
			for i := range row {
				pointers[i] = &row[i]
			}
			if err := r.rows.Scan(pointers...); err != nil {
				yield(nil, fmt.Errorf("read row: %w", err))
				return
			}
			for i, v := range row {
				row[i] = plain(v, r.columns[i].Type)
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := r.rows.Err(); err != nil {
			yield(nil, fmt.Errorf("read row: %w", cleanError(err)))
		}
	}
}

// Collect returns all rows and closes r.
func (r *Rows) Collect() ([][]any, error) {
	var all [][]any
	for row, err := range r.All() {
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		all = append(all, row)
	}
	return all, r.Close()
}

// Close ends the query. A second Close does nothing.
func (r *Rows) Close() error {
	if r.conn == nil {
		return nil
	}
	err := errors.Join(r.rows.Close(), r.conn.Close())
	r.conn = nil
	return err
}

// plain turns a value of the driver into one of the few types that Rows.All promises.
func plain(v any, columnType string) any {
	switch v := v.(type) {
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case int:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint64:
		if v > math.MaxInt64 {
			return new(big.Int).SetUint64(v)
		}
		return int64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return v
	case float32:
		return float64(v)
	case time.Time:
		return v.UTC()
	case duckdb.Decimal:
		return v.String()
	case duckdb.UUID:
		return v.String()
	case duckdb.Interval:
		return fmt.Sprintf("%d months %d days %d us", v.Months, v.Days, v.Micros)
	case duckdb.Map:
		out := map[string]any{}
		for k, item := range v {
			out[fmt.Sprint(plain(k, ""))] = plain(item, "")
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = plain(item, "")
		}
		return out
	case []any:
		return plainList(v, columnType)
	}
	return v
}

// plainList gives []string for a list of text without nulls.
func plainList(v []any, columnType string) any {
	if columnType == "VARCHAR[]" {
		texts := make([]string, 0, len(v))
		for _, item := range v {
			if s, ok := item.(string); ok {
				texts = append(texts, s)
			}
		}
		if len(texts) == len(v) {
			return texts
		}
	}
	out := make([]any, len(v))
	for i, item := range v {
		out[i] = plain(item, "")
	}
	return out
}

func newHash() hash.Hash { return sha256.New() }
