package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"auditpack/evidence/seal/timestamptest"
)

// stampingWorkspace is a workspace with a collection and with a timestamp authority at url.
func stampingWorkspace(t *testing.T, url, ca string) string {
	t.Helper()
	dir := t.TempDir()
	command(t, "init", dir, "--quiet", "--force")
	name := filepath.Join(dir, "auditpack.yaml")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, fmt.Appendf(b, "\ntimestamp:\n  url: %s\n  ca: %s\n", url, ca), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "-w", dir, "key", "generate")
	command(t, "-w", dir, "collect", "--quiet", "--no-facts", "--no-progress")
	return dir
}

// tried runs the program and wants a status and words on stderr.
func tried(t *testing.T, status int, words string, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(append([]string{"auditpack"}, args...), strings.NewReader(""), &stdout, &stderr); got != status || !strings.Contains(stderr.String()+stdout.String(), words) {
		t.Errorf("auditpack %s: status %d, want %d and %q\n%s%s", strings.Join(args, " "), got, status, words, &stdout, &stderr)
	}
}

// TestTimestampedCheckpointAndBundle goes from an authority in auditpack.yaml to openssl, and to an auditor who trusts it or another.
func TestTimestampedCheckpointAndBundle(t *testing.T) {
	a, other := timestamptest.Start(t, timestamptest.Options{}), timestamptest.Start(t, timestamptest.Options{})
	dir := stampingWorkspace(t, a.URL, a.CA)
	checkpoint, pack := filepath.Join(dir, "checkpoint.txt"), filepath.Join(dir, "pack.zip")
	tried(t, statusDone, "its timestamp is in "+checkpoint+".tsr", "-w", dir, "journal", "checkpoint", "--out", checkpoint, "--require-timestamp")
	out, err := exec.CommandContext(t.Context(), "openssl", "ts", "-verify", "-data", checkpoint, "-in", checkpoint+".tsr", "-CAfile", a.CA).CombinedOutput()
	if err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
	tried(t, statusDone, "the checkpoint was there on", "-w", dir, "journal", "verify", "--since", checkpoint)
	tried(t, statusVerify, "not one that is trusted", "-w", dir, "journal", "verify", "--since", checkpoint, "--timestamp-ca", other.CA)
	tried(t, statusError, "there already", "-w", dir, "journal", "checkpoint", "--out", checkpoint)
	tried(t, statusUsage, "--timestamp goes with --since", "-w", dir, "journal", "verify", "--timestamp", checkpoint+".tsr")
	tried(t, statusDone, `"timestamp_response":"`, "-w", dir, "journal", "checkpoint", "--json", "--require-timestamp")
	tried(t, statusUsage, "name the checkpoint's with --out", "-w", dir, "journal", "checkpoint", "--require-timestamp")

	tried(t, statusDone, "the seal has a timestamp", "-w", dir, "bundle", "--framework", "waf-sec", "--quarter", "2026-Q3", "--format", "txt", "--out", pack, "--require-timestamp")
	public := filepath.Join(dir, "keys", "seal.pub.pem")
	tried(t, statusDone, "the seal was there on", "verify", pack, "--key", public, "--timestamp-ca", a.CA)
	tried(t, statusDone, "nobody vouches for it until you name an authority", "verify", pack, "--key", public)
	tried(t, statusVerify, "not one that is trusted", "verify", pack, "--key", public, "--timestamp-ca", other.CA)

	// The timestamp of another checkpoint, and none.
	command(t, "-w", dir, "collect", "--quiet", "--no-facts", "--no-progress")
	later := filepath.Join(dir, "later.txt")
	command(t, "-w", dir, "journal", "checkpoint", "--out", later)
	tried(t, statusVerify, "it is of other bytes", "-w", dir, "journal", "verify", "--since", checkpoint, "--timestamp", later+".tsr")
	if err := os.Remove(later + ".tsr"); err != nil {
		t.Fatal(err)
	}
	tried(t, statusDone, "nothing recorded was altered", "-w", dir, "journal", "verify", "--since", later)
	tried(t, statusVerify, "has no timestamp", "-w", dir, "journal", "verify", "--since", later, "--timestamp-ca", a.CA)
}

// TestTimestampAuthorityFails: the work is done all the same and says that there is no timestamp, unless one is required.
func TestTimestampAuthorityFails(t *testing.T) {
	ended := timestamptest.Start(t, timestamptest.Options{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)})
	stopped := httptest.NewServer(nil)
	stopped.Close()
	for name, url := range map[string]string{"connection refused": stopped.URL, "outside of certificate validity": ended.URL} {
		dir := stampingWorkspace(t, url, ended.CA)
		checkpoint, pack := filepath.Join(dir, "checkpoint.txt"), filepath.Join(dir, "pack.zip")
		bundled := []string{"-w", dir, "bundle", "--framework", "waf-sec", "--quarter", "2026-Q3", "--format", "txt", "--out", pack}
		tried(t, statusError, name, "-w", dir, "journal", "checkpoint", "--out", checkpoint, "--require-timestamp")
		tried(t, statusError, name, append(bundled, "--require-timestamp")...)
		for _, file := range []string{checkpoint, checkpoint + ".tsr", pack} {
			if _, err := os.Stat(file); err == nil {
				t.Errorf("%s: %s was left behind", name, file)
			}
		}
		// A timestamp of an earlier checkpoint must not stay beside the new one.
		if err := os.WriteFile(checkpoint+".tsr", []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		tried(t, statusDone, "the checkpoint has no timestamp: ", "-w", dir, "journal", "checkpoint", "--out", checkpoint, "--force")
		if _, err := os.Stat(checkpoint + ".tsr"); err == nil {
			t.Errorf("%s: the old timestamp is still there", name)
		}
		tried(t, statusDone, "the seal has no timestamp: ", bundled...)
		tried(t, statusDone, "verified", "verify", pack, "--key", filepath.Join(dir, "keys", "seal.pub.pem"))
	}
	dir := t.TempDir()
	command(t, "init", dir, "--quiet", "--force")
	command(t, "-w", dir, "collect", "--quiet", "--no-facts", "--no-progress")
	tried(t, statusError, "auditpack.yaml names no timestamp authority", "-w", dir, "journal", "checkpoint", "--out", filepath.Join(dir, "c"), "--require-timestamp")
}
