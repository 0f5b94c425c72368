package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/reports/pdf"
	"auditpack/reports/text"
	"auditpack/reports/xlsx"
	"auditpack/templates"
)

// formats are the renderers by the name that --format takes, which is also the file's ending.
var formats = map[string]reports.Renderer{"pdf": pdf.Renderer{}, "xlsx": xlsx.Renderer{}, "txt": text.Renderer{}}

func formatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: "pdf,xlsx", Usage: "`LIST` of pdf, xlsx, txt"},
		&cli.StringFlag{Name: "lang", Value: "en", Usage: "`LIST` of en, de"},
	}
}

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "write the evidence report of a framework",
		Flags: append(append(append([]cli.Flag{frameworkFlag()}, judgingFlags()...), formatFlags()...), outFlags()...),
		Action: func(c *cli.Context) error {
			o, err := reportOptionsOf(c)
			if err != nil {
				return err
			}
			return judged(c, func(j *judgement, all []assessment.Assessment) error {
				seal, err := fingerprint(j.session.Workspace)
				if err != nil {
					return err
				}
				var files []reportFile
				for _, a := range all {
					rendered, err := o.render(seal, fmt.Sprintf("%s_%s", a.Framework.ID, j.window.name()), func(t templates.Text) reports.Document {
						return reports.Evidence(a, t)
					})
					if err != nil {
						return err
					}
					files = append(files, rendered...)
				}
				return o.write(c, files)
			})
		},
	}
}

// name of the window as it stands in file names: 2026-Q3 would say too little of a period that is no quarter.
func (w window) name() string {
	if w.kind == 1 {
		return w.asOf.Format("2006-01-02")
	}
	return w.period.From.Format("2006-01-02") + "_" + w.period.To.Format("2006-01-02")
}

// reportOptions say which files are written, and where.
type reportOptions struct {
	formats, languages []string
	out                string
	force              bool
}

func reportOptionsOf(c *cli.Context) (o reportOptions, err error) {
	if o.formats, err = listOf(c, "format", "pdf", "xlsx", "txt"); err != nil {
		return o, err
	}
	if o.languages, err = listOf(c, "lang", "en", "de"); err != nil {
		return o, err
	}
	if o.out = c.String("out"); o.out == "" {
		return o, usagef("%s: say where to write with --out", commandName(c))
	}
	o.force = c.Bool("force")
	return o, nil
}

// reportFile is a rendered report.
type reportFile struct {
	name  string
	bytes []byte
}

// render builds the document in each language, names the key that seals it (none for empty) and renders it in each format.
func (o reportOptions) render(seal, base string, build func(templates.Text) reports.Document) ([]reportFile, error) {
	var files []reportFile
	for _, lang := range o.languages {
		words, err := templates.LoadText(templates.Files, templates.Language(lang))
		if err != nil {
			return nil, err
		}
		doc := build(words)
		if seal != "" {
			doc = doc.SealedBy(seal)
		}
		for _, format := range o.formats {
			var b bytes.Buffer
			name := fmt.Sprintf("%s.%s.%s", base, lang, format)
			if err := formats[format].Render(&b, doc); err != nil {
				return nil, fmt.Errorf("render %q: %w", name, err)
			}
			files = append(files, reportFile{name, b.Bytes()})
		}
	}
	return files, nil
}

// write puts the files into the folder: none of them when one is there already and --force is not given.
func (o reportOptions) write(c *cli.Context, files []reportFile) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("write reports: %w", err)
	}
	var errs []error
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(o.out, f.name)); err == nil && !o.force {
			errs = append(errs, writeError(filepath.Join(o.out, f.name), fs.ErrExist))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, f := range files {
		path := filepath.Join(o.out, f.name)
		if err := writeFile(path, f.bytes, o.force); err != nil {
			return err
		}
		if c.Bool("json") {
			if err := outputOf(c).object(writtenFile{path, len(f.bytes)}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(c.App.Writer, path)
	}
	return nil
}

// writtenFile is a file that was written, as JSON.
type writtenFile struct {
	Path  string `json:"path"`
	Bytes int    `json:"bytes"`
}
