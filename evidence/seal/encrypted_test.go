package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

func given(text string) Passphrase { return func() ([]byte, error) { return []byte(text), nil } }

// TestEncryptedKeys goes both ways with openssl: it opens ours, and we open its.
func TestEncryptedKeys(t *testing.T) {
	for _, a := range algorithms {
		k := generate(t, a)
		b, err := k.PEM([]byte("correct horse"))
		if err != nil {
			t.Fatal(err)
		}
		opened, err := parsePrivateKey(b, given("correct horse"))
		if err != nil {
			t.Fatal(err)
		}
		if opened.Public().Fingerprint() != k.Public().Fingerprint() || !opened.Encrypted() {
			t.Errorf("%s: read back: got %s, encrypted %v", a, opened.Public().Fingerprint(), opened.Encrypted())
		}
		for _, wrong := range []string{"", "correct horse ", "Correct horse"} {
			if _, err := parsePrivateKey(b, given(wrong)); !errors.Is(err, ErrPassphrase) {
				t.Errorf("%s: passphrase %q: got %v, want ErrPassphrase", a, wrong, err)
			}
		}
		if _, err := parsePrivateKey(b, nil); !errors.Is(err, ErrNoPassphrase) {
			t.Errorf("%s: no passphrase: got %v, want ErrNoPassphrase", a, err)
		}
		plain, err := k.PEM(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := openssl(t, b, "pkey", "-passin", "pass:correct horse"); !bytes.Equal(got, plain) {
			t.Errorf("%s: openssl pkey: got\n%s\nwant our own plain form", a, got)
		}
		for name, args := range map[string][]string{
			"AES-256": {"-v2", "aes-256-cbc"}, "AES-128": {"-v2", "aes-128-cbc"}, "rounds": {"-v2", "aes-256-cbc", "-iter", "1"},
		} {
			theirs := openssl(t, plain, append([]string{"pkcs8", "-topk8", "-passout", "pass:x"}, args...)...)
			if got, err := parsePrivateKey(theirs, given("x")); err != nil || got.Public().Fingerprint() != k.Public().Fingerprint() {
				t.Errorf("%s by openssl, %s: %v", a, name, err)
			}
		}
	}
}

// TestWrongPassphraseIsAlwaysThat: one in 256 wrong passphrases gives a padding that is right, and it is still only a wrong passphrase.
func TestWrongPassphraseIsAlwaysThat(t *testing.T) {
	b := openssl(t, mustPEM(t, generate(t, Ed25519)), "pkcs8", "-topk8", "-passout", "pass:x", "-v2", "aes-256-cbc", "-iter", "1")
	for i := range 2000 {
		if _, err := parsePrivateKey(b, given(strings.Repeat("y", i+1))); !errors.Is(err, ErrPassphrase) || strings.Contains(err.Error(), "asn1") {
			t.Fatalf("passphrase %d: got %v, want ErrPassphrase and no more", i, err)
		}
	}
}

func TestEncryptedKeysRefused(t *testing.T) {
	plain := mustPEM(t, generate(t, ECDSAP256))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"scrypt":   {[]string{"-scrypt"}, "want PBKDF2"},
		"SHA-1":    {[]string{"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"}, "another hash than HMAC-SHA-256"},
		"DES":      {[]string{"-v2", "des3"}, "want AES-256-CBC"},
		"Camellia": {[]string{"-v2", "camellia-256-cbc"}, "want AES-256-CBC"},
	} {
		b := openssl(t, plain, append([]string{"pkcs8", "-topk8", "-passout", "pass:x"}, c.args...)...)
		_, err := parsePrivateKey(b, given("x"))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "converts it") {
			t.Errorf("%s: got %v, want %q and what converts it", name, err, c.want)
		}
	}
	if _, err := generate(t, Ed25519).PEM([]byte{}); err == nil {
		t.Error("encrypted with an empty passphrase")
	}
}

func FuzzDecryptKey(f *testing.F) {
	k, err := Generate(Ed25519)
	if err != nil {
		f.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		f.Fatal(err)
	}
	salt, iv := make([]byte, saltBytes), make([]byte, 16)
	b, err := marshalEncrypted(salt, iv, make([]byte, 64))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(der)
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.Contains(b, []byte{2, 3}) || bytes.Contains(b, []byte{2, 4}) {
			return // millions of rounds are allowed, and slow
		}
		if got, err := decryptKey(b, []byte("x")); err == nil && len(got) >= len(b) {
			t.Errorf("%d bytes give %d", len(b), len(got))
		}
	})
}

func mustPEM(t *testing.T, k *PrivateKey) []byte {
	t.Helper()
	b, err := k.PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(b); block.Type != privateBlock {
		t.Fatalf("PEM block %q", block.Type)
	}
	return b
}

func openssl(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Stdin = bytes.NewReader(in)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, &errs)
	}
	return out
}
