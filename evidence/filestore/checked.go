package filestore

import (
	"io/fs"
	"os"
	"sync"

	"auditpack/evidence"
)

// checkedBytes is the size of a stored blob from which on it is remembered: a small one is checked again faster than looked up.
const checkedBytes = 64 << 10

// checked remembers the blobs whose bytes this process has hashed, as writer or as reader, and what their files were then. It is
// never written down: what another process says that it checked is nothing that this one knows.
type checked struct {
	mu    sync.Mutex
	files map[evidence.Digest]fs.FileInfo
}

// Checked implements evidence.Locator.
func (s *Store) Checked(d evidence.Digest) bool {
	s.checked.mu.Lock()
	then := s.checked.files[d]
	s.checked.mu.Unlock()
	if then == nil {
		return false
	}
	now, err := os.Lstat(s.blobPath(d))
	return err == nil && now.Mode() == then.Mode() && now.Size() == then.Size() && now.ModTime().Equal(then.ModTime()) &&
		os.SameFile(now, then) && changedAt(now).Equal(changedAt(then))
}

// remember notes that the bytes of the file, as it was at info, are those of d.
func (c *checked) remember(d evidence.Digest, info fs.FileInfo) {
	if info.Size() < checkedBytes {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = map[evidence.Digest]fs.FileInfo{}
	}
	c.files[d] = info
}
