package facts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"auditpack/evidence"
	"auditpack/internal/lines"
)

// spool puts every input of u into dir, its digest checked, and returns the paths in order. A file of the store is
// read in place; what has no file, or must be cleaned, is written.
func (e *Engine) spool(ctx context.Context, dir string, u *unit) ([]string, error) {
	if u.local != nil {
		path := filepath.Join(dir, u.inputs[0].Hex())
		if err := os.WriteFile(path, u.local, 0o600); err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		return []string{path}, nil
	}
	paths := make([]string, len(u.parts))
	for i, p := range u.parts {
		var err error
		if paths[i], err = e.spoolPart(ctx, dir, p.Digest, u.cleaning[i]); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

func (e *Engine) spoolPart(ctx context.Context, dir string, d evidence.Digest, c cleaning) (string, error) {
	locator, inPlace := e.options.Store.(evidence.Locator)
	if inPlace && c.isNone() && locator.Checked(d) {
		return locate(locator, d)
	}
	r, err := e.options.Store.Get(ctx, d)
	if err != nil {
		return "", fmt.Errorf("read evidence: %w", err)
	}
	defer r.Close()
	path := filepath.Join(dir, d.Hex())
	if !c.isNone() {
		odd, err := e.oddLines(ctx, d, c.Odd)
		if err != nil {
			return "", err
		}
		return path, write(path, func(w io.Writer) error {
			return lines.Clean(w, r, c.Prefix, func(line int64) bool { return odd[line] })
		})
	}
	if !inPlace {
		return path, write(path, func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		})
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // reading to the end is the check of the digest
		return "", fmt.Errorf("read evidence: %w", err)
	}
	return locate(locator, d)
}

// locate gives the path that DuckDB will see: absolute and free of links, since that is what it compares with its allowed folders.
func locate(locator evidence.Locator, d evidence.Digest) (string, error) {
	path, err := locator.Locate(d)
	if err != nil {
		return "", fmt.Errorf("find evidence: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", fmt.Errorf("find evidence: %w", err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", fmt.Errorf("find evidence: %w", err)
	}
	return path, nil
}

// foldersOf lists the folders of the store that hold evidence of units, for DuckDB to be allowed into.
func (e *Engine) foldersOf(units []*unit) ([]string, error) {
	locator, ok := e.options.Store.(evidence.Locator)
	if !ok {
		return nil, nil
	}
	var folders []string
	for _, u := range units {
		for i, p := range u.parts {
			if !u.cleaning[i].isNone() {
				continue
			}
			path, err := locate(locator, p.Digest)
			if err != nil {
				return nil, fmt.Errorf("project table %q from %s: %w", u.file.Table, p.Digest, err)
			}
			folders = append(folders, filepath.Dir(path))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders), nil
}

// oddLines reads the numbers of the lines of segment that lists name.
func (e *Engine) oddLines(ctx context.Context, segment evidence.Digest, lists []evidence.Digest) (map[int64]bool, error) {
	odd := map[int64]bool{}
	for _, list := range lists {
		r, err := e.options.Store.Get(ctx, list)
		if err != nil {
			return nil, fmt.Errorf("read odd lines: %w", err)
		}
		for o, err := range lines.ReadOdd(r) {
			if err != nil {
				return nil, errors.Join(fmt.Errorf("read odd lines %s: %w", list, err), r.Close())
			}
			if o.Evidence == string(segment) {
				odd[o.Line] = true
			}
		}
		if err := r.Close(); err != nil {
			return nil, fmt.Errorf("read odd lines: %w", err)
		}
	}
	return odd, nil
}

// write fills a new file.
func write(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("spool evidence: %w", err)
	}
	if err := errors.Join(fill(f), f.Close()); err != nil {
		return fmt.Errorf("spool evidence: %w", err)
	}
	return nil
}
