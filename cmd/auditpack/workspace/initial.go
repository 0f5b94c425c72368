package workspace

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"auditpack/internal/atomicfile"
)

//go:embed all:initial
var initial embed.FS

// initialDates are what the example files say of time, so that they are valid on the day they are written.
type initialDates struct {
	Quarter, Today, InThirtyDays, InSixtyDays, InAYear string
}

// Init writes a commented workspace into dir, which it makes when it is not there, and returns the files, relative to dir.
// Without force a file that is there already is an error, and nothing is written.
func Init(dir string, today time.Time, force bool) ([]string, error) {
	files, err := initialFiles(today)
	if err != nil {
		return nil, fmt.Errorf("make workspace: %w", err)
	}
	var errs []error
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.name)); err == nil && !force {
			errs = append(errs, fmt.Errorf("make workspace: %q is there already; write over it with --force", filepath.Join(dir, f.name)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		target := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return nil, fmt.Errorf("make workspace: %w", err)
		}
		if err := atomicfile.Overwrite(target, f.content, 0o644); err != nil {
			return nil, fmt.Errorf("make workspace: %w", err)
		}
		names = append(names, f.name)
	}
	return names, nil
}

type initialFile struct {
	name    string
	content []byte
}

func initialFiles(today time.Time) ([]initialFile, error) {
	date := func(days int) string { return today.AddDate(0, 0, days).Format(time.DateOnly) }
	dates := initialDates{
		Quarter: fmt.Sprintf("%04d-Q%d", today.Year(), (int(today.Month())+2)/3),
		Today:   date(0), InThirtyDays: date(30), InSixtyDays: date(60), InAYear: date(365),
	}
	var files []initialFile
	err := fs.WalkDir(initial, "initial", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := initial.ReadFile(name)
		if err != nil {
			return err
		}
		t, err := template.New(name).Option("missingkey=error").Parse(string(b))
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, dates); err != nil {
			return err
		}
		target := strings.TrimPrefix(name, "initial/")
		if path.Base(target) == "gitignore" { // a .gitignore here would hide files of this repository
			target = path.Join(path.Dir(target), ".gitignore")
		}
		files = append(files, initialFile{filepath.FromSlash(target), out.Bytes()})
		return nil
	})
	return files, err
}
