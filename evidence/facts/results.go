package facts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/internal/atomicfile"
)

// resultFolder lies in the cache beside the tables: what was computed from them. A file has the digest of all that follows as its first
// line, so that nobody ever finds the one without the other.
const (
	resultFolder = "results"
	resultSuffix = ".result"
)

// slotPattern is what a result may be called.
var slotPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,120}$`)

// Kept returns what Keep kept last under slot. False: there is nothing, or what is there is not what was kept. Whether it is still
// right is the caller's to know, by a key within it.
func (e *Engine) Kept(slot string) ([]byte, bool) {
	file, err := os.ReadFile(e.resultPath(slot))
	if err != nil {
		return nil, false
	}
	b, noted, got := splitResult(file)
	return b, noted == got
}

// Keep keeps b in the cache under slot, in place of what was there. It may be deleted at any time.
func (e *Engine) Keep(slot string, b []byte) error {
	if !slotPattern.MatchString(slot) {
		return fmt.Errorf("keep result: %q is no name for one", slot)
	}
	path := e.resultPath(slot)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = atomicfile.Overwrite(path, slices.Concat([]byte(evidence.DigestOf(b)+"\n"), b), 0o644)
	}
	if err != nil {
		return fmt.Errorf("keep result: %w", err)
	}
	return nil
}

// splitResult gives what was kept in a file, the digest that its first line notes of it, and the digest that it has.
func splitResult(file []byte) (b []byte, noted, got evidence.Digest) {
	first, b, _ := bytes.Cut(file, []byte("\n"))
	return b, evidence.Digest(first), evidence.DigestOf(b)
}

func (e *Engine) resultPath(slot string) string {
	return filepath.Join(e.options.Cache, resultFolder, slot+resultSuffix)
}

// Basis returns a digest over all that rows of the tables, and of the tables that these read, rest on: the bytes of their parts as they
// lie in the cache now, the statements that made them, and the engine. Two DBs with one Basis give one answer to one statement.
// An unknown table is an error, and so is a DB of a fixture, which has no such basis.
func (db *DB) Basis(ctx context.Context, tables ...string) (evidence.Digest, error) {
	if !db.projected {
		return "", errors.New("basis of tables: they were made from a fixture")
	}
	type basis struct {
		Table string            `json:"table"`
		SQL   evidence.Digest   `json:"sql"`
		Parts []evidence.Digest `json:"parts"`
	}
	var list []basis
	for _, name := range db.closure(tables) {
		t, ok := db.table(name)
		if !ok {
			return "", fmt.Errorf("basis of tables: there is no table %q", name)
		}
		b := basis{Table: name, SQL: t.File.Digest, Parts: []evidence.Digest{}}
		for _, p := range db.parts {
			if p.Table != name {
				continue
			}
			if err := ctx.Err(); err != nil {
				return "", err
			}
			d, err := db.partDigest(p)
			if err != nil {
				return "", err
			}
			b.Parts = append(b.Parts, d)
		}
		list = append(list, b)
	}
	key, err := keyOf(struct {
		Format string  `json:"format"`
		Engine string  `json:"engine"`
		Tables []basis `json:"tables"`
	}{"auditpack.basis/1", db.engine.Version(), list})
	if err != nil {
		return "", fmt.Errorf("basis of tables: %w", err)
	}
	return evidence.ParseDigest("sha256:" + key)
}

// closure adds to tables what they read, and sorts.
func (db *DB) closure(tables []string) []string {
	all := slices.Clone(tables)
	for i := 0; i < len(all); i++ {
		t, _ := db.table(all[i])
		for _, from := range t.File.From {
			if !slices.Contains(all, from) {
				all = append(all, from)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (db *DB) table(name string) (Table, bool) {
	i, ok := slices.BinarySearchFunc(db.tables, name, func(t Table, name string) int { return strings.Compare(t.Name, name) })
	if !ok {
		return Table{}, false
	}
	return db.tables[i], true
}

// partDigest hashes each part once for the DB.
func (db *DB) partDigest(p PartFile) (evidence.Digest, error) {
	db.digestsMu.Lock()
	defer db.digestsMu.Unlock()
	if d, ok := db.digests[p.Path]; ok {
		return d, nil
	}
	d, _, err := p.Digest()
	if err != nil {
		return "", err
	}
	if db.digests == nil {
		db.digests = map[string]evidence.Digest{}
	}
	db.digests[p.Path] = d
	return d, nil
}
