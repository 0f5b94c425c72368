package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// workspaceName is the folder of the copy below the demo's folder.
const workspaceName = "acme"

// prepare copies the workspace into a new folder and gives it a history in git. It returns the copy's path.
func prepare(from, in string) (string, error) {
	if err := os.RemoveAll(in); err != nil {
		return "", fmt.Errorf("clear %q: %w", in, err)
	}
	to, err := filepath.Abs(filepath.Join(in, workspaceName))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return "", err
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return "", fmt.Errorf("copy workspace: %w", err)
	}
	return to, commitHistory(to)
}

// A change is a commit of the company's repository: who put which files in, and when.
type change struct {
	when    time.Time
	who     string
	mail    string
	message string
	paths   []string // files or folders; what does not exist is a mistake of the demo
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 9, 30, 0, 0, time.UTC)
}

// history is how the files came to be. The dates decide what each file speaks for.
var history = []change{
	{day(2025, time.December, 1), "Petra Platform", "petra@acme.example", "exceptions: legacy batch role", []string{"exceptions/WAF-SEC-020-exception-001.yml"}},
	{day(2026, time.April, 2), "Petra Platform", "petra@acme.example", "infrastructure: owners of the modules", []string{
		"infrastructure/CODEOWNERS", "infrastructure/README.md", "infrastructure/policies",
		"infrastructure/modules/iam", "infrastructure/modules/kafka", "infrastructure/modules/kms",
	}},
	{day(2026, time.May, 4), "Petra Platform", "petra@acme.example", "exceptions: bastion host", []string{"exceptions/WAF-SEC-050-exception-001.yml"}},
	{day(2026, time.June, 15), "Claus Compliance", "claus@acme.example", "governance: RACI, second review", []string{
		"governance/raci.yaml", "documents/access-review-2026-q2.md", "documents/incident-response-plan.txt", "documents/information-security-policy.md",
	}},
	{day(2026, time.July, 6), "Claus Compliance", "claus@acme.example", "governance: shared responsibility matrix 2.0", []string{"governance/responsibilities.yaml"}},
	{day(2026, time.July, 6), "Mira Hoffmann", "mira@acme.example", "exceptions: legacy batch role, renewed", []string{"exceptions/WAF-SEC-020-exception-002.yml"}},
	{day(2026, time.July, 14), "Dana Dev", "dana@acme.example", "infrastructure: network (#21)", []string{"infrastructure/modules/network"}},
	{day(2026, time.July, 20), "Petra Platform", "petra@acme.example", "exceptions: flow logs", []string{"exceptions/WAF-SEC-080-exception-001.yml"}},
	{day(2026, time.August, 3), "Anna Schulz", "anna@acme.example", "exceptions: scratch bucket", []string{"exceptions/WAF-SEC-030-exception-001.yml"}},
	{day(2026, time.August, 18), "Dana Dev", "dana@acme.example", "infrastructure: secrets", []string{"infrastructure/modules/secrets"}},
	{day(2026, time.August, 24), "Sofia Lindner", "sofia@acme.example", "exceptions: bucket of the acquired company", []string{"exceptions/WAF-SEC-090-exception-001.yml"}},
	{day(2026, time.September, 10), "Claus Compliance", "claus@acme.example", "exceptions: review of the RACI", []string{"exceptions/RAC-04-exception-001.yml"}},
	{day(2026, time.September, 30), "Claus Compliance", "claus@acme.example", "documents: third quarter", []string{"documents"}},
	{day(2026, time.October, 1), "Claus Compliance", "claus@acme.example", "registers: third quarter", []string{"registers"}},
}

func commitHistory(dir string) error {
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")}})
	if err != nil {
		return fmt.Errorf("make repository: %w", err)
	}
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	for _, c := range history {
		for _, p := range c.paths {
			if err := addAll(tree, dir, p); err != nil {
				return fmt.Errorf("commit %q: %w", c.message, err)
			}
		}
		who := &object.Signature{Name: c.who, Email: c.mail, When: c.when}
		if _, err := tree.Commit(c.message, &git.CommitOptions{Author: who, Committer: who}); err != nil {
			return fmt.Errorf("commit %q: %w", c.message, err)
		}
	}
	return nil
}

// commitNames are the names that recordings give to commits, each followed by the hash that it got: "{{commit MESSAGE}}", and "{{tip}}"
// for the last one.
func commitNames(dir string) ([]string, error) {
	repo, err := git.PlainOpen(dir)
	if err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	head, err := repo.Head()
	if err != nil {
		return nil, fmt.Errorf("read HEAD: %w", err)
	}
	names := []string{"{{tip}}", head.Hash().String()}
	log, err := repo.Log(&git.LogOptions{From: head.Hash()})
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	err = log.ForEach(func(c *object.Commit) error {
		names = append(names, "{{commit "+c.Message+"}}", c.Hash.String())
		return nil
	})
	return names, err
}

func addAll(tree *git.Worktree, dir, name string) error {
	return filepath.WalkDir(filepath.Join(dir, name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		_, err = tree.Add(filepath.ToSlash(rel))
		return err
	})
}

// replaceIn replaces each old text in a file, which must be there.
func replaceIn(path string, pairs ...string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if !strings.Contains(string(b), pairs[i]) {
			return fmt.Errorf("%s: %q is not in it: %w", path, pairs[i], errNotReady)
		}
	}
	return os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(b))), 0o644)
}
