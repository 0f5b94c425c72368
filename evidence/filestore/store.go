package filestore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"auditpack/evidence"
	"auditpack/internal/atomicfile"
	"auditpack/internal/canonical"
	"auditpack/internal/disk"
)

// StoreFormat names the layout of a store; other layouts are refused.
const StoreFormat = "auditpack.store/1"

// ErrNotStore says that a folder holds no evidence store.
var ErrNotStore = errors.New("not an evidence store")

// ErrIncomplete says that a store lacks a folder that every store has from its first moment: somebody took it away.
var ErrIncomplete = errors.New("evidence store is incomplete")

// Names within a store.
const (
	headFile   = "store.json"
	blobFolder = "blobs/sha256"
	tempFolder = "tmp"
)

// Store is an evidence store and its journal in a folder. It holds no file open between calls, so there is nothing to close.
// It is safe for concurrent use, also by several processes.
type Store struct {
	disk   disk.FS // that is written through
	dir    string
	uuid   string
	shards shards

	checked checked

	journalMu sync.Mutex
	journal   journalState
}

var (
	_ evidence.Store   = (*Store)(nil)
	_ evidence.Locator = (*Store)(nil)
	_ evidence.Journal = (*Store)(nil)
)

// head is the content of store.json.
type head struct {
	Format string `json:"format"`
	UUID   string `json:"uuid"`
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// Create makes a new store in dir, which is created when it is not there, and opens it. A store that is there already is
// kept, and the error wraps fs.ErrExist.
func Create(dir string) (*Store, error) { return createOn(disk.OS{}, dir) }

func createOn(d disk.FS, dir string) (*Store, error) {
	dir, err := makeFolders(d, dir)
	if err == nil {
		err = writeHead(d, dir, newUUID())
	}
	if err != nil {
		return nil, fmt.Errorf("create evidence store: %w", err)
	}
	return openOn(d, dir)
}

// makeFolders makes the folders of a store that is not finished, in dir, and returns dir without the slash at its end.
func makeFolders(d disk.FS, dir string) (string, error) {
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(filepath.Join(dir, headFile)); err == nil {
		return "", fmt.Errorf("%q: %w", dir, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", err
	}
	if err := d.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return "", err
	}
	for _, sub := range []string{"blobs", blobFolder, journalFolder, tempFolder} {
		if err := d.Mkdir(filepath.Join(dir, sub), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	return dir, d.SyncFolder(filepath.Join(dir, "blobs"))
}

// writeHead makes the folder a store. It comes last: a folder without it is no store, however far an earlier attempt came.
func writeHead(d disk.FS, dir, uuid string) error {
	b, err := canonical.Marshal(head{Format: StoreFormat, UUID: uuid})
	if err != nil {
		return err
	}
	if err := atomicfile.WriteOn(d, filepath.Join(dir, headFile), append(b, '\n'), 0o400); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(dir))
}

// Open opens the store in dir and clears away what writers that died left half written. A folder without a store is
// ErrNotStore, a store without its journal or its blobs ErrIncomplete.
func Open(dir string) (*Store, error) { return openOn(disk.OS{}, dir) }

func openOn(d disk.FS, dir string) (*Store, error) {
	name := filepath.Join(dir, headFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open evidence store %q: %w: it has no %s", dir, ErrNotStore, headFile)
	}
	if err != nil {
		return nil, fmt.Errorf("open evidence store: %w", err)
	}
	var h head
	if err := canonical.Unmarshal(b, &h); err != nil {
		return nil, fmt.Errorf("open evidence store: read %q: %w", name, err)
	}
	if h.Format != StoreFormat {
		return nil, fmt.Errorf("open evidence store: read %q: format: got %q, want %q", name, h.Format, StoreFormat)
	}
	if !uuidPattern.MatchString(h.UUID) {
		return nil, fmt.Errorf("open evidence store: read %q: %q is not a UUID", name, h.UUID)
	}
	for _, sub := range []string{blobFolder, journalFolder} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("open evidence store: %w: folder %q is missing", ErrIncomplete, filepath.Join(dir, sub))
		}
	}
	s := &Store{disk: d, dir: dir, uuid: h.UUID}
	s.dropLeftovers()
	return s, nil
}

// UUID names the store for good, in lower case: the origin of its checkpoints.
func (s *Store) UUID() string { return s.uuid }

// Dir is the folder of the store, as it was given to Open.
func (s *Store) Dir() string { return s.dir }

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
