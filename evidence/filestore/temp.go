package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"auditpack/internal/disk"
)

// temp is a file for a blob that is being written. It stays locked until it is closed, which tells other processes that its writer lives.
type temp struct {
	disk.File
	placed bool // it has its place as a blob
}

// newTemp opens one. The caller gives it to keep, and to dropTemp in any case.
func (s *Store) newTemp() (*temp, error) {
	dir := filepath.Join(s.dir, tempFolder)
	// A store that is being opened may take a file between its creation and its lock for a leftover: then another is made.
	for range 100 {
		f, err := s.disk.CreateTemp(dir, "put-*")
		if errors.Is(err, fs.ErrNotExist) { // somebody cleared it away
			if err := s.disk.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if tryLock(f) && isStill(f) {
			return &temp{File: f}, nil
		}
		f.Close()
		s.disk.Remove(f.Name())
	}
	return nil, fmt.Errorf("no temporary file in %q stays", dir)
}

// dropTemp closes a temporary file, and removes it unless it became a blob.
func (s *Store) dropTemp(t *temp) {
	if !t.placed && isStill(t) {
		s.disk.Remove(t.Name())
	}
	t.Close()
}

// isStill says whether the open file f has its name yet.
func isStill(f disk.File) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(open, named)
}

// dropLeftovers removes files in tmp whose writers are dead. Nothing depends on it, so errors are let be.
func (s *Store) dropLeftovers() {
	names, err := filepath.Glob(filepath.Join(s.dir, tempFolder, "put-*"))
	if err != nil {
		return
	}
	for _, name := range names {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryLock(f) {
			os.Remove(name)
		}
		f.Close()
	}
}

// shards are the 256 folders that blobs lie in, made as they are needed.
type shards struct {
	mu    sync.Mutex
	known [256]bool // durable
}

// ensure makes the folder of the blobs whose digests begin with the byte first, and makes its name durable.
func (s *shards) ensure(d disk.FS, parent, name string, first byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[first] {
		return nil
	}
	if err := d.Mkdir(filepath.Join(parent, name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := d.SyncFolder(parent); err != nil {
		return err
	}
	s.known[first] = true
	return nil
}
