package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed testdata/sarif.schema.json
var sarifRules []byte

// sarifOf lints files and returns the log, held against the schema; the exit status must be status.
func sarifOf(t *testing.T, status int, paths ...string) sarifLog {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := append([]string{"auditpack", "exceptions", "lint", "--quiet", "--format", "sarif", "--as-of", "2026-09-30"}, paths...)
	if got := run(args, strings.NewReader(""), &stdout, &stderr); got != status {
		t.Fatalf("exit status: got %d, want %d; %s", got, status, stderr.String())
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(stdout.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	source, err := jsonschema.UnmarshalJSON(bytes.NewReader(sarifRules))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.schema.json", source); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Fatalf("the log does not fit the schema: %v\n%s", err, stdout.String())
	}
	var log sarifLog
	if err := json.Unmarshal(stdout.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	for _, r := range log.Runs[0].Results {
		if rules := log.Runs[0].Tool.Driver.Rules; r.RuleIndex >= len(rules) || rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("result of %s: rule %d is another", r.RuleID, r.RuleIndex)
		}
	}
	return log
}

// places lists the results as "uri:line rule level".
func places(log sarifLog) []string {
	out := []string{}
	for _, r := range log.Runs[0].Results {
		p := r.Locations[0].Physical
		line, _ := json.Marshal(p.Region.StartLine)
		out = append(out, p.Artifact.URI+":"+string(line)+" "+r.RuleID+" "+r.Level)
	}
	return out
}

func TestSARIF(t *testing.T) {
	log := sarifOf(t, statusDeviations, "../../examples/acme/exceptions")
	want := []string{
		"../../examples/acme/exceptions/WAF-SEC-020-exception-001.yml:1 EXC-03 error",
		"../../examples/acme/exceptions/WAF-SEC-020-exception-001.yml:8 EXC-02 warning",
		"../../examples/acme/exceptions/WAF-SEC-020-exception-002.yml:2 EXC-07 warning",
		"../../examples/acme/exceptions/WAF-SEC-030-exception-001.yml:2 EXC-01 warning",
		"../../examples/acme/exceptions/WAF-SEC-030-exception-001.yml:2 EXC-02 warning",
		"../../examples/acme/exceptions/WAF-SEC-030-exception-001.yml:11 EXC-01 warning",
		"../../examples/acme/exceptions/WAF-SEC-030-exception-001.yml:12 EXC-01 warning",
		"../../examples/acme/exceptions/WAF-SEC-050-exception-001.yml:11 EXC-02 warning",
		"../../examples/acme/exceptions/WAF-SEC-080-exception-001.yml:4 EXC-01 warning",
	}
	if diff := cmp.Diff(want, places(log)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, r := range log.Runs[0].Results {
		f := r.PartialFingerprints[sarifFingerprint]
		if len(f) != 64 || seen[f] {
			t.Errorf("fingerprint %q of %+v: not a digest, or not its own", f, r)
		}
		seen[f] = true
	}
}

// A finding keeps its fingerprint when its file grows above it, and names below the root are told from others.
func TestSARIFOfAFileThatMoves(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(content string) {
		t.Helper()
		if err := os.MkdirAll("with space", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("with space", "a#1.yml"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const content = "exception_id: A\nexpiry_date: 2026-13-01\n"
	write(content)
	before := sarifOf(t, statusDeviations, "./with space")
	write("# a comment\n\n" + content)
	after := sarifOf(t, statusDeviations, "with space/a#1.yml")
	if a, b := places(before), places(after); cmp.Equal(a, b) || len(a) != len(b) {
		t.Errorf("places: got %q and %q, want as many on other lines", a, b)
	}
	for i, r := range after.Runs[0].Results {
		if diff := cmp.Diff(before.Runs[0].Results[i].PartialFingerprints, r.PartialFingerprints); diff != "" {
			t.Errorf("fingerprint of %s (-before +after):\n%s", r.Message.Text, diff)
		}
		if a := r.Locations[0].Physical.Artifact; a != (sarifArtifact{"with%20space/a%231.yml", sarifRoot}) {
			t.Errorf("artifact: got %+v", a)
		}
	}
	if got := artifactOf(filepath.Join(dir, "a.yml")); got.URIBaseID != "" || !strings.HasPrefix(got.URI, "file:///") {
		t.Errorf("absolute name: got %+v, want a file URI", got)
	}
}

func TestSARIFOfNothingFound(t *testing.T) {
	log := sarifOf(t, statusDone, "../../examples/acme/exceptions/WAF-SEC-090-exception-001.yml")
	if n := len(log.Runs[0].Results); n != 0 {
		t.Errorf("got %d results, want none", n)
	}
	if diff := cmp.Diff([]string{"EXC-01", "EXC-02", "EXC-03", "EXC-07"}, rulesOf(log)); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

// Under an edition of C5 its own rule on exceptions is one of those looked at, and what it finds says whose rule it is.
func TestSARIFOfC5(t *testing.T) {
	log := sarifOf(t, statusDeviations, "--framework", "c5-2026", "../../examples/acme/exceptions/WAF-SEC-090-exception-001.yml")
	if diff := cmp.Diff([]string{"EXC-01", "EXC-02", "EXC-03", "EXC-06", "EXC-07"}, rulesOf(log)); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	want := "c5-2026: EXC-WAF-SEC-090-001: does not say which criteria of c5-2026 it touches"
	if got := log.Runs[0].Results; len(got) != 1 || got[0].RuleID != "EXC-06" || got[0].Message.Text != want {
		t.Errorf("results: got %+v, want one of EXC-06: %s", got, want)
	}
}

func rulesOf(log sarifLog) []string {
	var ids []string
	for _, r := range log.Runs[0].Tool.Driver.Rules {
		ids = append(ids, r.ID)
	}
	return ids
}
