package bundle

import (
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/evidence/seal"
)

// journal checks the entries against each other, against the checkpoint, and the checkpoint against the seal.
func (v *verification) journal() {
	checkpoint, ok := v.checkpoint()
	size := int64(0) // entries that there must be
	switch {
	case ok:
		size = checkpoint.Size
	case v.predicate != nil:
		size = v.predicate.Entries
	}
	tree, whole := v.entries(size)
	if !whole {
		return // the root cannot be computed, and what is missing is reported
	}
	if p := v.predicate; p != nil && tree.Last() != p.Last {
		v.report.problem(ProblemJournal, entryName(size), "last entry: got %s, the seal has %s", tree.Last(), p.Last)
	}
	if !ok {
		return
	}
	if err := tree.Check(checkpoint.Origin, checkpoint); err != nil {
		v.report.problem(ProblemCheckpoint, checkpointFile, "%v", err)
	}
	for _, since := range v.options.Since {
		if err := tree.Check(checkpoint.Origin, since); err != nil {
			v.report.problem(ProblemCheckpoint, "", "against the checkpoint of %d entries given: %v", since.Size, err)
		}
	}
}

// checkpoint reads the checkpoint and holds it against the seal.
func (v *verification) checkpoint() (seal.Checkpoint, bool) {
	b, ok := v.read(checkpointFile)
	if !ok {
		return seal.Checkpoint{}, false
	}
	key := v.options.LogKey
	if text, ok := v.read(logKeyFile); ok {
		inside, err := seal.ParseLogVerifier(text)
		switch {
		case err != nil:
			v.report.problem(ProblemCheckpoint, logKeyFile, "%v", err)
		case key == nil:
			key = inside
		case key.Name() != inside.Name() || key.KeyHash() != inside.KeyHash():
			v.report.problem(ProblemCheckpoint, logKeyFile, "it is the log key of %s (%08x), and the one given is of %s (%08x)", inside.Name(), inside.KeyHash(), key.Name(), key.KeyHash())
		}
	}
	if key == nil {
		v.report.problem(ProblemCheckpoint, checkpointFile, "there is no log key to check it with")
		return seal.Checkpoint{}, false
	}
	c, err := seal.OpenCheckpoint(b, key)
	if err != nil {
		v.report.problem(ProblemCheckpoint, checkpointFile, "%v", err)
		return seal.Checkpoint{}, false
	}
	if p := v.predicate; p != nil && (c.Origin != p.Origin || c.Size != p.Entries || c.Root.String() != p.Root) {
		v.report.problem(ProblemCheckpoint, checkpointFile, "it is of %s with %d entries and root %s, and the seal says %s, %d, %s",
			c.Origin, c.Size, c.Root, p.Origin, p.Entries, p.Root)
	}
	return c, true
}

// entries reads entries 1 to size, and says whether each follows from the one before. All entries are looked at.
func (v *verification) entries(size int64) (*seal.Tree, bool) {
	tree, whole := new(seal.Tree), true
	chain := evidence.Chain{}
	v.committed = map[evidence.Digest]bool{}
	expected := map[string]bool{}
	// A forged size must not make us look for a billion entries: one behind the last that is there is enough to report.
	for n := int64(1); n <= size && n <= int64(len(v.bundle.archive.members))+1; n++ {
		name := entryName(n)
		expected[name] = true
		b, ok := v.read(name)
		if !ok {
			if _, there := v.bundle.index[name]; !there {
				v.report.problem(ProblemMissing, name, "the journal has %d entries", size)
			}
			whole, chain = false, evidence.ResumeChain(n, chain.Last(), chain.Sources())
			continue
		}
		v.report.Entries++
		e, err := chain.Add(b)
		if err != nil {
			v.report.problem(ProblemJournal, name, "%v", err)
			whole = false
			e, _ = evidence.DecodeEntry(b) // as far as it goes: what it commits is no second problem
			sources := chain.Sources()
			if e.Type == evidence.EntryCollection && sources != nil {
				sources[e.Source] = n
			}
			chain = evidence.ResumeChain(n, evidence.DigestOf(b), sources)
		}
		if whole {
			if _, err := tree.Add(b); err != nil {
				v.report.problem(ProblemJournal, name, "%v", err)
				whole = false
			}
		}
		for _, d := range e.Records {
			v.committed[d] = true
		}
	}
	for _, m := range v.bundle.archive.members {
		if strings.HasPrefix(m.name, journalFolder) && !expected[m.name] {
			v.report.problem(ProblemExtra, m.name, "the journal has %d entries", size)
		}
	}
	return tree, whole && size > 0
}

// records checks that each record reads, lies in the journal, and has its parts and parents here; and that all evidence belongs to
// a record.
func (v *verification) records() {
	used := map[string]bool{}
	for _, m := range v.bundle.archive.members {
		if !strings.HasPrefix(m.name, recordFolder) {
			continue
		}
		b, ok := v.read(m.name)
		if !ok {
			continue
		}
		r, err := evidence.DecodeRecord(b)
		if err != nil {
			v.report.problem(ProblemRecord, m.name, "%v", err)
			continue
		}
		if d, named := digestInName(m.name); named && !v.committed[d] {
			v.report.problem(ProblemJournal, m.name, "the record is in none of the journal's entries")
		}
		v.parts(m.name, r, used)
	}
	for _, m := range v.bundle.archive.members {
		if strings.HasPrefix(m.name, evidenceFolder) && !used[m.name] {
			v.report.problem(ProblemExtra, m.name, "no record names it")
		}
	}
}

// parts checks what one record names, and marks it as used.
func (v *verification) parts(record string, r evidence.Record, used map[string]bool) {
	for _, p := range r.Content {
		name := evidenceName(p.Digest)
		used[name] = true
		i, there := v.bundle.index[name]
		if !there {
			v.report.problem(ProblemRecord, record, "part %q: %q is not in the bundle", p.Name, name)
			continue
		}
		if got := v.bundle.archive.members[i].size; got != p.SizeBytes {
			v.report.problem(ProblemRecord, record, "part %q: got %d bytes, want %d", p.Name, got, p.SizeBytes)
		}
	}
	for _, d := range r.DerivedFrom {
		used[evidenceName(d)] = true
		if !slices.ContainsFunc([]string{recordName(d), evidenceName(d)}, func(name string) bool {
			_, there := v.bundle.index[name]
			return there
		}) {
			v.report.problem(ProblemRecord, record, "it is derived from %s, which is not in the bundle", d)
		}
	}
}
