package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/seal"
	"auditpack/internal/contextio"
)

// ErrNoTrust says that Verify was given nothing to trust: what a bundle says of its own key is worth nothing.
var ErrNoTrust = errors.New("neither a public key nor a fingerprint was given from outside")

// VerifyOptions say whom to trust. One of Key and Fingerprint must be set; with both, they must agree.
type VerifyOptions struct {
	Key         seal.PublicKey    // of the seal
	Fingerprint string            // of the key of the seal
	LogKey      note.Verifier     // of the checkpoint; nil: the one that the seal covers
	Since       []seal.Checkpoint // handed over earlier, their signatures checked: the journal must begin with their entries

	// Authorities are trusted to tell the time of the seal, which must then have a timestamp. Nil: a timestamp is read, and must be
	// of this seal, but nobody is trusted with the time.
	Authorities *seal.TimestampRoots
}

// Verify opens the bundle at path, checks all of it offline, and reports every problem. The error says only that the file could
// not be read, that the options name nobody to trust (ErrNoTrust), or that the context is over.
func Verify(ctx context.Context, path string, o VerifyOptions) (Report, error) {
	if _, err := o.trusted(); err != nil {
		return Report{}, fmt.Errorf("verify bundle: %w", err)
	}
	b, err := open(path)
	if errors.Is(err, ErrLayout) { // so damaged that no member can be found: that is a finding, too
		return unreadable(o, err), nil
	}
	if err != nil {
		return Report{}, err
	}
	defer b.Close()
	return b.Verify(ctx, o)
}

func unreadable(o VerifyOptions, err error) Report {
	fingerprint, _ := o.trusted()
	r := Report{Fingerprint: fingerprint}
	r.problem(ProblemLayout, "", "%v", err)
	return r
}

// trusted returns the fingerprint of the key to trust.
func (o VerifyOptions) trusted() (string, error) {
	if o.Fingerprint == "" && o.Key.IsZero() {
		return "", ErrNoTrust
	}
	if o.Fingerprint == "" {
		return o.Key.Fingerprint(), nil
	}
	fingerprint, err := seal.ParseFingerprint(o.Fingerprint)
	if err != nil {
		return "", err
	}
	if !o.Key.IsZero() && o.Key.Fingerprint() != fingerprint {
		return "", fmt.Errorf("the key given is %s, and the fingerprint given is %s", o.Key.Fingerprint(), fingerprint)
	}
	return fingerprint, nil
}

// Verify checks an opened bundle, as the function Verify does.
func (b *Bundle) Verify(ctx context.Context, o VerifyOptions) (Report, error) {
	fingerprint, err := o.trusted()
	if err != nil {
		return Report{}, fmt.Errorf("verify bundle: %w", err)
	}
	v := &verification{bundle: b, options: o, report: Report{Fingerprint: fingerprint, Problems: []Problem{}, Members: len(b.archive.members)}}
	for _, fault := range b.archive.faults {
		v.report.problem(ProblemLayout, "", "%s", fault)
	}
	if err := v.hash(ctx); err != nil {
		return Report{}, fmt.Errorf("verify bundle: %w", err)
	}
	v.order()
	v.readSuccession(ctx)
	v.seal(ctx)
	v.timestamp()
	v.bag()
	v.names()
	v.journal()
	v.records()
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("verify bundle: %w", err)
	}
	return v.report, nil
}

// verification is a bundle being verified.
type verification struct {
	bundle  *Bundle
	options VerifyOptions
	report  Report

	digests   map[string]evidence.Digest // of members that could be read
	statement *seal.Statement            // signed or not
	predicate *Predicate                 // signed or not
	committed map[evidence.Digest]bool   // records in entries

	succession seal.Succession // that the journal's entries announce
}

// hash reads every member and everything before the seal, on all cores.
func (v *verification) hash(ctx context.Context) error {
	members := v.bundle.archive.members
	digests, errs := make([]evidence.Digest, len(members)), make([]error, len(members))
	work := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(members)) {
		workers.Go(func() {
			buf := make([]byte, 128<<10)
			for i := range work {
				digests[i], errs[i] = v.hashMember(ctx, i, buf)
			}
		})
	}
	for i := range members {
		if ctx.Err() != nil {
			break
		}
		work <- i
	}
	close(work)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	v.digests = make(map[string]evidence.Digest, len(members))
	for i, m := range members {
		if errs[i] != nil {
			v.report.problem(ProblemChanged, m.name, "%v", errs[i])
			continue
		}
		if v.bundle.index[m.name] == i {
			v.digests[m.name] = digests[i]
		}
		if strings.HasPrefix(m.name, payloadFolder) {
			v.report.PayloadBytes += m.size
		}
	}
	return nil
}

func (v *verification) hashMember(ctx context.Context, i int, buf []byte) (evidence.Digest, error) {
	r, err := v.bundle.archive.open(i)
	if err != nil {
		return "", err
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, contextio.Reader(ctx, r), buf); err != nil {
		return "", err
	}
	return evidence.DigestSum(sum), nil
}

// order checks that the members are those of a bundle, in its order.
func (v *verification) order() {
	var payload, names []string
	for _, m := range v.bundle.archive.members {
		names = append(names, m.name)
		switch {
		case strings.HasPrefix(m.name, payloadFolder):
			payload = append(payload, m.name)
		case slices.Contains(sealFiles, m.name), slices.Contains(tagFiles, m.name), m.name == tagManifestFile, m.name == timestampFile:
		default:
			v.report.problem(ProblemExtra, m.name, "no bundle has such a member")
		}
		if err := checkName(m.name); err != nil {
			v.report.problem(ProblemLayout, m.name, "%v", err)
		}
	}
	for _, name := range slices.Concat(tagFiles, []string{tagManifestFile, checkpointFile, logKeyFile, verifyFile}, sealFiles) {
		if _, there := v.bundle.index[name]; !there {
			v.report.problem(ProblemMissing, name, "every bundle has it")
		}
	}
	if err := checkFolds(names); err != nil {
		v.report.problem(ProblemLayout, "", "%v", err)
	}
	if want := inOrder(payload, slices.Contains(names, timestampFile)); !slices.Equal(names, want) && sameNames(names, want) {
		v.report.problem(ProblemLayout, "", "members are not in the order of a bundle")
	}
}

// sameNames says whether a and b hold the same names; it reorders neither.
func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// read returns a small member, or nothing: then hash or order has reported it.
func (v *verification) read(name string) ([]byte, bool) {
	if _, readable := v.digests[name]; !readable {
		return nil, false
	}
	b, err := v.bundle.ReadFile(name)
	if err != nil {
		v.report.problem(ProblemChanged, name, "%v", err)
		return nil, false
	}
	return b, true
}

// seal checks the signature, its plain files, and that what it names is here.
func (v *verification) seal(ctx context.Context) {
	envelope, ok := v.read(envelopeFile)
	if !ok {
		v.report.problem(ProblemSeal, envelopeFile, "the bundle is not sealed: without a seal nothing in it can be believed")
		return
	}
	key, trusted := v.sealKey()
	if key.IsZero() {
		v.report.problem(ProblemSeal, envelopeFile, "there is no key to check the seal with")
		return
	}
	statement, sealed, err := seal.Open(ctx, envelope, key)
	if err != nil {
		v.report.problem(ProblemSeal, envelopeFile, "%v", err)
	}
	v.report.Sealed = err == nil && trusted
	if got, ok := v.read(signedFile); ok && !bytes.Equal(got, sealed.Signed) {
		v.report.problem(ProblemSeal, signedFile, "it is not what %s signs", envelopeFile)
	}
	if got, ok := v.read(signatureFile); ok && !bytes.Equal(got, sealed.Signature) {
		v.report.problem(ProblemSeal, signatureFile, "it is not the signature in %s", envelopeFile)
	}
	if statement.Type == "" {
		return
	}
	p, err := parsePredicate(statement)
	if err != nil {
		v.report.problem(ProblemSeal, envelopeFile, "statement: %v", err)
		return
	}
	v.statement, v.predicate = &statement, &p
	if v.report.Sealed {
		v.report.Statement = &p
	}
	v.subjects(statement)
	v.archive(ctx, p)
}

// sealKey returns the key to check the seal with, and whether it is to be trusted: it is the trusted one, or the journal's entries
// lead to it from there, each signed with the key before. When the bundle's own key is neither, that is reported, and the seal is
// still checked with it, so that other problems come out too.
func (v *verification) sealKey() (seal.PublicKey, bool) {
	b, ok := v.read(publicKeyFile)
	if !ok {
		return v.options.Key, !v.options.Key.IsZero()
	}
	inside, err := seal.ParsePublicKey(b)
	switch {
	case err != nil:
		v.report.problem(ProblemSeal, publicKeyFile, "%v", err)
	case !bytes.Equal(b, inside.PEM()):
		v.report.problem(ProblemSeal, publicKeyFile, "it is not in the form that we write")
	case v.follow(inside):
		if r, replaced := v.succession.Successor(inside.Fingerprint()); replaced {
			v.report.problem(ProblemSeal, publicKeyFile, "entry %d of the journal, of %s, replaced this key by %s: nothing may be sealed with it since", r.Entry, r.At.Format(time.RFC3339), r.New.Fingerprint())
		}
		return inside, true
	default:
		v.report.problem(ProblemSeal, publicKeyFile, "sealed by key %s, and the trusted key is %s", inside.Fingerprint(), v.report.Fingerprint)
	}
	if !v.options.Key.IsZero() {
		return v.options.Key, true
	}
	return inside, !inside.IsZero() && inside.Fingerprint() == v.report.Fingerprint
}

// subjects compares the digests that the seal names with those of the members.
func (v *verification) subjects(s seal.Statement) {
	want := []string{manifestFile, tagManifestFile, checkpointFile}
	var names []string
	for _, subject := range s.Subject {
		names = append(names, subject.Name)
	}
	if !slices.Equal(names, want) {
		v.report.problem(ProblemSeal, envelopeFile, "it names %q, want %q", names, want)
		return
	}
	for _, subject := range s.Subject {
		got, readable := v.digests[subject.Name]
		if readable && (len(subject.Digest) != 1 || subject.Digest["sha256"] != got.Hex()) {
			v.report.problem(ProblemSeal, subject.Name, "digest: got %s, the seal has %s", got.Hex(), subject.Digest["sha256"])
		}
	}
}

// archive compares the bytes of the zip before the seal with the digest that the seal names: the last bit that no member's digest
// covers (headers, and packed forms that unpack to the same bytes) counts here.
func (v *verification) archive(ctx context.Context, p Predicate) {
	i, there := v.bundle.index[envelopeFile]
	if !there || v.bundle.archive.other != nil {
		return // the layout is not ours, which is reported
	}
	if at := v.bundle.archive.members[i].offset; at != p.ArchiveBytes {
		v.report.problem(ProblemSeal, "", "the seal covers the first %d bytes of the zip, and lies behind %d", p.ArchiveBytes, at)
		return
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, contextio.Reader(ctx, io.NewSectionReader(v.bundle.archive.file, 0, p.ArchiveBytes))); err != nil {
		v.report.problem(ProblemSeal, "", "read the zip: %v", err)
		return
	}
	if got := evidence.DigestSum(sum); got != p.Archive {
		v.report.problem(ProblemSeal, "", "digest of the zip before the seal: got %s, the seal has %s", got, p.Archive)
	}
}

// bag checks the tag files and both manifests.
func (v *verification) bag() {
	if b, ok := v.read(bagitFile); ok && string(b) != bagitText {
		v.report.problem(ProblemBag, bagitFile, "it does not declare BagIt 1.0 as we write it")
	}
	payload := map[string]evidence.Digest{}
	tags := map[string]evidence.Digest{}
	files := 0
	for _, m := range v.bundle.archive.members {
		d, readable := v.digests[m.name]
		if !readable {
			d = "" // reported; it is there all the same
		}
		switch {
		case strings.HasPrefix(m.name, payloadFolder):
			payload[m.name] = d
			files++
		case slices.Contains(tagFiles, m.name):
			tags[m.name] = d
		}
	}
	v.manifest(manifestFile, payload)
	v.manifest(tagManifestFile, tags)
	info, ok := v.read(bagInfoFile)
	if ok && v.predicate != nil && string(info) != bagInfo(*v.predicate, v.report.PayloadBytes, files) {
		v.report.problem(ProblemBag, bagInfoFile, "it does not say what the seal and the payload (%d bytes in %d files) say", v.report.PayloadBytes, files)
	}
}

// manifest compares a manifest with the members it must name. Members that could not be read have no digest here.
func (v *verification) manifest(name string, members map[string]evidence.Digest) {
	b, ok := v.read(name)
	if !ok {
		return
	}
	lines, err := parseManifest(b)
	if err != nil {
		v.report.problem(ProblemBag, name, "%v", err)
		return
	}
	named := map[string]bool{}
	for _, l := range lines {
		named[l.name] = true
		got, there := members[l.name]
		switch {
		case !there:
			v.report.problem(ProblemMissing, l.name, "%s names it", name)
		case got != "" && got != l.digest:
			v.report.problem(ProblemChanged, l.name, "got %s, %s has %s", got, name, l.digest)
		}
	}
	for _, m := range v.bundle.archive.members {
		if _, concerned := members[m.name]; concerned && !named[m.name] {
			v.report.problem(ProblemExtra, m.name, "%s does not name it", name)
		}
	}
}

// names checks that members named by a digest have it, and that nothing else lies among them.
func (v *verification) names() {
	for _, m := range v.bundle.archive.members {
		inRecords, inEvidence := strings.HasPrefix(m.name, recordFolder), strings.HasPrefix(m.name, "data/evidence/")
		if !inRecords && !inEvidence {
			continue
		}
		want, ok := digestInName(m.name)
		if !ok {
			v.report.problem(ProblemExtra, m.name, "its name is no digest")
			continue
		}
		if got, readable := v.digests[m.name]; readable && got != want {
			v.report.problem(ProblemChanged, m.name, "got %s, want what its name says", got)
		}
		if inRecords {
			v.report.Records++
		} else {
			v.report.Evidence++
		}
	}
}
