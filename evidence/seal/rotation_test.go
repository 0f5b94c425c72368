package seal

import (
	"errors"
	"strings"
	"testing"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

var (
	testOrigin = Origin("6b1f4a52-8f0e-4c1b-9a53-0d6f2f1f7a10")
	noon       = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
)

func TestRotations(t *testing.T) {
	a, b, c, other := generate(t, ECDSAP256), generate(t, Ed25519), generate(t, ECDSAP256), generate(t, Ed25519)
	j := memstore.New()
	for _, step := range [][2]*PrivateKey{{a, b}, {b, c}} {
		if _, err := j.Append(t.Context(), announce(t, step[0], step[1].Public())); err != nil {
			t.Fatal(err)
		}
	}
	s, err := ReadSuccession(t.Context(), j, testOrigin)
	if err != nil || len(s) != 2 {
		t.Fatalf("got %d rotations, %v", len(s), err)
	}
	path, leads := s.Path(a.Public().Fingerprint(), c.Public().Fingerprint())
	if !leads || len(path) != 2 || path[0].Entry != 1 || path[1].Entry != 2 || !path[1].At.Equal(noon) {
		t.Errorf("from the first key to the third: got %v, %v", path, leads)
	}
	for name, ends := range map[string][2]*PrivateKey{"backwards": {c, a}, "from a stranger": {other, c}, "to a stranger": {a, other}} {
		if path, leads := s.Path(ends[0].Public().Fingerprint(), ends[1].Public().Fingerprint()); leads {
			t.Errorf("%s: got %v", name, path)
		}
	}
	if path, leads := s.Path(other.Public().Fingerprint(), other.Public().Fingerprint()); !leads || len(path) != 0 {
		t.Errorf("from a key to itself: got %v, %v", path, leads)
	}
	for name, step := range map[string][2]*PrivateKey{"replaced twice": {a, other}, "a circle": {c, a}, "announced twice": {other, b}} {
		if err := s.Check(step[0].Public(), step[1].Public()); !errors.Is(err, ErrRotation) {
			t.Errorf("%s: got %v, want ErrRotation", name, err)
		}
		j := memstore.New()
		for _, step := range [][2]*PrivateKey{{a, b}, {b, c}, step} {
			if _, err := j.Append(t.Context(), announce(t, step[0], step[1].Public())); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := ReadSuccession(t.Context(), j, testOrigin); !errors.Is(err, ErrRotation) || len(got) != 2 {
			t.Errorf("%s, in a journal: got %d rotations, %v, want 2 and ErrRotation", name, len(got), err)
		}
	}
	if _, err := AnnounceRotation(t.Context(), a, a.Public(), testOrigin, noon); err == nil {
		t.Error("a key was announced after itself")
	}
}

func TestOpenRotationRefuses(t *testing.T) {
	a, b, c := generate(t, ECDSAP256), generate(t, Ed25519), generate(t, ECDSAP256)
	another := announce(t, a, c.Public())
	for name, spoil := range map[string]func(*evidence.Entry){
		"another type":         func(e *evidence.Entry) { e.Type = evidence.EntrySealed },
		"no statement":         func(e *evidence.Entry) { e.Statement = nil },
		"a broken statement":   func(e *evidence.Entry) { e.Statement = []byte(`{"payload":"AA=="}`) },
		"another's statement":  func(e *evidence.Entry) { e.Statement = another.Statement },
		"another new key":      func(e *evidence.Entry) { e.Subjects = another.Subjects },
		"subjects swapped":     func(e *evidence.Entry) { e.Subjects = []evidence.Digest{e.Subjects[1], e.Subjects[0]} },
		"another time":         func(e *evidence.Entry) { e.Time = e.Time.Add(time.Second) },
		"signature of another": func(e *evidence.Entry) { e.Statement = resigned(t, e.Statement, c) },
		"a bit of the signature": func(e *evidence.Entry) {
			text := string(e.Statement)
			i := strings.Index(text, `"sig":"`) + 20
			digit := byte('A')
			if text[i] == digit {
				digit = 'B'
			}
			e.Statement = []byte(text[:i] + string(digit) + text[i+1:])
		},
	} {
		e := announce(t, a, b.Public())
		spoil(&e)
		if r, err := OpenRotation(t.Context(), e, testOrigin); !errors.Is(err, ErrRotation) {
			t.Errorf("%s: got %v, %v, want ErrRotation", name, r, err)
		}
	}
	if _, err := OpenRotation(t.Context(), announce(t, a, b.Public()), Origin("another")); !errors.Is(err, ErrRotation) {
		t.Errorf("another store: got %v, want ErrRotation", err)
	}
	if _, err := OpenRotation(t.Context(), announce(t, a, b.Public()), testOrigin); err != nil {
		t.Errorf("as it was made: %v", err)
	}
}

// resigned is the same statement, signed with a key that it does not name as the old one.
func resigned(t *testing.T, envelope []byte, key Signer) []byte {
	t.Helper()
	s, err := peekStatement(envelope)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := Sign(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Envelope[:len(sealed.Envelope)-1]
}

func announce(t *testing.T, old Signer, new PublicKey) evidence.Entry {
	t.Helper()
	e, err := AnnounceRotation(t.Context(), old, new, testOrigin, noon)
	if err != nil {
		t.Fatal(err)
	}
	e.Number = 1
	return e
}
