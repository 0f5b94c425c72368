package main

import (
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"auditpack": main})
}

// TestScripts runs the program as typed: status, stdout, stderr and files.
func TestScripts(t *testing.T) {
	p := scriptParams()
	p.Dir = "testdata/script"
	testscript.Run(t, p)
}

// scriptParams are what every script runs with.
func scriptParams() testscript.Params {
	return testscript.Params{
		Setup: func(e *testscript.Env) error {
			// Nothing of the machine's own access may reach a test.
			for _, name := range []string{"VAULT_ADDR", "VAULT_TOKEN", "TFE_TOKEN", "TFE_ADDRESS", "BOUNDARY_ADDR", "BOUNDARY_TOKEN"} {
				e.Setenv(name, "")
			}
			return os.MkdirAll(e.WorkDir, 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "newer": newer},
	}
}

// status runs "status N auditpack args..." and wants exit status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		type exiter interface{ ExitCode() int }
		e, ok := err.(exiter)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = strconv.Itoa(e.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}
