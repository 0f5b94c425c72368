//go:build e2e

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// checkDeterminism assesses the demo's workspace on machines that differ in cores, zone, language and folders, first without a cache: the
// bytes must be those of the demo's own folder. Sixteen cores must not want more memory than two, either.
func checkDeterminism(t *testing.T, program, workspace string) {
	elsewhere := filepath.Join(t.TempDir(), "Büro Nr. 2", "acme")
	if err := os.CopyFS(elsewhere, os.DirFS(workspace)); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string][]string{
		"1 core":   {"GOMAXPROCS=1", "TZ=Pacific/Kiritimati", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"},
		"16 cores": {"GOMAXPROCS=16", "TZ=America/St_Johns", "LANG=C", "LC_ALL=C", "TMPDIR=" + t.TempDir()},
	} {
		if err := os.RemoveAll(filepath.Join(elsewhere, "cache")); err != nil {
			t.Fatal(err)
		}
		for _, framework := range []string{"iso27001-2022", "c5-2020"} { // the second rests on what was kept of the first
			want := assessed(t, program, workspace, framework)
			if got := assessed(t, program, elsewhere, framework, env...); !bytes.Equal(got, want) {
				t.Errorf("%s: %s gives another assessment: got %d bytes, want %d", framework, name, len(got), len(want))
			}
		}
	}
}

// assessed is the assessment of a workspace as JSON; the demo's has deviations, so the exit status is 3.
func assessed(t *testing.T, program, workspace, framework string, env ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "-w", workspace, "assess", "--framework", framework, "--json", "--quiet")
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("assess %s with %v: got %v, want exit status 3\n%s", framework, env, err, stderr.String())
	}
	return out
}
