package main

import (
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// The report in a bundle names the key that sealed it, which need not be the workspace's own.
func TestBundledReportNamesItsKey(t *testing.T) {
	folder := t.TempDir()
	own, other, pack := filepath.Join(folder, "own"), filepath.Join(folder, "other"), filepath.Join(folder, "pack.zip")
	command(t, "init", own, "--quiet")
	command(t, "init", other, "--quiet")
	ownKey := command(t, "-w", own, "key", "generate")
	otherKey := command(t, "-w", other, "key", "generate")
	command(t, "-w", own, "collect", "--quiet", "--no-facts")
	command(t, "-w", own, "bundle", "--framework", "waf-sec", "--format", "txt", "--quarter", "2026-Q3",
		"--key", filepath.Join(other, "keys", "seal.key.pem"), "--out", pack)

	z, err := zip.OpenReader(pack)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open("data/reports/waf-sec_2026-07-01_2026-10-01.en.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	report, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	digits := func(fingerprint string) string { return strings.TrimSpace(fingerprint)[len("SHA256:"):][:16] }
	if !bytes.Contains(report, []byte(digits(otherKey))) || bytes.Contains(report, []byte(digits(ownKey))) {
		t.Errorf("sealed with %sand not with %sbut the report's cover says otherwise:\n%.2000s", otherKey, ownKey, report)
	}
}

// command runs the program and returns what it printed.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(append([]string{"auditpack"}, args...), strings.NewReader(""), &stdout, &stderr); status != statusDone {
		t.Fatalf("auditpack %s: status %d\n%s", strings.Join(args, " "), status, &stderr)
	}
	return stdout.String()
}
