package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/seal"
	"auditpack/internal/atomicfile"
)

// maxSmallBytes bounds records, entries and manifests, which are held in memory.
const maxSmallBytes = 64 << 20

// File is a file that the caller brings: a report, the assessment, facts, SQL.
type File struct {
	Name string                        // below data/: "reports/iso27001-2022.en.pdf"
	Open func() (io.ReadCloser, error) // called once; closed by Create
}

// BytesFile returns a File that holds b.
func BytesFile(name string, b []byte) File {
	return File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// DiskFile returns a File that holds what is at path.
func DiskFile(name, path string) File {
	return File{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

// Options say what goes into a bundle. The manifest follows from all of them but Key, SealedAt, Stamp, Force and Progress.
type Options struct {
	Organization string
	Identifier   string    // what is bundled, one line: "iso27001-2022 2026-07-01/2026-10-01"
	AsOf         time.Time // of the assessment
	Agent        string    // name and version of the program

	Files   []File            // in any order
	Records []evidence.Digest // that the assessment rests on; what they are derived from comes with them
	Store   evidence.Store
	Journal evidence.Journal

	Checkpoint []byte        // signed note; its size says how many entries of the journal go in
	LogKey     note.Verifier // of the checkpoint
	LogKeyText string        // the content of the file with the public log key

	Key      seal.Signer
	SealedAt time.Time // the seal says this time; zero for none

	// Stamp returns an authority's timestamp of the seal's signature, as a TimeStampResp in DER; nil bytes for none. Nil asks for
	// none.
	Stamp func(ctx context.Context, signature []byte) ([]byte, error)

	Force    bool                    // replace a file that is there
	Progress func(done, total int64) // bytes of evidence; nil for none
}

// Summary says what Create wrote.
type Summary struct {
	Manifest    evidence.Digest `json:"manifest"`    // of manifest-sha256.txt; the same inputs give the same
	Contents    []byte          `json:"-"`           // of manifest-sha256.txt: all that left the house, by name and digest
	Fingerprint string          `json:"fingerprint"` // of the key of the seal
	Timestamped bool            `json:"timestamped"` // the seal has a timestamp
	Members     int             `json:"members"`
	SizeBytes   int64           `json:"size_bytes"` // of the file
	Records     int             `json:"records"`
	Evidence    int             `json:"evidence"` // blobs
	Entries     int64           `json:"entries"`
}

// Create writes a sealed bundle to path, whole or not at all. A file that is there already is kept unless Force is set; the
// error then wraps fs.ErrExist. Evidence streams: memory does not grow with it.
func Create(ctx context.Context, path string, o Options) (Summary, error) {
	s, err := write(ctx, path, o)
	if err != nil {
		return Summary{}, fmt.Errorf("create bundle: %w", err)
	}
	return s, nil
}

func write(ctx context.Context, path string, o Options) (Summary, error) {
	if _, err := os.Lstat(path); err == nil && !o.Force {
		return Summary{}, fmt.Errorf("%q: %w", path, fs.ErrExist)
	}
	c, err := plan(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	f, err := atomicfile.New(path)
	if err != nil {
		return Summary{}, err
	}
	defer f.Abort()
	if c.zip, err = newZipWriter(f); err != nil {
		return Summary{}, err
	}
	if err := c.write(ctx); err != nil {
		return Summary{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return Summary{}, err
	}
	c.summary.SizeBytes = info.Size()
	if o.Force {
		return c.summary, f.Replace(0o644)
	}
	return c.summary, f.Commit(0o644)
}

// creation is a bundle on its way.
type creation struct {
	options   Options
	predicate Predicate
	payload   map[string]source // by name in the zip
	total     int64             // bytes of evidence
	done      int64

	zip     *zipWriter
	lines   []line // of the payload
	bytes   int64  // of the payload
	summary Summary
}

// source is where a payload member comes from.
type source struct {
	open   func(ctx context.Context) (io.ReadCloser, error)
	digest evidence.Digest // that it must have; empty if any will do
	size   int64           // that it must have, when digest is set
}

// plan collects all members and refuses what cannot become a bundle that verifies.
func plan(ctx context.Context, o Options) (*creation, error) {
	if o.Key == nil {
		return nil, errors.New("there is no key to seal it with")
	}
	c := &creation{options: o, payload: map[string]source{}}
	c.predicate = Predicate{
		Format: Format, Organization: o.Organization, Identifier: o.Identifier, AsOf: o.AsOf.UTC().Format(time.DateOnly), Agent: o.Agent,
		Key: o.Key.Place(),
	}
	if !o.SealedAt.IsZero() {
		at := o.SealedAt.UTC()
		c.predicate.SealedAt = &at
	}
	if err := c.predicate.checkOneLine(); err != nil {
		return nil, err
	}
	committed, err := c.planJournal(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range o.Files {
		if err := c.planFile(f); err != nil {
			return nil, err
		}
	}
	for _, d := range o.Records {
		if err := c.planRecord(ctx, d, committed); err != nil {
			return nil, err
		}
	}
	c.summary.Fingerprint = o.Key.Public().Fingerprint()
	c.addBytes(checkpointFile, o.Checkpoint)
	c.addBytes(logKeyFile, []byte(strings.TrimSuffix(o.LogKeyText, "\n")+"\n"))
	c.addBytes(verifyFile, verifyText(c.predicate, o.Key.Public().Algorithm()))
	return c, checkFolds(slices.Collect(maps.Keys(c.payload)))
}

// checkFolds refuses names that are one on a file system that does not tell upper from lower case.
func checkFolds(names []string) error {
	seen := map[string]string{}
	for _, name := range names {
		folded := strings.ToLower(name)
		if other, twice := seen[folded]; twice {
			return fmt.Errorf("names %q and %q differ only in case", min(name, other), max(name, other))
		}
		seen[folded] = name
	}
	return nil
}

// planJournal adds the entries that the checkpoint counts, and returns the records that they commit.
func (c *creation) planJournal(ctx context.Context) (map[evidence.Digest]bool, error) {
	o := c.options
	if o.LogKey == nil {
		return nil, errors.New("there is no log key to check the checkpoint with")
	}
	checkpoint, err := seal.OpenCheckpoint(o.Checkpoint, o.LogKey)
	if err != nil {
		return nil, err
	}
	key, err := seal.ParseLogVerifier([]byte(o.LogKeyText))
	if err != nil {
		return nil, err
	}
	if _, err := seal.OpenCheckpoint(o.Checkpoint, key); err != nil {
		return nil, fmt.Errorf("text of the log key: %w", err)
	}
	if checkpoint.Size == 0 {
		return nil, errors.New("the checkpoint counts no journal entry")
	}
	var tree seal.Tree
	committed := map[evidence.Digest]bool{}
	for e, err := range o.Journal.Entries(ctx, 1) {
		if err != nil {
			return nil, err
		}
		if e.Number > checkpoint.Size {
			break
		}
		b, err := e.Encode()
		if err != nil {
			return nil, err
		}
		if _, err := tree.Add(b); err != nil {
			return nil, err
		}
		for _, d := range e.Records {
			committed[d] = true
		}
		c.addBytes(entryName(e.Number), b)
	}
	if err := tree.Check(checkpoint.Origin, checkpoint); err != nil {
		return nil, fmt.Errorf("check the journal against the checkpoint: %w", err)
	}
	c.predicate.Origin, c.predicate.Entries = checkpoint.Origin, checkpoint.Size
	c.predicate.Last, c.predicate.Root = tree.Last(), checkpoint.Root.String()
	c.summary.Entries = checkpoint.Size
	return committed, nil
}

func (c *creation) planFile(f File) error {
	if err := checkName(payloadFolder + f.Name); err != nil {
		return err
	}
	top, _, inFolder := strings.Cut(f.Name, "/")
	if slices.Contains(ownPlaces, top) || !inFolder {
		return fmt.Errorf("file %q: a file of yours lies in a folder of its own, and not where the bundle has its own (%s)", f.Name, strings.Join(ownPlaces, ", "))
	}
	if _, twice := c.payload[payloadFolder+f.Name]; twice {
		return fmt.Errorf("file %q is there twice", f.Name)
	}
	c.payload[payloadFolder+f.Name] = source{open: func(context.Context) (io.ReadCloser, error) { return f.Open() }}
	return nil
}

// planRecord adds a record, its parts, and what it is derived from.
func (c *creation) planRecord(ctx context.Context, d evidence.Digest, committed map[evidence.Digest]bool) error {
	if _, there := c.payload[recordName(d)]; there {
		return nil
	}
	if !committed[d] {
		return fmt.Errorf("record %s is in none of the %d journal entries", d, c.predicate.Entries)
	}
	b, err := evidence.ReadAll(ctx, c.options.Store, d, maxSmallBytes)
	if err != nil {
		return err
	}
	r, err := evidence.DecodeRecord(b)
	if err != nil {
		return fmt.Errorf("record %s: %w", d, err)
	}
	c.addBytes(recordName(d), b)
	c.summary.Records++
	for _, p := range r.Content {
		c.planEvidence(p.Digest, p.SizeBytes)
	}
	for _, from := range r.DerivedFrom {
		if committed[from] {
			if err := c.planRecord(ctx, from, committed); err != nil {
				return err
			}
			continue
		}
		// Not a record, so raw bytes; their size is not known here, only that they have that digest.
		c.planEvidence(from, -1)
	}
	return nil
}

func (c *creation) planEvidence(d evidence.Digest, size int64) {
	name := evidenceName(d)
	if old, there := c.payload[name]; there {
		if old.size < 0 && size >= 0 {
			old.size = size
			c.payload[name] = old
			c.total += size
		}
		return
	}
	c.payload[name] = source{
		open:   func(ctx context.Context) (io.ReadCloser, error) { return c.options.Store.Get(ctx, d) },
		digest: d, size: size,
	}
	c.total += max(size, 0)
	c.summary.Evidence++
}

func (c *creation) addBytes(name string, b []byte) {
	c.payload[name] = source{open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// write writes all members and the directory.
func (c *creation) write(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(c.payload))
	tags := map[string]evidence.Digest{}
	addTag := func(name string, b []byte) error {
		d, _, err := c.zip.add(ctx, name, bytes.NewReader(b))
		tags[name] = d
		return err
	}
	if err := addTag(bagitFile, []byte(bagitText)); err != nil {
		return err
	}
	for _, name := range names {
		if err := c.writePayload(ctx, name); err != nil {
			return err
		}
	}
	if err := addTag(bagInfoFile, []byte(bagInfo(c.predicate, c.bytes, len(c.lines)))); err != nil {
		return err
	}
	c.summary.Contents = encodeManifest(c.lines)
	if err := addTag(manifestFile, c.summary.Contents); err != nil {
		return err
	}
	c.summary.Manifest = tags[manifestFile]
	var tagLines []line
	for _, name := range tagFiles {
		tagLines = append(tagLines, line{name, tags[name]})
	}
	if err := addTag(tagManifestFile, encodeManifest(tagLines)); err != nil {
		return err
	}
	if err := c.writeSeal(ctx, tags); err != nil {
		return err
	}
	c.summary.Members = len(c.zip.members)
	return c.zip.end()
}

func (c *creation) writePayload(ctx context.Context, name string) error {
	src := c.payload[name]
	r, err := src.open(ctx)
	if err != nil {
		return fmt.Errorf("open %q: %w", name, err)
	}
	defer r.Close()
	var in io.Reader = r
	if src.digest != "" && c.options.Progress != nil {
		in = &progressReader{r: r, creation: c}
	}
	d, n, err := c.zip.add(ctx, name, in)
	if err != nil {
		return err
	}
	if src.digest != "" && (d != src.digest || src.size >= 0 && n != src.size) {
		return fmt.Errorf("%q: got %s (%d bytes), want %s (%d bytes)", name, d, n, src.digest, src.size)
	}
	c.lines = append(c.lines, line{name, d})
	c.bytes += n
	return nil
}

// writeSeal signs what has been written and adds the seal's files.
func (c *creation) writeSeal(ctx context.Context, tags map[string]evidence.Digest) error {
	archive, err := c.zip.digest(ctx)
	if err != nil {
		return err
	}
	c.predicate.Archive, c.predicate.ArchiveBytes = archive, c.zip.at
	statement, err := newStatement(c.predicate, tags[manifestFile], tags[tagManifestFile], evidence.DigestOf(c.options.Checkpoint))
	if err != nil {
		return err
	}
	sealed, err := seal.Sign(ctx, statement, c.options.Key)
	if err != nil {
		return err
	}
	content := map[string][]byte{
		envelopeFile: sealed.Envelope, signedFile: sealed.Signed, signatureFile: sealed.Signature,
		publicKeyFile: c.options.Key.Public().PEM(),
	}
	for _, name := range sealFiles {
		if _, _, err := c.zip.add(ctx, name, bytes.NewReader(content[name])); err != nil {
			return err
		}
	}
	return c.writeTimestamp(ctx, sealed.Signature)
}

// writeTimestamp lets an authority say when the seal was there, and checks only that what it gives is of this seal: whom to trust
// for the time is the caller's to know.
func (c *creation) writeTimestamp(ctx context.Context, signature []byte) error {
	if c.options.Stamp == nil {
		return nil
	}
	response, err := c.options.Stamp(ctx, signature)
	if err != nil || response == nil {
		return err
	}
	if _, err := seal.OpenTimestamp(response, signature, nil); err != nil {
		return fmt.Errorf("timestamp of the seal: %w", err)
	}
	c.summary.Timestamped = true
	_, _, err = c.zip.add(ctx, timestampFile, bytes.NewReader(response))
	return err
}

// progressReader counts evidence as it is read.
type progressReader struct {
	r        io.Reader
	creation *creation
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	c := p.creation
	c.done += int64(n)
	c.options.Progress(c.done, max(c.total, c.done))
	return n, err
}
