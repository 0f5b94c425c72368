//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkFigures runs the commands of docs/formats/following-a-figure.md in the unpacked bundle: lines that begin with "$ " in its
// console blocks. Each must show what follows it.
func checkFigures(t *testing.T, workspace string) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", "following-a-figure.md"))
	if err != nil {
		t.Fatal(err)
	}
	bag := filepath.Join(t.TempDir(), "bundle")
	tool(t, "unzip", "-q", filepath.Join(workspace, "acme-2026-q3.zip"), "-d", bag)
	commands := 0
	for i, block := range strings.Split(string(page), "```console\n") {
		if i == 0 {
			continue
		}
		block, _, _ = strings.Cut(block, "```")
		for _, piece := range strings.Split("\n"+block, "\n$ ")[1:] {
			command, want, _ := strings.Cut(piece, "\n")
			commands++
			cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
			cmd.Dir = bag
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v", command, err)
			}
			if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(string(out))); diff != "" {
				t.Errorf("%s (-page +shown):\n%s", command, diff)
			}
		}
	}
	if commands < 10 {
		t.Errorf("the page has %d commands, want those of three figures", commands)
	}
}
