package assessment

import (
	"context"
	"slices"

	"auditpack/evidence"
	"auditpack/evidence/facts"
)

// Facts is what an assessment asks of the fact tables; a *facts.DB is one. It is safe for concurrent use.
type Facts interface {
	// Tables returns all tables, with the fact file that makes each.
	Tables() []facts.Table

	// Check prepares a statement without running it. params give the types of variables.
	Check(ctx context.Context, query string, params map[string]any) (facts.Checked, error)

	// Query runs a statement that Check accepts. The caller closes the rows.
	Query(ctx context.Context, query string, params map[string]any) (*facts.Rows, error)

	// Ordered gives a statement whose rows have one order only.
	Ordered(query string) string
}

var _ Facts = (*facts.DB)(nil)

// storeTables are the tables of the store itself, which a test may read without needing them: they are always complete.
var storeTables = []string{"collection_part", "record"}

// tableKinds gives the kinds of evidence that each table rests on, through views too, sorted. The store's own kinds are left out.
func tableKinds(db Facts) map[string][]evidence.Kind {
	var files []facts.File
	for _, t := range db.Tables() {
		files = append(files, t.File)
	}
	return KindsOf(files)
}

// KindsOf gives the kinds of evidence that each table rests on, through views too, sorted, from the fact files that make the tables.
// The store's own kinds are left out.
func KindsOf(list []facts.File) map[string][]evidence.Kind {
	files := make(map[string]facts.File, len(list))
	for _, f := range list {
		files[f.Table] = f
	}
	all := make(map[string][]evidence.Kind, len(files))
	for name := range files {
		kinds := kindsOf(name, files, map[string]bool{})
		slices.Sort(kinds)
		all[name] = slices.Compact(kinds)
	}
	return all
}

// kindsOf walks from a view to the projections below it; seen ends circles, which the engine refuses anyway.
func kindsOf(table string, files map[string]facts.File, seen map[string]bool) []evidence.Kind {
	if seen[table] || slices.Contains(storeTables, table) {
		return nil
	}
	seen[table] = true
	kinds := slices.Clone(files[table].Kinds)
	for _, from := range files[table].From {
		kinds = append(kinds, kindsOf(from, files, seen)...)
	}
	return kinds
}

// query runs a statement in its one order and gives each row to fn, with the names of its columns.
func query(ctx context.Context, db Facts, sql string, params map[string]any, fn func(columns []string, row []any) error) error {
	rows, err := db.Query(ctx, db.Ordered(sql), params)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns := make([]string, len(rows.Columns()))
	for i, c := range rows.Columns() {
		columns[i] = c.Name
	}
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		if err := fn(columns, row); err != nil {
			return err
		}
	}
	return nil
}
