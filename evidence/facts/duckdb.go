package facts

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"auditpack/evidence"
)

// openDuckDB opens an engine in memory that can read and write only the folders given. Each connection is new, so variables of one
// query never meet another.
func (e *Engine) openDuckDB(ctx context.Context, threads int, folders ...string) (*sql.DB, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(0)
	allowed := make([]string, len(folders))
	for i, f := range folders {
		allowed[i] = filepath.Clean(f) + string(filepath.Separator)
	}
	settings := []string{
		"set memory_limit = '" + strconv.FormatInt(e.options.MemoryBytes, 10) + "B'",
		"set threads = " + strconv.Itoa(threads),
		"set temp_directory = " + quote(filepath.Join(e.scratch, "spill")),
		"set global TimeZone = 'UTC'",
		"set preserve_insertion_order = true",
		"set autoinstall_known_extensions = false",
		"set autoload_known_extensions = false",
		"set parquet_metadata_cache = true",
		"set allowed_directories = " + mustLiteral(allowed),
		"set enable_external_access = false",
	}
	// The pool opens a connection for each statement; DuckDB lives as long as the connector.
	for _, s := range settings {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return nil, errors.Join(fmt.Errorf("configure DuckDB: %s: %w", s, err), db.Close())
		}
	}
	return db, nil
}

// lock makes all settings of db final.
func lock(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "set lock_configuration = true"); err != nil {
		return fmt.Errorf("lock the configuration of DuckDB: %w", err)
	}
	return nil
}

// setVariables sets what getvariable() gives on conn.
func setVariables(ctx context.Context, conn *sql.Conn, variables map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		statement, err := setVariable(name, variables[name])
		if err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("set variable %q: %w", name, err)
		}
	}
	return nil
}

func setVariable(name string, v any) (string, error) {
	l, err := literal(v)
	if err != nil {
		return "", fmt.Errorf("set variable %q: %w", name, err)
	}
	return "set variable " + quoteName(name) + " = " + l, nil
}

// describe binds a statement without running it and returns its columns.
func describe(ctx context.Context, conn *sql.Conn, query string) (columns []Column, err error) {
	rows, err := conn.QueryContext(ctx, "describe "+query)
	if err != nil {
		return nil, cleanError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Column
		var rest [4]any
		if err := rows.Scan(&c.Name, &c.Type, &rest[0], &rest[1], &rest[2], &rest[3]); err != nil {
			return nil, fmt.Errorf("describe statement: %w", err)
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// prepareSelect returns an error unless query is one statement that prepares as a SELECT.
func prepareSelect(conn *sql.Conn, query string) error {
	return conn.Raw(func(c any) error {
		// Prepare, unlike PrepareContext, refuses several statements instead of running all but the last.
		st, err := c.(driver.Conn).Prepare(query)
		if err != nil && strings.Contains(err.Error(), "multi-statement") {
			return ErrNotSelect
		}
		if err != nil {
			return cleanError(err)
		}
		defer st.Close()
		kind, err := st.(*duckdb.Stmt).StatementType()
		if err != nil {
			return err
		}
		if kind != duckdb.STATEMENT_TYPE_SELECT {
			return ErrNotSelect
		}
		return nil
	})
}

// cleanError keeps DuckDB's message and drops the wrapping of its driver, which repeats it.
func cleanError(err error) error {
	var d *duckdb.Error
	if errors.As(err, &d) {
		return errors.New(strings.TrimSpace(d.Msg))
	}
	return err
}

func quote(s string) string     { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func mustLiteral(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// literal writes v as SQL.
func literal(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "null", nil
	case string:
		if strings.ContainsRune(v, 0) {
			return "", errors.New("text holds a NUL")
		}
		return quote(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v) + "::bigint", nil
	case int64:
		return strconv.FormatInt(v, 10) + "::bigint", nil
	case uint64:
		if v > math.MaxInt64 {
			return "", fmt.Errorf("%d does not fit into 64 bits with a sign", v)
		}
		return strconv.FormatUint(v, 10) + "::bigint", nil
	case *big.Int:
		return v.String() + "::hugeint", nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", fmt.Errorf("%v is not a number", v)
		}
		return strconv.FormatFloat(v, 'g', -1, 64) + "::double", nil
	case time.Time:
		return "timestamp_ns " + quote(v.UTC().Format("2006-01-02 15:04:05.999999999")), nil
	case time.Duration:
		return strconv.FormatInt(v.Microseconds(), 10) + " * interval 1 microsecond", nil
	case *time.Time:
		if v == nil {
			return "null::timestamp_ns", nil
		}
		return literal(*v)
	case evidence.Digest:
		return quote(string(v)), nil
	case []string:
		return mustLiteral(v) + "::varchar[]", nil
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			l, err := literal(item)
			if err != nil {
				return "", err
			}
			items[i] = l
		}
		if len(items) == 0 {
			return "[]::varchar[]", nil
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	case map[string]any:
		fields := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			l, err := literal(v[k])
			if err != nil {
				return "", err
			}
			fields = append(fields, quote(k)+": "+l)
		}
		return "{" + strings.Join(fields, ", ") + "}", nil
	}
	return "", fmt.Errorf("no SQL for a %T", v)
}
