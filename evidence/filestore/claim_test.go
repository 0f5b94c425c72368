package filestore

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClaimHasOneHolder(t *testing.T) {
	s := newStore(t)
	first := Holder{PID: 4711, Host: "audit-1", Since: time.Date(2026, 10, 1, 6, 0, 0, 999, time.UTC)}
	release, err := s.Claim(first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.Claim(Holder{PID: 4712})
	var held *HeldError
	if !errors.As(err, &held) {
		t.Fatalf("second claim: got %v, want a HeldError", err)
	}
	want := &HeldError{Store: s.Dir(), Doing: "has kept collecting into", Holder: Holder{PID: 4711, Host: "audit-1", Since: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)}}
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("holder (-want +got):\n%s", diff)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	release, err = again.Claim(Holder{PID: 5})
	if err != nil {
		t.Fatalf("claim after release: %v", err)
	}
	defer release()
	faults, err := Fsck(t.Context(), s, nil)
	if err != nil || len(faults) > 0 {
		t.Errorf("fsck of a claimed store: got %v, %v, want nothing", faults, err)
	}
}

func TestClaimOfAHolderThatHasNotSaidWhoItIs(t *testing.T) {
	s := newStore(t)
	release, err := s.Claim(Holder{PID: 4711, Host: "audit-1", Since: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, content := range []string{"", "{", "4711"} {
		if err := os.WriteFile(filepath.Join(s.Dir(), claimFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var held *HeldError
		if _, err := s.Claim(Holder{}); !errors.As(err, &held) || held.Holder != (Holder{}) {
			t.Errorf("lock file with %q: got %v, want a HeldError without holder", content, err)
		}
	}
}

// claimFolder tells a copy of the test binary to claim a store and wait for its death.
const claimFolder = "AUDITPACK_TEST_CLAIM_FOLDER"

// A process that is killed leaves no claim behind.
func TestClaimEndsWithItsProcess(t *testing.T) {
	if dir := os.Getenv(claimFolder); dir != "" {
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Claim(Holder{PID: os.Getpid()}); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("claimed\n")
		select {}
	}
	s := newStore(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestClaimEndsWithItsProcess$")
	cmd.Env = append(os.Environ(), claimFolder+"="+s.Dir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("claimed\n"))
	if _, err := out.Read(line); err != nil {
		t.Fatalf("read from the other process: %v", err)
	}
	var held *HeldError
	if _, err := s.Claim(Holder{}); !errors.As(err, &held) || held.Holder.PID != cmd.Process.Pid {
		t.Errorf("claim beside process %d: got %v, want it named", cmd.Process.Pid, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	release, err := s.Claim(Holder{})
	if err != nil {
		t.Fatalf("claim after the kill: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}
