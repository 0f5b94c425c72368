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

// table prints rows under their heads, without frames, so that it reads well and cuts well.
func (o output) table(head []string, rows [][]any) error {
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	h := table.Row{}
	for _, s := range head {
		h = append(h, s)
	}
	t.AppendHeader(h)
	for _, r := range rows {
		t.AppendRow(r)
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
	s.Box.PaddingLeft, s.Box.PaddingRight, s.Box.MiddleVertical = "", "  ", ""
	s.Format.Header = text.FormatDefault
	s.Options.DrawBorder, s.Options.SeparateColumns, s.Options.SeparateHeader, s.Options.SeparateRows = false, false, false, false
	return s
}

// note tells people something on the side; --quiet leaves it out.
func note(c *cli.Context, format string, args ...any) {
	if !c.Bool("quiet") {
		fmt.Fprintf(c.App.ErrWriter, "auditpack: "+format+"\n", args...)
	}
}

// count is a number of things in words: "1 file", "2 files".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
