// Package register collects what the systems themselves do not know from CSV files: who left, which change was approved, which alert was
// handled. One source is one file of one register, and each register is a fact table of its name.
//
// The file is kept as it lies there. Its rows are read strictly: a row that cannot be read is kept apart and fails the part "rows", so
// that no test rests on a register of which a part is missing. Whether what a register says is true is not judged here.
package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time_zone must mean the same on a machine without such data

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/textfiles"
	"auditpack/internal/yamldoc"
)

// The parts of a collection.
const (
	partFile = "register"
	partRows = "rows"
)

// maxTold is how many odd rows an outcome names; all are in the table register_odd_row.
const maxTold = 20 // rows

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "register",
	Version: "1",
	Doc:     "A register that people or other systems keep, as a CSV file: leavers, tickets, alerts and the like.",
	Kinds:   kinds(),
	Config:  Config{},
	New:     open,
}

// Config is the section of a source of type register.
type Config struct {
	Table      string            `yaml:"table" jsonschema:"required,enum=leaver,enum=ticket,enum=alert,enum=sign_in_rule,enum=identity_owner,enum=log_store,enum=access_review,enum=blocked_run,enum=deployment,description=Which register it is: the fact table that the rows fill"`
	Path       string            `yaml:"path" jsonschema:"required,description=The CSV file; in a git checkout or not"`
	Columns    map[string]string `yaml:"columns" jsonschema:"description=Headers in the file by column of the register: where they differ"`
	Delimiter  string            `yaml:"delimiter" jsonschema:"description=What stands between cells: a comma or a semicolon; without it the header tells"`
	TimeZone   string            `yaml:"time_zone" jsonschema:"description=Zone of times that state none and of dates: a name such as Europe/Berlin; without it dates are UTC and such times are refused"`
	CoversFrom string            `yaml:"covers_from" jsonschema:"description=Since when the register has been kept: a date or an RFC 3339 time; your statement: reports print it"`
}

type collector struct {
	config Config
	format format
	since  *time.Time // covers_from
	env    collectors.Env
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	var cfg Config
	if err := decode(&cfg); err != nil {
		return nil, err
	}
	c := &collector{config: cfg, env: env}
	var errs []error
	l, known := layoutOf(cfg.Table)
	if !known {
		errs = append(errs, fmt.Errorf("table is %q: want one of %s", cfg.Table, strings.Join(tables(), ", ")))
	}
	if cfg.Path == "" {
		errs = append(errs, errors.New("path is not set: want the CSV file of the register"))
	}
	c.format = format{layout: l, columns: cfg.Columns}
	if known {
		errs = append(errs, checkColumns(l, cfg.Columns)...)
	}
	switch cfg.Delimiter {
	case "":
	case ",", ";":
		c.format.comma = rune(cfg.Delimiter[0])
	default:
		errs = append(errs, fmt.Errorf("delimiter is %q: want \",\" or \";\"", cfg.Delimiter))
	}
	if cfg.TimeZone != "" {
		zone, err := time.LoadLocation(cfg.TimeZone)
		if err != nil || cfg.TimeZone == "Local" { // the machine's own is another one elsewhere
			errs = append(errs, fmt.Errorf("time_zone is %q: want a name of the time zone database, such as Europe/Berlin", cfg.TimeZone))
		}
		c.format.zone = zone
	}
	if cfg.CoversFrom != "" {
		t, err := parseTime(cfg.CoversFrom, c.format.zone)
		if err != nil {
			errs = append(errs, fmt.Errorf("covers_from is %q: %w", cfg.CoversFrom, err))
		}
		c.since = &t
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return c, nil
}

// checkColumns refuses renamed columns that the register lacks, and one header for two columns.
func checkColumns(l layout, columns map[string]string) []error {
	var errs []error
	taken := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		header := strings.ToLower(strings.TrimSpace(columns[name]))
		if _, ok := l.column(name); !ok {
			errs = append(errs, fmt.Errorf("columns: %s has no column %q: want one of %s", l.table, name, strings.Join(l.names(), ", ")))
			continue
		}
		if header == "" {
			errs = append(errs, fmt.Errorf("columns: %s has no header: want the one in the file", name))
			continue
		}
		if other, twice := taken[header]; twice {
			errs = append(errs, fmt.Errorf("columns: %s and %s have the same header %q: give each its own", other, name, columns[name]))
		}
		taken[header] = name
	}
	return errs
}

// Kinds narrows what a failure of the source concerns to the register that is configured.
func (c *collector) Kinds() []evidence.Kind {
	return []evidence.Kind{c.format.layout.fileKind(), c.format.layout.rowsKind()}
}

// Collect reads the file as it is now; the period plays no part.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	now := c.env.Now()
	if c.since != nil && c.since.After(now) {
		return fmt.Errorf("covers_from %s lies after the collection at %s; correct it in auditpack.yaml", c.since.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	dir, name := filepath.Dir(c.config.Path), filepath.Base(c.config.Path)
	content, err := textfiles.ReadOne(c.env.Open(dir), name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read register %q: there is none; correct path in auditpack.yaml: %w", c.config.Path, err)
	}
	if err != nil {
		return fmt.Errorf("read register %q: %w", c.config.Path, err)
	}
	files := map[string][]byte{name: content}
	checkout, err := gittree.Look(ctx, c.env.Path(dir), files)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	out.Outcome(collectors.HistoryOutcome(c.format.layout.fileKind(), checkout.Head, err))
	if err != nil { // the file is evidence all the same
		checkout = gittree.Unknown(files, "the git history could not be read")
	}
	b := &batch{collector: c, out: out, checkout: checkout, now: now, name: name}
	if err := b.addFile(ctx, content); err != nil {
		return err
	}
	return b.addRows(ctx, content)
}

// batch is one collection on its way.
type batch struct {
	*collector
	out      collectors.Sink
	checkout gittree.Checkout
	now      time.Time
	name     string          // of the file in its folder
	blob     evidence.Digest // of the file
	raw      evidence.Digest // its record
}

func (b *batch) source() evidence.Source {
	return evidence.Source{System: b.config.Path, Version: b.checkout.Head, Identity: b.checkout.Origin}
}

// addFile adds the file as it lies there. It speaks for the time since the commit that gave it its bytes or since covers_from, whichever
// is earlier.
func (b *batch) addFile(ctx context.Context, content []byte) error {
	part, err := b.out.Put(ctx, b.format.layout.fileKind(), b.name, "text/csv", bytes.NewReader(content))
	if err != nil {
		return err
	}
	notes := b.checkout.Notes([]string{b.name})
	since := b.since
	if since != nil {
		notes = append(notes, "covers_from in auditpack.yaml states that the register was kept since "+since.Format(time.RFC3339)+"; nothing in the file shows that")
	}
	if last := b.checkout.Files[b.name].Last; last != nil {
		notes = append(notes, "commit "+last.Hash+" by "+last.Author+"; author and time are what git was told")
		if since == nil || last.CommittedAt.Before(*since) {
			since = &last.CommittedAt
		}
	}
	r := evidence.Record{
		Kind: b.format.layout.fileKind(), Source: b.source(), Content: []evidence.Part{part},
		Procedure: fmt.Sprintf("Read the CSV file %q as it lies in the folder; ask git for the last commit that changed it (git log -1 -- FILE).", b.config.Path),
		Stated:    evidence.Stated{Notes: notes},
	}
	r.Period, r.At = collectors.Standing(since, b.now)
	if b.raw, err = b.out.Add(ctx, r); err != nil {
		return fmt.Errorf("add register: %w", err)
	}
	b.blob = part.Digest
	b.out.Outcome(collectors.OutcomeOf(partFile, b.format.layout.fileKind(), 1, nil))
	return nil
}

// addRows adds what the file says. The part fails where that is not all: the rows that can be read are added nevertheless.
func (b *batch) addRows(ctx context.Context, content []byte) error {
	f, err := parse(content, b.format)
	if err != nil {
		where := b.config.Path + ", "
		b.out.Outcome(collectors.OutcomeOf(partRows, b.format.layout.rowsKind(), 0, errors.New(where+strings.ReplaceAll(err.Error(), "\n", "\n"+where))))
		return nil
	}
	rows, odd := make([]map[string]any, len(f.rows)), make([]map[string]any, len(f.odd))
	for i, r := range f.rows {
		rows[i] = b.asRow(r.line, r.values)
	}
	for i, r := range f.odd {
		odd[i] = b.asRow(r.line, map[string]any{"register": b.format.layout.table, "problems": yamldoc.Strings(r.problems)})
	}
	first, err := collectors.PutRows(ctx, b.out, b.format.layout.rowsKind(), "rows.ndjson", rows)
	if err != nil {
		return err
	}
	second, err := collectors.PutRows(ctx, b.out, b.format.layout.rowsKind(), "odd-rows.ndjson", odd)
	if err != nil {
		return err
	}
	at, seen, oddLines := b.now, int64(len(rows)+len(odd)), int64(len(odd))
	_, err = b.out.Add(ctx, evidence.Record{
		Kind: b.format.layout.rowsKind(), Source: b.source(), At: &at, Content: []evidence.Part{first, second}, DerivedFrom: []evidence.Digest{b.raw},
		Procedure: fmt.Sprintf("Read each row of the CSV file as docs/sources/register.md says of the register %s; cells are separated by %q.%s",
			b.format.layout.table, string(f.comma), b.renamed()),
		Stated: evidence.Stated{ItemsSeen: &seen, OddLines: &oddLines, Notes: notesOf(f)},
	})
	if err != nil {
		return fmt.Errorf("add register rows: %w", err)
	}
	o := collectors.RowsOutcome(partRows, b.format.layout.rowsKind(), len(rows))
	if len(odd) > 0 {
		o = collectors.OutcomeOf(partRows, b.format.layout.rowsKind(), 0, b.told(f.odd))
	}
	o.Items = int64(len(rows))
	b.out.Outcome(o)
	return nil
}

// renamed says which headers stand for which columns.
func (b *batch) renamed() string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(b.config.Columns)) {
		texts = append(texts, fmt.Sprintf("%s is %q", name, b.config.Columns[name]))
	}
	if b.format.zone != nil {
		texts = append(texts, "times without a zone are those of "+b.format.zone.String())
	}
	if len(texts) == 0 {
		return ""
	}
	return " As configured: " + strings.Join(texts, ", ") + "."
}

// notesOf is what a file says of itself beside its rows.
func notesOf(f file) []string {
	notes := []string{"parsed by auditpack, not by DuckDB"}
	if len(f.unread) > 0 {
		notes = append(notes, "columns that were not read: "+strings.Join(f.unread, ", "))
	}
	if len(f.absent) > 0 {
		notes = append(notes, "columns that the file does not have: "+strings.Join(f.absent, ", "))
	}
	if !f.ended {
		notes = append(notes, "the last line has no line end: if the file was cut there, nothing shows it")
	}
	return notes
}

// asRow completes a row by what every table has.
func (b *batch) asRow(line int, values map[string]any) map[string]any {
	r := maps.Clone(values)
	r["evidence"], r["line"], r["source"] = b.blob, line, b.env.Name
	for name, v := range r {
		if t, ok := v.(time.Time); ok {
			r[name] = t.Format(time.RFC3339Nano)
		}
	}
	return r
}

// told is an error that names the first odd rows.
func (b *batch) told(odd []oddRow) error {
	texts := []string{fmt.Sprintf("%d rows cannot be read; correct them in the file", len(odd))}
	for i, r := range odd {
		if i == maxTold {
			texts = append(texts, fmt.Sprintf("and %d rows more: auditpack query \"select line, problems from register_odd_row\"", len(odd)-maxTold))
			break
		}
		for _, p := range r.problems {
			texts = append(texts, fmt.Sprintf("%s, line %d, %s: %s", b.config.Path, p.Line, p.Field, p.What))
		}
	}
	return errors.New(strings.Join(texts, "\n"))
}
