package seal

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var statement = Statement{
	Type:          StatementType,
	Subject:       []Subject{{Name: "manifest-sha256.txt", Digest: map[string]string{"sha256": "ab"}}},
	PredicateType: "https://example.com/bundle/v1",
	Predicate:     json.RawMessage(`{"size":3}`),
}

func TestSignAndOpen(t *testing.T) {
	for _, a := range algorithms {
		k := generate(t, a)
		sealed, err := Sign(t.Context(), statement, k)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Public().Verify(sealed.Signed, sealed.Signature); err != nil {
			t.Errorf("%s: plain files: %v", a, err)
		}
		got, parts, err := Open(t.Context(), sealed.Envelope, k.Public())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(statement, got); diff != "" {
			t.Errorf("%s: statement (-want +got):\n%s", a, diff)
		}
		if diff := cmp.Diff(sealed, parts); diff != "" {
			t.Errorf("%s: parts (-want +got):\n%s", a, diff)
		}
		if _, _, err := Open(t.Context(), sealed.Envelope, generate(t, a).Public()); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: another key: got %v, want ErrSignature", a, err)
		}
	}
}

func TestEveryFlippedBitOfAnEnvelopeIsFound(t *testing.T) {
	k := generate(t, Ed25519)
	sealed, err := Sign(t.Context(), statement, k)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed.Envelope {
		for bit := range 8 {
			b := append([]byte(nil), sealed.Envelope...)
			b[i] ^= 1 << bit
			if _, _, err := Open(t.Context(), b, k.Public()); err == nil {
				t.Errorf("byte %d, bit %d: got no error", i, bit)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	k := generate(t, Ed25519)
	sealed, err := Sign(t.Context(), statement, k)
	if err != nil {
		t.Fatal(err)
	}
	good := string(sealed.Envelope)
	for name, b := range map[string]string{
		"nothing":        "",
		"two envelopes":  good + good,
		"no newline":     strings.TrimSuffix(good, "\n"),
		"unknown key":    strings.Replace(good, `{"payload"`, `{"note":1,"payload"`, 1),
		"no signature":   `{"payload":"","payloadType":"` + PayloadType + `","signatures":[]}` + "\n",
		"two signatures": strings.Replace(good, `"signatures":[`, `"signatures":[{"keyid":"","sig":""},`, 1),
		"other type":     strings.Replace(good, PayloadType, "text/plain", 1),
	} {
		if _, _, err := Open(t.Context(), []byte(b), k.Public()); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
