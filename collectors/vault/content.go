package vault

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is what a compressed log may ask of memory: more than zstd -19 does, less than --long.
const maxZstdWindow = 32 << 20 // bytes

// format is how the bytes of a log file are packed.
type format string

const (
	plain     format = "plain"
	gzipped   format = "gzip"
	zstandard format = "zstd"
)

// detect tells the format by the first bytes: names lie, a rotation may be under way.
func detect(f io.ReaderAt) (format, error) {
	head := make([]byte, 6)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped, nil
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstandard, nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return "", errors.New("compressed with xz, which is not read here: compress it with gzip or zstd")
	case bytes.HasPrefix(head, []byte("BZh")):
		return "", errors.New("compressed with bzip2, which is not read here: compress it with gzip or zstd")
	}
	return plain, nil
}

// content gives the uncompressed bytes of a log from some offset on. Of a plain file it can seek; else it reads and forgets.
type content struct {
	format   format
	file     file
	gz       *gzip.Reader
	zst      *zstd.Decoder
	offset   int64        // of the next byte that Read gives
	tail     []byte       // of what advance or goTo went over: up to a few windowBytes
	limit    int64        // of a plain file: where Read ends; -1 for none
	unpacked atomic.Int64 // bytes of a compressed file that were read; for progress, from any goroutine
}

func openContent(f file, how format) (*content, error) {
	c := &content{format: how, file: f, limit: -1}
	return c, c.rewind()
}

// counted counts the bytes that are read through it.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// rewind goes back to the first byte.
func (c *content) rewind() error {
	c.offset, c.tail = 0, c.tail[:0]
	if c.format == plain {
		return nil
	}
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	c.unpacked.Store(0)
	packed := bufio.NewReaderSize(counted{c.file, &c.unpacked}, 256<<10)
	var err error
	if c.format == gzipped {
		c.gz, err = gzip.NewReader(packed)
		return cutShort(err)
	}
	c.close()
	c.zst, err = zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
	return err
}

// close frees the decoder, not the file.
func (c *content) close() {
	if c.zst != nil {
		c.zst.Close()
	}
}

func (c *content) Read(p []byte) (n int, err error) {
	switch c.format {
	case gzipped:
		n, err = c.gz.Read(p)
	case zstandard:
		n, err = c.zst.Read(p)
	default:
		if c.limit >= 0 {
			p = p[:min(int64(len(p)), max(c.limit-c.offset, 0))]
			if len(p) == 0 {
				return 0, io.EOF
			}
		}
		n, err = c.file.ReadAt(p, c.offset)
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
	}
	c.offset += int64(n)
	return n, cutShort(err)
}

// errCutShort says that a compressed file ends before its end.
var errCutShort = errors.New("the compressed file is cut short")

func cutShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errCutShort
	}
	return err
}

// lastLineEnd returns the offset after the last newline of a plain file between from and size; from if there is none.
func lastLineEnd(f io.ReaderAt, from, size int64) (int64, error) {
	buffer := make([]byte, 64<<10)
	for end := size; end > from; {
		start := max(from, end-int64(len(buffer)))
		b := buffer[:end-start]
		if _, err := f.ReadAt(b, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return from, nil
}
