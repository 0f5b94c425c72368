// Package disk is the half of a file system that changes things: what a store writes through, so that a test can record its
// operations, let one fail, and see what a loss of power leaves. Reading needs no such help and goes to package os.
package disk

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// FS changes a file system. It is safe for concurrent use. Errors are those of package os.
type FS interface {
	// Mkdir makes a folder, whose name is durable once the folder that it lies in is synced.
	Mkdir(name string, mode fs.FileMode) error

	// OpenFile opens a file to be written; flag and mode are those of os.OpenFile.
	OpenFile(name string, flag int, mode fs.FileMode) (File, error)

	// CreateTemp makes a file with a new name, as os.CreateTemp does.
	CreateTemp(dir, pattern string) (File, error)

	Rename(from, to string) error
	Link(from, to string) error // fails with fs.ErrExist where to is there
	Remove(name string) error

	// SyncFolder makes the names in a folder durable: files made, renamed, linked and removed in it.
	SyncFolder(name string) error
}

// File is a file that is being written. The caller closes it. Only what was synced survives a loss of power.
type File interface {
	io.Writer
	io.ReaderAt
	io.WriterAt
	io.Closer
	Name() string
	Stat() (fs.FileInfo, error)
	Chmod(mode fs.FileMode) error
	Sync() error
	Fd() uintptr
}

// OS is the file system of the machine.
type OS struct{}

var _ FS = OS{}

// Mkdir implements FS.
func (OS) Mkdir(name string, mode fs.FileMode) error { return os.Mkdir(name, mode) }

// OpenFile implements FS.
func (OS) OpenFile(name string, flag int, mode fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// CreateTemp implements FS.
func (OS) CreateTemp(dir, pattern string) (File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Link implements FS.
func (OS) Link(from, to string) error { return os.Link(from, to) }

// Remove implements FS.
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncFolder implements FS.
func (OS) SyncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder %q: %w", name, err)
	}
	return nil
}
