package filestore

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/zstd"

	"auditpack/evidence"
	"auditpack/internal/contextio"
)

const (
	chunkBytes    = 512 << 10 // read at once: large enough that handing it on costs nothing beside hashing it
	chunksInWork  = 8         // between reader and compressor: bounds memory to 4 MiB for a Put
	windowBytes   = 4 << 20   // of the compressor, as its default: logs repeat themselves over some thousand lines
	maxReadWindow = 64 << 20  // bytes: a blob that asks for more memory than this was not written here
	blobSuffix    = ".zst"
	blobMode      = 0o400
	writeBuffered = 256 << 10 // bytes of compressed output in one write
)

// Put implements evidence.Store. It hashes and compresses at once, so that a large blob takes about as long as the slower of the two;
// memory does not grow with the blob.
func (s *Store) Put(ctx context.Context, r io.Reader) (evidence.Digest, int64, error) {
	d, n, err := s.put(ctx, r)
	if err != nil {
		return "", 0, fmt.Errorf("put evidence: %w", err)
	}
	return d, n, nil
}

func (s *Store) put(ctx context.Context, r io.Reader) (evidence.Digest, int64, error) {
	first := chunkPool.Get().(*chunk)
	defer chunkPool.Put(first)
	r = contextio.Reader(ctx, r)
	n, err := fill(r, first.buf[:])
	switch {
	case err == io.EOF:
		return s.putSmall(ctx, first.buf[:n])
	case err != nil:
		return "", 0, err
	}
	return s.putLarge(ctx, io.MultiReader(bytes.NewReader(first.buf[:n]), r))
}

// fill reads until buf is full or r ends. Its error is r's own, io.EOF for its end: io.ReadFull would call a short last piece
// io.ErrUnexpectedEOF, which is also what a transport says that broke off, and would drop an error that comes with the last byte.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// putSmall stores what fits in one chunk, without goroutines.
func (s *Store) putSmall(ctx context.Context, b []byte) (evidence.Digest, int64, error) {
	d := evidence.DigestOf(b)
	if there, err := s.has(d); there || err != nil {
		return d, int64(len(b)), err
	}
	enc := encoderPool.Get().(*zstd.Encoder)
	packed := enc.EncodeAll(b, nil)
	encoderPool.Put(enc)
	f, err := s.newTemp()
	if err != nil {
		return "", 0, err
	}
	defer s.dropTemp(f)
	if _, err := f.Write(packed); err != nil {
		return "", 0, err
	}
	if err := ctx.Err(); err != nil {
		return "", 0, err
	}
	return d, int64(len(b)), s.keep(f, d)
}

func (s *Store) putLarge(ctx context.Context, r io.Reader) (evidence.Digest, int64, error) {
	f, err := s.newTemp()
	if err != nil {
		return "", 0, err
	}
	defer s.dropTemp(f)
	d, n, err := hashAndPack(f, r)
	if err != nil {
		return "", 0, err
	}
	if err := ctx.Err(); err != nil {
		return "", 0, err
	}
	if there, err := s.has(d); there || err != nil {
		return d, n, err
	}
	if err := s.keep(f, d); err != nil {
		return "", 0, err
	}
	if info, err := f.Stat(); err == nil {
		s.checked.remember(d, info)
	}
	return d, n, nil
}

// keep gives the finished temporary file its place as the blob d, which was not there a moment ago: of two that come at once the later
// takes the place of the first, which is the same.
func (s *Store) keep(f *temp, d evidence.Digest) error {
	path := s.blobPath(d)
	if err := s.ensureShard(d); err != nil {
		return err
	}
	if err := f.Chmod(blobMode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := s.disk.Rename(f.Name(), path); err != nil {
		return err
	}
	f.placed = true
	return s.disk.SyncFolder(filepath.Dir(path))
}

// Remove implements retention.Remover. Whoever calls it has made sure that no record needs the blob.
func (s *Store) Remove(ctx context.Context, d evidence.Digest) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("remove evidence: %w", err)
	}
	if !d.Valid() {
		return fmt.Errorf("remove evidence %q: %w", string(d), evidence.ErrDigest)
	}
	path := s.blobPath(d)
	err := s.disk.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.disk.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("remove evidence: %w", err)
	}
	return nil
}

// has says whether the blob d is there, and if so makes sure that it is so durably: another process may have named it just
// now and not yet synced the folder.
func (s *Store) has(d evidence.Digest) (bool, error) {
	path := s.blobPath(d)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return false, fmt.Errorf("blob file %q is torn: %v, %d bytes", path, info.Mode(), info.Size())
	}
	if err := s.ensureShard(d); err != nil {
		return false, err
	}
	return true, s.disk.SyncFolder(filepath.Dir(path))
}

func (s *Store) ensureShard(d evidence.Digest) error {
	name := d.Hex()[:2]
	b, err := hex.DecodeString(name)
	if err != nil {
		return err
	}
	return s.shards.ensure(s.disk, filepath.Join(s.dir, blobFolder), name, b[0])
}

func (s *Store) blobPath(d evidence.Digest) string {
	return filepath.Join(s.dir, blobFolder, d.Hex()[:2], d.Hex()+blobSuffix)
}

// A chunk is a piece of a blob on its way through hash and compressor.
type chunk struct {
	buf  [chunkBytes]byte
	n    int
	done sync.WaitGroup // the compressor has used it
}

var chunkPool = sync.Pool{New: func() any { return new(chunk) }}

// encoderPool holds compressors for reuse. Each works in its caller's goroutine: reading and hashing keep another core busy. The
// frame has no checksum of its own, since the digest is a better one.
var encoderPool = sync.Pool{New: func() any {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(windowBytes), zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return enc
}}

// hashAndPack writes the zstd of r to w and returns the digest and size in bytes of what r gave. Compressing has a goroutine of its own;
// hashing has none, since on two cores it would take turns with the compressor, which is what all wait for.
func hashAndPack(w io.Writer, r io.Reader) (evidence.Digest, int64, error) {
	toPack := make(chan *chunk, chunksInWork)
	sum := sha256.New()
	var packErr error
	var workers sync.WaitGroup
	workers.Go(func() { packErr = pack(w, toPack) })

	size, readErr := feed(r, sum, toPack)
	close(toPack)
	workers.Wait()
	if err := errors.Join(readErr, packErr); err != nil {
		return "", 0, err
	}
	return evidence.DigestSum(sum), size, nil
}

// feed reads r to its end in chunks, hands each to the compressor and hashes it meanwhile.
func feed(r io.Reader, sum hash.Hash, toPack chan<- *chunk) (size int64, err error) {
	ring := make([]*chunk, chunksInWork)
	for i := range ring {
		ring[i] = chunkPool.Get().(*chunk)
	}
	defer func() {
		for _, c := range ring {
			c.done.Wait()
			chunkPool.Put(c)
		}
	}()
	for i := 0; ; i++ {
		c := ring[i%chunksInWork]
		c.done.Wait()
		n, err := fill(r, c.buf[:])
		size += int64(n)
		if n > 0 {
			c.n = n
			c.done.Add(1)
			toPack <- c
			sum.Write(c.buf[:c.n])
		}
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}

// pack compresses chunks to w until there are no more. After an error it still takes them, so that the reader never waits.
func pack(w io.Writer, chunks <-chan *chunk) error {
	out := bufio.NewWriterSize(w, writeBuffered)
	enc := encoderPool.Get().(*zstd.Encoder)
	enc.Reset(out)
	defer func() {
		enc.Reset(nil)
		encoderPool.Put(enc)
	}()
	var err error
	for c := range chunks {
		if err == nil {
			_, err = enc.Write(c.buf[:c.n])
		}
		c.done.Done()
	}
	if err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	return out.Flush()
}
