package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"auditpack/evidence"
	"auditpack/internal/contextio"
)

// ErrLayout says that a zip is not laid out as a bundle.
var ErrLayout = errors.New("zip layout is not that of a bundle")

// Bundle is an opened bundle. It is safe for concurrent use.
type Bundle struct {
	archive *archive
	index   map[string]int
	file    *os.File
}

// Member is one file of a bundle.
type Member struct {
	Name      string // in the zip: "data/VERIFY.txt"
	SizeBytes int64  // unpacked
}

// Open opens a bundle to read from it; the caller closes it. It checks only the layout of the zip (ErrLayout): call Verify on
// the result before you believe any of it.
func Open(path string) (*Bundle, error) {
	b, err := open(path)
	if err != nil {
		return nil, err
	}
	if len(b.archive.faults) > 0 {
		b.Close()
		return nil, fmt.Errorf("open bundle %q: %w: %s", path, ErrLayout, b.archive.faults[0])
	}
	return b, nil
}

// open opens what may be no bundle, as far as it goes.
func open(path string) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("open bundle %q: it is no file", path)
	}
	b, err := newBundle(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open bundle %q: %w", path, err)
	}
	b.file = f
	return b, nil
}

func newBundle(r io.ReaderAt, size int64) (*Bundle, error) {
	a, err := readArchive(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	b := &Bundle{archive: a, index: make(map[string]int, len(a.members))}
	for i, m := range a.members {
		if _, twice := b.index[m.name]; twice {
			a.faults = append(a.faults, fmt.Sprintf("two members are called %q", m.name))
			continue
		}
		b.index[m.name] = i
	}
	return b, nil
}

// Close closes the file.
func (b *Bundle) Close() error {
	if b.file == nil {
		return nil
	}
	if err := b.file.Close(); err != nil {
		return fmt.Errorf("close bundle: %w", err)
	}
	return nil
}

// Members lists what is in the bundle, in its order.
func (b *Bundle) Members() []Member {
	out := make([]Member, len(b.archive.members))
	for i, m := range b.archive.members {
		out[i] = Member{Name: m.name, SizeBytes: m.size}
	}
	return out
}

// Open opens the member of that name; the caller closes it. One that is not there is evidence.ErrNotFound. Bytes that do not
// match the zip's own size and CRC end in an error instead of io.EOF; only Verify holds them against digests.
func (b *Bundle) Open(name string) (io.ReadCloser, error) {
	i, there := b.index[name]
	if !there {
		return nil, fmt.Errorf("open member %q: %w", name, evidence.ErrNotFound)
	}
	r, err := b.archive.open(i)
	if err != nil {
		return nil, fmt.Errorf("open member %q: %w", name, err)
	}
	return r, nil
}

// ReadFile returns a whole member of at most 64 MiB.
func (b *Bundle) ReadFile(name string) ([]byte, error) {
	r, err := b.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxSmallBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read member %q: %w", name, err)
	}
	if len(content) > maxSmallBytes {
		return nil, fmt.Errorf("read member %q: larger than %d bytes", name, maxSmallBytes)
	}
	return content, nil
}

// Evidence opens the raw bytes of a blob; the caller closes it. A blob that is not in the bundle is evidence.ErrNotFound.
func (b *Bundle) Evidence(ctx context.Context, d evidence.Digest) (io.ReadCloser, error) {
	r, err := b.Open(evidenceName(d))
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{contextio.Reader(ctx, r), r}, nil
}

// Record returns a record of the bundle. One that is not there is evidence.ErrNotFound.
func (b *Bundle) Record(d evidence.Digest) (evidence.Record, error) {
	content, err := b.ReadFile(recordName(d))
	if err != nil {
		return evidence.Record{}, err
	}
	r, err := evidence.DecodeRecord(content)
	if err != nil {
		return evidence.Record{}, fmt.Errorf("record %s: %w", d, err)
	}
	return r, nil
}
