package transit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/vault/api"

	"auditpack/evidence/seal"
)

func TestParseReference(t *testing.T) {
	for text, want := range map[string]Reference{
		"vault-transit://transit/audit-seal":           {Mount: "transit", Key: "audit-seal"},
		"vault-transit://team/a.b/transit/k":           {Mount: "team/a.b/transit", Key: "k"},
		"vault-transit://transit/audit.seal?version=3": {Mount: "transit", Key: "audit.seal", Version: 3},
	} {
		got, err := ParseReference(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || got.String() != text {
			t.Errorf("%s: %v, written as %s (-want +got):\n%s", text, err, got, diff)
		}
	}
	for _, text := range []string{
		"", "transit/key", "vault-transit://key", "vault-transit:///key", "vault-transit://transit/", "vault-transit://transit/key?version=0",
		"vault-transit://transit/key?version=03", "vault-transit://transit/key?version=", "vault-transit://transit/key?v=1", "vault-transit://transit/key#1",
		"vault-transit://../sys/key", "vault-transit://a/../b/key", "vault-transit://a//key", "vault-transit://transit/-key", "vault-transit://tr ansit/key",
	} {
		if got, err := ParseReference(text); !errors.Is(err, ErrReference) {
			t.Errorf("%q: got %v, %v, want ErrReference", text, got, err)
		}
	}
}

// fake is the two paths of Transit that a signer asks, for one ECDSA key of two versions.
type fake struct {
	t    *testing.T
	keys map[int]*ecdsa.PrivateKey
	sign func(version int, digest []byte) string // the signature as Vault writes it
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	// "Read key": keys is a map of version numbers to objects, of which public_key is the key in PEM; latest_version the newest.
	case "GET /v1/transit/keys/audit-seal":
		versions := map[string]any{}
		for v, k := range f.keys {
			p, err := seal.NewPublicKey(&k.PublicKey)
			if err != nil {
				f.t.Error(err)
			}
			versions[fmt.Sprint(v)] = map[string]any{"public_key": string(p.PEM()), "creation_time": "2026-11-01T00:00:00Z"}
		}
		json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"type": "ecdsa-p256", "derived": false, "latest_version": len(f.keys), "keys": versions}})
	// "Sign data": input is base64; key_version the version to use; with prehashed it is the digest itself; marshaling_algorithm
	// asn1 is the form that OpenSSL takes.
	case "PUT /v1/transit/sign/audit-seal":
		var in struct {
			Input      string `json:"input"`
			Version    int    `json:"key_version"`
			Prehashed  bool   `json:"prehashed"`
			Hash       string `json:"hash_algorithm"`
			Marshaling string `json:"marshaling_algorithm"`
		}
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil || !in.Prehashed || in.Hash != "sha2-256" || in.Marshaling != "asn1" {
			f.t.Errorf("sign: got %+v, %v", in, err)
		}
		digest, err := base64.StdEncoding.DecodeString(in.Input)
		if err != nil || len(digest) != 32 {
			f.t.Errorf("sign: input of %d bytes, %v: want a SHA-256", len(digest), err)
		}
		json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"signature": f.sign(in.Version, digest), "key_version": in.Version}})
	default:
		f.t.Errorf("asked %s %s", r.Method, r.URL.Path)
		http.NotFound(w, r)
	}
}

// TestPinnedVersion: a key that is rotated in Vault after it was opened signs as it was opened, and what does not is refused.
func TestPinnedVersion(t *testing.T) {
	f := &fake{t: t, keys: map[int]*ecdsa.PrivateKey{1: newKey(t)}}
	written := func(label, version int) func(int, []byte) string {
		return func(asked int, digest []byte) string {
			if version == 0 {
				label, version = asked, asked
			}
			sig, err := ecdsa.SignASN1(rand.Reader, f.keys[version], digest)
			if err != nil {
				t.Error(err)
			}
			return fmt.Sprintf("vault:v%d:%s", label, base64.StdEncoding.EncodeToString(sig))
		}
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	client, err := api.NewClient(&api.Config{Address: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), client, Reference{Mount: "transit", Key: "audit-seal"})
	if err != nil {
		t.Fatal(err)
	}
	f.keys[2] = newKey(t)
	f.sign = written(0, 0)
	sig, err := s.Sign(t.Context(), []byte("manifest"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Public().Verify([]byte("manifest"), sig); err != nil {
		t.Error(err)
	}
	if got := s.Place(); got != "vault-transit://transit/audit-seal?version=1" {
		t.Errorf("place: got %s", got)
	}
	for name, c := range map[string]struct {
		sign func(int, []byte) string
		want string
	}{
		"by another version":              {written(2, 2), "want one by version 1"},
		"by another, which it calls ours": {written(1, 2), "not made with the key that it shows"},
		"no signature":                    {func(int, []byte) string { return "" }, "want one by version 1"},
		"no base64":                       {func(int, []byte) string { return "vault:v1:*" }, "illegal base64"},
	} {
		f.sign = c.sign
		if _, err := s.Sign(t.Context(), []byte("manifest")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
