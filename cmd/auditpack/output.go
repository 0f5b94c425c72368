package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"
)

// output writes results: tables for people, or one JSON object a line.
type output struct {
	w    io.Writer
	json bool
}

func outputOf(c *cli.Context) output {
	return output{w: c.App.Writer, json: c.Bool("json")}
}

// object prints v as one line of JSON.
func (o output) object(v any) error {
	enc := json.NewEncoder(o.w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// prose takes lines of words, which are broken where lines have a width.
func (o output) prose() io.Writer { return folder{o.w, lineWidth(o.w)} }

// fewRows is how many rows are read one by one, and so may stand below each other where they are too wide for a table. A list that is
// longer stays a table, with lines that are too long.
const fewRows = 40

// table prints rows under their heads, without frames, so that it reads well and cuts well. Where lines have a width, long texts are
// broken in their column, and few rows that are too wide even then are cards.
func (o output) table(head []string, rows [][]any) error {
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	t.SuppressTrailingSpaces()
	h := table.Row{}
	for _, s := range head {
		h = append(h, s)
	}
	t.AppendHeader(h)
	texts := [][]string{head}
	for _, r := range rows {
		t.AppendRow(r)
		var cells []string
		for _, c := range r {
			cells = append(cells, fmt.Sprint(c))
		}
		texts = append(texts, cells)
	}
	if width := lineWidth(o.w); width > 0 {
		widths, fits := fit(texts, width)
		if !fits && len(rows) <= fewRows {
			return cards(o.prose(), texts)
		}
		var columns []table.ColumnConfig
		for i, n := range widths {
			columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMax: n, WidthMaxEnforcer: text.WrapSoft})
		}
		t.SetColumnConfigs(columns)
	}
	_, err := fmt.Fprintln(o.w, t.Render())
	return err
}

// listing prints a list: objects one a line as they come, or their rows in one table at the end.
type listing struct {
	out  output
	rows [][]any
}

// add adds one thing: as --json prints it, and as people read it.
func (l *listing) add(object any, row ...any) error {
	if l.out.json {
		return l.out.object(object)
	}
	l.rows = append(l.rows, row)
	return nil
}

// end prints the table, which --json has none of.
func (l *listing) end(head ...string) error {
	if l.out.json {
		return nil
	}
	return l.out.table(head, l.rows)
}

func plainStyle() table.Style {
	s := table.StyleDefault
	s.Name = "plain"
	s.Box.PaddingLeft, s.Box.PaddingRight, s.Box.MiddleVertical = "", columnGap, ""
	s.Format.Header = text.FormatDefault
	s.Options.DrawBorder, s.Options.SeparateColumns, s.Options.SeparateHeader, s.Options.SeparateRows = false, false, false, false
	return s
}

// note tells people something on the side; --quiet leaves it out.
func note(c *cli.Context, format string, args ...any) {
	if !c.Bool("quiet") {
		fmt.Fprintf(folder{c.App.ErrWriter, lineWidth(c.App.ErrWriter)}, "auditpack: "+format+"\n", args...)
	}
}

// count is a number of things in words: "1 file", "2 files".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
