package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// The version of SARIF that is written, and where its schema is published.
// Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.13 to 3.30.
const (
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

	// sarifRoot stands for the folder that relative names begin at; viewers know it by this name.
	sarifRoot = "%SRCROOT%"

	// sarifFingerprint names how a finding is recognised in the next run: raised when findings are told apart otherwise.
	sarifFingerprint = "auditpackException/v1"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string             `json:"id"`
	ShortDescription sarifText          `json:"shortDescription"`
	FullDescription  sarifText          `json:"fullDescription"`
	Help             sarifText          `json:"help"`
	Configuration    sarifConfiguration `json:"defaultConfiguration"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Level               string            `json:"level"`
	Message             sarifText         `json:"message"`
	Locations           []sarifLocation   `json:"locations"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI       string `json:"uri"`
	URIBaseID string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine int64 `json:"startLine"`
}

// writeSARIF writes findings as one SARIF log with one run. Each test that looks at exception files is a rule, also where it found
// nothing, so that what was fixed since the last run is closed.
func writeSARIF(w io.Writer, findings []lintFinding, results []lintResult) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "auditpack", Version: version(), Rules: []sarifRule{}}},
		ColumnKind: "utf16CodeUnits", Results: []sarifResult{},
	}
	rules := &run.Tool.Driver.Rules
	position := func(id assessment.TestID) int {
		return slices.IndexFunc(*rules, func(r sarifRule) bool { return r.ID == string(id) })
	}
	for _, t := range results {
		if position(t.ID) >= 0 { // judged for another framework too
			continue
		}
		*rules = append(*rules, sarifRule{
			ID: string(t.ID), ShortDescription: sarifText{t.Title.EN}, FullDescription: sarifText{t.Procedure.EN},
			Help: sarifText{"What it cannot show: " + t.Limits.EN}, Configuration: sarifConfiguration{sarifLevel(t.Severity)},
		})
	}
	seen := map[string]int{}
	for _, f := range findings {
		i := position(f.Test)
		run.Results = append(run.Results, sarifResult{
			RuleID: string(f.Test), RuleIndex: i, Level: (*rules)[i].Configuration.Level, Message: sarifText{f.message()},
			Locations:           []sarifLocation{{sarifPhysical{artifactOf(f.File), sarifRegion{max(1, f.Line)}}}},
			PartialFingerprints: map[string]string{sarifFingerprint: recognise(f, seen)},
		})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(sarifLog{sarifSchema, sarifVersion, []sarifRun{run}}); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

// sarifLevel is the level of a test's severity.
func sarifLevel(severity string) string {
	switch severity {
	case "critical", "high":
		return "error"
	case "low":
		return "note"
	}
	return "warning"
}

// artifactOf names a file: relative to the root of the sources where it lies below, else by its own place.
func artifactOf(name string) sarifArtifact {
	slashed := path.Clean(filepath.ToSlash(name))
	switch {
	case filepath.IsAbs(name):
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: slashed}).String()}
	case slashed == ".." || strings.HasPrefix(slashed, "../"):
		return sarifArtifact{URI: (&url.URL{Path: slashed}).String()}
	}
	return sarifArtifact{URI: strings.TrimPrefix((&url.URL{Path: slashed}).String(), "./"), URIBaseID: sarifRoot}
}

var numbers = regexp.MustCompile(`line [0-9]+`)

// recognise gives a finding a name by which it is known in the next run, wherever it stands in its file by then. Of several that are alike, the nth
// has its own.
func recognise(f lintFinding, seen map[string]int) string {
	words := []string{string(f.Test), path.Clean(filepath.ToSlash(f.File)), f.Item, numbers.ReplaceAllString(f.Detail, "line")}
	if f.Framework != "" {
		words = append(words, string(f.Framework))
	}
	key := strings.Join(words, "\x00")
	seen[key]++
	return evidence.DigestOf(fmt.Appendf(nil, "%s\x00%d", key, seen[key])).Hex()
}
