// Command bench measures an evidence store against what nothing can do without, in one run: fsck against decompressing and hashing the
// same bytes, many small blobs against plain files written with the same syncs, and a collection after many others against one after
// few. Floor and ours take turns for some rounds, and the fastest of each counts: others that use the machine only ever add time. It exits
// 1 when a target is missed.
//
//	go run ./evidence/filestore/bench -size 1000 -blobs 100000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

type options struct {
	sizeMB  int64
	blobs   int
	entries int64
	rounds  int
	folder  string
}

func main() {
	var o options
	flag.Int64Var(&o.sizeMB, "size", 1000, "MB of evidence that fsck reads")
	flag.IntVar(&o.blobs, "blobs", 100_000, "small blobs")
	flag.Int64Var(&o.entries, "entries", 10_000, "journal entries before the last collection")
	flag.IntVar(&o.rounds, "rounds", 3, "how often floor and ours take turns")
	flag.StringVar(&o.folder, "dir", "", "folder to work in, removed at the end (a temporary one)")
	flag.Parse()
	if err := run(context.Background(), o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	if o.folder == "" {
		if o.folder, err = os.MkdirTemp("", "auditpack-store-bench-*"); err != nil {
			return err
		}
	} else if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(o.folder)
	return errors.Join(
		benchFsck(ctx, o, out),
		benchAppend(ctx, o, out),
		benchSmall(ctx, o, out), // last: the disk is busy with its files for a while
	)
}

// race is a measurement of ours against a floor.
type race struct {
	name        string
	target      float64
	floor, ours func() error
}

// run lets both take turns and prints the ratio of the fastest turns.
func (r race) run(rounds int, out io.Writer) error {
	var floors, ours []time.Duration
	for range rounds {
		for _, turn := range []struct {
			do   func() error
			into *[]time.Duration
		}{{r.floor, &floors}, {r.ours, &ours}} {
			start := time.Now()
			if err := turn.do(); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			*turn.into = append(*turn.into, time.Since(start))
		}
	}
	own, floor := slices.Min(ours), slices.Min(floors)
	ratio := own.Seconds() / floor.Seconds()
	fmt.Fprintf(out, "%s: ours %s, floor %s, ratio %.2f (target %.2f)\n", r.name, own.Round(time.Microsecond*10), floor.Round(time.Microsecond*10), ratio, r.target)
	if ratio > r.target {
		return fmt.Errorf("%s: ratio: got %.2f, want at most %.2f", r.name, ratio, r.target)
	}
	return nil
}

func (o options) path(name string) string { return filepath.Join(o.folder, name) }
