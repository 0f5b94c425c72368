package filestore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"

	"auditpack/evidence"
	"auditpack/internal/atomicfile"
	"auditpack/internal/disk"
)

// Copy makes a copy of s in dir: its blobs, its journal up to the entry that is the last one now, its UUID. Each blob is compared with
// its digest on the way, and then the whole copy is read again as Fsck does. It returns what is wrong with either; a damaged blob
// is left out of the copy, and all others are in it. A copy that was interrupted is gone on with; a folder that holds a finished
// store, of this or any other UUID, is refused with fs.ErrExist. Progress may be nil; it is told of the blobs and stored bytes
// copied, from one goroutine at a time.
func Copy(ctx context.Context, s *Store, dir string, progress func(FsckProgress)) ([]Fault, error) {
	faults, err := copyStore(ctx, s, dir, progress)
	if err != nil {
		return faults, fmt.Errorf("copy evidence store %q: %w", s.dir, err)
	}
	return faults, nil
}

func copyStore(ctx context.Context, s *Store, dir string, progress func(FsckProgress)) ([]Fault, error) {
	size, err := s.Size(ctx) // its blobs are there before an entry is
	if err != nil {
		return nil, err
	}
	to, err := makeFolders(disk.OS{}, dir)
	if err != nil {
		return nil, err
	}
	c := &copier{from: s, checker: checker{store: s, progress: progress}}
	c.to = &Store{disk: disk.OS{}, dir: to, uuid: s.uuid}
	if err := c.eachBlob(ctx, func(blobFile) {}, c.copyBlob); err != nil { // files that are no blobs stay behind
		return c.faults, err
	}
	if err := c.journal(ctx, size); err != nil {
		return c.faults, err
	}
	if err := writeHead(disk.OS{}, to, s.uuid); err != nil {
		return c.faults, err
	}
	found, err := Fsck(ctx, c.to, nil)
	return append(c.faults, found...), err
}

// copier copies blobs as they are stored, in several goroutines.
type copier struct {
	from, to *Store
	checker  // of from
}

// copyBlob copies one. Damage is a fault; an error is that the copy cannot be written.
func (c *copier) copyBlob(ctx context.Context, f blobFile) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if there, err := c.to.has(f.digest); there || err != nil {
		c.advance(1, f.size)
		return err
	}
	in, err := os.Open(f.path)
	if err != nil {
		c.fault(FaultBlobCorrupt, f.path, f.digest, "%v", err)
		return nil
	}
	defer in.Close()
	temp, err := c.to.newTemp()
	if err != nil {
		return err
	}
	defer c.to.dropTemp(temp)
	if err := checkedCopy(temp, in, f.digest); err != nil {
		var disk *fs.PathError
		if errors.As(err, &disk) && disk.Path == temp.Name() {
			return err
		}
		c.fault(FaultBlobCorrupt, f.path, f.digest, "%v", err)
		return nil
	}
	if err := c.to.keep(temp, f.digest); err != nil {
		return err
	}
	c.advance(1, f.size)
	return nil
}

// checkedCopy copies a blob file, and fails unless the raw bytes in it are those of want.
func checkedCopy(to io.Writer, from io.Reader, want evidence.Digest) error {
	dec := decoderPool.Get().(*zstd.Decoder)
	defer func() {
		if dec.Reset(nil) == nil {
			decoderPool.Put(dec)
		}
	}()
	if err := dec.Reset(io.TeeReader(from, to)); err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(hash, dec)
	if err != nil {
		return err
	}
	if got := evidence.DigestSum(hash); got != want {
		return &evidence.CorruptError{Want: want, Got: got, SizeBytes: n}
	}
	return nil
}

// journal copies the entries byte for byte, and lets tree and state follow from them.
func (c *copier) journal(ctx context.Context, size int64) error {
	for n := int64(1); n <= size; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, b, err := c.from.readEntry(n)
		if err != nil {
			return err
		}
		err = atomicfile.Write(c.to.entryPath(n), b, entryMode)
		if errors.Is(err, fs.ErrExist) {
			err = c.sameEntry(n, b)
		}
		if err != nil {
			return err
		}
	}
	c.to.journalMu.Lock()
	defer c.to.journalMu.Unlock()
	if err := c.to.catchUp(); err != nil {
		return err
	}
	if c.to.journal.chain.Size() != size {
		return fmt.Errorf("%q holds %d journal entries, and the store has %d: it is a copy of something else", c.to.dir, c.to.journal.chain.Size(), size)
	}
	if size == 0 {
		return nil
	}
	if err := c.to.growTree(); err != nil {
		return err
	}
	c.to.writeState()
	return nil
}

// sameEntry compares an entry of an interrupted copy.
func (c *copier) sameEntry(n int64, b []byte) error {
	_, there, err := c.to.readEntry(n)
	if err != nil {
		return err
	}
	if evidence.DigestOf(there) != evidence.DigestOf(b) {
		return fmt.Errorf("file %q is another entry: the folder holds a copy of something else", c.to.entryPath(n))
	}
	return nil
}
