// Package disktest records what a store does to a disk, lets a chosen operation fail, and shows what a loss of power after any
// operation leaves behind.
package disktest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"auditpack/internal/disk"
)

// Recorder is a disk.FS that works on a real folder and writes down each operation. It is safe for concurrent use; operations
// are recorded in the order in which they ended.
type Recorder struct {
	t    testing.TB
	root string
	os   disk.OS

	mu     sync.Mutex
	ops    []operation
	files  int
	failAt int // operation that fails, counted from 0; -1 for none
	err    error
	tried  int
}

var _ disk.FS = (*Recorder)(nil)

// operation is one change. Names are relative to the root.
type operation struct {
	kind   kind
	name   string // of a file or a folder; for link and rename: from
	to     string
	file   int // the inode that create, write and sync speak of
	offset int64
	data   []byte
	mode   fs.FileMode
	trunc  bool
}

type kind int

const (
	mkdir kind = iota + 1
	create
	write
	chmod
	fsync
	rename
	link
	remove
	syncFolder
)

// New records what happens below root, a folder that is there and empty.
func New(t testing.TB, root string) *Recorder {
	return &Recorder{t: t, root: root, failAt: -1}
}

// Len is how many operations were recorded.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ops)
}

// FailAt lets the n-th operation from now on (0: the next) and all after it fail with err, as a disk that is full does. Nil ends it.
func (r *Recorder) FailAt(n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried, r.failAt, r.err = 0, n, err
}

// do runs an operation and records it when it went well.
func (r *Recorder) do(op operation, run func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil && r.tried >= r.failAt && op.kind != remove {
		return r.err
	}
	r.tried++
	if err := run(); err != nil {
		return err
	}
	op.name, op.to = r.relative(op.name), r.relative(op.to)
	r.ops = append(r.ops, op)
	return nil
}

func (r *Recorder) relative(name string) string {
	if name == "" {
		return ""
	}
	rel, err := filepath.Rel(r.root, name)
	if err != nil || strings.HasPrefix(rel, "..") {
		r.t.Errorf("operation on %q, which lies outside of %q", name, r.root)
	}
	return rel
}

// Mkdir implements disk.FS.
func (r *Recorder) Mkdir(name string, mode fs.FileMode) error {
	return r.do(operation{kind: mkdir, name: name}, func() error { return r.os.Mkdir(name, mode) })
}

// OpenFile implements disk.FS.
func (r *Recorder) OpenFile(name string, flag int, mode fs.FileMode) (disk.File, error) {
	_, err := os.Lstat(name)
	isNew := err != nil
	var f disk.File
	err = r.do(operation{kind: create, name: name, file: r.number(name, isNew), trunc: flag&os.O_TRUNC != 0}, func() (err error) {
		f, err = r.os.OpenFile(name, flag, mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &file{File: f, r: r, inode: r.inode(name)}, nil
}

// CreateTemp implements disk.FS.
func (r *Recorder) CreateTemp(dir, pattern string) (disk.File, error) {
	f, err := r.os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	op := operation{kind: create, name: f.Name(), file: r.number(f.Name(), true)}
	if err := r.do(op, func() error { return nil }); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &file{File: f, r: r, inode: op.file}, nil
}

// number gives a new file a number, or finds that of one that is there.
func (r *Recorder) number(name string, isNew bool) int {
	if !isNew {
		return r.inode(name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files++
	return r.files
}

// inode finds the number of the file that has a name now.
func (r *Recorder) inode(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := newModel()
	for _, op := range r.ops {
		m.apply(op)
	}
	n := m.lookup(r.relative(name))
	if n == nil {
		r.t.Errorf("file %q was not made through the recorder", name)
		return 0
	}
	return n.id
}

// Rename implements disk.FS.
func (r *Recorder) Rename(from, to string) error {
	return r.do(operation{kind: rename, name: from, to: to}, func() error { return r.os.Rename(from, to) })
}

// Link implements disk.FS.
func (r *Recorder) Link(from, to string) error {
	return r.do(operation{kind: link, name: from, to: to}, func() error { return r.os.Link(from, to) })
}

// Remove implements disk.FS.
func (r *Recorder) Remove(name string) error {
	return r.do(operation{kind: remove, name: name}, func() error { return r.os.Remove(name) })
}

// SyncFolder implements disk.FS.
func (r *Recorder) SyncFolder(name string) error {
	return r.do(operation{kind: syncFolder, name: name}, func() error { return r.os.SyncFolder(name) })
}

// file records what is done to one file.
type file struct {
	disk.File
	r      *Recorder
	inode  int
	offset int64
}

func (f *file) Write(p []byte) (n int, err error) {
	err = f.r.do(operation{kind: write, file: f.inode, offset: f.offset, data: append([]byte(nil), p...)}, func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	f.offset += int64(n)
	return n, err
}

func (f *file) WriteAt(p []byte, offset int64) (n int, err error) {
	err = f.r.do(operation{kind: write, file: f.inode, offset: offset, data: append([]byte(nil), p...)}, func() (err error) {
		n, err = f.File.WriteAt(p, offset)
		return err
	})
	return n, err
}

func (f *file) Chmod(mode fs.FileMode) error {
	return f.r.do(operation{kind: chmod, file: f.inode, mode: mode}, func() error { return f.File.Chmod(mode) })
}

func (f *file) Sync() error {
	return f.r.do(operation{kind: fsync, file: f.inode}, func() error { return f.File.Sync() })
}

// String names an operation for a failed test.
func (o operation) String() string {
	names := map[kind]string{mkdir: "mkdir", create: "create", write: "write", chmod: "chmod", fsync: "sync", rename: "rename", link: "link",
		remove: "remove", syncFolder: "sync folder"}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", names[o.kind], o.name, o.to))
}
