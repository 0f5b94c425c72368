package responsibility

import (
	"fmt"
	"slices"
	"strings"

	"auditpack/internal/yamldoc"
)

// Task is one row of a RACI. Teams keep the order of the file; no list is nil.
type Task struct {
	Line        int // in the file
	Task        string
	Responsible []string
	Accountable []string
	Consulted   []string
	Informed    []string
	Other       []string // "Dev Team: Requestor": parts that are none of the four
}

func tasks(doc yamldoc.Node) []Task {
	var out []Task
	for _, n := range doc.Get("tasks").Items() {
		t := Task{
			Line: n.Line(), Task: n.Get("task").Text(),
			Responsible: []string{}, Accountable: []string{}, Consulted: []string{}, Informed: []string{}, Other: []string{},
		}
		assignments := n.Get("assignments")
		for _, team := range assignments.Keys() {
			for _, part := range parts(assignments.Get(team)) {
				t.assign(team, part)
			}
		}
		out = append(out, t)
	}
	return out
}

// parts are the parts that one cell gives a team: "Responsible", "R/A", "R, A" or a list.
func parts(cell yamldoc.Node) []string {
	texts := cell.Texts()
	if len(texts) == 0 && cell.Written() != "" { // a number or true: no part, and not lost
		texts = []string{cell.Written()}
	}
	var out []string
	for _, text := range texts {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == ',' || r == '+' }) {
			if part = strings.TrimSpace(part); part != "" && part != "-" {
				out = append(out, part)
			}
		}
	}
	return out
}

func (t *Task) assign(team, part string) {
	switch strings.ToLower(part) {
	case "r", "responsible":
		t.Responsible = append(t.Responsible, team)
	case "a", "accountable":
		t.Accountable = append(t.Accountable, team)
	case "c", "consulted":
		t.Consulted = append(t.Consulted, team)
	case "i", "informed":
		t.Informed = append(t.Informed, team)
	default:
		t.Other = append(t.Other, team+": "+part)
	}
}

// strangers finds teams that have a part in a task and no column in the table: mostly a name written in two ways.
func strangers(doc yamldoc.Node) []Problem {
	known := doc.Get("teams").Texts()
	if len(known) == 0 {
		return nil
	}
	var out []Problem
	for _, n := range doc.Get("tasks").Items() {
		assignments := n.Get("assignments")
		for _, team := range assignments.Keys() {
			if slices.Contains(known, team) {
				continue
			}
			cell := assignments.Get(team)
			out = append(out, Problem{Line: cell.Line(), Field: cell.Field(),
				What: fmt.Sprintf("team %q is not in teams; add it there or correct the name", team)})
		}
	}
	return out
}
