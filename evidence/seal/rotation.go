package seal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"auditpack/evidence"
	"auditpack/internal/canonical"
)

// RotationType names what the predicate of a rotation's statement says.
const RotationType = "urn:auditpack:key-rotation:1"

const rotationFormat = "auditpack.key-rotation/1"

// ErrRotation says that an entry does not announce a key as it must.
var ErrRotation = errors.New("announcement of a key does not verify")

// Rotation says that one key of the seal follows on another: the holder of Old announced New.
type Rotation struct {
	Old, New PublicKey
	Entry    int64     // of the journal that it stands in
	At       time.Time // UTC, by the clock of the machine that wrote it
}

// rotationPredicate is what the old key signs. The keys themselves are in it, so that the announcement proves itself.
type rotationPredicate struct {
	Format string    `json:"format"` // rotationFormat
	Origin string    `json:"origin"` // of the store's checkpoints
	Old    string    `json:"old"`    // SPKI in PEM
	New    string    `json:"new"`    // SPKI in PEM
	At     time.Time `json:"at"`
}

// AnnounceRotation returns the entry by which old announces new in the journal of that origin. The caller adds who did it.
func AnnounceRotation(ctx context.Context, old Signer, new PublicKey, origin string, at time.Time) (evidence.Entry, error) {
	if old.Public().Fingerprint() == new.Fingerprint() {
		return evidence.Entry{}, fmt.Errorf("announce key: %s is the old key and the new one", new.Fingerprint())
	}
	at = at.UTC()
	predicate, err := canonical.Marshal(rotationPredicate{
		Format: rotationFormat, Origin: origin, Old: string(old.Public().PEM()), New: string(new.PEM()), At: at,
	})
	if err != nil {
		return evidence.Entry{}, fmt.Errorf("announce key: %w", err)
	}
	sealed, err := Sign(ctx, Statement{Subject: rotationSubjects(new), PredicateType: RotationType, Predicate: predicate}, old)
	if err != nil {
		return evidence.Entry{}, fmt.Errorf("announce key: %w", err)
	}
	return evidence.Entry{
		Type: evidence.EntryKeyRotated, Time: at, Statement: sealed.Envelope[:len(sealed.Envelope)-1],
		Subjects: []evidence.Digest{old.Public().digest(), new.digest()},
	}, nil
}

// rotationSubjects names the new key by the SHA-256 of its SPKI, as its fingerprint does.
func rotationSubjects(key PublicKey) []Subject {
	return []Subject{{Name: "seal.pub.der", Digest: map[string]string{"sha256": key.digest().Hex()}}}
}

// OpenRotation reads an entry that announces a key, in the journal of that origin, and checks its signature with the old key that
// it names. Whether that key is to be trusted is the caller's to say. What does not verify wraps ErrRotation.
func OpenRotation(ctx context.Context, e evidence.Entry, origin string) (Rotation, error) {
	r, err := openRotation(ctx, e, origin)
	if err != nil {
		return Rotation{}, fmt.Errorf("journal entry %d: %w: %w", e.Number, ErrRotation, err)
	}
	return r, nil
}

func openRotation(ctx context.Context, e evidence.Entry, origin string) (Rotation, error) {
	if e.Type != evidence.EntryKeyRotated || len(e.Subjects) != 2 {
		return Rotation{}, fmt.Errorf("an entry of type %q announces no key", string(e.Type))
	}
	p, err := peekRotation(e.Statement)
	if err != nil {
		return Rotation{}, err
	}
	old, err := ParsePublicKey([]byte(p.Old))
	if err != nil {
		return Rotation{}, fmt.Errorf("old key: %w", err)
	}
	next, err := ParsePublicKey([]byte(p.New))
	if err != nil {
		return Rotation{}, fmt.Errorf("new key: %w", err)
	}
	statement, _, err := Open(ctx, append(slices.Clone([]byte(e.Statement)), '\n'), old)
	switch {
	case err != nil:
		return Rotation{}, err
	case statement.PredicateType != RotationType || p.Format != rotationFormat:
		return Rotation{}, fmt.Errorf("statement is of type %q and format %q, want %q and %q", statement.PredicateType, p.Format, RotationType, rotationFormat)
	case len(statement.Subject) != 1 || statement.Subject[0].Digest["sha256"] != next.digest().Hex():
		return Rotation{}, errors.New("the statement's subject is not the new key")
	case p.Origin != origin:
		return Rotation{}, fmt.Errorf("it was made for the journal of %q, and this one is of %q", p.Origin, origin)
	case e.Subjects[0] != old.digest() || e.Subjects[1] != next.digest():
		return Rotation{}, fmt.Errorf("the entry's subjects are %s and %s, and the statement announces %s after %s", e.Subjects[0], e.Subjects[1], next.Fingerprint(), old.Fingerprint())
	case !p.At.Equal(e.Time):
		return Rotation{}, fmt.Errorf("the entry is of %s, and the statement of %s", e.Time.Format(time.RFC3339Nano), p.At.Format(time.RFC3339Nano))
	case old.Fingerprint() == next.Fingerprint():
		return Rotation{}, errors.New("the new key is the old one")
	}
	return Rotation{Old: old, New: next, Entry: e.Number, At: p.At.UTC()}, nil
}

// peekRotation reads what a statement says before its signature is checked, to learn which key must have made it.
func peekRotation(envelope []byte) (rotationPredicate, error) {
	var p rotationPredicate
	s, err := peekStatement(envelope)
	if err != nil {
		return p, err
	}
	if err := canonical.Unmarshal(s.Predicate, &p); err != nil {
		return p, fmt.Errorf("read statement: %w", err)
	}
	return p, nil
}

func (p PublicKey) digest() evidence.Digest { return evidence.DigestOf(p.der) }

// Succession is the rotations of one journal in the order of its entries. The zero value is that of a journal without any.
type Succession []Rotation

// ReadSuccession returns the rotations in a journal. All that do not verify are joined in the error.
func ReadSuccession(ctx context.Context, j evidence.Journal, origin string) (Succession, error) {
	var s Succession
	var errs []error
	for e, err := range j.Entries(ctx, 1) {
		if err != nil {
			return s, errors.Join(append(errs, err)...)
		}
		if e.Type == evidence.EntryKeyRotated {
			errs = append(errs, s.Add(ctx, e, origin))
		}
	}
	return s, errors.Join(errs...)
}

// Add takes the next entry that announces a key. One that does not verify, that replaces a key a second time, or that brings back
// a key which was there before wraps ErrRotation and is left out.
func (s *Succession) Add(ctx context.Context, e evidence.Entry, origin string) error {
	r, err := OpenRotation(ctx, e, origin)
	if err != nil {
		return err
	}
	if err := s.Check(r.Old, r.New); err != nil {
		return fmt.Errorf("journal entry %d: %w", e.Number, err)
	}
	*s = append(*s, r)
	return nil
}

// Check returns nil when new may follow on old after all that was announced before, else an error that wraps ErrRotation.
func (s Succession) Check(old, new PublicKey) error {
	if r, replaced := s.Successor(old.Fingerprint()); replaced {
		return fmt.Errorf("%w: key %s was replaced already, by %s in entry %d", ErrRotation, old.Fingerprint(), r.New.Fingerprint(), r.Entry)
	}
	for _, r := range s {
		if new.Fingerprint() == r.Old.Fingerprint() || new.Fingerprint() == r.New.Fingerprint() {
			return fmt.Errorf("%w: key %s is not new: entry %d names it", ErrRotation, new.Fingerprint(), r.Entry)
		}
	}
	return nil
}

// Successor returns the rotation that replaced the key with that fingerprint; false when it was not replaced.
func (s Succession) Successor(fingerprint string) (Rotation, bool) {
	i := slices.IndexFunc(s, func(r Rotation) bool { return r.Old.Fingerprint() == fingerprint })
	if i < 0 {
		return Rotation{}, false
	}
	return s[i], true
}

// Path returns the rotations that lead from one key to another, in order; false when they do not. It is safe to follow from a
// trusted key: each step is signed with the key before.
func (s Succession) Path(from, to string) ([]Rotation, bool) {
	var path []Rotation
	for from != to {
		r, replaced := s.Successor(from)
		if !replaced || len(path) == len(s) {
			return nil, false
		}
		path = append(path, r)
		from = r.New.Fingerprint()
	}
	return path, true
}
