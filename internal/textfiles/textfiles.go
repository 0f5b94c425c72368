// Package textfiles reads the small files of a folder that people write by hand.
package textfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// MaxSize is the size, in bytes, above which a file is no text that people wrote by hand.
const MaxSize = 16 << 20

// Failure is a file that is there and could not be read.
type Failure struct {
	Name string
	Err  error
}

// Folder is what was read.
type Folder struct {
	Files    map[string][]byte // by slash separated name below the folder
	Failures []Failure         // in the order of names
}

// YAML says whether a name ends in .yml or .yaml.
func YAML(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".yml" || ext == ".yaml"
}

// Read reads every file of tree, in all folders but .git, whose name wanted accepts. A file that cannot be read, is larger
// than MaxSize, or is a symbolic link (it might lead out of the folder) is a Failure. The error is for the folder itself.
func Read(ctx context.Context, tree fs.FS, wanted func(name string) bool) (Folder, error) {
	f := Folder{Files: map[string][]byte{}}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == ".":
			return err
		case err != nil:
			f.fail(name, err)
			return nil
		case d.IsDir() && path.Base(name) == ".git":
			return fs.SkipDir
		case d.IsDir() || !wanted(name):
			return nil
		}
		b, err := file(tree, name, d)
		if err != nil {
			f.fail(name, err)
			return nil
		}
		f.Files[name] = b
		return nil
	})
	return f, err
}

// ReadOne reads the one file of tree that name names, under the same conditions as [Read].
func ReadOne(tree fs.FS, name string) ([]byte, error) {
	info, err := fs.Lstat(tree, name)
	if err != nil {
		return nil, err
	}
	return file(tree, name, fs.FileInfoToDirEntry(info))
}

// Err joins the failures, nil without any.
func (f Folder) Err() error {
	var errs []error
	for _, x := range f.Failures {
		errs = append(errs, x.Err)
	}
	return errors.Join(errs...)
}

func (f *Folder) fail(name string, err error) {
	f.Failures = append(f.Failures, Failure{Name: name, Err: err})
}

func file(tree fs.FS, name string, d fs.DirEntry) ([]byte, error) {
	if !d.Type().IsRegular() {
		return nil, fmt.Errorf("read %q: not a regular file", name)
	}
	r, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	if len(b) > MaxSize {
		return nil, fmt.Errorf("read %q: larger than %d bytes", name, MaxSize)
	}
	return b, nil
}
