// Command bench measures an assessment of a large company against its floor: the same statements, bare in DuckDB, one after another. Tables
// of Vault entries, Boundary sessions and HCP Terraform runs are made up as Parquet files, of which every test of a framework then reads.
// It also measures a second assessment without new evidence, and peak memory. It exits 1 when a target is missed.
//
//	go run ./reports/assessment/bench -entries 10000000 -sessions 100000 -runs 50000
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
	"time"

	"auditpack/evidence/facts"
	"auditpack/internal/processuse"
	"auditpack/reports/assessment"
)

// Targets.
const (
	maxRatio      = 1.2 // of the floor's wall time
	maxAgainShare = 0.1 // of the first assessment's wall time
	maxRSSMiB     = 1536
)

type options struct {
	entries, sessions, runs int64
	framework               string
	folder                  string
	slowest                 int
	part                    string // internal: what the subprocess measures, "floor", "ours" or "again"
}

func main() {
	var o options
	flag.Int64Var(&o.entries, "entries", 1_000_000, "lines of Vault audit logs: half requests, half responses")
	flag.Int64Var(&o.sessions, "sessions", 100_000, "Boundary sessions")
	flag.Int64Var(&o.runs, "runs", 50_000, "HCP Terraform runs")
	flag.StringVar(&o.framework, "framework", "iso27001-2022", "framework whose tests are run")
	flag.StringVar(&o.folder, "dir", "", "folder to work in, removed at the end (a temporary one)")
	flag.IntVar(&o.slowest, "slowest", 5, "tests to name, by what they cost the floor")
	flag.StringVar(&o.part, "part", "", "internal: measure floor, ours or again in the folder, and print JSON")
	flag.Parse()
	if err := run(context.Background(), o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// result is what a subprocess measured.
type result struct {
	Wall       time.Duration
	CPU        time.Duration // of all threads: what counts on a machine that others use too
	RSSMiB     int64         // peak; 0: the system does not say
	Tests      []testCost
	Population int64 // of all tests
	Deviations int64
}

type testCost struct {
	ID   assessment.TestID
	Wall time.Duration
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.part != "" {
		return measurePart(ctx, o, out)
	}
	if o.folder == "" {
		dir, err := os.MkdirTemp("", "auditpack-assess-bench-*")
		if err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		o.folder = dir
	}
	defer os.RemoveAll(o.folder)
	if err := makeWorld(ctx, o); err != nil {
		return err
	}
	results := map[string]result{}
	for _, part := range []string{"ours", "again", "floor"} {
		r, err := spawn(ctx, o, part)
		if err != nil {
			return err
		}
		results[part] = r
		fmt.Fprintf(out, "%s: %.2f s (processor %.2f s), peak memory %d MiB\n", part, r.Wall.Seconds(), r.CPU.Seconds(), r.RSSMiB)
	}
	return report(o, results["ours"], results["again"], results["floor"], out)
}

func report(o options, ours, again, floor result, out io.Writer) error {
	fmt.Fprintf(out, "%d tests: population %d, deviations %d\n", len(floor.Tests), floor.Population, floor.Deviations)
	slices.SortFunc(floor.Tests, func(a, b testCost) int { return int(b.Wall - a.Wall) })
	for _, t := range floor.Tests[:min(o.slowest, len(floor.Tests))] {
		fmt.Fprintf(out, "  %s costs the floor %.2f s\n", t.ID, t.Wall.Seconds())
	}
	var errs []error
	check := func(name string, got, want float64) {
		fmt.Fprintf(out, "%s: %.2f (target %.2f)\n", name, got, want)
		if got > want {
			errs = append(errs, fmt.Errorf("%s: got %.2f, want at most %.2f", name, got, want))
		}
	}
	fmt.Fprintf(out, "of processor time: assessment over the same SQL bare %.2f, a second assessment over the first %.2f\n",
		ours.CPU.Seconds()/floor.CPU.Seconds(), again.CPU.Seconds()/ours.CPU.Seconds())
	check("assessment over the same SQL bare", ours.Wall.Seconds()/floor.Wall.Seconds(), maxRatio)
	check("a second assessment over the first", again.Wall.Seconds()/ours.Wall.Seconds(), maxAgainShare)
	check("peak memory in MiB", float64(max(ours.RSSMiB, again.RSSMiB)), maxRSSMiB)
	if ours.Population != floor.Population || ours.Deviations > floor.Deviations {
		errs = append(errs, fmt.Errorf("ours found a population of %d and %d deviations, the floor %d and %d", ours.Population, ours.Deviations, floor.Population, floor.Deviations))
	}
	return errors.Join(errs...)
}

// spawn measures a part in a process of its own, so that its peak memory is its own.
func spawn(ctx context.Context, o options, part string) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-part", part, "-dir", o.folder, "-framework", o.framework)
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("measure %s: %w", part, err)
	}
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return result{}, fmt.Errorf("measure %s: %w", part, err)
	}
	return r, nil
}

func measurePart(ctx context.Context, o options, out io.Writer) error {
	var r result
	var err error
	if o.part == "floor" {
		r, err = measureFloor(ctx, o)
	} else {
		r, err = measureOurs(ctx, o)
	}
	if err != nil {
		return err
	}
	r.RSSMiB, r.CPU = processuse.PeakMiB(), processuse.CPU()
	return json.NewEncoder(out).Encode(r)
}

// measureOurs assesses as the program does, with what an earlier assessment kept. It leaves the Assessment in the folder.
func measureOurs(ctx context.Context, o options) (r result, err error) {
	start := time.Now()
	engine, db, in, err := openWorld(ctx, o)
	if err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, db.Close(), engine.Close()) }()
	in.Results = engine
	a, err := assessment.Assess(ctx, in)
	if err != nil {
		return result{}, err
	}
	r.Wall = time.Since(start)
	for _, t := range a.Tests {
		r.Population += t.Population
		r.Deviations += int64(len(t.Deviations))
	}
	b, err := a.Encode()
	if err != nil {
		return result{}, err
	}
	if err := os.WriteFile(filepath.Join(o.folder, "assessment.json"), b, 0o600); err != nil {
		return result{}, err
	}
	return r, os.WriteFile(filepath.Join(o.folder, "setup.sql"), []byte(db.SetupScript(facts.Layout{Parts: filepath.Join(o.folder, "facts")})), 0o600)
}
