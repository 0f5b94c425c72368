package bundle

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/seal"
)

// rotate announces new after old in the fixture's journal.
func (f *fixture) rotate(t *testing.T, old seal.Signer, new seal.PublicKey) {
	t.Helper()
	e, err := seal.AnnounceRotation(t.Context(), old, new, seal.Origin(storeUUID), noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func generate(t *testing.T, a seal.Algorithm) *seal.PrivateKey {
	t.Helper()
	k, err := seal.Generate(a)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestRotatedKey: whoever trusts an earlier key believes a later one, as far as each announced the next.
func TestRotatedKey(t *testing.T) {
	f := newFixture(t)
	first, second, third, stranger := f.key, generate(t, seal.Ed25519), generate(t, seal.ECDSAP256), generate(t, seal.Ed25519)
	f.rotate(t, first, second.Public())
	f.rotate(t, second, third.Public())
	o := f.options(t)
	o.Key = third
	b := readFile(t, create(t, o))

	for name, trust := range map[string]VerifyOptions{"key": {Key: first.Public()}, "fingerprint": {Fingerprint: first.Public().Fingerprint()}} {
		r := verifyBytes(t, b, trust)
		want := []Rotation{
			{Entry: 3, At: noon, Old: first.Public().Fingerprint(), New: second.Public().Fingerprint()},
			{Entry: 4, At: noon, Old: second.Public().Fingerprint(), New: third.Public().Fingerprint()},
		}
		if diff := cmp.Diff(want, r.Rotations); diff != "" || !r.OK() || !r.Sealed || r.Statement == nil {
			t.Errorf("trust in the first %s: problems %v (-want +got):\n%s", name, r.Problems, diff)
		}
	}
	if r := verifyBytes(t, b, VerifyOptions{Key: third.Public()}); !r.OK() || len(r.Rotations) > 0 {
		t.Errorf("trust in the third: %v, %v", r.Problems, r.Rotations)
	}
	checkFound(t, verifyBytes(t, b, VerifyOptions{Key: stranger.Public()}), "sealed by key "+third.Public().Fingerprint())

	// Sealed with a key that the journal replaced, and by somebody whom nobody announced.
	o.Key = second
	replaced := readFile(t, create(t, o))
	checkFound(t, verifyBytes(t, replaced, VerifyOptions{Key: second.Public()}), "entry 4 of the journal, of 2026-10-01T12:00:00Z, replaced this key")
	checkFound(t, verifyBytes(t, replaced, VerifyOptions{Key: first.Public()}), "entry 4 of the journal, of 2026-10-01T12:00:00Z, replaced this key")
	o.Key = stranger
	checkFound(t, verifyBytes(t, readFile(t, create(t, o)), VerifyOptions{Key: first.Public()}), "sealed by key "+stranger.Public().Fingerprint())
}

// TestForgedAnnouncement: a thief of the store, without the old key, cannot make the auditor believe a key of their own.
func TestForgedAnnouncement(t *testing.T) {
	thief := generate(t, seal.ECDSAP256)
	for name, forge := range map[string]func(*testing.T, *fixture) evidence.Entry{
		"signed with the thief's own key": func(t *testing.T, f *fixture) evidence.Entry {
			e, err := seal.AnnounceRotation(t.Context(), generate(t, seal.Ed25519), thief.Public(), seal.Origin(storeUUID), noon)
			if err != nil {
				t.Fatal(err)
			}
			e.Subjects[0] = evidence.Digest("sha256:" + f.key.Public().Fingerprint()[len("SHA256:"):])
			return e
		},
		"made for another store": func(t *testing.T, f *fixture) evidence.Entry {
			e, err := seal.AnnounceRotation(t.Context(), f.key, thief.Public(), seal.Origin("1b4e28ba-2fa1-41d2-883f-0016d3cca427"), noon)
			if err != nil {
				t.Fatal(err)
			}
			return e
		},
		"a key put in the place of another": func(t *testing.T, f *fixture) evidence.Entry {
			e, err := seal.AnnounceRotation(t.Context(), f.key, generate(t, seal.ECDSAP256).Public(), seal.Origin(storeUUID), noon)
			if err != nil {
				t.Fatal(err)
			}
			var envelope struct {
				Payload     []byte          `json:"payload"`
				PayloadType string          `json:"payloadType"`
				Signatures  json.RawMessage `json:"signatures"`
			}
			if err := json.Unmarshal(e.Statement, &envelope); err != nil {
				t.Fatal(err)
			}
			digits := func(k seal.PublicKey) []byte { return []byte(k.Fingerprint()[len("SHA256:"):]) }
			envelope.Payload = bytes.ReplaceAll(envelope.Payload, []byte(e.Subjects[1].Hex()), digits(thief.Public()))
			if e.Statement, err = json.Marshal(envelope); err != nil {
				t.Fatal(err)
			}
			e.Subjects[1] = evidence.Digest("sha256:" + string(digits(thief.Public())))
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			if _, err := f.store.Append(t.Context(), forge(t, f)); err != nil {
				t.Fatal(err)
			}
			o := f.options(t)
			o.Key = thief
			r := verifyBytes(t, readFile(t, create(t, o)), VerifyOptions{Key: f.key.Public()})
			checkFound(t, r, "sealed by key "+thief.Public().Fingerprint(), "announcement of a key does not verify")
			if r.Sealed || len(r.Rotations) > 0 {
				t.Errorf("sealed %v, rotations %v", r.Sealed, r.Rotations)
			}
		})
	}
}
