// Command demo runs the whole job on the fictional company in examples/acme: it copies the workspace, turns it into a git
// repository with a history, serves HCP Terraform, Boundary and GitHub on loopback from recorded bodies, runs the built program from
// collect to verify, and shows for each fault that was planted where it was found. `make demo` calls it.
//
// It uses the program as its users do, by its command line, and needs no network.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	program := flag.String("program", "bin/auditpack", "the built program")
	from := flag.String("from", "examples/acme", "the workspace to copy")
	in := flag.String("in", "build/demo", "folder that is made anew")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	start := time.Now()
	if err := run(ctx, *program, *from, *in); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
	fmt.Printf("\nThe demo took %s.\n", time.Since(start).Round(100*time.Millisecond))
}

func run(ctx context.Context, program, from, in string) error {
	abs, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	workspace, err := prepare(from, in)
	if err != nil {
		return err
	}
	servers, err := serve(workspace)
	if err != nil {
		return err
	}
	defer servers.stop()
	if err := servers.point(filepath.Join(workspace, "auditpack.yaml")); err != nil {
		return err
	}
	p := runner{ctx: ctx, program: abs, dir: workspace, env: servers.env()}
	found, err := p.auditPack()
	if err != nil {
		return err
	}
	planted, err := readPlanted(filepath.Join(workspace, "planted.yaml"))
	if err != nil {
		return err
	}
	missing := showPlanted(os.Stdout, planted, found)
	showFiles(os.Stdout, workspace)
	if missing > 0 {
		return fmt.Errorf("%d of %d planted faults were not found", missing, len(planted))
	}
	return nil
}

var errNotReady = errors.New("demo is not ready")
