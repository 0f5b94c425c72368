// Package atomicfile writes files that are there whole or not at all: a temporary file in the same folder, synced, then
// given its name, and the folder synced. It knows nothing of what the files hold.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"auditpack/internal/disk"
)

// A File is being written and has no name yet. Exactly one of Commit, Replace and Abort ends it; Abort after either of the
// others does nothing, so that it can be deferred. It is not safe for concurrent use.
type File struct {
	disk.File
	fs   disk.FS
	path string
	done bool
}

// New starts a file that will be called path. The folder must exist.
func New(path string) (*File, error) { return newOn(disk.OS{}, path) }

func newOn(d disk.FS, path string) (*File, error) {
	f, err := d.CreateTemp(filepath.Dir(path), ".tmp-"+filepath.Base(path)+"-*")
	if err != nil {
		return nil, fmt.Errorf("create %q: %w", path, err)
	}
	return &File{File: f, fs: d, path: path}, nil
}

// Commit gives the file its name with the permissions mode, unless something of that name is there already: then nothing
// changes and the error wraps fs.ErrExist. When it returns nil the file is durable.
func (f *File) Commit(mode fs.FileMode) error {
	return f.finish(mode, func(from, to string) error { return linkNew(f.fs, from, to) })
}

// Replace gives the file its name with the permissions mode, in place of what was there. When it returns nil the file is
// durable.
func (f *File) Replace(mode fs.FileMode) error {
	return f.finish(mode, f.fs.Rename)
}

// Abort drops the file.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.Close()
	f.fs.Remove(f.Name())
}

func (f *File) finish(mode fs.FileMode, name func(from, to string) error) error {
	defer f.Abort()
	if err := f.Chmod(mode); err != nil {
		return fmt.Errorf("write %q: %w", f.path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %q: %w", f.path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %q: %w", f.path, err)
	}
	if err := name(f.Name(), f.path); err != nil {
		return fmt.Errorf("write %q: %w", f.path, err)
	}
	f.done = true
	return f.fs.SyncFolder(filepath.Dir(f.path))
}

// linkNew gives the file from the name to, which must be free. A link is atomic and never overwrites. Where the file system
// has none (FAT on a memory stick), the name is taken by an empty file first, and then renamed over.
func linkNew(d disk.FS, from, to string) error {
	err := d.Link(from, to)
	if err == nil {
		d.Remove(from) // the file has its name; a second one that stays does no harm
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	taken, takeErr := d.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if takeErr != nil {
		return takeErr
	}
	taken.Close()
	if err := d.Rename(from, to); err != nil {
		d.Remove(to)
		return err
	}
	return nil
}

// Write writes b to a new file at path; one that is there already is kept, and the error then wraps fs.ErrExist.
func Write(path string, b []byte, mode fs.FileMode) error { return WriteOn(disk.OS{}, path, b, mode) }

// WriteOn is Write on another file system than the machine's.
func WriteOn(d disk.FS, path string, b []byte, mode fs.FileMode) error {
	return write(d, path, b, func(f *File) error { return f.Commit(mode) })
}

// Overwrite writes b to path, in place of what was there.
func Overwrite(path string, b []byte, mode fs.FileMode) error {
	return OverwriteOn(disk.OS{}, path, b, mode)
}

// OverwriteOn is Overwrite on another file system than the machine's.
func OverwriteOn(d disk.FS, path string, b []byte, mode fs.FileMode) error {
	return write(d, path, b, func(f *File) error { return f.Replace(mode) })
}

func write(d disk.FS, path string, b []byte, end func(*File) error) error {
	f, err := newOn(d, path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(b); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return end(f)
}
