package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"auditpack/evidence"
)

// FaultKind says what is wrong with a file of a store.
type FaultKind string

// The kinds of faults.
const (
	FaultBlobCorrupt   FaultKind = "blob-corrupt"   // its bytes are not those that its name promises
	FaultForeignFile   FaultKind = "foreign-file"   // no file of a store
	FaultEntryMissing  FaultKind = "entry-missing"  // a hole in the journal, or its end
	FaultEntryCorrupt  FaultKind = "entry-corrupt"  // no journal entry
	FaultChain         FaultKind = "chain"          // does not follow from the entry before
	FaultTree          FaultKind = "tree"           // the stored hashes are not those of the entries
	FaultState         FaultKind = "state"          // journal/state.json does not agree with the entries
	FaultRecordMissing FaultKind = "record-missing" // an entry lists it
	FaultRecordCorrupt FaultKind = "record-corrupt" // no record
	FaultPartMissing   FaultKind = "part-missing"   // a record lists it
	FaultPartSize      FaultKind = "part-size"      // is not as large as its record says
	FaultParentMissing FaultKind = "parent-missing" // a record is derived from it
)

const maxRecordBytes = 64 << 20 // a record is a page; one with a part for each of 100,000 files still fits

// Fault is one thing that is wrong with a store.
type Fault struct {
	Kind   FaultKind       `json:"kind"`
	File   string          `json:"file,omitempty"`   // within the store's folder
	Digest evidence.Digest `json:"digest,omitempty"` // blob or record concerned
	Text   string          `json:"text"`

	Uses []Use `json:"uses,omitempty"` // what rests on Digest, in the order of the journal
}

// Use is a record, or a bundle that left the house, that rests on a blob.
type Use struct {
	Entry  int64           `json:"entry"`            // of the journal
	Source string          `json:"source,omitempty"` // that a record is of
	Record evidence.Digest `json:"record,omitempty"` // empty for a bundle
	Bundle string          `json:"bundle,omitempty"` // what the journal notes of it
}

// FsckProgress says how far Fsck has come with the blobs; bytes are as stored.
type FsckProgress struct{ Blobs, BlobsTotal, Bytes, BytesTotal int64 }

// Fsck reads the whole store and returns everything that is wrong with it: each blob against its name, on all cores; the
// journal's numbers, chain, tree and state; each record of each entry, and the parts and parents of each record. The order is
// that of the digests and numbers. Progress may be nil; it is called from one goroutine at a time. The error says only that
// Fsck could not go on: the context is over, or a folder cannot be read.
func Fsck(ctx context.Context, s *Store, progress func(FsckProgress)) ([]Fault, error) {
	c := &checker{store: s, sizes: map[evidence.Digest]int64{}, gone: map[evidence.Digest]bool{}, progress: progress}
	// The tree is read first: an entry appended meanwhile is then behind it, and not missing from it.
	tree, treeErr := os.ReadFile(filepath.Join(s.dir, treeFile))
	if err := c.blobs(ctx); err != nil {
		return nil, fmt.Errorf("check evidence store %q: %w", s.dir, err)
	}
	listed, err := c.journal(ctx, tree, treeErr)
	if err != nil {
		return nil, fmt.Errorf("check evidence store %q: %w", s.dir, err)
	}
	for _, l := range listed {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("check evidence store %q: %w", s.dir, err)
		}
		c.record(ctx, l)
	}
	c.addUses(ctx, listed)
	return c.faults, nil
}

type checker struct {
	store *Store

	mu       sync.Mutex
	faults   []Fault
	sizes    map[evidence.Digest]int64 // raw bytes of blobs; -1 for a corrupt one
	progress func(FsckProgress)
	at       FsckProgress
	noted    int64 // entries that journal/state.json counts
	exports  []evidence.Entry
	gone     map[evidence.Digest]bool // records whose raw bytes went under a retention rule
}

func (c *checker) fault(kind FaultKind, path string, d evidence.Digest, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rel, err := filepath.Rel(c.store.dir, path); err == nil && path != "" {
		path = filepath.ToSlash(rel)
	}
	c.faults = append(c.faults, Fault{Kind: kind, File: path, Digest: d, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) advance(blobs, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at.Blobs += blobs
	c.at.Bytes += bytes
	if c.progress != nil {
		c.progress(c.at)
	}
}

// blobs reads every blob.
func (c *checker) blobs(ctx context.Context) error {
	err := c.eachBlob(ctx,
		func(f blobFile) { c.fault(FaultForeignFile, f.path, "", "no blob has this name") },
		func(ctx context.Context, f blobFile) error { c.blob(ctx, f); return nil })
	slices.SortStableFunc(c.faults, func(a, b Fault) int { return strings.Compare(a.File, b.File) })
	return err
}

// eachBlob gives every blob to do, as many at once as there are cores, and every other file to foreign. The first error of do ends it.
func (c *checker) eachBlob(ctx context.Context, foreign func(blobFile), do func(context.Context, blobFile) error) error {
	var files []blobFile
	err := c.store.walkFiles(ctx, func(f blobFile) error {
		if f.digest == "" {
			foreign(f)
			return nil
		}
		files = append(files, f)
		c.at.BlobsTotal++
		c.at.BytesTotal += f.size
		return nil
	})
	if err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		if groupCtx.Err() != nil {
			break
		}
		group.Go(func() error { return do(groupCtx, f) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func (c *checker) blob(ctx context.Context, f blobFile) {
	size, err := readBlob(ctx, c.store, f.digest)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.fault(FaultBlobCorrupt, f.path, f.digest, "%v", err)
		size = -1
	}
	c.mu.Lock()
	c.sizes[f.digest] = size
	c.mu.Unlock()
	c.advance(1, f.size)
}

func readBlob(ctx context.Context, s *Store, d evidence.Digest) (int64, error) {
	r, err := s.Get(ctx, d)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(io.Discard, r)
}

// listedRecord is a record and the entry that lists it first.
type listedRecord struct {
	digest evidence.Digest
	entry  int64
	source string
}

// journal checks the journal and returns the records that it lists, each once.
func (c *checker) journal(ctx context.Context, tree []byte, treeErr error) ([]listedRecord, error) {
	numbers, err := c.store.entryNumbers()
	if err != nil {
		return nil, err
	}
	var (
		chain  evidence.Chain
		listed []listedRecord
		seen   = map[evidence.Digest]bool{}
		hashes []tlog.Hash
		whole  = true // no entry is missing so far, so that the tree can be computed
	)
	for _, n := range numbers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for m := chain.Size() + 1; m < n; m++ {
			c.fault(FaultEntryMissing, c.store.entryPath(m), "", "journal entry %d is missing", m)
			chain, whole = evidence.ResumeChain(m, chain.Last(), chain.Sources()), false
		}
		name := c.store.entryPath(n)
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if whole {
			more, err := tlog.StoredHashes(n-1, b, memoryHashes(hashes))
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, more...)
		}
		e, err := chain.Add(b)
		if err != nil {
			e = c.afterBadEntry(&chain, name, n, b, err)
		}
		switch e.Type {
		case evidence.EntryExported:
			c.exports = append(c.exports, e)
		case evidence.EntryRetention:
			for _, d := range e.Subjects {
				c.gone[d] = true
			}
		}
		for _, d := range e.Records {
			if !seen[d] {
				seen[d] = true
				listed = append(listed, listedRecord{d, n, e.Source})
			}
		}
	}
	c.state(&chain)
	if whole {
		c.tree(tree, treeErr, hashes, chain.Size())
	}
	return listed, nil
}

// afterBadEntry reports an entry that does not follow and goes on behind it, so that one fault is one fault.
func (c *checker) afterBadEntry(chain *evidence.Chain, name string, n int64, b []byte, addErr error) evidence.Entry {
	sources := chain.Sources()
	e, err := evidence.DecodeEntry(b)
	if err != nil {
		c.fault(FaultEntryCorrupt, name, "", "%v", err)
	} else {
		c.fault(FaultChain, name, "", "%v", addErr)
		if e.Type == evidence.EntryCollection {
			if sources == nil {
				sources = map[string]int64{}
			}
			sources[e.Source] = n
		}
	}
	*chain = evidence.ResumeChain(n, evidence.DigestOf(b), sources)
	return e
}

// state compares journal/state.json with the entries that it covers.
func (c *checker) state(chain *evidence.Chain) {
	name := filepath.Join(c.store.dir, stateFile)
	note, err := c.store.readState()
	if err != nil {
		c.fault(FaultState, name, "", "%v", err)
		return
	}
	c.noted = note.Size
	for n := chain.Size() + 1; n <= note.Size; n++ {
		c.fault(FaultEntryMissing, c.store.entryPath(n), "", "journal entry %d is missing: %s counts %d", n, stateFile, note.Size)
	}
	if note.Size == 0 || note.Size > chain.Size() {
		return
	}
	if b, err := os.ReadFile(c.store.entryPath(note.Size)); err == nil && evidence.DigestOf(b) != note.Last {
		c.fault(FaultState, name, "", "entry %d: got %s, want %s", note.Size, evidence.DigestOf(b), note.Last)
	}
	if note.Size != chain.Size() {
		return // an older note, and rightly so: what it says of sources was true then
	}
	for source, last := range chain.Sources() {
		if note.Sources[source] != last {
			c.fault(FaultState, name, "", "last entry of source %q: got %d, want %d", source, note.Sources[source], last)
		}
	}
}

// tree compares the stored hashes with those of the entries.
func (c *checker) tree(tree []byte, treeErr error, hashes []tlog.Hash, size int64) {
	name := filepath.Join(c.store.dir, treeFile)
	if errors.Is(treeErr, os.ErrNotExist) {
		if c.noted > 0 { // else the first writer died between its entry and the tree
			c.fault(FaultTree, name, "", "is missing; the next entry makes it again")
		}
		return
	}
	if treeErr != nil {
		c.fault(FaultTree, name, "", "%v", treeErr)
		return
	}
	stored := entriesInTree(int64(len(tree)))
	for n := max(size, c.noted) + 1; n <= stored; n++ {
		c.fault(FaultEntryMissing, c.store.entryPath(n), "", "journal entry %d is missing: %s covers %d", n, treeFile, stored)
	}
	for i := range min(len(tree)/tlog.HashSize, len(hashes)) {
		if tlog.Hash(tree[i*tlog.HashSize:][:tlog.HashSize]) != hashes[i] {
			level, n := tlog.SplitStoredHashIndex(int64(i))
			c.fault(FaultTree, name, "", "hash %d (level %d) is not that of entries %d to %d: these were changed, or the tree was", i, level, n<<level+1, (n+1)<<level)
			return // the hashes above it differ too
		}
	}
}

// memoryHashes reads stored hashes from a slice.
type memoryHashes []tlog.Hash

func (m memoryHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(m)) {
			return nil, fmt.Errorf("read hash %d of the tree: there are %d", index, len(m))
		}
		out[i] = m[index]
	}
	return out, nil
}

// size returns the raw bytes of a blob, -1 for a corrupt one, and whether it is there. One that was stored since the blobs were read is
// read now.
func (c *checker) size(ctx context.Context, d evidence.Digest) (int64, bool) {
	if size, there := c.sizes[d]; there {
		return size, true
	}
	size, err := readBlob(ctx, c.store, d)
	if errors.Is(err, evidence.ErrNotFound) {
		return 0, false
	}
	if err != nil {
		c.fault(FaultBlobCorrupt, c.store.blobPath(d), d, "%v", err)
		size = -1
	}
	c.sizes[d] = size
	return size, true
}

// record checks a record that an entry lists, and that what it names is there.
func (c *checker) record(ctx context.Context, l listedRecord) {
	path := c.store.blobPath(l.digest)
	size, there := c.size(ctx, l.digest)
	if !there {
		c.fault(FaultRecordMissing, path, l.digest, "journal entry %d lists the record, and it is not there", l.entry)
		return
	}
	if size < 0 {
		return // reported as a blob
	}
	b, err := evidence.ReadAll(ctx, c.store, l.digest, maxRecordBytes)
	if err != nil {
		c.fault(FaultRecordCorrupt, path, l.digest, "%v", err)
		return
	}
	r, err := evidence.DecodeRecord(b)
	if err != nil {
		c.fault(FaultRecordCorrupt, path, l.digest, "journal entry %d lists it: %v", l.entry, err)
		return
	}
	for _, p := range r.Content {
		size, there := c.size(ctx, p.Digest)
		switch {
		case !there && c.gone[l.digest]:
		case !there:
			c.fault(FaultPartMissing, c.store.blobPath(p.Digest), p.Digest, "record %s (entry %d) lists part %q, and it is not there", l.digest, l.entry, p.Name)
		case size >= 0 && size != p.SizeBytes:
			c.fault(FaultPartSize, c.store.blobPath(p.Digest), p.Digest, "record %s (entry %d), part %q: got %d bytes, want %d", l.digest, l.entry, p.Name, size, p.SizeBytes)
		}
	}
	for _, d := range r.DerivedFrom {
		if _, there := c.size(ctx, d); !there && !c.gone[l.digest] {
			c.fault(FaultParentMissing, c.store.blobPath(d), d, "record %s (entry %d) is derived from it, and it is not there", l.digest, l.entry)
		}
	}
}
