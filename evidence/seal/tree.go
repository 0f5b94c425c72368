package seal

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"auditpack/evidence"
)

// What can be wrong with a journal, seen against itself and against checkpoints that left the house.
var (
	ErrEdited     = errors.New("journal entry was edited")
	ErrTruncated  = errors.New("journal lacks entries")
	ErrForked     = errors.New("journal was rewritten")
	ErrOtherStore = errors.New("checkpoint is of another store")
)

// Tree is the Merkle tree (RFC 6962) over the entries of a journal. It checks the entries' numbers and chain while it grows. It
// is not safe for concurrent use. The zero value is the tree of an empty journal.
type Tree struct {
	hashes []tlog.Hash // in the order of tlog.StoredHashIndex; about 64 bytes an entry
	chain  evidence.Chain
}

// ReadTree reads a whole journal. An entry that does not follow from the one before wraps ErrEdited, one that is not there
// ErrTruncated.
func ReadTree(ctx context.Context, j evidence.Journal) (*Tree, error) {
	t := new(Tree)
	for e, err := range j.Entries(ctx, 1) {
		switch {
		case errors.Is(err, evidence.ErrCorrupt):
			return nil, fmt.Errorf("%w: %w", ErrEdited, err)
		case errors.Is(err, evidence.ErrNotFound):
			return nil, fmt.Errorf("%w: %w", ErrTruncated, err)
		case err != nil:
			return nil, err
		}
		b, err := e.Encode()
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		if _, err := t.Add(b); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Add takes the bytes of the next entry and returns it. Bytes that do not follow wrap ErrEdited and leave t as it was.
func (t *Tree) Add(b []byte) (evidence.Entry, error) {
	e, err := t.chain.Add(b)
	if err != nil {
		return evidence.Entry{}, fmt.Errorf("%w: %w", ErrEdited, err)
	}
	more, err := tlog.StoredHashes(e.Number-1, b, t)
	if err != nil {
		return evidence.Entry{}, fmt.Errorf("hash journal entry %d: %w", e.Number, err)
	}
	t.hashes = append(t.hashes, more...)
	return e, nil
}

// Size returns the number of entries.
func (t *Tree) Size() int64 { return t.chain.Size() }

// Last returns the digest of the last entry, empty when there is none.
func (t *Tree) Last() evidence.Digest { return t.chain.Last() }

// ReadHashes implements tlog.HashReader.
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("read hash %d of the tree: it has %d", index, len(t.hashes))
		}
		out[i] = t.hashes[index]
	}
	return out, nil
}

// Checkpoint returns the checkpoint of the first size entries.
func (t *Tree) Checkpoint(origin string, size int64) (Checkpoint, error) {
	if size < 0 || size > t.Size() {
		return Checkpoint{}, fmt.Errorf("make checkpoint: journal has %d entries, not %d", t.Size(), size)
	}
	root, err := tlog.TreeHash(size, t)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("make checkpoint: %w", err)
	}
	return Checkpoint{Origin: origin, Size: size, Root: root}, nil
}

// Check returns nil when the first entries are those that c was made of, else an error that wraps ErrOtherStore, ErrTruncated
// or ErrForked. Origin is the tree's own.
func (t *Tree) Check(origin string, c Checkpoint) error {
	if c.Origin != origin {
		return fmt.Errorf("%w: it is of %q, and this is %q", ErrOtherStore, c.Origin, origin)
	}
	if c.Size > t.Size() {
		return fmt.Errorf("%w: the checkpoint counts %d entries, and there are %d", ErrTruncated, c.Size, t.Size())
	}
	own, err := t.Checkpoint(origin, c.Size)
	if err != nil {
		return err
	}
	if own.Root != c.Root {
		return fmt.Errorf("%w: root of entries 1 to %d: got %s, the checkpoint has %s", ErrForked, c.Size, own.Root, c.Root)
	}
	return nil
}

// ProveEntry returns the proof that entry number is among the first size.
func (t *Tree) ProveEntry(number, size int64) (tlog.RecordProof, error) {
	if number < 1 || number > size || size > t.Size() {
		return nil, fmt.Errorf("prove entry %d of %d: journal has %d entries", number, size, t.Size())
	}
	p, err := tlog.ProveRecord(size, number-1, t)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d of %d: %w", number, size, err)
	}
	return p, nil
}

// ProveGrowth returns the proof that the first older entries are also the first of the first newer.
func (t *Tree) ProveGrowth(older, newer int64) (tlog.TreeProof, error) {
	if older < 1 || older > newer || newer > t.Size() {
		return nil, fmt.Errorf("prove growth from %d to %d: journal has %d entries", older, newer, t.Size())
	}
	p, err := tlog.ProveTree(newer, older, t)
	if err != nil {
		return nil, fmt.Errorf("prove growth from %d to %d: %w", older, newer, err)
	}
	return p, nil
}

// CheckEntry returns nil when p proves that the bytes entry are entry number of the journal that c was made of.
func CheckEntry(p tlog.RecordProof, c Checkpoint, number int64, entry []byte) error {
	if number < 1 || number > c.Size {
		return fmt.Errorf("check proof of entry %d: the checkpoint counts %d", number, c.Size)
	}
	if err := tlog.CheckRecord(p, c.Size, c.Root, number-1, tlog.RecordHash(entry)); err != nil {
		return fmt.Errorf("check proof of entry %d of %d: %w", number, c.Size, err)
	}
	return nil
}

// CheckGrowth returns nil when p proves that newer's journal begins with all that older's had, else an error that wraps
// ErrOtherStore, ErrTruncated or ErrForked.
func CheckGrowth(p tlog.TreeProof, older, newer Checkpoint) error {
	if older.Origin != newer.Origin {
		return fmt.Errorf("%w: %q and %q", ErrOtherStore, older.Origin, newer.Origin)
	}
	if older.Size > newer.Size {
		return fmt.Errorf("%w: from %d entries to %d", ErrTruncated, older.Size, newer.Size)
	}
	if older.Size == 0 {
		return nil // every journal begins with nothing
	}
	if err := tlog.CheckTree(p, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%w: between %d and %d entries: %w", ErrForked, older.Size, newer.Size, err)
	}
	return nil
}

// VerifyJournal reads a whole journal and checks it against itself and against each of the checkpoints since. It returns the
// checkpoint of what is there now, and everything that is wrong, joined.
func VerifyJournal(ctx context.Context, j evidence.Journal, origin string, since ...Checkpoint) (Checkpoint, error) {
	t, err := ReadTree(ctx, j)
	if err != nil {
		return Checkpoint{}, err
	}
	var errs []error
	for _, c := range since {
		errs = append(errs, t.Check(origin, c))
	}
	now, err := t.Checkpoint(origin, t.Size())
	return now, errors.Join(append(errs, err)...)
}
