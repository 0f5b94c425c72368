package facts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// run takes over conn.
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
	rows    *sql.Rows // of the page
	columns []Column
	turn    func() (*sql.Rows, error) // opens the next page, no rows behind the last one; nil: there is one page
}

// Columns returns the columns of the result.
func (r *Rows) Columns() []Column { return r.columns }

// All gives each row once, a value for each column: nil, bool, int64 (*big.Int where it does not fit), float64, string (also for
// decimals, UUIDs and intervals), []byte, time.Time in UTC (dates too), []string for lists of text, []any for other lists, and
// map[string]any for structs. A row is the caller's to keep. After an error there are no more rows.
func (r *Rows) All() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		pointers := make([]any, len(r.columns))
		for {
			more, err := r.next()
			if err != nil {
				yield(nil, fmt.Errorf("read row: %w", cleanError(err)))
			}
			if !more {
				return
			}
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
	}
}

// next goes to the next row, which may be on the next page.
func (r *Rows) next() (more bool, err error) {
	for !r.rows.Next() {
		if err := r.rows.Err(); err != nil || r.turn == nil {
			return false, err
		}
		rows, err := r.turn()
		if err != nil || rows == nil {
			return false, err
		}
		r.rows = rows // the page before was closed at its end
	}
	return true, nil
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
