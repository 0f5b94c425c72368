package facts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Fixture returns a DB whose tables have exactly the rows given, typed as in the fact files: the small worlds that control tests
// are tested in. A column that a row leaves out is null, or an empty list. A table that is not named is empty; a view may be given
// rows of its own. An unknown table or column, or a value that does not fit its column, is an error. Times are texts as in RFC 3339
// or time.Time, dates YYYY-MM-DD. The caller closes the DB.
func (e *Engine) Fixture(ctx context.Context, rows map[string][]map[string]any) (*DB, error) {
	var errs []error
	for _, table := range slices.Sorted(maps.Keys(rows)) {
		if !slices.ContainsFunc(e.files, func(f File) bool { return f.Table == table }) {
			errs = append(errs, fmt.Errorf("make fixture: there is no table %q", table))
			continue
		}
		for i, row := range rows[table] {
			for _, column := range slices.Sorted(maps.Keys(row)) {
				if !slices.ContainsFunc(e.schemas[table], func(c Column) bool { return c.Name == column }) {
					errs = append(errs, fmt.Errorf("make fixture: table %q, row %d: there is no column %q", table, i+1, column))
				}
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(e.scratch, "fixture-*")
	if err != nil {
		return nil, fmt.Errorf("make fixture: %w", err)
	}
	defer os.RemoveAll(dir)
	statements := map[string]string{}
	for table, list := range rows {
		if len(list) == 0 {
			continue
		}
		path := dir + "/" + table + ".json"
		if err := writeLines(path, list); err != nil {
			return nil, fmt.Errorf("make fixture: table %q: %w", table, err)
		}
		statements[table] = fixtureTable(table, path, e.schemas[table])
	}
	db := e.open(&DB{engine: e}, func(f File) string {
		if s, ok := statements[f.Table]; ok {
			return s
		}
		return createView(f, e.schemas[f.Table], nil)
	})
	conn, err := db.connect(ctx) // at once: the files of the rows go
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := conn.Close(); err != nil {
		return nil, errors.Join(fmt.Errorf("make fixture: %w", err), db.Close())
	}
	return db, nil
}

func writeLines(path string, rows []map[string]any) error {
	var out strings.Builder
	for i, row := range rows {
		b, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		out.Write(b)
		out.WriteByte('\n')
	}
	return os.WriteFile(path, []byte(out.String()), 0o600)
}

func fixtureTable(table, path string, columns []Column) string {
	types := make([]string, len(columns))
	selects := make([]string, len(columns))
	for i, c := range columns {
		name := quoteName(c.Name)
		types[i] = name + ": " + quote(c.Type)
		selects[i] = name
		if strings.HasSuffix(c.Type, "[]") {
			selects[i] = "coalesce(" + name + ", []) as " + name
		}
	}
	return "create table " + table + " as select " + strings.Join(selects, ", ") + " from read_json(" + quote(path) +
		", format = 'newline_delimited', columns = {" + strings.Join(types, ", ") + "})"
}
