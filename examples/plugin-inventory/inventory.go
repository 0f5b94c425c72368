package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"auditpack/collectors"
	"auditpack/evidence"
)

// The kinds of evidence: plugin, the name of the type, and what it is.
const (
	kindExport evidence.Kind = "plugin.inventory.export/1" // a file as it lies there
	kindHosts  evidence.Kind = "plugin.inventory.hosts/1"  // its rows
)

// Type is what the plugin serves. It is written like that of a built-in collector.
var Type = collectors.Type{
	Name:    "inventory",
	Version: "1",
	Doc:     "Lists of hosts that an inventory wrote to a folder as CSV.",
	Kinds:   []evidence.Kind{kindExport, kindHosts},
	Config:  Config{},
	New:     open,
}

// Config is what auditpack.yaml has under config.
type Config struct {
	Path string `yaml:"path" jsonschema:"required,description=Folder of the CSV files"`
}

// host is a row, as a line of JSON.
type host struct {
	Evidence evidence.Digest `json:"evidence"` // of the file
	Line     int             `json:"line"`     // in it
	Name     string          `json:"name"`
	Owner    string          `json:"owner"`
}

type collector struct {
	config Config
	env    collectors.Env
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	var cfg Config
	if err := decode(&cfg); err != nil {
		return nil, err
	}
	if cfg.Path == "" {
		return nil, errors.New("path is not set: want the folder of the CSV files")
	}
	return &collector{cfg, env}, nil
}

// Collect stores each file and its rows. A file that cannot be read fails its part, and the others go on.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	tree := c.env.Open(c.config.Path)
	names, err := fs.Glob(tree, "*.csv")
	if err != nil {
		return fmt.Errorf("list %q: %w", c.config.Path, err)
	}
	if _, err := fs.Stat(tree, "."); err != nil {
		return fmt.Errorf("open folder %q: %w", c.config.Path, err)
	}
	slices.Sort(names)
	for i, name := range names {
		out.Progress(collectors.Progress{Step: name, Items: int64(i), TotalItems: int64(len(names))})
		n, err := c.file(ctx, tree, name, out)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		out.Outcome(collectors.OutcomeOf(name, kindHosts, n, err))
	}
	out.Outcome(collectors.OutcomeOf("files", kindExport, int64(len(names)), nil))
	return nil
}

// file stores one file and its rows and returns how many rows it has.
func (c *collector) file(ctx context.Context, tree fs.FS, name string, out collectors.Sink) (int64, error) {
	b, err := fs.ReadFile(tree, name)
	if err != nil {
		return 0, fmt.Errorf("read %q: %w", name, err)
	}
	raw, err := out.Put(ctx, kindExport, name, "text/csv", bytes.NewReader(b))
	if err != nil {
		return 0, err
	}
	record, err := out.Add(ctx, evidence.Record{
		Kind: kindExport, Source: evidence.Source{System: c.config.Path}, Content: []evidence.Part{raw},
		Procedure: fmt.Sprintf("Read the file %q.", name),
	})
	if err != nil {
		return 0, err
	}
	hosts, err := parse(name, b, raw.Digest)
	if err != nil {
		return 0, err // the file is kept all the same
	}
	rows, err := collectors.PutRows(ctx, out, kindHosts, name+".ndjson", hosts)
	if err != nil {
		return 0, err
	}
	seen := int64(len(hosts))
	_, err = out.Add(ctx, evidence.Record{
		Kind: kindHosts, Source: evidence.Source{System: c.config.Path}, Content: []evidence.Part{rows},
		DerivedFrom: []evidence.Digest{record}, Stated: evidence.Stated{ItemsSeen: &seen},
		Procedure: "Read the columns name and owner of each row.",
	})
	return seen, err
}

// parse reads CSV whose first line is name,owner.
func parse(name string, b []byte, d evidence.Digest) ([]host, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = 2
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("parse %q: %w", name, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], []string{"name", "owner"}) {
		return nil, fmt.Errorf("parse %q, line 1: want the columns name,owner", name)
	}
	hosts := []host{}
	for i, row := range rows[1:] {
		hosts = append(hosts, host{Evidence: d, Line: i + 2, Name: row[0], Owner: row[1]})
	}
	return hosts, nil
}
