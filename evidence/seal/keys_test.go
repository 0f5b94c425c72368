package seal

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var algorithms = []Algorithm{ECDSAP256, Ed25519}

func TestKeysRoundTrip(t *testing.T) {
	for _, a := range algorithms {
		t.Run(string(a), func(t *testing.T) {
			dir := t.TempDir()
			private, public := filepath.Join(dir, "seal.key.pem"), filepath.Join(dir, "seal.pub.pem")
			k := generate(t, a)
			if err := k.Save(private, public, nil); err != nil {
				t.Fatal(err)
			}
			loaded, err := LoadPrivateKey(private, nil)
			if err != nil {
				t.Fatal(err)
			}
			pub, err := LoadPublicKey(public)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(k.Public().Fingerprint(), pub.Fingerprint()); diff != "" {
				t.Errorf("fingerprint (-want +got):\n%s", diff)
			}
			sig, err := loaded.Sign(t.Context(), []byte("manifest"))
			if err != nil {
				t.Fatal(err)
			}
			if err := pub.Verify([]byte("manifest"), sig); err != nil {
				t.Error(err)
			}
			if err := pub.Verify([]byte("manifesto"), sig); !errors.Is(err, ErrSignature) {
				t.Errorf("other bytes: got %v, want ErrSignature", err)
			}
			if err := generate(t, a).Public().Verify([]byte("manifest"), sig); !errors.Is(err, ErrSignature) {
				t.Errorf("other key: got %v, want ErrSignature", err)
			}
			if err := (PublicKey{}).Verify([]byte("manifest"), sig); !errors.Is(err, ErrSignature) {
				t.Errorf("no key: got %v, want ErrSignature", err)
			}
			if err := k.Save(private, public, nil); !errors.Is(err, fs.ErrExist) {
				t.Errorf("saving again: got %v, want fs.ErrExist", err)
			}
		})
	}
}

// TestFingerprintAsOpenSSL holds our fingerprint to what the commands in VERIFY.txt print.
func TestFingerprintAsOpenSSL(t *testing.T) {
	for _, a := range algorithms {
		k := generate(t, a)
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "openssl pkey -pubin -outform DER | sha256sum")
		cmd.Stdin = strings.NewReader(string(k.Public().PEM()))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		digits, _, _ := strings.Cut(string(out), " ")
		if diff := cmp.Diff("SHA256:"+digits, k.Public().Fingerprint()); diff != "" {
			t.Errorf("%s (-openssl +ours):\n%s", a, diff)
		}
	}
}

func TestKeysFromOpenSSL(t *testing.T) {
	for name, args := range map[string][]string{
		"ec":      {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
		"ed25519": {"genpkey", "-algorithm", "ed25519"},
	} {
		out, err := exec.CommandContext(t.Context(), "openssl", args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsePrivateKey(out, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	openssl := func(args ...string) []byte {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "openssl", args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	k := generate(t, ECDSAP256)
	good, err := k.PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pem  []byte
		want string
	}{
		"empty":      {nil, "no PEM block"},
		"two keys":   {append(good[:len(good):len(good)], good...), "more than one PEM block"},
		"public key": {k.Public().PEM(), `PEM block is "PUBLIC KEY"`},
		"P-384":      {openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "want P-256"},
		"RSA":        {openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"), "want ECDSA P-256 or Ed25519"},
		"password":   {openssl("genpkey", "-algorithm", "ed25519", "-aes128", "-pass", "pass:x"), "no passphrase"},
	} {
		if _, err := parsePrivateKey(c.pem, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := Generate("rsa"); err == nil {
		t.Error("Generate rsa: got no error")
	}
	if _, err := ParsePublicKey(good); err == nil {
		t.Error("private key as public: got no error")
	}
}

func TestOpenPrivateKeyFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.key.pem")
	b, err := generate(t, Ed25519).PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPrivateKey(path, nil); err == nil || !strings.Contains(err.Error(), "can be read by others") {
		t.Errorf("got %v", err)
	}
}

func TestParseFingerprint(t *testing.T) {
	want := generate(t, Ed25519).Public().Fingerprint()
	for _, s := range []string{want, " " + want + "\n", "SHA256:" + strings.ToUpper(want[7:])} {
		if got, err := ParseFingerprint(s); err != nil || got != want {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "SHA256:", want[7:], want + "0", "sha256:" + want[7:], "SHA256:zz"} {
		if got, err := ParseFingerprint(s); err == nil {
			t.Errorf("%q: got %q, want an error", s, got)
		}
	}
}

func generate(t *testing.T, a Algorithm) *PrivateKey {
	t.Helper()
	k, err := Generate(a)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
