//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// kills is how often a collecting process dies.
const kills = 100

// TestKilledWhileCollecting kills the collecting program again and again, at any point, while a log is written to and rotated. In the end
// the store has each line that was written, once, and is whole.
func TestKilledWhileCollecting(t *testing.T) {
	program := os.Getenv("AUDITPACK")
	if program == "" {
		t.Fatal("AUDITPACK does not name the built program; run make e2e")
	}
	dir := t.TempDir()
	config := "organization: {name: ACME}\nperiod: {from: 2026-10-01, to: 2026-11-01}\nsources:\n  - {name: vault, type: vault, audit_logs: [\"logs/audit.log*\"]}\n"
	if err := os.WriteFile(filepath.Join(dir, "auditpack.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &growingLog{dir: filepath.Join(dir, "logs")}
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() { written <- log.write(ctx) }()

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var early int
	for range kills {
		c := exec.Command(program, "-w", dir, "collect", "--quiet", "--no-facts")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
		if err := c.Process.Kill(); err == nil {
			early++
		}
		_ = c.Wait() // killed, or ended by itself
	}
	stop()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kills, %d lines in %d files", early, log.lines.Load(), log.files)
	if early < kills/2 {
		t.Errorf("only %d of %d processes were still at work when they were killed", early, kills)
	}
	runProgram(t, program, "-w", dir, "collect", "--quiet")
	out := runProgram(t, program, "-w", dir, "query", "--format", "csv", "select count(*), count(distinct request_id), count(*) filter (not parsed) from vault_audit")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%q: %v", out, err)
	}
	want := strconv.FormatInt(log.lines.Load(), 10)
	if rows[1][0] != want || rows[1][1] != want || rows[1][2] != "0" {
		t.Errorf("lines, different ones, not parsed: got %v, want %s, %s, 0", rows[1], want, want)
	}
	runProgram(t, program, "-w", dir, "evidence", "fsck")
	runProgram(t, program, "-w", dir, "journal", "verify")
}

// growingLog is a log that a server writes to and rotates by rename.
type growingLog struct {
	dir   string
	lines atomic.Int64
	files int
}

// write goes on until the context is over, then ends the last line.
func (l *growingLog) write(ctx context.Context) error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	current := filepath.Join(l.dir, "audit.log")
	for ctx.Err() == nil {
		f, err := os.OpenFile(current, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := l.fill(ctx, f); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		l.files++
		if err := os.Rename(current, filepath.Join(l.dir, fmt.Sprintf("audit.log.%04d", l.files))); err != nil {
			return err
		}
	}
	return nil
}

// fill writes lines, in pieces that end anywhere, until the file is large enough.
func (l *growingLog) fill(ctx context.Context, f *os.File) error {
	w := bufio.NewWriterSize(f, 64<<10)
	for n := 0; n < 30_000 && ctx.Err() == nil; n++ {
		fmt.Fprintf(w, `{"request":{"id":"r-%d","operation":"read","path":"secret/%s"},"time":"2026-10-02T00:00:00Z","type":"request"}`+"\n",
			l.lines.Add(1), bytes.Repeat([]byte{'x'}, n%700))
		if n%1000 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return w.Flush()
}

func runProgram(t *testing.T, program string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), program, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("auditpack %s: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}
