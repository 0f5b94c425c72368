package documents

import (
	"auditpack/evidence"
	"auditpack/internal/jsonlines"
	"auditpack/internal/yamldoc"
)

// row is a row of the fact table document.
type row struct {
	Evidence   evidence.Digest `json:"evidence"` // of the index
	Line       int             `json:"line"`
	Source     string          `json:"source"`
	DocumentID jsonlines.Text  `json:"document_id"`
	Title      jsonlines.Text  `json:"title"`
	File       jsonlines.Text  `json:"file"`
	Content    jsonlines.Text  `json:"content"` // digest of the file
	Targets    []string        `json:"targets"`
	Owner      jsonlines.Text  `json:"owner"`
	ValidFrom  jsonlines.Text  `json:"valid_from"`
	ValidUntil jsonlines.Text  `json:"valid_until"`
	Approver   jsonlines.Text  `json:"approver"`
	Problems   []string        `json:"problems"`
}

func newRow(source string, index evidence.Digest, e Entry, content evidence.Digest, problems []Problem) row {
	return row{
		Evidence: index, Line: e.Line, Source: source, DocumentID: jsonlines.Text(e.ID), Title: jsonlines.Text(e.Title),
		File: jsonlines.Text(e.File), Content: jsonlines.Text(content), Targets: e.Targets, Owner: jsonlines.Text(e.Owner),
		ValidFrom: jsonlines.Text(e.ValidFrom), ValidUntil: jsonlines.Text(e.ValidUntil), Approver: jsonlines.Text(e.Approver),
		Problems: yamldoc.Strings(problems),
	}
}
