package boundary

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/klauspost/compress/zstd"

	"auditpack/internal/fileglob"
)

// logFile is one file that a glob named.
type logFile struct {
	tree fs.FS
	name string // in tree
	path string // as the configuration would name it
}

// match returns the regular files that a configured glob names, in the order of names.
func (c *collector) match(pattern string) ([]logFile, error) {
	pattern = filepath.ToSlash(pattern)
	folder, rest := fileglob.Split(pattern)
	tree := c.env.Open(folder)
	names, err := fileglob.Match(tree, rest)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a folder that is not there has no files
		return nil, fmt.Errorf("match %q: %w", pattern, err)
	}
	var files []logFile
	for _, name := range names {
		info, err := fs.Stat(tree, name)
		if err != nil {
			return nil, fmt.Errorf("match %q: %w", pattern, err)
		}
		if !info.Mode().IsRegular() {
			continue // a folder, or a pipe that would be waited for
		}
		files = append(files, logFile{tree: tree, name: name, path: path.Join(folder, name)})
	}
	return files, nil
}

// compressed says whether nobody writes to the file any more: its last line is then whole, with a newline or without.
func (f logFile) compressed() bool {
	return strings.HasSuffix(f.name, ".gz") || strings.HasSuffix(f.name, ".zst")
}

// rotation is what is put after a log's name when it is rotated: .1, -20260701, .2026-07-01T00:00:00Z.
var rotation = regexp.MustCompile(`([.-]\d[\dT:.-]*Z?)+$`)

// device is the name of the log that the file belongs to: its own without what rotation and compression put after it.
func (f logFile) device() string {
	name := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.name), ".gz"), ".zst")
	if short := rotation.ReplaceAllString(name, ""); short != "" {
		return short
	}
	return name
}

// open opens the file from byte offset of its decompressed content on. The caller closes it.
func (f logFile) open(offset int64) (io.ReadCloser, error) {
	file, err := f.tree.Open(f.name)
	if err != nil {
		return nil, err
	}
	r, err := f.decompress(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("decompress %q: %w", f.path, err), file.Close())
	}
	if err := skip(r, offset); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// decompress returns file as it is, or what is in it. Closing the result closes file.
func (f logFile) decompress(file fs.File) (io.ReadCloser, error) {
	switch {
	case strings.HasSuffix(f.name, ".gz"):
		r, err := gzip.NewReader(bufio.NewReader(file))
		if err != nil {
			return nil, err
		}
		return stacked{r, func() error { return errors.Join(r.Close(), file.Close()) }}, nil
	case strings.HasSuffix(f.name, ".zst"):
		r, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return stacked{r, func() error { r.Close(); return file.Close() }}, nil
	}
	return file, nil
}

// maxWindow bounds the memory of a zstd reader, in bytes; zstd --ultra needs 128 MiB.
const maxWindow = 128 << 20

// stacked is a reader over another, closed together.
type stacked struct {
	io.Reader
	close func() error
}

func (s stacked) Close() error { return s.close() }

// skip moves r forward by n bytes; fewer are io.ErrUnexpectedEOF where r cannot seek.
func skip(r io.Reader, n int64) error {
	if n == 0 {
		return nil
	}
	if s, ok := r.(io.Seeker); ok {
		_, err := s.Seek(n, io.SeekCurrent)
		return err
	}
	_, err := io.CopyN(io.Discard, r, n)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
