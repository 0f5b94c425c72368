//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inDemo is how the guide begins a command that is run in the workspace of the demo.
const inDemo = "$ bin/auditpack -w build/demo/acme "

// answers are what an auditor must read in the answer to each question of the guide, by the command without its beginning.
var answers = map[string][]string{
	"explain A.8.2": {
		"Deviations noted", "VAL-02", "The manual test was not supplied", "Owner: platform-team", "Next step: ",
	},
	"explain VAL-02 --population --format csv": {
		"request_id,time,operation,path", "cada31a7-5618-c7fd-7ce5-f94073af0b48,2026-08-12T02:17:04.030149288Z,update,sys/policies/acl/app-write",
	},
	"explain EXC-WAF-SEC-090-001": {
		"CISO: Max Mustermann (2026-08-24): allowed to", "Security Team: Tom Becker (2026-08-21): allowed to", "Sofia Lindner", "EXC-WAF-SEC-090-001 added by ",
	},
}

// checkQuestions asks the questions of docs/guide.md in the demo's workspace, each by one command.
func checkQuestions(t *testing.T, program, workspace string) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "guide.md"))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, line := range strings.Split(string(page), "\n") {
		question, ok := strings.CutPrefix(line, inDemo)
		if !ok {
			continue
		}
		asked++
		cmd := exec.CommandContext(t.Context(), program, append([]string{"-w", workspace}, strings.Fields(question)...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%.2000s", question, err, out)
		}
		want, ok := answers[question]
		if !ok {
			t.Errorf("%q: the test does not know what the answer has to say", question)
		}
		for _, w := range want {
			if !strings.Contains(string(out), w) {
				t.Errorf("%s: %q is not in the answer", question, w)
			}
		}
		// the header and 2,806 requests, as following-a-figure.md counts them with jq
		if n := strings.Count(string(out), "\n"); strings.HasSuffix(question, "csv") && n != 1+2806 {
			t.Errorf("%s: got %d lines, want 2807", question, n)
		}
	}
	if asked != len(answers) {
		t.Errorf("the guide asks %d questions, want %d", asked, len(answers))
	}
}
