//go:build e2e

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDemoWithOtherPeoplesTools runs the demo and reads what it made with programs that are not ours.
func TestDemoWithOtherPeoplesTools(t *testing.T) {
	program := os.Getenv("AUDITPACK")
	if program == "" {
		t.Fatal("AUDITPACK does not name the built program; run make e2e")
	}
	in := filepath.Join(t.TempDir(), "demo")
	if err := run(t.Context(), program, filepath.Join("..", "acme"), in); err != nil {
		t.Fatal(err)
	}
	workspace := filepath.Join(in, workspaceName)
	modules := t.TempDir()
	tool(t, "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", modules, nodeDuckDB)
	t.Run("pdf", func(t *testing.T) { checkPDFs(t, filepath.Join(workspace, "out")) })
	t.Run("xlsx", func(t *testing.T) { checkSheets(t, filepath.Join(workspace, "out")) })
	t.Run("bundle", func(t *testing.T) { checkBundle(t, workspace) })
	t.Run("duckdb", func(t *testing.T) { checkReperform(t, workspace, modules) })
	t.Run("sample", func(t *testing.T) { checkSample(t, filepath.Join(workspace, sampleFolder), modules) })
	t.Run("questions", func(t *testing.T) { checkQuestions(t, program, workspace) })
	t.Run("figures", func(t *testing.T) { checkFigures(t, workspace) })
	t.Run("determinism", func(t *testing.T) { checkDeterminism(t, program, workspace) })
}

// claims are words that only an auditor may say.
var claims = regexp.MustCompile(`(?i)\b(is compliant|are compliant|is certified|are certified|passed the audit|ist konform|ist zertifiziert)\b`)

func checkPDFs(t *testing.T, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no PDF in %q: %v", dir, err)
	}
	for _, f := range files {
		tool(t, "qpdf", "--check", f)
		fonts := tool(t, "pdffonts", f)
		for _, line := range strings.Split(strings.TrimSpace(fonts), "\n")[2:] {
			if !regexp.MustCompile(`\byes\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+$`).MatchString(line) {
				t.Errorf("%s: a font is not embedded: %s", filepath.Base(f), line)
			}
		}
		text := tool(t, "pdftotext", "-layout", f, "-")
		if !strings.Contains(text, "ACME GmbH") || !strings.Contains(text, "VAL-02") {
			t.Errorf("%s: neither the organization nor the test VAL-02 is in its text", filepath.Base(f))
		}
		if c := claims.FindString(text); c != "" {
			t.Errorf("%s says %q", filepath.Base(f), c)
		}
		for i, page := range strings.Split(strings.TrimSuffix(text, "\f"), "\f") {
			if len(strings.Fields(page)) < 12 { // header and footer alone have about ten words
				t.Errorf("%s: page %d is all but empty", filepath.Base(f), i+1)
			}
		}
	}
}

func checkSheets(t *testing.T, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.xlsx"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no XLSX in %q: %v", dir, err)
	}
	out := t.TempDir()
	args := append([]string{"--headless", "-env:UserInstallation=file://" + filepath.Join(out, "profile"), "--convert-to", "pdf", "--outdir", out}, files...)
	tool(t, "soffice", args...)
	for _, f := range files {
		converted := filepath.Join(out, strings.TrimSuffix(filepath.Base(f), ".xlsx")+".pdf")
		if text := tool(t, "pdftotext", converted, "-"); !strings.Contains(text, "VAL-02") {
			t.Errorf("%s: LibreOffice shows no VAL-02", filepath.Base(f))
		}
	}
}

// checkBundle does what an auditor does who has only coreutils, unzip and openssl.
func checkBundle(t *testing.T, workspace string) {
	bag := t.TempDir()
	tool(t, "unzip", "-q", filepath.Join(workspace, "acme-2026-q3.zip"), "-d", bag)
	script := "cd " + bag + " && f=$(find . -name manifest-sha256.txt) && cd $(dirname $f) && sha256sum --quiet -c manifest-sha256.txt && sha256sum --quiet -c tagmanifest-sha256.txt && " +
		"openssl dgst -sha256 -verify " + filepath.Join(workspace, "keys", "seal.pub.pem") + " -signature attestation.sig attestation.pae"
	if out := tool(t, "sh", "-c", script); !strings.Contains(out, "Verified OK") {
		t.Errorf("openssl says %q", out)
	}
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%.2000s", name, strings.Join(args, " "), err, out.String())
	}
	return out.String()
}
