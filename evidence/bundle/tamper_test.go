package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/memstore"
	"auditpack/evidence/seal"
)

// checkFound checks that a bundle does not verify and that a problem names all of want.
func checkFound(t *testing.T, r Report, want ...string) {
	t.Helper()
	if r.OK() {
		t.Error("it verifies")
		return
	}
	for _, w := range want {
		if !slices.ContainsFunc(r.Problems, func(p Problem) bool { return strings.Contains(p.String(), w) }) {
			t.Errorf("no problem says %q; got %v", w, r.Problems)
		}
	}
}

// TestEachMemberTampered flips, drops, renames and doubles each member in turn, and packs the rest in our own layout.
func TestEachMemberTampered(t *testing.T) {
	f := newFixture(t)
	good := unpack(t, readFile(t, create(t, f.options(t))))
	trust := VerifyOptions{Key: f.key.Public()}
	for i, m := range good {
		t.Run("flip "+m.name, func(t *testing.T) {
			for _, at := range []int{0, len(m.b) / 2, len(m.b) - 1} {
				bad := slices.Clone(good)
				bad[i].b = slices.Clone(m.b)
				bad[i].b[at] ^= 0x10
				checkFound(t, verifyBytes(t, pack(t, bad), trust), m.name)
			}
		})
		t.Run("drop "+m.name, func(t *testing.T) {
			bad := slices.Delete(slices.Clone(good), i, i+1)
			checkFound(t, verifyBytes(t, pack(t, bad), trust), m.name)
		})
		t.Run("rename "+m.name, func(t *testing.T) {
			bad := slices.Clone(good)
			bad[i].name += "x"
			r := verifyBytes(t, pack(t, bad), trust)
			checkFound(t, r, m.name+"x")
			if m.name != bad[i].name {
				checkFound(t, r, fmt.Sprintf("%q", m.name))
			}
		})
		t.Run("double "+m.name, func(t *testing.T) {
			bad := slices.Insert(slices.Clone(good), i, m)
			checkFound(t, verifyBytes(t, pack(t, bad), trust), fmt.Sprintf("two members are called %q", m.name))
		})
		t.Run("empty "+m.name, func(t *testing.T) {
			bad := slices.Clone(good)
			bad[i].b = nil
			checkFound(t, verifyBytes(t, pack(t, bad), trust), m.name)
		})
		if i == 0 {
			continue
		}
		t.Run("swap places "+m.name, func(t *testing.T) {
			bad := slices.Clone(good)
			bad[i], bad[i-1] = bad[i-1], bad[i]
			checkFound(t, verifyBytes(t, pack(t, bad), trust), "not in the order")
		})
		t.Run("swap content "+m.name, func(t *testing.T) {
			bad := slices.Clone(good)
			bad[i].b, bad[i-1].b = bad[i-1].b, bad[i].b
			checkFound(t, verifyBytes(t, pack(t, bad), trust), m.name, good[i-1].name)
		})
	}
	for _, name := range []string{"data/reports/extra.pdf", "data/evidence/extra", "data/records/extra.json", "data/journal/00000003.json", "extra.txt", "data/keys/x"} {
		t.Run("add "+name, func(t *testing.T) {
			bad := slices.Clone(good)
			at := slices.IndexFunc(bad, func(m packed) bool {
				return m.name > name && strings.HasPrefix(m.name, payloadFolder) || m.name == bagInfoFile
			})
			bad = slices.Insert(bad, at, packed{name, []byte("extra")})
			checkFound(t, verifyBytes(t, pack(t, bad), trust), name)
		})
	}
}

// TestEveryFlippedBit flips bits of a small bundle, one at a time: every 19th in a usual run, so that every other byte and each
// bit of a byte has its turn, and every single one, some minutes, when AUDITPACK_EVERY_BIT is set.
func TestEveryFlippedBit(t *testing.T) {
	f := newFixture(t)
	o := f.options(t)
	o.Files, o.Records = o.Files[:1], nil
	good := readFile(t, create(t, o))
	trust := VerifyOptions{Key: f.key.Public()}
	if r := verifyBytes(t, good, trust); !r.OK() {
		t.Fatal(r.Problems)
	}
	step := 19
	if os.Getenv("AUDITPACK_EVERY_BIT") != "" {
		step = 1
	}
	flipped := 0
	for bit := 0; bit < len(good)*8; bit += step {
		good[bit/8] ^= 1 << (bit % 8)
		if r := verifyBytes(t, good, trust); r.OK() {
			t.Errorf("byte %d, bit %d of %d bytes: it verifies", bit/8, bit%8, len(good))
		}
		good[bit/8] ^= 1 << (bit % 8)
		flipped++
	}
	t.Logf("%d one-bit flips in %d bytes", flipped, len(good))
}

func TestEveryTruncation(t *testing.T) {
	f := newFixture(t)
	good := readFile(t, create(t, f.options(t)))
	trust := VerifyOptions{Key: f.key.Public()}
	for n := 0; n < len(good); n += 97 {
		if r := verifyBytes(t, good[:n], trust); r.OK() {
			t.Errorf("the first %d of %d bytes verify", n, len(good))
		}
	}
	checkFound(t, verifyBytes(t, append(slices.Clone(good), 0), trust), "layout")
	checkFound(t, verifyBytes(t, append([]byte{0}, good...), trust), "layout")
}

func TestSealedByAnotherKey(t *testing.T) {
	f := newFixture(t)
	trust := VerifyOptions{Key: f.key.Public()}
	other, err := seal.Generate(seal.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	o := f.options(t)
	o.Key = other
	forged := readFile(t, create(t, o))
	r := verifyBytes(t, forged, trust)
	checkFound(t, r, other.Public().Fingerprint(), "seal: \"attestation.dsse.json\"")
	if r.Sealed || r.Statement != nil {
		t.Errorf("it counts as sealed: %+v", r)
	}
	r = verifyBytes(t, forged, VerifyOptions{Fingerprint: f.key.Public().Fingerprint()})
	checkFound(t, r, "sealed by key "+other.Public().Fingerprint())
	if r.Sealed {
		t.Error("by fingerprint, it counts as sealed")
	}
	t.Run("with our public key beside it", func(t *testing.T) {
		members := unpack(t, forged)
		members[len(members)-1].b = f.key.Public().PEM()
		checkFound(t, verifyBytes(t, pack(t, members), trust), "seal is by key")
		checkFound(t, verifyBytes(t, pack(t, members), VerifyOptions{Fingerprint: f.key.Public().Fingerprint()}), "seal is by key")
	})
	t.Run("under our key's name", func(t *testing.T) {
		members := unpack(t, forged)
		members[len(members)-1].b = f.key.Public().PEM()
		envelope := &members[len(members)-4].b
		*envelope = bytes.ReplaceAll(*envelope, []byte(other.Public().Fingerprint()), []byte(f.key.Public().Fingerprint()))
		checkFound(t, verifyBytes(t, pack(t, members), trust), "signature does not match")
	})
}

func TestSealRemoved(t *testing.T) {
	f := newFixture(t)
	members := unpack(t, readFile(t, create(t, f.options(t))))
	r := verifyBytes(t, pack(t, members[:len(members)-4]), VerifyOptions{Key: f.key.Public()})
	checkFound(t, r, "the bundle is not sealed", envelopeFile, signedFile, signatureFile, publicKeyFile)
	if len(r.Problems) != 5 {
		t.Errorf("got %d problems, want the four files and what it means: %v", len(r.Problems), r.Problems)
	}
}

// TestSealOfAnotherBundle takes the seal of one bundle for another of the same key.
func TestSealOfAnotherBundle(t *testing.T) {
	f := newFixture(t)
	first := unpack(t, readFile(t, create(t, f.options(t))))
	o := f.options(t)
	o.Files = o.Files[1:]
	second := unpack(t, readFile(t, create(t, o)))
	mixed := append(slices.Clone(first[:len(first)-4]), second[len(second)-4:]...)
	checkFound(t, verifyBytes(t, pack(t, mixed), VerifyOptions{Key: f.key.Public()}), manifestFile, tagManifestFile, "seal covers the first")
}

// reseal makes a bundle of members that are sealed by the right key over what is there: what a holder of the key could make who
// wants to deceive, or a program with a fault. Manifests follow the members; the predicate is changed as asked.
func reseal(t *testing.T, f *fixture, members content, change func(*Predicate)) []byte {
	t.Helper()
	file := new(memoryFile)
	w, err := newZipWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string, b []byte) evidence.Digest {
		d, _, err := w.add(t.Context(), name, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	var old struct{ Predicate Predicate }
	_, payload, _ := strings.Cut(string(memberOf(t, members, signedFile)), "{")
	if err := json.Unmarshal([]byte("{"+payload), &old); err != nil {
		t.Fatal(err)
	}
	p := old.Predicate
	if change != nil {
		change(&p)
	}
	var lines []line
	var size int64
	tags := []line{{bagitFile, add(bagitFile, []byte(bagitText))}}
	for _, m := range members {
		if strings.HasPrefix(m.name, payloadFolder) {
			lines = append(lines, line{m.name, add(m.name, m.b)})
			size += int64(len(m.b))
		}
	}
	tags = append(tags, line{bagInfoFile, add(bagInfoFile, []byte(bagInfo(p, size, len(lines))))})
	manifest := add(manifestFile, encodeManifest(lines))
	tags = append(tags, line{manifestFile, manifest})
	tagManifest := add(tagManifestFile, encodeManifest(tags))
	if p.Archive, err = w.digest(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.ArchiveBytes = w.at
	statement, err := newStatement(p, manifest, tagManifest, evidence.DigestOf(memberOf(t, members, checkpointFile)))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.Sign(t.Context(), statement, f.key)
	if err != nil {
		t.Fatal(err)
	}
	add(envelopeFile, sealed.Envelope)
	add(signedFile, sealed.Signed)
	add(signatureFile, sealed.Signature)
	add(publicKeyFile, f.key.Public().PEM())
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	return file.b
}

// TestWellSealedAndStillWrong seals faults with the right key: the seal alone must not be enough.
func TestWellSealedAndStillWrong(t *testing.T) {
	f := newFixture(t)
	trust := VerifyOptions{Key: f.key.Public()}
	good := unpack(t, readFile(t, create(t, f.options(t))))
	if r := verifyBytes(t, reseal(t, f, good, nil), trust); !r.OK() {
		t.Fatalf("sealed again unchanged: %v", r.Problems)
	}
	edit := func(name string, fn func([]byte) []byte) content {
		out := slices.Clone(good)
		for i := range out {
			if out[i].name == name {
				out[i].b = fn(slices.Clone(out[i].b))
			}
		}
		return out
	}
	drop := func(name string) content {
		return slices.DeleteFunc(slices.Clone(good), func(m packed) bool {
			return m.name == name
		})
	}
	var someEvidence string
	for _, m := range good {
		if strings.HasPrefix(m.name, evidenceFolder) {
			someEvidence = m.name
		}
	}
	otherStore := &fixture{store: memstore.New()}
	var err error
	if otherStore.log, err = seal.GenerateLogKey("auditpack/00000000-0000-4000-8000-000000000000"); err != nil {
		t.Fatal(err)
	}
	otherCheckpoint := signCheckpoint(t, otherStore.log, seal.Checkpoint{Origin: "auditpack/00000000-0000-4000-8000-000000000000", Size: 2})
	sameStoreOtherRoot := signCheckpoint(t, f.log, seal.Checkpoint{Origin: seal.Origin(storeUUID), Size: 2})
	replace := func(b []byte) func([]byte) []byte { return func([]byte) []byte { return b } }

	for name, c := range map[string]struct {
		members content
		change  func(*Predicate)
		want    []string
	}{
		"checkpoint of another store":         {edit(checkpointFile, replace(otherCheckpoint)), nil, []string{`checkpoint: "data/checkpoint"`}},
		"checkpoint of another store and key": {editAll(good, map[string][]byte{checkpointFile: otherCheckpoint, logKeyFile: []byte(otherStore.log.Public + "\n")}), nil, []string{"it is of auditpack/00000000", "journal was rewritten"}},
		"checkpoint of another journal":       {edit(checkpointFile, replace(sameStoreOtherRoot)), nil, []string{"journal was rewritten"}},
		"checkpoint of fewer entries":         {edit(checkpointFile, replace(f.checkpoint(t, 1))), nil, []string{entryName(2)}},
		"entry dropped":                       {drop(entryName(1)), nil, []string{entryName(1)}},
		"last entry dropped":                  {drop(entryName(2)), nil, []string{entryName(2)}},
		"entry edited":                        {edit(entryName(1), func(b []byte) []byte { return bytes.Replace(b, []byte(`"items":41`), []byte(`"items":40`), 1) }), nil, []string{entryName(2) + `": evidence is corrupt: journal entry 2 names`}},
		"entry that is no JSON":               {edit(entryName(2), replace([]byte("{"))), nil, []string{entryName(2)}},
		"record that is no record":            {edit(recordName(f.raw), replace([]byte("{}"))), nil, []string{recordName(f.raw)}},
		"record dropped":                      {drop(recordName(f.raw)), nil, []string{"derived from " + string(f.raw)}},
		"evidence dropped":                    {drop(someEvidence), nil, []string{"is not in the bundle"}},
		"evidence changed":                    {edit(someEvidence, func(b []byte) []byte { return append(b, '\n') }), nil, []string{someEvidence, "bytes, want"}},
		"log key dropped":                     {drop(logKeyFile), nil, []string{logKeyFile, "no log key"}},
		"other size in the seal":              {good, func(p *Predicate) { p.Entries = 3 }, []string{"the seal says"}},
		"other last entry in the seal":        {good, func(p *Predicate) { p.Last = evidence.DigestOf(nil) }, []string{"last entry"}},
		"other format":                        {good, func(p *Predicate) { p.Format = "auditpack.bundle/2" }, []string{"auditpack.bundle/2"}},
		"a billion entries":                   {edit(checkpointFile, replace(signCheckpoint(t, f.log, seal.Checkpoint{Origin: seal.Origin(storeUUID), Size: 1e9}))), nil, []string{"1000000000 entries"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := verifyBytes(t, reseal(t, f, c.members, c.change), trust)
			checkFound(t, r, c.want...)
			if !r.Sealed {
				t.Errorf("the seal itself is right, got %v", r.Problems)
			}
		})
	}
	t.Run("unlisted evidence", func(t *testing.T) {
		extra := []byte("nobody asked for this")
		bad := slices.Clone(good)
		at := slices.IndexFunc(bad, func(m packed) bool {
			return m.name == entryName(1)
		})
		bad = slices.Insert(bad, at, packed{evidenceName(evidence.DigestOf(extra)), extra})
		checkFound(t, verifyBytes(t, reseal(t, f, bad, nil), trust), "no record names it")
	})
	t.Run("uncommitted record", func(t *testing.T) {
		d := f.record(t, "vault.health/1", nil, "{}")
		b, err := evidence.ReadAll(t.Context(), f.store, d, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		bad := append(slices.Clone(good), packed{recordName(d), b})
		checkFound(t, verifyBytes(t, reseal(t, f, bad, nil), trust), "none of the journal's entries")
	})
}

func TestVerifyAgainstEarlierCheckpoint(t *testing.T) {
	f := newFixture(t)
	at := func(size int64) seal.Checkpoint {
		t.Helper()
		c, err := seal.PeekCheckpoint(f.checkpoint(t, size))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one, two := at(1), at(2)
	b := readFile(t, create(t, f.options(t)))
	f.commit(t)
	three := at(3)
	if r := verifyBytes(t, b, VerifyOptions{Key: f.key.Public(), Since: []seal.Checkpoint{one, two}}); !r.OK() {
		t.Errorf("own checkpoints: got %v", r.Problems)
	}
	checkFound(t, verifyBytes(t, b, VerifyOptions{Key: f.key.Public(), Since: []seal.Checkpoint{three}}), "journal lacks entries")
	forked := one
	forked.Root[3] ^= 1
	checkFound(t, verifyBytes(t, b, VerifyOptions{Key: f.key.Public(), Since: []seal.Checkpoint{forked}}), "journal was rewritten")
	other, err := seal.GenerateLogKey(seal.Origin(storeUUID))
	if err != nil {
		t.Fatal(err)
	}
	key, err := note.NewVerifier(other.Public)
	if err != nil {
		t.Fatal(err)
	}
	checkFound(t, verifyBytes(t, b, VerifyOptions{Key: f.key.Public(), LogKey: key}), `"data/keys/log.pub"`)
}

// TestOtherZipLayouts holds the same members in zips of other writers.
func TestOtherZipLayouts(t *testing.T) {
	f := newFixture(t)
	path := create(t, f.options(t))
	good := readFile(t, path)
	members := unpack(t, good)
	trust := VerifyOptions{Key: f.key.Public()}
	onlyLayout := func(t *testing.T, r Report) {
		t.Helper()
		checkFound(t, r, "layout")
		for _, p := range r.Problems {
			if p.Kind != ProblemLayout {
				t.Errorf("got %v: the content is as it was", p)
			}
		}
	}
	t.Run("archive/zip", func(t *testing.T) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, m := range members {
			f, err := w.Create(m.name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(m.b); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		onlyLayout(t, verifyBytes(t, b.Bytes(), trust))
	})
	t.Run("zip", func(t *testing.T) {
		dir := t.TempDir()
		for _, args := range [][]string{{"unzip", "-q", path, "-d", "bag"}, {"sh", "-c", "cd bag && zip -q -r ../again.zip ."}} {
			cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%q: %v: %s", args, err, out)
			}
		}
		checkFound(t, verifyBytes(t, readFile(t, filepath.Join(dir, "again.zip")), trust), "layout")
	})
	t.Run("comment", func(t *testing.T) {
		b := append(slices.Clone(good), "hello"...)
		b[len(good)-2] = 5
		onlyLayout(t, verifyBytes(t, b, trust))
	})
	t.Run("junk before", func(t *testing.T) {
		checkFound(t, verifyBytes(t, append([]byte("#!/bin/sh\n"), good...), trust), "layout")
	})
	t.Run("gap between members", func(t *testing.T) {
		opened, err := newBundle(bytes.NewReader(good), int64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Clone(opened.archive.members)
		end := all[len(all)-1].end()
		cut := all[3].offset
		for i := 3; i < len(all); i++ {
			all[i].offset += 4
		}
		b := slices.Concat(good[:cut], []byte("gap!"), good[cut:end])
		onlyLayout(t, verifyBytes(t, appendDirectory(b, all, end+4), trust))
	})
	t.Run("overlapping members", func(t *testing.T) {
		opened, err := newBundle(bytes.NewReader(good), int64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Clone(opened.archive.members)
		end := all[len(all)-1].end()
		all[4].offset = all[3].offset
		checkFound(t, verifyBytes(t, appendDirectory(slices.Clone(good[:end]), all, end), trust), "leave gaps or overlap")
	})
	for name, b := range map[string][]byte{"empty file": nil, "no zip": []byte(strings.Repeat("no zip\n", 100)), "empty zip": appendDirectory(nil, nil, 0)} {
		t.Run(name, func(t *testing.T) {
			checkFound(t, verifyBytes(t, b, trust))
			p := filepath.Join(t.TempDir(), "b.zip")
			writeFile(t, p, b)
			r, err := Verify(t.Context(), p, trust)
			if err != nil {
				t.Fatal(err)
			}
			checkFound(t, r)
		})
	}
}

// TestAllProblemsAtOnce checks that one problem hides no other.
func TestAllProblemsAtOnce(t *testing.T) {
	f := newFixture(t)
	bad := unpack(t, readFile(t, create(t, f.options(t))))
	var want []string
	for i, m := range bad {
		if strings.HasPrefix(m.name, evidenceFolder) || strings.HasPrefix(m.name, "data/reports/") || m.name == entryName(1) || m.name == signatureFile {
			bad[i].b = append(slices.Clone(m.b), 'x')
			want = append(want, m.name)
		}
	}
	checkFound(t, verifyBytes(t, pack(t, bad), VerifyOptions{Key: f.key.Public()}), want...)
}

func signCheckpoint(t *testing.T, key seal.LogKey, c seal.Checkpoint) []byte {
	t.Helper()
	s, err := note.NewSigner(key.Private)
	if err != nil {
		t.Fatal(err)
	}
	b, err := seal.SignCheckpoint(c, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func editAll(c content, with map[string][]byte) content {
	out := slices.Clone(c)
	for i := range out {
		if b, ok := with[out[i].name]; ok {
			out[i].b = b
		}
	}
	return out
}

// changeFirst returns a function that flips a bit in the first member whose name begins so.
func changeFirst(prefix string) func(content) content {
	return func(c content) content {
		out := slices.Clone(c)
		for i := range out {
			if strings.HasPrefix(out[i].name, prefix) {
				out[i].b = slices.Clone(out[i].b)
				out[i].b[len(out[i].b)/2] ^= 1
				break
			}
		}
		return out
	}
}

func memberOf(t *testing.T, c content, name string) []byte {
	t.Helper()
	for _, m := range c {
		if m.name == name {
			return m.b
		}
	}
	t.Fatalf("there is no member %q", name)
	return nil
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
