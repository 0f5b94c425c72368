package filestore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// writersFile is locked by everybody who stores evidence, together, and by who takes evidence away, alone. It stays, as claimFile does.
const writersFile = "writers.lock"

// lockWait is the time between two attempts to get a lock that others have.
const lockWait = 50 * time.Millisecond

// Writing says that this process stores evidence, until release is called or it dies: a blob that is there already is not stored again, so
// nobody may take blobs away between its Put and the entry that commits it. Any number of processes write at once.
func (s *Store) Writing(ctx context.Context) (release func() error, err error) {
	return s.await(ctx, func(f *os.File) bool { return tryShare(f) })
}

// Alone waits until nobody stores evidence, and lets nobody begin to, until release is called or the process dies. Where there are no
// advisory locks, nobody waits for anybody.
func (s *Store) Alone(ctx context.Context) (release func() error, err error) {
	return s.await(ctx, func(f *os.File) bool { return tryLock(f) })
}

func (s *Store) await(ctx context.Context, try func(*os.File) bool) (release func() error, err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, writersFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock evidence store: %w", err)
	}
	for !try(f) {
		select {
		case <-time.After(lockWait):
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("lock evidence store: %w", ctx.Err())
		}
	}
	return f.Close, nil
}
