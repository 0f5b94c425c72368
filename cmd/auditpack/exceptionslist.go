package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors/exceptions"
	"auditpack/reports/assessment"
)

// The states of an exception on a day.
const (
	stateValid    = "valid"
	stateExpired  = "expired"
	stateNotYet   = "not-yet"
	stateRejected = "rejected" // covers nothing on any day
)

var exceptionStates = []string{stateValid, stateExpired, stateNotYet, stateRejected}

// listedException is one exception file on a day.
type listedException struct {
	ID         string   `json:"id"` // the file's name where it has none
	Control    string   `json:"control"`
	Resource   string   `json:"resource"`
	Owner      string   `json:"owner"` // of the risk
	Requested  string   `json:"requested_by"`
	ApprovedBy []string `json:"approved_by"` // "role: name (date)"
	ValidFrom  string   `json:"valid_from"`  // the day of approval
	ValidTo    string   `json:"valid_to"`    // the last day
	DaysLeft   *int64   `json:"days_left"`   // after the day asked for, 0 on the last one, negative when it has ended; null without a last day
	State      string   `json:"state"`
	Faults     []string `json:"faults"` // why it is rejected
	Source     string   `json:"source"` // configured name; empty where files were named
	File       string   `json:"file"`
	Line       int64    `json:"line"`
}

func listExceptions(c *cli.Context) error {
	asOf, err := asOfFlag(c)
	if err != nil {
		return err
	}
	state := c.String("state")
	if state != "" && !slices.Contains(exceptionStates, state) {
		return usagef("--state: unknown %q, want %s", state, strings.Join(exceptionStates, ", "))
	}
	list, err := exceptionsAt(c, asOf)
	if err != nil {
		return fmt.Errorf("list exceptions: %w", err)
	}
	list = slices.DeleteFunc(list, func(x listedException) bool { return state != "" && x.State != state })
	shown := listing{out: outputOf(c)}
	for _, x := range list {
		if err := shown.add(x, x.row()...); err != nil {
			return err
		}
	}
	return shown.end("id", "control", "resource", "owner", "approved by", "from", "to", "days left", "state")
}

func (x listedException) row() []any {
	left, state := "-", x.State
	if x.DaysLeft != nil {
		left = fmt.Sprint(*x.DaysLeft)
	}
	if len(x.Faults) > 0 {
		state += ": " + strings.Join(x.Faults, ", ")
	}
	var approvers []string
	for _, a := range x.ApprovedBy {
		name, _, _ := strings.Cut(a, " (")
		approvers = append(approvers, name)
	}
	return []any{x.ID, dash(x.Control), dash(x.Resource), dash(x.Owner), dash(strings.Join(approvers, ", ")), dash(x.ValidFrom), dash(x.ValidTo), left, state}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// exceptionsAt reads the files that the arguments name, else those of the workspace's sources, by the workspace's own catalogue.
func exceptionsAt(c *cli.Context, asOf time.Time) ([]listedException, error) {
	if c.Args().Present() {
		rules, err := exceptionRulesOf(c)
		if err != nil {
			return nil, err
		}
		return listFolder(c, "", c.Args().Slice(), asOf, rules)
	}
	w, err := openWorkspace(c)
	if err != nil {
		return nil, err
	}
	rules, err := exceptionRulesOf(c)
	if err != nil {
		return nil, err
	}
	folders, err := exceptionFolders(w)
	if err != nil {
		return nil, err
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("%s has no source of type exceptions; add one, or name files or folders", workspace.FileName)
	}
	list := []listedException{}
	for _, f := range folders {
		shown := f.path
		if !filepath.IsAbs(shown) {
			shown = filepath.Join(c.String("workspace"), shown)
		}
		found, err := listFolder(c, f.source, []string{shown}, asOf, rules)
		var none *noFilesError
		if err != nil && !errors.As(err, &none) {
			return nil, err
		}
		list = append(list, found...)
	}
	sortExceptions(list)
	return list, nil
}

// exceptionFolder is the folder of a source of exception files, as configured.
type exceptionFolder struct{ source, path string }

func exceptionFolders(w *workspace.Workspace) ([]exceptionFolder, error) {
	sources, err := w.Types(nil)
	if err != nil {
		return nil, err
	}
	var folders []exceptionFolder
	for _, s := range sources {
		if s.Type.Name != exceptions.Type.Name {
			continue
		}
		var cfg exceptions.Config
		if err := s.Decode(&cfg); err != nil {
			return nil, fmt.Errorf("source %q: %w", s.Name, err)
		}
		folders = append(folders, exceptionFolder{s.Name, cfg.Path})
	}
	return folders, nil
}

func listFolder(c *cli.Context, source string, paths []string, asOf time.Time, rules exceptionRules) ([]listedException, error) {
	files, found, err := rules.register(c.Context, paths, asOf)
	if err != nil {
		return nil, err
	}
	list := []listedException{}
	for _, e := range found {
		list = append(list, newListed(source, e, files, asOf))
	}
	sortExceptions(list)
	return list, nil
}

// sortExceptions puts what ends first to the front, and what has no end to the back.
func sortExceptions(list []listedException) {
	slices.SortStableFunc(list, func(a, b listedException) int {
		return cmp.Or(strings.Compare(lastDay(a), lastDay(b)), strings.Compare(a.ID, b.ID), strings.Compare(a.File, b.File))
	})
}

func lastDay(x listedException) string {
	if x.ValidTo == "" {
		return "9999"
	}
	return x.ValidTo
}

func newListed(source string, e assessment.Exception, files lintFiles, asOf time.Time) listedException {
	x := listedException{
		ID: e.ID, Control: e.Control, Resource: e.Resource, Owner: e.RiskOwner, Requested: e.RequestedBy, ApprovedBy: e.ApprovedBy,
		ValidFrom: e.ApprovedOn, ValidTo: e.ExpiresOn, State: stateRejected, Faults: []string{}, Source: source, File: files.shown(e.File), Line: e.Line,
	}
	if x.ID == "" {
		x.ID = x.File
	}
	if last, err := time.Parse(time.DateOnly, e.ExpiresOn); err == nil {
		left := int64(last.Sub(asOf.Truncate(24*time.Hour)) / (24 * time.Hour))
		x.DaysLeft = &left
	}
	switch {
	case e.Valid:
		x.State = stateValid
	case !e.Sound():
		x.Faults = e.Faults
	case e.NotYet():
		x.State = stateNotYet
	default:
		x.State = stateExpired
	}
	return x
}
