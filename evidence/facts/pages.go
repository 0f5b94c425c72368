package facts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
)

const (
	// largeBytes is from how many bytes of Parquet on the result of a test over them is read in pages. Writing the table that pages are
	// read from takes some milliseconds, as long as all of a test over a few rows.
	largeBytes = 16 << 20
	// pageRows bounds what the driver holds of a result: it knows no streaming, and its memory is none of DuckDB's limit.
	pageRows = 100_000
)

// large says whether tables, with what they are made from, rest on so much that a result may not fit into memory.
func (db *DB) large(tables []string) bool {
	limit := db.pagedBytes
	if limit == 0 {
		limit = largeBytes
	}
	all := db.closure(tables)
	var size int64
	for _, p := range db.parts {
		if !slices.Contains(all, p.Table) {
			continue
		}
		if info, err := os.Stat(p.Path); err == nil { // the statement tells what is wrong with it
			size += info.Size()
		}
	}
	return size >= limit
}

// runInPages takes over conn. It keeps the result in a table of this connection, which DuckDB spills to disk, and reads that piece by piece.
func runInPages(ctx context.Context, conn *sql.Conn, query string) (*Rows, error) {
	if _, err := conn.ExecContext(ctx, "create temp table paged_result as "+query); err != nil {
		return nil, errors.Join(cleanError(err), conn.Close())
	}
	page := func(from int64) string {
		return fmt.Sprintf("select * from temp.paged_result where rowid >= %d and rowid < %d order by rowid", from, from+pageRows)
	}
	r, err := run(ctx, conn, page(0))
	if err != nil {
		return nil, err
	}
	var rows int64
	if err := conn.QueryRowContext(ctx, "select count(*) from temp.paged_result").Scan(&rows); err != nil {
		return nil, errors.Join(cleanError(err), r.Close())
	}
	from := int64(0)
	r.turn = func() (*sql.Rows, error) {
		if from += pageRows; from >= rows {
			return nil, nil
		}
		return conn.QueryContext(ctx, page(from))
	}
	return r, nil
}
