package facts

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Shared says how the rows of a dear view are made once for all the statements that ask for them.
type Shared struct {
	By    string // column of the table below: rows with one value of it, and no others, make rows of the view
	Along string // TIMESTAMP_NS column of the table below, in which such rows nearly always lie close together
}

// sharedBytesPerRow is what DuckDB's memory must hold for each row below a shared view while it is made. Requests of a Vault log needed
// 290 MB for 250,000 lines; the rest is for what readers and writers take beside DuckDB's limit, so that making them is not the
// peak of the process.
const sharedBytesPerRow = 3 << 10

// share makes the rows of the shared views among tables, and among what these read, unless they are there. A view over fixtures stays one.
func (db *DB) share(ctx context.Context, tables []string) error {
	if !db.projected {
		return nil
	}
	db.sharedMu.Lock()
	defer db.sharedMu.Unlock()
	for _, name := range db.closure(tables) {
		t, ok := db.table(name)
		if !ok || t.File.Shared == (Shared{}) || db.shared[name] != "" {
			continue
		}
		folder, err := db.shareTable(ctx, t)
		if err != nil {
			return fmt.Errorf("make rows of table %q: %w", name, cleanError(err))
		}
		if db.shared == nil {
			db.shared = map[string]string{}
		}
		db.shared[name] = folder
	}
	return nil
}

// shareTable writes the rows of t to Parquet files, piece by piece so that each fits into memory, and makes t a view over them.
func (db *DB) shareTable(ctx context.Context, t Table) (folder string, err error) {
	conn, err := db.connect(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if folder, err = os.MkdirTemp(db.engine.scratch, "shared-*"); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(folder)
		}
	}()
	pieces, err := db.piecesOf(ctx, conn, t.File)
	if err != nil {
		return "", err
	}
	paths := make([]string, len(pieces))
	for i, piece := range pieces {
		paths[i] = filepath.Join(folder, fmt.Sprintf("%06d.parquet", i))
		below := t.File.From[0]
		// The statement of the view meets a part of the table in the place of the table.
		query := fmt.Sprintf("with %s as not materialized (select * from main.%s where %s) select * from (%s\n)", below, below, piece, trimStatement(t.File.SQL))
		if _, err := conn.ExecContext(ctx, copyStatement(t.Columns, query, paths[i])); err != nil {
			return "", err
		}
	}
	_, err = conn.ExecContext(ctx, "create or replace view "+t.Name+" as select * from read_parquet("+mustLiteral(paths)+")")
	return folder, err
}

// piecesOf gives conditions on rows of the table below f, of which each row meets just one, and rows with one value of f.Shared.By the
// same. Pieces are spans of time, which Parquet files are read by; rows of a value that lie in two spans are a piece of their own.
func (db *DB) piecesOf(ctx context.Context, conn *sql.Conn, f File) ([]string, error) {
	below := "main." + f.From[0]
	var rows int64
	if err := conn.QueryRowContext(ctx, "select count(*) from "+below).Scan(&rows); err != nil {
		return nil, err
	}
	limit := db.pieceRows
	if limit == 0 {
		limit = max(db.engine.options.MemoryBytes/sharedBytesPerRow, 1)
	}
	if rows <= limit {
		return []string{"true"}, nil
	}
	spans, err := spansOf(ctx, conn, f, rows/limit+1)
	if err != nil {
		return nil, err
	}
	number := "case"
	for i, span := range spans {
		number += fmt.Sprintf(" when %s then %d", span, i)
	}
	value := "hash(" + f.Shared.By + ")" // two values of one hash share a piece, and no harm is done
	scattered := fmt.Sprintf("create or replace temp table scattered as select h from (select %s as h, %s end as span from %s) group by h having min(span) <> max(span)", value, number, below)
	if _, err := conn.ExecContext(ctx, scattered); err != nil {
		return nil, err
	}
	var pieces []string
	add := func(condition, rest string) error {
		var n int64
		if err := conn.QueryRowContext(ctx, "select count(*) from "+below+" where "+condition).Scan(&n); err != nil {
			return err
		}
		// Many rows at one time, or many that are scattered, are parted by value, at the price of reading them once for each part. Borders
		// are approximate, and a quarter above the limit is no reason to.
		most := limit + limit/4
		for parts, i := (n+most-1)/most, int64(0); i < parts; i++ {
			piece := condition + rest
			if parts > 1 {
				piece += fmt.Sprintf(" and %s %% %d = %d", value, parts, i)
			}
			pieces = append(pieces, piece)
		}
		return nil
	}
	for _, span := range spans {
		if err := add(span, " and "+value+" not in (select h from scattered)"); err != nil {
			return nil, err
		}
	}
	return pieces, add(value+" in (select h from scattered)", "")
}

// spansOf gives conditions for n spans of f.Shared.Along with about as many rows each, after one of the rows without a time.
func spansOf(ctx context.Context, conn *sql.Conn, f File, n int64) ([]string, error) {
	shares := make([]string, 0, n-1)
	for i := int64(1); i < n; i++ {
		shares = append(shares, fmt.Sprintf("%d / %d", i, n))
	}
	// Which borders are taken does not matter for the rows, so they may be approximate.
	rows, err := conn.QueryContext(ctx, fmt.Sprintf("select distinct unnest(approx_quantile(epoch_ns(%s), [%s]::float[])) as border from main.%s order by border",
		f.Shared.Along, strings.Join(shares, ", "), f.From[0]))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	spans := []string{f.Shared.Along + " is null"}
	from := ""
	for rows.Next() {
		var border sql.NullInt64
		if err := rows.Scan(&border); err != nil {
			return nil, err
		}
		if !border.Valid {
			continue
		}
		at, err := literal(time.Unix(0, border.Int64))
		if err != nil {
			return nil, err
		}
		spans = append(spans, from+f.Shared.Along+" < "+at)
		from = f.Shared.Along + " >= " + at + " and "
	}
	if from == "" {
		spans = append(spans, f.Shared.Along+" is not null")
	} else {
		spans = append(spans, strings.TrimSuffix(from, " and "))
	}
	return spans, rows.Err()
}

// unshare removes the files of shared rows.
func (db *DB) unshare() error {
	db.sharedMu.Lock()
	defer db.sharedMu.Unlock()
	for name, folder := range db.shared {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove rows of table %q: %w", name, err)
		}
	}
	return nil
}
