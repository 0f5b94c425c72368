package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// deviation is what the demo reads of an assessment's deviations.
type deviation struct {
	Test      string `json:"test"`
	Evidence  string `json:"evidence"`
	Line      int    `json:"line"`
	Item      string `json:"item"`
	Subject   string `json:"subject"`
	Resource  string `json:"resource"`
	Detail    string `json:"detail"`
	Exception string `json:"exception"`
}

// sampleFolder is where the sample goes that the demo draws, below the workspace.
const sampleFolder = "out-sample"

// runner runs the program in the workspace.
type runner struct {
	ctx     context.Context
	program string
	dir     string
	env     []string
}

// auditPack goes from collecting to a bundle that was verified, and returns the deviations found.
func (r runner) auditPack() ([]deviation, error) {
	steps := [][]string{
		{"collect"},
		{"key", "generate"},
		{"report", "--framework", "iso27001-2022", "--format", "pdf,xlsx", "--lang", "en,de", "--out", "out"},
		{"report", "--framework", "c5-2020", "--format", "pdf,xlsx", "--lang", "en", "--out", "out"},
		{"review", "--quarter", "2026-Q3", "--out", "out"},
		{"bundle", "--framework", "iso27001-2022", "--out", "acme-2026-q3.zip"},
		{"verify", "acme-2026-q3.zip", "--key", filepath.Join("keys", "seal.pub.pem")},
	}
	for _, s := range steps {
		if _, err := r.run(0, true, s...); err != nil {
			return nil, err
		}
	}
	if err := r.damaged(); err != nil {
		return nil, err
	}
	if _, err := r.run(0, true, "sample", "VAL-02", "--size", "5", "--out", sampleFolder); err != nil {
		return nil, err
	}
	if err := r.firstToDo(); err != nil {
		return nil, err
	}
	return r.assess()
}

// firstToDo shows what todo lists first, in a line.
func (r runner) firstToDo() error {
	out, err := r.run(0, false, "todo", "--framework", "iso27001-2022")
	if err != nil {
		return err
	}
	first, _, _ := bytes.Cut(out, []byte("\n"))
	if len(first) == 0 {
		return errors.New("auditpack todo: nothing is to do, although faults were planted")
	}
	fmt.Printf("%s\n", first)
	return nil
}

// assess judges once more, as JSON; the planted faults make it end with 3.
func (r runner) assess() ([]deviation, error) {
	out, err := r.run(3, false, "assess", "--framework", "iso27001-2022", "--json")
	if err != nil {
		return nil, err
	}
	var a struct {
		Tests []struct {
			Deviations []deviation `json:"deviations"`
		} `json:"tests"`
	}
	if err := json.Unmarshal(out, &a); err != nil {
		return nil, fmt.Errorf("read assessment: %w", err)
	}
	var all []deviation
	for _, t := range a.Tests {
		all = append(all, t.Deviations...)
	}
	return all, nil
}

// damaged changes one bit of a copy of the bundle: verify must say so.
func (r runner) damaged() error {
	b, err := os.ReadFile(filepath.Join(r.dir, "acme-2026-q3.zip"))
	if err != nil {
		return err
	}
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	name := "damaged.zip"
	if err := os.WriteFile(filepath.Join(r.dir, name), b, 0o644); err != nil {
		return err
	}
	defer os.Remove(filepath.Join(r.dir, name))
	_, err = r.run(4, true, "verify", name, "--key", filepath.Join("keys", "seal.pub.pem"))
	return err
}

// run runs one command, shows it, and wants its exit status to be the one given.
func (r runner) run(status int, show bool, args ...string) ([]byte, error) {
	fmt.Printf("\n$ auditpack %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(r.ctx, r.program, args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), r.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stdout
	err := cmd.Run()
	if show {
		os.Stdout.Write(out.Bytes())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("run %q: %w", args, err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		return nil, fmt.Errorf("auditpack %s: exit status %d, want %d", strings.Join(args, " "), got, status)
	}
	return out.Bytes(), nil
}
