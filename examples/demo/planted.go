package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"auditpack/internal/strictyaml"
)

// planted is a fault that was put into the example on purpose.
type planted struct {
	Source string `yaml:"source"`
	Fault  string `yaml:"fault"`
	Test   string `yaml:"test"`
	Match  string `yaml:"match"`  // a text of the deviation's item, subject, resource or detail
	Status string `yaml:"status"` // open or excepted; empty is open
}

func readPlanted(path string) ([]planted, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []planted
	if err := strictyaml.Decode(path, b, &list); err != nil {
		return nil, err
	}
	return list, nil
}

// showPlanted prints each planted fault with the deviation that found it, and returns how many were not found.
func showPlanted(w io.Writer, list []planted, found []deviation) (missing int) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"source", "planted fault", "found by", "evidence", "line"})
	for _, p := range list {
		d, ok := match(p, found)
		if !ok {
			missing++
			t.AppendRow(table.Row{p.Source, p.Fault, "NOT FOUND by " + p.Test, "", ""})
			continue
		}
		by := d.Test
		if d.Exception != "" {
			by += ", excepted by " + d.Exception
		}
		t.AppendRow(table.Row{p.Source, p.Fault, by, shorten(d.Evidence), d.Line})
	}
	fmt.Fprintf(w, "\nWhat was planted, and where it was found:\n%s\n", t.Render())
	return missing
}

func match(p planted, found []deviation) (deviation, bool) {
	for _, d := range found {
		if d.Test != p.Test || (d.Exception != "") != (p.Status == "excepted") {
			continue
		}
		for _, text := range []string{d.Item, d.Subject, d.Resource, d.Detail} {
			if strings.Contains(text, p.Match) {
				return d, true
			}
		}
	}
	return deviation{}, false
}

func shorten(digest string) string {
	_, hexa, ok := strings.Cut(digest, ":")
	if !ok || len(hexa) < 16 {
		return digest
	}
	return hexa[:16]
}

// showFiles prints where the results lie.
func showFiles(w io.Writer, workspace string) {
	fmt.Fprintln(w, "\nResults:")
	for _, pattern := range []string{"out/*", "*.zip"} {
		names, err := filepath.Glob(filepath.Join(workspace, pattern))
		if err != nil {
			continue
		}
		for _, n := range names {
			if info, err := os.Stat(n); err == nil && info.Mode().IsRegular() {
				fmt.Fprintf(w, "  %s (%d kB)\n", n, (info.Size()+999)/1000)
			}
		}
	}
	fmt.Fprintf(w, "Look further: bin/auditpack -w %s query \"select * from vault_request limit 5\"\n", workspace)
}
