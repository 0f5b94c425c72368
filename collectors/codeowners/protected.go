package codeowners

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Purposes of a protected path.
const (
	purposeIAM        = "iam"
	purposeNetwork    = "network"
	purposeKMS        = "kms"
	purposeSecrets    = "secrets"
	purposeWorkflows  = "workflows"
	purposePolicies   = "policies"
	purposeExceptions = "exceptions"
	purposeCodeowners = "codeowners"
)

var purposes = []string{
	purposeIAM, purposeNetwork, purposeKMS, purposeSecrets, purposeWorkflows, purposePolicies, purposeExceptions, purposeCodeowners,
}

// Protected is a path whose changes need the review of certain owners.
type Protected struct {
	Path    string   `yaml:"path" jsonschema:"required,description=Path below the checkout; a folder ends in a slash"`
	Purpose string   `yaml:"purpose" jsonschema:"required,description=What it guards: iam or network or kms or secrets or workflows or policies or exceptions or codeowners"`
	Owners  []string `yaml:"owners" jsonschema:"description=Owners of whom one must own it; any owner will do when empty"`
}

// defaultProtected is what holds when a configuration names no paths: the folders that the WAF++ text names, and what guards
// them. It names no owners, because every organisation calls its teams otherwise. The CODEOWNERS file adds itself.
func defaultProtected() []Protected {
	return []Protected{
		{Path: "modules/iam/", Purpose: purposeIAM},
		{Path: "modules/network/", Purpose: purposeNetwork},
		{Path: "modules/kms/", Purpose: purposeKMS},
		{Path: "modules/secrets/", Purpose: purposeSecrets},
		{Path: ".github/workflows/", Purpose: purposeWorkflows},
		{Path: "policies/", Purpose: purposePolicies},
		{Path: "exceptions/", Purpose: purposeExceptions},
	}
}

// validate reports everything that is wrong with the configured paths.
func validate(protected []Protected) error {
	var errs []error
	seen := map[string]bool{}
	for i, p := range protected {
		if name := strings.TrimSuffix(strings.TrimPrefix(p.Path, "/"), "/"); !fs.ValidPath(name) || name == "." {
			errs = append(errs, fmt.Errorf("protected[%d].path: %q is no path below the checkout", i, p.Path))
		}
		if !slices.Contains(purposes, p.Purpose) {
			errs = append(errs, fmt.Errorf("protected[%d].purpose: got %q, want one of %s", i, p.Purpose, strings.Join(purposes, ", ")))
		}
		if seen[p.Path] {
			errs = append(errs, fmt.Errorf("protected[%d].path: %q is there twice", i, p.Path))
		}
		seen[p.Path] = true
	}
	return errors.Join(errs...)
}

// probe is one path that CODEOWNERS is asked about.
type probe struct {
	path  string // as it stands in the row: the protected path itself or a file below it
	match string // what the patterns are matched with
}

// probes are the questions for p: a folder stands for any file that may come to lie in it, and each file that lies there now
// is asked about too, because a pattern such as *.tf takes over only some of them.
func probes(tree fs.FS, p Protected) (list []probe, exists bool, err error) {
	name := strings.Trim(p.Path, "/")
	info, err := fs.Stat(tree, name)
	if errors.Is(err, fs.ErrNotExist) {
		return []probe{{path: p.Path, match: matchName(p.Path, false)}}, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	list = []probe{{path: p.Path, match: matchName(p.Path, info.IsDir())}}
	if !info.IsDir() {
		return list, true, nil
	}
	err = fs.WalkDir(tree, name, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, probe{path: file, match: file})
		}
		return err
	})
	return list, true, err
}

// matchName is the name that stands for p: for a folder a file in it that no pattern names.
func matchName(p string, isDir bool) string {
	name := strings.Trim(p, "/")
	if isDir || strings.HasSuffix(p, "/") {
		return path.Join(name, "x")
	}
	return name
}
