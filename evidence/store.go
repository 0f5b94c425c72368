package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// ErrNotFound says that a store has no such blob, or a journal no such entry.
var ErrNotFound = errors.New("no such evidence")

// ErrCorrupt says that stored bytes are not the bytes that were stored. Every CorruptError wraps it.
var ErrCorrupt = errors.New("evidence is corrupt")

// CorruptError gives what was expected and what was found.
type CorruptError struct {
	Want, Got Digest // Got is empty when the bytes could not be decoded at all
	SizeBytes int64  // that could be read
	Cause     error  // why they could not be decoded; nil for a plain mismatch
}

func (e *CorruptError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("evidence %s is corrupt after %d bytes: %v", e.Want, e.SizeBytes, e.Cause)
	}
	return fmt.Sprintf("evidence is corrupt: got %s (%d bytes), want %s", e.Got, e.SizeBytes, e.Want)
}

func (e *CorruptError) Unwrap() []error { return []error{ErrCorrupt, e.Cause} }

// Store keeps bytes under their digest, once, for good. It is safe for concurrent use and passes storetest.Run. More
// abilities are one-method interfaces of their own, found by type assertion.
type Store interface {
	// Put stores what r gives and returns its digest and its size in bytes. When it returns nil the bytes are durable. The
	// same bytes twice are one blob. After an error nothing is stored under any digest.
	Put(ctx context.Context, r io.Reader) (Digest, int64, error)

	// Get opens the blob d; the caller closes it. A blob that is not there is ErrNotFound, from Get itself. Bytes that do
	// not match d end in an error that wraps ErrCorrupt instead of io.EOF.
	Get(ctx context.Context, d Digest) (io.ReadCloser, error)

	// Walk calls fn for each blob in the order of digests, with its size in bytes as stored (which may be compressed). It
	// stops at fn's first error and returns it.
	Walk(ctx context.Context, fn func(d Digest, storedBytes int64) error) error
}

// Locator is the ability of a store whose blobs are files: engines that want paths read them in place.
type Locator interface {
	// Locate returns the path of a file that holds d as raw bytes (a name ending in the digest's hex) or compressed with zstd
	// (hex and ".zst"). It does not check the bytes. A blob that is not there is ErrNotFound.
	Locate(d Digest) (string, error)

	// Checked says that this process has compared the bytes of d with the digest already, as their writer or as a reader, and
	// that their file was not touched since. False asks the caller to read them to their end.
	Checked(d Digest) bool
}

// PutBytes stores b and returns its digest.
func PutBytes(ctx context.Context, s Store, b []byte) (Digest, error) {
	d, _, err := s.Put(ctx, bytes.NewReader(b))
	return d, err
}

// ReadAll returns the whole blob d, which must be at most limit bytes: for records and other small things.
func ReadAll(ctx context.Context, s Store, d Digest, limit int64) ([]byte, error) {
	r, err := s.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", d, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("read %s: larger than %d bytes", d, limit)
	}
	return b, nil
}
