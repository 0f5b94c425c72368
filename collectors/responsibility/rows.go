package responsibility

import (
	"time"

	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/jsonlines"
	"auditpack/internal/yamldoc"
)

// head is what the rows of one file share.
type head struct {
	Evidence     evidence.Digest `json:"evidence"`
	Source       string          `json:"source"`
	File         string          `json:"file"`
	Version      jsonlines.Text  `json:"version"`
	ApprovedBy   jsonlines.Text  `json:"approved_by"`
	ApprovedDate jsonlines.Text  `json:"approved_date"`
	ReviewedDate jsonlines.Text  `json:"reviewed_date"`
	Commit       jsonlines.Text  `json:"commit"`
	Author       jsonlines.Text  `json:"author"`
	CommittedAt  *time.Time      `json:"committed_at"`
}

// documentRow is a row of the fact table responsibility_document.
type documentRow struct {
	head
	Line               int            `json:"line"`
	Document           jsonlines.Text `json:"document"`
	ReviewIntervalDays *int64         `json:"review_interval_days"`
	Problems           []string       `json:"problems"`
}

// areaRow is a row of the fact table responsibility.
type areaRow struct {
	head
	Line       int            `json:"line"`
	Area       jsonlines.Text `json:"area"`
	Control    jsonlines.Text `json:"control"`
	IaaS       jsonlines.Text `json:"iaas"`
	PaaS       jsonlines.Text `json:"paas"`
	SaaS       jsonlines.Text `json:"saas"`
	Team       jsonlines.Text `json:"team"`
	Validates  jsonlines.Text `json:"validates"`
	Responds   jsonlines.Text `json:"responds"`
	Contact    jsonlines.Text `json:"contact"`
	Escalation jsonlines.Text `json:"escalation"`
	Handoffs   []string       `json:"handoffs"`
	Remarks    []string       `json:"remarks"`
}

// taskRow is a row of the fact table raci_task.
type taskRow struct {
	head
	Line        int            `json:"line"`
	Task        jsonlines.Text `json:"task"`
	Responsible []string       `json:"responsible"`
	Accountable []string       `json:"accountable"`
	Consulted   []string       `json:"consulted"`
	Informed    []string       `json:"informed"`
	Other       []string       `json:"other"`
}

func newHead(source string, raw evidence.Digest, f File, last *gittree.Commit) head {
	h := head{
		Evidence: raw, Source: source, File: f.Name, Version: jsonlines.Text(f.Version), ApprovedBy: jsonlines.Text(f.ApprovedBy),
		ApprovedDate: jsonlines.Text(f.ApprovedDate), ReviewedDate: jsonlines.Text(f.ReviewedDate),
	}
	if last != nil {
		h.Commit, h.Author, h.CommittedAt = jsonlines.Text(last.Hash), jsonlines.Text(last.Author), &last.CommittedAt
	}
	return h
}

func newDocumentRow(h head, f File, problems []Problem) documentRow {
	return documentRow{
		head: h, Line: f.Line, Document: jsonlines.Text(f.Document), ReviewIntervalDays: f.ReviewIntervalDays, Problems: yamldoc.Strings(problems),
	}
}

func newAreaRows(h head, f File) []areaRow {
	var rows []areaRow
	for _, a := range f.Areas {
		rows = append(rows, areaRow{
			head: h, Line: a.Line, Area: jsonlines.Text(a.Area), Control: jsonlines.Text(a.Control),
			IaaS: jsonlines.Text(a.IaaS), PaaS: jsonlines.Text(a.PaaS), SaaS: jsonlines.Text(a.SaaS),
			Team: jsonlines.Text(a.Team), Validates: jsonlines.Text(a.Validates), Responds: jsonlines.Text(a.Responds),
			Contact: jsonlines.Text(a.Contact), Escalation: jsonlines.Text(a.Escalation), Handoffs: a.Handoffs, Remarks: a.Remarks,
		})
	}
	return rows
}

func newTaskRows(h head, f File) []taskRow {
	var rows []taskRow
	for _, t := range f.Tasks {
		rows = append(rows, taskRow{
			head: h, Line: t.Line, Task: jsonlines.Text(t.Task), Responsible: t.Responsible, Accountable: t.Accountable,
			Consulted: t.Consulted, Informed: t.Informed, Other: t.Other,
		})
	}
	return rows
}
