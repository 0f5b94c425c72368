package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"auditpack/evidence"
	"auditpack/internal/atomicfile"
	"auditpack/internal/canonical"
)

// StateFormat names the layout of journal/state.json.
const StateFormat = "auditpack.journal-state/1"

const (
	journalFolder = "journal"
	stateFile     = "journal/state.json"
	entryMode     = 0o400
)

// stateIsMadeAgain is the way on when the state file cannot be read. It is not the way on when the file can be read and counts
// more entries than there are: then it is the witness.
const stateIsMadeAgain = "it may be removed: the next entry makes it again"

// journalState is what this process has seen of the journal. Other processes may have gone on since.
type journalState struct {
	chain  evidence.Chain
	loaded bool
}

// stateNote is the content of journal/state.json: where a writer stood after it appended. It saves reading what it covers;
// entries behind it are read.
type stateNote struct {
	Format  string           `json:"format"`
	Size    int64            `json:"size"`
	Last    evidence.Digest  `json:"last"`
	Sources map[string]int64 `json:"sources"`
}

// Append implements evidence.Journal. The number is taken by a link that fails when another process was faster; then the
// entry is checked against what that process wrote, and gets the next number.
func (s *Store) Append(ctx context.Context, e evidence.Entry) (evidence.Entry, error) {
	s.journalMu.Lock()
	defer s.journalMu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return evidence.Entry{}, fmt.Errorf("append to journal: %w", err)
		}
		if err := s.catchUp(); err != nil {
			return evidence.Entry{}, fmt.Errorf("append to journal: %w", err)
		}
		committed, b, err := s.journal.chain.Next(e)
		if err != nil {
			return evidence.Entry{}, err
		}
		err = atomicfile.WriteOn(s.disk, s.entryPath(committed.Number), b, entryMode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return evidence.Entry{}, fmt.Errorf("append to journal: %w", err)
		}
		if _, err := s.journal.chain.Add(b); err != nil {
			return evidence.Entry{}, fmt.Errorf("append to journal: %w", err)
		}
		// The entry is committed. Tree and note follow from it: what is not written now is made up for by the next Append.
		if err := s.growTree(); err == nil {
			s.writeState()
		}
		return committed, nil
	}
}

// Entries implements evidence.Journal. It checks that each entry names the one before it.
func (s *Store) Entries(ctx context.Context, from int64) iter.Seq2[evidence.Entry, error] {
	return func(yield func(evidence.Entry, error) bool) {
		size, err := s.Size(ctx)
		if err != nil {
			yield(evidence.Entry{}, err)
			return
		}
		var previous evidence.Digest
		for n := max(from, 1); n <= size; n++ {
			e, b, err := s.readEntry(n)
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && previous != "" && e.Previous != previous {
				err = fmt.Errorf("file %q: %w: names %s as the entry before, which is %s", s.entryPath(n), evidence.ErrCorrupt, e.Previous, previous)
			}
			if err != nil {
				yield(evidence.Entry{}, fmt.Errorf("read journal: %w", err))
				return
			}
			if !yield(e, nil) {
				return
			}
			previous = evidence.DigestOf(b)
		}
	}
}

// Last implements evidence.Journal.
func (s *Store) Last(ctx context.Context, source string) (evidence.Entry, error) {
	if err := ctx.Err(); err != nil {
		return evidence.Entry{}, fmt.Errorf("read journal: %w", err)
	}
	s.journalMu.Lock()
	defer s.journalMu.Unlock()
	if err := s.catchUp(); err != nil {
		return evidence.Entry{}, fmt.Errorf("read journal: %w", err)
	}
	n := s.journal.chain.SourceLast(source)
	if n == 0 {
		return evidence.Entry{}, nil
	}
	e, _, err := s.readEntry(n)
	if err != nil {
		return evidence.Entry{}, fmt.Errorf("read journal: %w", err)
	}
	if e.Source != source {
		return evidence.Entry{}, fmt.Errorf("read journal: file %q: %w: it is of source %q, and not of %q as %s says", s.entryPath(n), evidence.ErrCorrupt, e.Source, source, stateFile)
	}
	return e, nil
}

// Size implements evidence.Journal.
func (s *Store) Size(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	s.journalMu.Lock()
	defer s.journalMu.Unlock()
	if err := s.catchUp(); err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	return s.journal.chain.Size(), nil
}

// catchUp reads the entries that other processes appended since it was called last.
func (s *Store) catchUp() error {
	if !s.journal.loaded {
		chain, err := s.loadState()
		if err != nil {
			return err
		}
		s.journal = journalState{chain: chain, loaded: true}
	}
	for {
		name := s.entryPath(s.journal.chain.Size() + 1)
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := s.journal.chain.Add(b); err != nil {
			return fmt.Errorf("file %q: %w", name, err)
		}
	}
}

// loadState begins where the last writer stood, or at the beginning when there is no note of it. A journal that ends before the
// note, or goes on behind a hole after it, was cut: that is an error. Holes before the note are found by whoever reads the entries;
// looking for them here would make each collection slower than the one before.
func (s *Store) loadState() (evidence.Chain, error) {
	note, err := s.readState()
	if err != nil {
		return evidence.Chain{}, err
	}
	if note.Size == 0 {
		return evidence.Chain{}, s.refuseHoles()
	}
	_, b, err := s.readEntry(note.Size)
	if errors.Is(err, evidence.ErrNotFound) {
		return evidence.Chain{}, fmt.Errorf("%w: %s counts %d entries", err, stateFile, note.Size)
	}
	if err != nil {
		return evidence.Chain{}, err
	}
	if got := evidence.DigestOf(b); got != note.Last {
		return evidence.Chain{}, fmt.Errorf("file %q: %w: not the entry that %s notes: got %s, want %s", s.entryPath(note.Size), evidence.ErrCorrupt, stateFile, got, note.Last)
	}
	if err := s.refuseGap(note.Size + 1); err != nil {
		return evidence.Chain{}, err
	}
	return evidence.ResumeChain(note.Size, note.Last, note.Sources), nil
}

// refuseGap returns an error when entry n is missing and the one behind it is there.
func (s *Store) refuseGap(n int64) error {
	if _, err := os.Lstat(s.entryPath(n + 1)); err != nil {
		return nil // none behind
	}
	if _, err := os.Lstat(s.entryPath(n)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("file %q is missing: %w", s.entryPath(n), evidence.ErrNotFound)
	}
	return nil
}

// refuseHoles returns an error when the numbers of the entries have a hole.
func (s *Store) refuseHoles() error {
	numbers, err := s.entryNumbers()
	if err != nil {
		return err
	}
	for i, n := range numbers {
		if n != int64(i)+1 {
			return fmt.Errorf("file %q is missing: %w", s.entryPath(int64(i)+1), evidence.ErrNotFound)
		}
	}
	return nil
}

func (s *Store) readState() (stateNote, error) {
	name := filepath.Join(s.dir, stateFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return stateNote{}, nil
	}
	if err != nil {
		return stateNote{}, err
	}
	var note stateNote
	if err := canonical.Unmarshal(b, &note); err != nil {
		return stateNote{}, fmt.Errorf("file %q: %w; %s", name, err, stateIsMadeAgain)
	}
	if note.Format != StateFormat || note.Size < 0 || !note.Last.Valid() {
		return stateNote{}, fmt.Errorf("file %q: format %q, size %d, last %q: not a state note; %s", name, note.Format, note.Size, string(note.Last), stateIsMadeAgain)
	}
	return note, nil
}

// writeState notes where this writer stands. A note that gets lost or is older costs the next reader some time and nothing
// else, so errors are let be.
func (s *Store) writeState() {
	b, err := canonical.Marshal(stateNote{StateFormat, s.journal.chain.Size(), s.journal.chain.Last(), s.journal.chain.Sources()})
	if err != nil {
		return
	}
	_ = atomicfile.OverwriteOn(s.disk, filepath.Join(s.dir, stateFile), append(b, '\n'), 0o600)
}

// readEntry returns entry n and its bytes, and checks that it is the one its name says.
func (s *Store) readEntry(n int64) (evidence.Entry, []byte, error) {
	name := s.entryPath(n)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return evidence.Entry{}, nil, fmt.Errorf("file %q is missing: %w", name, evidence.ErrNotFound)
	}
	if err != nil {
		return evidence.Entry{}, nil, err
	}
	e, err := evidence.DecodeEntry(b)
	if err != nil {
		return evidence.Entry{}, nil, fmt.Errorf("file %q: %w: %w", name, evidence.ErrCorrupt, err)
	}
	if e.Number != n {
		return evidence.Entry{}, nil, fmt.Errorf("file %q: %w: it holds entry %d", name, evidence.ErrCorrupt, e.Number)
	}
	return e, b, nil
}

func (s *Store) entryPath(n int64) string {
	return filepath.Join(s.dir, journalFolder, fmt.Sprintf("%08d.json", n))
}

// entryNumbers lists the numbers that have a file, in order.
func (s *Store) entryNumbers() ([]int64, error) {
	files, err := os.ReadDir(filepath.Join(s.dir, journalFolder))
	if err != nil {
		return nil, err
	}
	var numbers []int64
	for _, f := range files {
		text, ok := strings.CutSuffix(f.Name(), ".json")
		n, err := strconv.ParseInt(text, 10, 64)
		if ok && err == nil && n > 0 && filepath.Base(s.entryPath(n)) == f.Name() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
