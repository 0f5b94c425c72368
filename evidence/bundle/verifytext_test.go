package bundle

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"auditpack/evidence/seal"
)

// commands returns the commands of VERIFY.txt: lines that begin with four spaces and "$ ".
func commands(t *testing.T, text string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(text) {
		if c, ok := strings.CutPrefix(line, "    $ "); ok {
			out = append(out, strings.TrimSuffix(c, "\n"))
		}
	}
	if len(out) < 10 {
		t.Fatalf("VERIFY.txt has %d commands, want those of all its sections", len(out))
	}
	return out
}

// runVerifyText unpacks a bundle with unzip, runs the commands of its VERIFY.txt with sh, and returns the ones that fail or that
// find something, and all output.
func runVerifyText(t *testing.T, path string, text []byte) (failed []string, output string) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "unzip", "-q", path, "-d", dir).CombinedOutput(); err != nil {
		return []string{"unzip"}, string(out)
	}
	var all strings.Builder
	for _, c := range commands(t, string(text)) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", c)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		all.Write(out)
		if err != nil {
			failed = append(failed, c)
		}
	}
	return failed, all.String()
}

func TestVerifyTextOnAGoodBundle(t *testing.T) {
	f := newFixture(t)
	for _, a := range []seal.Algorithm{seal.ECDSAP256, seal.Ed25519} {
		t.Run(string(a), func(t *testing.T) {
			key, err := seal.Generate(a)
			if err != nil {
				t.Fatal(err)
			}
			o := f.options(t)
			o.Key = key
			path := create(t, o)
			b, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			text, err := b.ReadFile(verifyFile)
			if err != nil {
				t.Fatal(err)
			}
			failed, output := runVerifyText(t, path, text)
			for _, c := range failed {
				t.Errorf("fails: %s", c)
			}
			digits := strings.TrimPrefix(key.Public().Fingerprint(), "SHA256:")
			var rest []string
			for line := range strings.Lines(output) {
				if !strings.HasPrefix(line, digits) && !strings.Contains(line, "Verified") {
					rest = append(rest, line)
				}
			}
			if !strings.Contains(output, digits) || len(rest) > 0 {
				t.Errorf("output: want the fingerprint %s and nothing odd, got\n%s", digits, output)
			}
		})
	}
}

// TestVerifyTextFindsWhatWeFind runs the commands over bundles that were tampered with and packed again in our layout.
func TestVerifyTextFindsWhatWeFind(t *testing.T) {
	f := newFixture(t)
	path := create(t, f.options(t))
	good := readFile(t, path)
	text := memberOf(t, unpack(t, good), verifyFile)
	for name, tamper := range map[string]func(content) content{
		"evidence changed":  changeFirst(evidenceFolder),
		"record changed":    changeFirst(recordFolder),
		"entry changed":     changeFirst(journalFolder),
		"manifest changed":  changeFirst(manifestFile),
		"bag info changed":  changeFirst(bagInfoFile),
		"signature changed": changeFirst(signatureFile),
		"member added": func(c content) content {
			return append(c, packed{"data/reports/extra.txt", []byte("extra")})
		},
		"evidence dropped": func(c content) content {
			for i := range c {
				if strings.HasPrefix(c[i].name, evidenceFolder) {
					return append(c[:i:i], c[i+1:]...)
				}
			}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "bad.zip")
			writeFile(t, bad, pack(t, tamper(unpack(t, good))))
			if failed, output := runVerifyText(t, bad, text); len(failed) == 0 {
				t.Errorf("no command fails; output:\n%s", output)
			}
		})
	}
}
