// Command bench measures collecting and projecting a large Vault audit log against a floor: SHA-256, zstd level 1 and DuckDB's
// read_json with typed columns to Parquet, over the same file in the same run, one after another. It also measures peak memory,
// and a second collection that finds nothing new. Floor and ours take turns for some rounds, and the fastest of each part
// counts: others that use the machine only ever add time, and leave a part alone sooner than a whole turn. It exits 1 when a target is missed.
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
	"slices"
	"strconv"
	"time"

	"auditpack/internal/processuse"
)

// options are the command's flags.
type options struct {
	sizeMB    int64
	longLines int
	folder    string
	rounds    int
	maxRatio  float64
	maxRSSMiB int64
	ours      string // folder of a run of ours: set only in the subprocess that is measured
	log       string // that it collects
	noFloor   bool
	profile   string
}

func main() {
	var o options
	flag.Int64Var(&o.sizeMB, "size", 1000, "size of the log in MB")
	flag.IntVar(&o.longLines, "long", 4, "lines of nearly 16 MiB among the others")
	flag.StringVar(&o.folder, "dir", "", "folder for the log and the store, removed at the end (a temporary one)")
	flag.IntVar(&o.rounds, "rounds", 5, "how often floor and ours take turns")
	flag.Float64Var(&o.maxRatio, "max-ratio", 0.85, "target: wall time of ours over the floor's")
	flag.Int64Var(&o.maxRSSMiB, "max-rss", 600, "target: peak memory in MiB")
	flag.StringVar(&o.ours, "ours", "", "internal: run ours in this folder and print JSON")
	flag.StringVar(&o.log, "log", "", "internal: the log that ours collects")
	flag.BoolVar(&o.noFloor, "no-floor", false, "measure ours alone")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of the last round of ours to this file")
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
	var floors [][]cost
	var ours []result
	for n := range max(o.rounds, 1) {
		if !o.noFloor {
			c, err := measureFloor(ctx, log, filepath.Join(o.folder, "floor"), out)
			if err != nil {
				return err
			}
			floors = append(floors, c)
		}
		r, err := spawnOurs(ctx, o, log, filepath.Join(o.folder, "ours-"+strconv.Itoa(n+1)))
		if err != nil {
			return err
		}
		r.print(out)
		ours = append(ours, r)
	}
	return report(out, o, floors, ours)
}

// cost is what a stage took.
type cost struct {
	Wall time.Duration
	CPU  time.Duration // of all threads: what it would cost on a machine that others use too, or that has one core
}

func (c cost) String() string { return seconds(c.Wall) + " (processor " + seconds(c.CPU) + ")" }

func (c cost) plus(o cost) cost { return cost{c.Wall + o.Wall, c.CPU + o.CPU} }

// measure says what do costs this process.
func measure(do func() error) (cost, error) {
	start, used := time.Now(), processuse.CPU()
	err := do()
	return cost{time.Since(start), processuse.CPU() - used}, err
}

// sum is what parts cost together.
func sum(parts []cost) (together cost) {
	for _, c := range parts {
		together = together.plus(c)
	}
	return together
}

// fastest is the least that each part cost in any turn, together. Wall and processor time may be of different turns.
func fastest(turns [][]cost) cost {
	least := slices.Clone(turns[0])
	for _, turn := range turns[1:] {
		for i, c := range turn {
			least[i] = cost{min(least[i].Wall, c.Wall), min(least[i].CPU, c.CPU)}
		}
	}
	return sum(least)
}

// result is what the subprocess measured of itself.
type result struct {
	Collect, Project cost
	Lines            int64 // rows of vault_audit
	Again            time.Duration
	AgainReadBytes   int64 // -1: the system does not say
	ProjectAgain     time.Duration
	Query            time.Duration // one test over vault_request; not part of the ratio
	RSSMiB           int64         // peak; 0: the system does not say
	ProjectRSSMiB    int64         // peak of the first collection and projection, before any query
	ParquetBytes     int64
	StoredBytes      int64
}

func (r result) parts() []cost { return []cost{r.Collect, r.Project} }

func (r result) print(out io.Writer) {
	fmt.Fprintf(out, "ours: collect %s, project %s, together %s; peak memory %d MiB, with a query %d MiB\n", r.Collect, r.Project, sum(r.parts()), r.ProjectRSSMiB, r.RSSMiB)
}

// spawnOurs runs ours in a process of its own, so that its peak memory is its own.
func spawnOurs(ctx context.Context, o options, log, folder string) (result, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return result{}, fmt.Errorf("make folder: %w", err)
	}
	defer removeAll(folder)
	self, err := os.Executable()
	if err != nil {
		return result{}, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-ours", folder, "-log", log, "-profile", o.profile)
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("run ours: %w", err)
	}
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return result{}, fmt.Errorf("run ours: %w", err)
	}
	return r, nil
}

func report(out io.Writer, o options, floors [][]cost, ours []result) error {
	var turns [][]cost
	var peak int64
	for _, r := range ours {
		turns = append(turns, r.parts())
		peak = max(peak, r.RSSMiB)
	}
	last := ours[len(ours)-1]
	fmt.Fprintf(out, "ours: %d lines; stored %d MB, parquet %d MB\n", last.Lines, last.StoredBytes/1e6, last.ParquetBytes/1e6)
	read := "unknown"
	if last.AgainReadBytes >= 0 {
		read = strconv.FormatInt(last.AgainReadBytes, 10) + " bytes read"
	}
	fmt.Fprintf(out, "ours again with nothing new: collect %s, %s; project %s\n", seconds(last.Again), read, seconds(last.ProjectAgain))
	fmt.Fprintf(out, "ours: a query over requests %s\n", seconds(last.Query))
	fmt.Fprintf(out, "peak memory of all rounds: %d MiB (target %d)\n", peak, o.maxRSSMiB)
	var errs []error
	if len(floors) > 0 {
		own, floor := fastest(turns), fastest(floors)
		ratio := own.Wall.Seconds() / floor.Wall.Seconds()
		fmt.Fprintf(out, "fastest: ours %s, floor %s\n", own, floor)
		fmt.Fprintf(out, "ratio: %.2f (target %.2f); of processor time %.2f\n", ratio, o.maxRatio, own.CPU.Seconds()/floor.CPU.Seconds())
		if ratio > o.maxRatio {
			errs = append(errs, fmt.Errorf("ratio: got %.2f, want at most %.2f", ratio, o.maxRatio))
		}
	}
	if peak > o.maxRSSMiB {
		errs = append(errs, fmt.Errorf("peak memory: got %d MiB, want at most %d", peak, o.maxRSSMiB))
	}
	return errors.Join(errs...)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// removeAll removes a store too, whose blobs are read-only.
func removeAll(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: remove folder:", err)
	}
}
