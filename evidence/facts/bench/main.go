// Command bench measures collecting and projecting a large Vault audit log against a floor: SHA-256, zstd level 1 and DuckDB's
// read_json with typed columns to Parquet, over the same file in the same run, one after another. It also measures peak memory,
// and a second collection that finds nothing new. It exits 1 when a target is missed.
//
//	go run ./evidence/facts/bench -size 1000
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// options are the command's flags.
type options struct {
	sizeMB    int64
	longLines int
	folder    string
	maxRatio  float64
	maxRSSMiB int64
	ours      string // folder of a run of ours: set only in the subprocess that is measured
	noFloor   bool
	profile   string
}

func main() {
	var o options
	flag.Int64Var(&o.sizeMB, "size", 1000, "size of the log in MB")
	flag.IntVar(&o.longLines, "long", 4, "lines of nearly 16 MiB among the others")
	flag.StringVar(&o.folder, "dir", "", "folder for the log and the store, removed at the end (a temporary one)")
	flag.Float64Var(&o.maxRatio, "max-ratio", 1.0, "target: wall time of ours over the floor's")
	flag.Int64Var(&o.maxRSSMiB, "max-rss", 700, "target: peak memory in MiB")
	flag.StringVar(&o.ours, "ours", "", "internal: run ours in this folder and print JSON")
	flag.BoolVar(&o.noFloor, "no-floor", false, "measure ours alone")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of ours to this file")
	flag.Parse()
	if err := run(context.Background(), o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.ours != "" {
		return runOurs(ctx, o, out)
	}
	if o.folder == "" {
		dir, err := os.MkdirTemp("", "auditpack-bench-*")
		if err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		o.folder = dir
	} else if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer removeAll(o.folder)
	log := filepath.Join(o.folder, "audit.log")
	size, err := writeLog(log, o.sizeMB*1e6, o.longLines)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "log: %.0f MB, %d lines of nearly 16 MiB among them\n", float64(size)/1e6, o.longLines)
	var floor time.Duration
	if !o.noFloor {
		before := cpuTime()
		if floor, err = measureFloor(ctx, log, o.folder, out); err != nil {
			return err
		}
		fmt.Fprintf(out, "floor: processor time %s\n", seconds(cpuTime()-before))
	}
	r, err := spawnOurs(ctx, o)
	if err != nil {
		return err
	}
	return report(out, o, floor, r)
}

// result is what the subprocess measured of itself.
type result struct {
	Collect, Project time.Duration
	CPU              time.Duration // of both: what they would cost on a machine that others use too
	Lines            int64         // rows of vault_audit
	Again            time.Duration
	AgainReadBytes   int64 // -1: the system does not say
	ProjectAgain     time.Duration
	Query            time.Duration // one test over vault_request; not part of the ratio
	RSSMiB           int64         // filled in by the parent
	ParquetBytes     int64
	StoredBytes      int64
}

// spawnOurs runs ours in a process of its own, so that its peak memory is its own.
func spawnOurs(ctx context.Context, o options) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-ours", o.folder, "-profile", o.profile)
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("run ours: %w", err)
	}
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return result{}, fmt.Errorf("run ours: %w", err)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.RSSMiB = usage.Maxrss >> 10 // Linux gives KiB
	}
	return r, nil
}

func report(out io.Writer, o options, floor time.Duration, r result) error {
	total := r.Collect + r.Project
	fmt.Fprintf(out, "ours: collect %s, project %s, together %s (%d lines; stored %d MB, parquet %d MB)\n",
		seconds(r.Collect), seconds(r.Project), seconds(total), r.Lines, r.StoredBytes/1e6, r.ParquetBytes/1e6)
	fmt.Fprintf(out, "ours: processor time %s\n", seconds(r.CPU))
	fmt.Fprintf(out, "ours: peak memory %d MiB (target %d)\n", r.RSSMiB, o.maxRSSMiB)
	read := "unknown"
	if r.AgainReadBytes >= 0 {
		read = strconv.FormatInt(r.AgainReadBytes, 10) + " bytes read"
	}
	fmt.Fprintf(out, "ours again with nothing new: collect %s, %s; project %s\n", seconds(r.Again), read, seconds(r.ProjectAgain))
	fmt.Fprintf(out, "ours: a query over requests %s\n", seconds(r.Query))
	var errs []error
	if floor > 0 {
		ratio := total.Seconds() / floor.Seconds()
		fmt.Fprintf(out, "ratio: %.2f (target %.2f)\n", ratio, o.maxRatio)
		if ratio > o.maxRatio {
			errs = append(errs, fmt.Errorf("ratio: got %.2f, want at most %.2f", ratio, o.maxRatio))
		}
	}
	if r.RSSMiB > o.maxRSSMiB {
		errs = append(errs, fmt.Errorf("peak memory: got %d MiB, want at most %d", r.RSSMiB, o.maxRSSMiB))
	}
	return errors.Join(errs...)
}

// cpuTime is the processor time of this process so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // only a number beside the others
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// removeAll removes a store too, whose blobs are read-only.
func removeAll(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: remove folder:", err)
	}
}
