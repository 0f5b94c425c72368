package filestore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"auditpack/evidence"
)

// Get implements evidence.Store. The reader decompresses and checks as it is read; reading on after the context is over ends
// in the context's error.
func (s *Store) Get(ctx context.Context, d evidence.Digest) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("get %q: %w", string(d), err)
	}
	path, err := s.Locate(d)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", d, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("get %s: %w", d, err)
	}
	dec := decoderPool.Get().(*zstd.Decoder)
	if err := dec.Reset(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("get %s: %w", d, err)
	}
	return &blobReader{ctx: ctx, store: s, want: d, file: f, opened: info, dec: dec, hash: sha256.New()}, nil
}

// Locate implements evidence.Locator.
func (s *Store) Locate(d evidence.Digest) (string, error) {
	if !d.Valid() {
		return "", fmt.Errorf("get %q: %w: %w", string(d), evidence.ErrNotFound, evidence.ErrDigest)
	}
	path := s.blobPath(d)
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("get %s: %w: there is no %q", d, evidence.ErrNotFound, path)
	}
	if err != nil {
		return "", fmt.Errorf("get %s: %w", d, err)
	}
	return path, nil
}

// Walk implements evidence.Store. Files that are no blobs are passed over; Fsck names them.
func (s *Store) Walk(ctx context.Context, fn func(d evidence.Digest, storedBytes int64) error) error {
	return s.walkFiles(ctx, func(f blobFile) error {
		if f.digest == "" {
			return nil
		}
		return fn(f.digest, f.size)
	})
}

// blobFile is a file below the blob folder; digest is empty when its name is no blob's.
type blobFile struct {
	path   string
	digest evidence.Digest
	size   int64
}

func (s *Store) walkFiles(ctx context.Context, fn func(blobFile) error) error {
	root := filepath.Join(s.dir, blobFolder)
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("walk evidence: %w", err)
		}
		if e.IsDir() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("walk evidence: %w", err)
		}
		return fn(blobFile{path: path, digest: blobDigest(root, path, info), size: info.Size()})
	})
}

// blobDigest returns the digest that the place of a file below root stands for, or nothing.
func blobDigest(root, path string, info fs.FileInfo) evidence.Digest {
	hexa, ok := strings.CutSuffix(filepath.Base(path), blobSuffix)
	d, err := evidence.ParseDigest("sha256:" + hexa)
	if !ok || err != nil || !info.Mode().IsRegular() || path != filepath.Join(root, hexa[:2], hexa+blobSuffix) {
		return ""
	}
	return d
}

// decoderPool holds decompressors that work in the goroutine that reads, so that a reader that is never closed leaks none.
var decoderPool = sync.Pool{New: func() any {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxReadWindow))
	if err != nil {
		panic(err) // the options are constants
	}
	return dec
}}

// blobReader gives the raw bytes of a blob, and at their end says whether they are what the digest promises.
type blobReader struct {
	ctx    context.Context
	store  *Store
	want   evidence.Digest
	file   *os.File
	opened fs.FileInfo // the file then
	dec    *zstd.Decoder
	hash   hash.Hash
	size   int64
	err    error // sticky
}

func (r *blobReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if err := r.ctx.Err(); err != nil {
		return 0, fmt.Errorf("read %s: %w", r.want, err)
	}
	n, err := r.dec.Read(p)
	r.hash.Write(p[:n])
	r.size += int64(n)
	if err != nil {
		r.err = r.end(err)
	}
	return n, r.err
}

// WriteTo implements io.WriterTo: io.Copy gets whole blocks of the decompressor, without a copy in between.
func (r *blobReader) WriteTo(w io.Writer) (int64, error) {
	if r.err == io.EOF {
		return 0, nil
	}
	if r.err != nil {
		return 0, r.err
	}
	to := blockWriter{r: r, w: w}
	n, err := r.dec.WriteTo(&to)
	if to.err != nil { // the decompressor is in order
		r.err = to.err
		return n, r.err
	}
	if err == nil {
		err = io.EOF
	}
	if r.err = r.end(err); r.err == io.EOF {
		return n, nil
	}
	return n, r.err
}

// blockWriter hashes what it writes.
type blockWriter struct {
	r   *blobReader
	w   io.Writer
	err error // of the context or of w
}

func (b *blockWriter) Write(p []byte) (n int, err error) {
	if err := b.r.ctx.Err(); err != nil {
		b.err = fmt.Errorf("read %s: %w", b.r.want, err)
		return 0, b.err
	}
	b.r.hash.Write(p)
	b.r.size += int64(len(p))
	n, b.err = b.w.Write(p)
	if b.err == nil && n < len(p) {
		b.err = io.ErrShortWrite
	}
	return n, b.err
}

// end turns the decompressor's last word into ours.
func (r *blobReader) end(err error) error {
	var disk *fs.PathError
	if errors.As(err, &disk) {
		return fmt.Errorf("read %s: %w", r.want, err)
	}
	if !errors.Is(err, io.EOF) {
		return &evidence.CorruptError{Want: r.want, SizeBytes: r.size, Cause: fmt.Errorf("decompress %q: %w", r.file.Name(), err)}
	}
	if got := evidence.DigestSum(r.hash); got != r.want {
		return &evidence.CorruptError{Want: r.want, Got: got, SizeBytes: r.size}
	}
	r.store.checked.remember(r.want, r.opened)
	return io.EOF
}

// Close may be called more than once.
func (r *blobReader) Close() error {
	if r.dec == nil {
		return nil
	}
	r.err = fmt.Errorf("read %s: %w", r.want, fs.ErrClosed)
	if r.dec.Reset(nil) == nil {
		decoderPool.Put(r.dec)
	}
	r.dec = nil
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("close %s: %w", r.want, err)
	}
	return nil
}
