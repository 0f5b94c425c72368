// Package memstore keeps evidence and its journal in memory, for tests and for trying things out. It keeps every promise of
// evidence.Store and evidence.Journal but durability.
package memstore

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sync"

	"auditpack/evidence"
	"auditpack/internal/contextio"
)

// Store is a store and a journal. The zero value is empty and ready. It is safe for concurrent use.
type Store struct {
	mu      sync.RWMutex
	blobs   map[evidence.Digest][]byte
	entries [][]byte
	chain   evidence.Chain
}

var (
	_ evidence.Store   = (*Store)(nil)
	_ evidence.Journal = (*Store)(nil)
)

// New returns an empty Store.
func New() *Store { return new(Store) }

// Put implements evidence.Store.
func (s *Store) Put(ctx context.Context, r io.Reader) (evidence.Digest, int64, error) {
	b, err := io.ReadAll(contextio.Reader(ctx, r))
	if err != nil {
		return "", 0, fmt.Errorf("put evidence: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return "", 0, fmt.Errorf("put evidence: %w", err)
	}
	d := evidence.DigestOf(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs == nil {
		s.blobs = map[evidence.Digest][]byte{}
	}
	s.blobs[d] = b
	return d, int64(len(b)), nil
}

// Get implements evidence.Store.
func (s *Store) Get(ctx context.Context, d evidence.Digest) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("get %s: %w", d, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, ok := s.blobs[d]
	if !ok {
		return nil, fmt.Errorf("get %q: %w", string(d), evidence.ErrNotFound)
	}
	if got := evidence.DigestOf(b); got != d {
		return io.NopCloser(io.MultiReader(bytes.NewReader(b), failing{&evidence.CorruptError{Want: d, Got: got, SizeBytes: int64(len(b))}})), nil
	}
	return io.NopCloser(contextio.Reader(ctx, bytes.NewReader(b))), nil
}

// Walk implements evidence.Store.
func (s *Store) Walk(ctx context.Context, fn func(d evidence.Digest, storedBytes int64) error) error {
	s.mu.RLock()
	sizes := make(map[evidence.Digest]int64, len(s.blobs))
	for d, b := range s.blobs {
		sizes[d] = int64(len(b))
	}
	s.mu.RUnlock()
	for _, d := range slices.Sorted(maps.Keys(sizes)) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("walk evidence: %w", err)
		}
		if err := fn(d, sizes[d]); err != nil {
			return err
		}
	}
	return nil
}

// Damage changes the bytes kept under d without telling anyone, as a failing disk would: for tests of what reads evidence.
func (s *Store) Damage(d evidence.Digest, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[d] = b
}

// Append implements evidence.Journal.
func (s *Store) Append(ctx context.Context, e evidence.Entry) (evidence.Entry, error) {
	if err := ctx.Err(); err != nil {
		return evidence.Entry{}, fmt.Errorf("append to journal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	committed, b, err := s.chain.Next(e)
	if err != nil {
		return evidence.Entry{}, err
	}
	if _, err := s.chain.Add(b); err != nil {
		return evidence.Entry{}, fmt.Errorf("append to journal: %w", err)
	}
	s.entries = append(s.entries, b)
	return committed, nil
}

// Entries implements evidence.Journal.
func (s *Store) Entries(ctx context.Context, from int64) iter.Seq2[evidence.Entry, error] {
	return func(yield func(evidence.Entry, error) bool) {
		for n := max(from, 1); ; n++ {
			if err := ctx.Err(); err != nil {
				yield(evidence.Entry{}, fmt.Errorf("read journal: %w", err))
				return
			}
			b := s.entry(n)
			if b == nil {
				return
			}
			e, err := evidence.DecodeEntry(b)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Last implements evidence.Journal.
func (s *Store) Last(ctx context.Context, source string) (evidence.Entry, error) {
	if err := ctx.Err(); err != nil {
		return evidence.Entry{}, fmt.Errorf("read journal: %w", err)
	}
	s.mu.RLock()
	n := s.chain.SourceLast(source)
	s.mu.RUnlock()
	if n == 0 {
		return evidence.Entry{}, nil
	}
	return evidence.DecodeEntry(s.entry(n))
}

// Size implements evidence.Journal.
func (s *Store) Size(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.chain.Size(), nil
}

// entry returns the bytes of entry n, nil behind the last.
func (s *Store) entry(n int64) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if n > int64(len(s.entries)) {
		return nil
	}
	return s.entries[n-1]
}

// failing is a reader that has nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
