package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/reports/assessment/sampling"
	"auditpack/reports/xlsx"
	"auditpack/templates"
)

// Files of a sample's folder.
const (
	sampleFile     = "sample.json"
	populationFile = "population.jsonl"
	populationCSV  = "population.csv"
	sumsFile       = "SHA256SUMS"
)

// sampleFolder is a folder that gets its name once everything is in it.
type sampleFolder struct {
	dir string // temporary
	out string // its name to be; empty: it is never kept
}

// newSampleFolder makes it beside its place, or among temporary files when nobody wants to keep it. What is there already stays, and with
// force only a sample's folder is replaced.
func newSampleFolder(out string, force bool) (*sampleFolder, error) {
	if out == "" {
		dir, err := os.MkdirTemp("", "auditpack-sample-*")
		if err != nil {
			return nil, fmt.Errorf("make folder of the sample: %w", err)
		}
		return &sampleFolder{dir: dir}, nil
	}
	if _, err := os.Lstat(out); err == nil {
		if !force {
			return nil, fmt.Errorf("write %q: it is there already; write over it with --force", out)
		}
		if _, err := os.Lstat(filepath.Join(out, sampleFile)); err != nil {
			return nil, fmt.Errorf("write %q: it is there and no sample's folder: it has no %s; name another", out, sampleFile)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("write %q: %w", out, err)
	}
	parent := filepath.Dir(filepath.Clean(out))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("write %q: %w", out, err)
	}
	dir, err := os.MkdirTemp(parent, ".auditpack-sample-*")
	if err != nil {
		return nil, fmt.Errorf("write %q: %w", out, err)
	}
	return &sampleFolder{dir: dir, out: out}, nil
}

// discard removes what was not given its name.
func (f *sampleFolder) discard() { os.RemoveAll(f.dir) }

// keep gives the folder its name, in place of what was there.
func (f *sampleFolder) keep() error {
	if err := os.Chmod(f.dir, 0o755); err != nil {
		return fmt.Errorf("write %q: %w", f.out, err)
	}
	if err := os.RemoveAll(f.out); err != nil {
		return fmt.Errorf("write %q: %w", f.out, err)
	}
	if err := os.Rename(f.dir, f.out); err != nil {
		return fmt.Errorf("write %q: %w", f.out, err)
	}
	return nil
}

// write puts a file into the folder; name is slash-separated.
func (f *sampleFolder) write(name string, b []byte) error {
	place := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	if err := os.WriteFile(place, b, 0o644); err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	return nil
}

// draw writes the population down while it counts it, and then draws from what was written.
func (j *judgement) draw(ctx context.Context, f *sampleFolder, res assessment.TestResult, o sampleOptions) (sampling.Sheet, error) {
	rows, err := assessment.PopulationRows(ctx, j.input(), res.ID)
	if err != nil {
		return sampling.Sheet{}, err
	}
	defer rows.Close()
	var names []string
	for _, c := range rows.Columns() {
		names = append(names, c.Name)
	}
	p := sampling.NewPopulation(o.plan)
	if err := f.writePopulation(names, rows.All(), p); err != nil {
		return sampling.Sheet{}, err
	}
	if p.Root() != res.PopulationRoot { // one statement over one set of files: only damaged hardware gets here
		return sampling.Sheet{}, fmt.Errorf("the population differs between two runs: root %s and %s", res.PopulationRoot, p.Root())
	}
	seed, err := sampling.NewSeed(p.Root(), o.nonce)
	if err != nil {
		return sampling.Sheet{}, err
	}
	items, err := sampling.Draw(p, seed, linesOf(filepath.Join(f.dir, populationFile)))
	if err != nil {
		return sampling.Sheet{}, err
	}
	return sampling.NewSheet(j.input(), res, rows.Columns(), p, hex.EncodeToString(o.nonce), seed, items)
}

// writePopulation writes rows as canonical JSON lines and as CSV, and counts them.
func (f *sampleFolder) writePopulation(names []string, rows iter.Seq2[[]any, error], p *sampling.Population) error {
	lines, err := os.Create(filepath.Join(f.dir, populationFile))
	if err != nil {
		return fmt.Errorf("write population: %w", err)
	}
	defer lines.Close()
	table, err := os.Create(filepath.Join(f.dir, populationCSV))
	if err != nil {
		return fmt.Errorf("write population: %w", err)
	}
	defer table.Close()
	out, cells := bufio.NewWriter(lines), csv.NewWriter(table)
	if err := cells.Write(names); err != nil {
		return fmt.Errorf("write population: %w", err)
	}
	for row, err := range rows {
		if err != nil {
			return fmt.Errorf("read population: %w", err)
		}
		b, err := assessment.CanonicalRow(names, row)
		if err != nil {
			return err
		}
		if err := p.Add(b); err != nil {
			return err
		}
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = cellText(v)
		}
		if _, err := out.Write(append(b, '\n')); err != nil {
			return fmt.Errorf("write population: %w", err)
		}
		if err := cells.Write(texts); err != nil {
			return fmt.Errorf("write population: %w", err)
		}
	}
	cells.Flush()
	if err := errors.Join(out.Flush(), cells.Error(), lines.Close(), table.Close()); err != nil {
		return fmt.Errorf("write population: %w", err)
	}
	return nil
}

// linesOf gives the lines of a file without their ends. A line is the reader's until the next one.
func linesOf(name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, err := os.Open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		eachLine(f, yield)
	}
}

// eachLine gives the lines of r without their ends; the last one may have none.
func eachLine(r io.Reader, yield func([]byte, error) bool) {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return
		}
		if err != nil && err != io.EOF {
			yield(nil, err)
			return
		}
		if !yield(bytes.TrimSuffix(line, []byte("\n")), nil) || err == io.EOF {
			return
		}
	}
}

// fill puts the sheet, the raw evidence of each item and the scripts beside the population, and gives the folder its name.
func (j *judgement) fill(ctx context.Context, f *sampleFolder, sheet *sampling.Sheet, o sampleOptions) error {
	if err := f.writeEvidence(ctx, j.session.store, sheet.Items); err != nil {
		return err
	}
	b, err := sheet.Encode()
	if err != nil {
		return err
	}
	files := map[string][]byte{sampleFile: b, "redraw.py": sampling.RedrawPython}
	if sheet.Plan.Method == sampling.Random {
		files["redraw.sql"] = sampling.RedrawSQL
	}
	for _, lang := range o.languages {
		words, err := templates.LoadText(templates.Files, templates.Language(lang))
		if err != nil {
			return err
		}
		doc, err := reports.Sample(*sheet, words)
		if err != nil {
			return err
		}
		var book bytes.Buffer
		if err := (xlsx.Renderer{}).Render(&book, doc); err != nil {
			return err
		}
		files["sample."+lang+".xlsx"] = book.Bytes()
	}
	for name, b := range files {
		if err := f.write(name, b); err != nil {
			return err
		}
	}
	if err := f.writeSums(); err != nil {
		return err
	}
	return f.keep()
}

// writeEvidence writes the row of each item and the evidence that it was read from: the line, or the whole where there is no line.
func (f *sampleFolder) writeEvidence(ctx context.Context, store evidence.Store, items []sampling.SheetItem) error {
	byBlob := map[evidence.Digest][]int{}
	for i, it := range items {
		if err := f.write(path.Join(itemFolder(it), "row.json"), append(slices.Clone(it.Row), '\n')); err != nil {
			return err
		}
		if it.Evidence.Valid() {
			byBlob[it.Evidence] = append(byBlob[it.Evidence], i)
		}
	}
	for d, of := range byBlob {
		if err := f.writeRaw(ctx, store, d, items, of); err != nil {
			return fmt.Errorf("read evidence %s: %w", d, err)
		}
	}
	return nil
}

func itemFolder(it sampling.SheetItem) string { return fmt.Sprintf("items/%08d", it.Line) }

// writeRaw reads one blob once for all items that were read from it.
func (f *sampleFolder) writeRaw(ctx context.Context, store evidence.Store, d evidence.Digest, items []sampling.SheetItem, of []int) error {
	byLine := map[int64][]int{}
	for _, i := range of {
		byLine[items[i].EvidenceLine] = append(byLine[items[i].EvidenceLine], i)
	}
	put := func(indices []int, b []byte) error {
		for _, i := range indices {
			items[i].Raw = path.Join(itemFolder(items[i]), "raw")
			items[i].RawDigest = evidence.DigestOf(b)
			if err := f.write(items[i].Raw, b); err != nil {
				return err
			}
		}
		return nil
	}
	if whole := byLine[0]; len(whole) > 0 {
		b, err := evidence.ReadAll(ctx, store, d, maxRawBytes)
		if err != nil {
			return err
		}
		if err := put(whole, b); err != nil {
			return err
		}
		delete(byLine, 0)
	}
	if len(byLine) == 0 {
		return nil
	}
	r, err := store.Get(ctx, d)
	if err != nil {
		return err
	}
	defer r.Close()
	number := int64(0)
	var failed error
	eachLine(r, func(line []byte, err error) bool {
		number++
		if failed = err; err == nil && len(byLine[number]) > 0 {
			failed = put(byLine[number], append(slices.Clone(line), '\n'))
			delete(byLine, number)
		}
		return failed == nil // to the end: the store checks the digest there
	})
	if failed == nil && len(byLine) > 0 {
		failed = fmt.Errorf("it has %d lines, and items name others", number)
	}
	return failed
}

// maxRawBytes bounds a document that is copied whole.
const maxRawBytes = 1 << 30

// writeSums lists every file with its SHA-256, as sha256sum -c reads it.
func (f *sampleFolder) writeSums() error {
	var out strings.Builder
	err := filepath.WalkDir(f.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(f.dir, name)
		if err != nil {
			return err
		}
		in, err := os.Open(name)
		if err != nil {
			return err
		}
		defer in.Close()
		h := sha256.New()
		if _, err := io.Copy(h, in); err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", h.Sum(nil), filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", sumsFile, err)
	}
	return f.write(sumsFile, []byte(out.String()))
}
