package bundle

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"auditpack/evidence"
	"auditpack/internal/contextio"
)

// deflateLevel 1: on audit logs within a tenth of the size of level 9 at seven times its speed.
const deflateLevel = 1

// zipFile is what a zip is written to: sizes go into a header that is written before they are known.
type zipFile interface {
	io.Writer
	io.WriterAt
	io.ReaderAt
}

// zipWriter writes a zip in our layout. Members come in the order of the calls.
type zipWriter struct {
	file    zipFile
	members []member
	at      int64 // bytes written so far

	out   *bufio.Writer
	flate *flate.Writer
	copy  []byte
}

func newZipWriter(f zipFile) (*zipWriter, error) {
	fw, err := flate.NewWriter(io.Discard, deflateLevel)
	if err != nil {
		return nil, err
	}
	return &zipWriter{file: f, out: bufio.NewWriterSize(nil, 256<<10), flate: fw, copy: make([]byte, 256<<10)}, nil
}

// add writes one member and returns the digest and size of what r gave.
func (w *zipWriter) add(ctx context.Context, name string, r io.Reader) (evidence.Digest, int64, error) {
	m := member{name: name, offset: w.at}
	if _, err := w.file.Write(appendLocal(nil, m)); err != nil {
		return "", 0, fmt.Errorf("write %q: %w", name, err)
	}
	count := &countingWriter{w: w.file}
	w.out.Reset(count)
	raw := &rawWriter{sum: sha256.New(), w: w.out}
	if deflated(name) {
		w.flate.Reset(w.out)
		raw.w = w.flate
	}
	if _, err := io.CopyBuffer(raw, contextio.Reader(ctx, r), w.copy); err != nil {
		return "", 0, fmt.Errorf("write %q: %w", name, err)
	}
	if deflated(name) {
		if err := w.flate.Close(); err != nil {
			return "", 0, fmt.Errorf("write %q: %w", name, err)
		}
	}
	if err := w.out.Flush(); err != nil {
		return "", 0, fmt.Errorf("write %q: %w", name, err)
	}
	m.crc, m.packed, m.size = raw.crc, count.n, raw.n
	if m.size > maxMemberBytes || m.packed > maxMemberBytes {
		return "", 0, fmt.Errorf("write %q: %d bytes are more than a member may have (%d)", name, m.size, int64(maxMemberBytes))
	}
	if _, err := w.file.WriteAt(appendLocal(nil, m), m.offset); err != nil {
		return "", 0, fmt.Errorf("write %q: %w", name, err)
	}
	w.members = append(w.members, m)
	w.at = m.end()
	return evidence.DigestSum(raw.sum), m.size, nil
}

// digest returns the digest of all bytes written so far.
func (w *zipWriter) digest(ctx context.Context) (evidence.Digest, error) {
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, contextio.Reader(ctx, io.NewSectionReader(w.file, 0, w.at)), w.copy); err != nil {
		return "", fmt.Errorf("read what was written: %w", err)
	}
	return evidence.DigestSum(sum), nil
}

// end writes the directory.
func (w *zipWriter) end() error {
	if _, err := w.file.Write(appendDirectory(nil, w.members, w.at)); err != nil {
		return fmt.Errorf("write directory: %w", err)
	}
	return nil
}

// rawWriter sees a member's bytes before they are packed.
type rawWriter struct {
	sum hash.Hash
	crc uint32
	n   int64
	w   io.Writer
}

func (r *rawWriter) Write(p []byte) (int, error) {
	r.sum.Write(p)
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p)
	r.n += int64(len(p))
	if r.n > maxMemberBytes {
		return 0, fmt.Errorf("more bytes than a member may have (%d)", int64(maxMemberBytes))
	}
	return r.w.Write(p)
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
