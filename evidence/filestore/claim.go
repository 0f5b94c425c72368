package filestore

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Files that are locked by the one process that keeps collecting into a store, and by the one that replaces its seal key. They stay when
// the process ends: what counts is the lock, and removing the file would let two processes lock two files of one name.
const (
	claimFile  = "collect.lock"
	rotateFile = "rotate.lock"
)

// Holder says who claims a store.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"` // UTC
}

// HeldError says that another process holds the claim. Holder is zero when that process has not written who it is.
type HeldError struct {
	Store  string // folder
	Doing  string // what the process does to it, as a phrase before the store
	Holder Holder
}

func (e *HeldError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("another process %s %q", e.Doing, e.Store)
	}
	return fmt.Sprintf("process %d on %s %s %q since %s", e.Holder.PID, e.Holder.Host, e.Doing, e.Store, e.Holder.Since.Format(time.RFC3339))
}

// Claim takes the store for a process that keeps collecting, until release is called or the process dies: the lock is the
// kernel's (flock), so that a process that is killed leaves none behind. When another process has it, the error is a *HeldError.
// Single collections need no claim and are not held up by one: the journal keeps them apart. Where there are no advisory
// locks, a second process is not found out.
func (s *Store) Claim(h Holder) (release func() error, err error) {
	return s.claim(claimFile, "has kept collecting into", h)
}

// ClaimKeys takes the seal key of the store's workspace in the same way, for a process that replaces it.
func (s *Store) ClaimKeys(h Holder) (release func() error, err error) {
	return s.claim(rotateFile, "has been replacing the seal key of", h)
}

func (s *Store) claim(file, doing string, h Holder) (release func() error, err error) {
	name := filepath.Join(s.dir, file)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("claim evidence store: %w", err)
	}
	if !tryLock(f) {
		held := &HeldError{Store: s.dir, Doing: doing}
		if b, err := os.ReadFile(name); err != nil || json.Unmarshal(b, &held.Holder) != nil {
			held.Holder = Holder{} // it is about to write who it is
		}
		f.Close()
		return nil, held
	}
	if err := writeHolder(f, h); err != nil {
		f.Close()
		return nil, fmt.Errorf("claim evidence store: %w", err)
	}
	return f.Close, nil
}

func writeHolder(f *os.File, h Holder) error {
	h.Since = h.Since.UTC().Truncate(time.Second)
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(b, '\n'), 0)
	return err
}
