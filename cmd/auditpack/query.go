package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence/facts"
)

func queryCommand() *cli.Command {
	return &cli.Command{
		Name:      "query",
		Usage:     "ask the facts in SQL",
		ArgsUsage: `"select ..."`,
		Description: "Projects what is new in the store and runs one SELECT (DuckDB's SQL) over the fact tables; docs/formats/facts.md lists them.\n" +
			"The tables and columns there are: auditpack query \"select table_name, column_name, data_type from information_schema.columns\"",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Value: "table", Usage: "table, csv or json (one object a line)"},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Len() != 1 || strings.TrimSpace(c.Args().First()) == "" {
				return usagef("query takes one SELECT in quotes, got %d arguments", c.Args().Len())
			}
			format, err := rowFormatOf(c)
			if err != nil {
				return err
			}
			return query(c, c.Args().First(), format)
		},
	}
}

func query(c *cli.Context, statement, format string) error {
	s, err := openSession(c, false)
	if err != nil {
		return err
	}
	db, done, err := s.facts(c)
	if err != nil {
		return err
	}
	defer done()
	rows, err := db.Explore(c.Context, statement, nil)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer rows.Close()
	if err := printRows(outputOf(c), format, rows); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

// facts projects what is new in the store. The caller calls done when it needs the facts no more.
func (s *session) facts(c *cli.Context) (db *facts.DB, done func(), err error) {
	engine, err := s.engine(c.Context)
	if err != nil {
		return nil, nil, err
	}
	size, err := s.store.Size(c.Context)
	if err == nil {
		db, err = engine.Project(c.Context, size, nil)
	}
	if err != nil {
		engine.Close()
		return nil, nil, err
	}
	return db, func() { db.Close(); engine.Close() }, nil
}

func printRows(out output, format string, rows *facts.Rows) error {
	columns := rows.Columns()
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = col.Name
	}
	switch format {
	case "json":
		return printJSON(out, names, rows)
	case "csv":
		w := csv.NewWriter(out.w)
		if err := w.Write(names); err != nil {
			return err
		}
		for row, err := range rows.All() {
			if err != nil {
				return err
			}
			texts := make([]string, len(row))
			for i, v := range row {
				texts[i] = cellText(v)
			}
			if err := w.Write(texts); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	var lines [][]any
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		for i, v := range row {
			row[i] = cellText(v)
		}
		lines = append(lines, row)
	}
	return out.table(names, lines)
}

// printJSON writes an object a line, its keys in the order of the columns.
func printJSON(out output, names []string, rows *facts.Rows) error {
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		var b strings.Builder
		b.WriteByte('{')
		for i, v := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			key, err := json.Marshal(names[i])
			if err != nil {
				return err
			}
			value, err := json.Marshal(jsonValue(v))
			if err != nil {
				return err
			}
			b.Write(key)
			b.WriteByte(':')
			b.Write(value)
		}
		b.WriteString("}\n")
		if _, err := out.w.Write([]byte(b.String())); err != nil {
			return err
		}
	}
	return nil
}

// jsonValue is v as JSON has it: numbers keep all their digits, and what JSON has no number for is text.
func jsonValue(v any) any {
	switch v := v.(type) {
	case *big.Int:
		return json.Number(v.String())
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Sprint(v)
		}
	}
	return v
}

// cellText is a value as people read it; nothing is left out but a null.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []string:
		return strings.Join(v, ", ")
	case string:
		return v
	case map[string]any, []any:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(b)
	}
	return fmt.Sprint(v)
}
