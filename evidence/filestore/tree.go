package filestore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// treeFile holds the hashes of RFC 6962 over the bytes of the entries, 32 bytes each, in the order of tlog.StoredHashIndex.
// It only ever grows, and each of its bytes follows from the entries: writers that race write the same.
const treeFile = "journal/tree"

// growTree adds the hashes of the entries that the tree file lacks.
func (s *Store) growTree() (err error) {
	f, err := s.disk.OpenFile(filepath.Join(s.dir, treeFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("grow tree: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("grow tree: %w", err)
	}
	n := entriesInTree(info.Size())
	if n >= s.journal.chain.Size() {
		return nil
	}
	for ; n < s.journal.chain.Size(); n++ {
		_, b, err := s.readEntry(n + 1)
		if err != nil {
			return fmt.Errorf("grow tree: %w", err)
		}
		hashes, err := tlog.StoredHashes(n, b, hashReader{f})
		if err != nil {
			return fmt.Errorf("grow tree: %w", err)
		}
		var out []byte
		for _, h := range hashes {
			out = append(out, h[:]...)
		}
		if _, err := f.WriteAt(out, tlog.StoredHashCount(n)*tlog.HashSize); err != nil {
			return fmt.Errorf("grow tree: %w", err)
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("grow tree: %w", err)
	}
	return nil
}

// entriesInTree returns how many entries a tree file of that many bytes covers in full.
func entriesInTree(sizeBytes int64) int64 {
	hashes := sizeBytes / tlog.HashSize
	n := hashes/2 + 1 // n entries have fewer than 2n hashes, so no fewer than that are covered, but for the rounding
	for tlog.StoredHashCount(n) <= hashes {
		n++
	}
	for n > 0 && tlog.StoredHashCount(n) > hashes {
		n--
	}
	return n
}

// hashReader reads stored hashes from a tree file.
type hashReader struct{ file io.ReaderAt }

func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if _, err := r.file.ReadAt(hashes[i][:], index*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("read hash %d of the tree: %w", index, err)
		}
	}
	return hashes, nil
}
