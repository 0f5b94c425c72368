package main

import (
	"fmt"
	"slices"
	"strings"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// fixes say what to do about a fault of an exception or a response, where its words do not.
var fixes = map[string]string{
	"unknown-control":       "name a test, a control or a WAF-SEC control: auditpack catalogue list",
	"bare-wildcard":         "name the resource that it is for",
	"duplicate-id":          "give one of them another id",
	"renewal-gap":           "answer what deviated in between by a response",
	"redundant":             "withdraw one of them, or narrow its resource",
	"answers-nothing":       "name the key or the resource of a deviation, or take the response out",
	"answered-by-another":   "take the deviation out of one of them",
	"due-before-deviation":  "answer what happened since with a response of its own",
	"done-before-deviation": "answer it anew: the action did not prevent it",
}

// quietFaults of exceptions are left to the report: they are of the past, or nothing to mend.
var quietFaults = []string{"expired", "not-yet-approved", "history-unknown", "not-needed", "renewed-too-long"}

// needingAttention has a line for each response that is overdue, for each fault of a response, and for each fault for which an
// exception covers nothing or not alone, with what counts in its place, file, line and the fix.
func needingAttention(a assessment.Assessment, words templates.Text) []string {
	var lines []string
	for _, r := range a.Responses {
		if r.Overdue {
			lines = append(lines, overdueText(r))
		}
	}
	for _, r := range a.Responses {
		at := fmt.Sprintf("(%s:%d)", strings.TrimPrefix(r.File, ownLayer+"/"), r.Line)
		lines = append(lines, faultTexts("response "+r.ID, at, r.Faults, r.Redundant, words)...)
	}
	for _, e := range a.Exceptions {
		over := e.Removed || slices.Contains(e.Faults, "expired")
		faults := slices.DeleteFunc(slices.Clone(e.Faults), func(code string) bool {
			return slices.Contains(quietFaults, code) || over && code != "redundant" // that one covers a deviation of the time that is judged
		})
		at := fmt.Sprintf("(source %s, %s:%d)", e.Source, e.File, e.Line)
		lines = append(lines, faultTexts("exception "+e.ID, at, faults, e.Redundant, words)...)
	}
	return lines
}

// faultTexts has a line for each fault of one exception or response; what counts in its place stands with the fault that says so.
func faultTexts(what, at string, faults []string, redundant []assessment.Redundancy, words templates.Text) []string {
	var lines []string
	for _, code := range faults {
		line := what + ": " + words.Or("fault."+code, code)
		if code == "redundant" || code == "answered-by-another" {
			var counts []string
			for _, r := range redundant {
				counts = append(counts, words.Get("exceptions.redundant-value", "key", r.Deviation, "id", r.Counts))
			}
			line += " (" + strings.Join(counts, ", ") + ")"
		}
		if fix := fixes[code]; fix != "" {
			line += ": " + fix
		}
		lines = append(lines, line+" "+at)
	}
	return lines
}

// overdueText says whose action is overdue, since when, and where it was promised.
func overdueText(r assessment.Response) string {
	return fmt.Sprintf("%s: overdue: response %s of %s was due on %s (%s:%d)", r.Test, r.ID, r.Owner, r.Due, strings.TrimPrefix(r.File, ownLayer+"/"), r.Line)
}
