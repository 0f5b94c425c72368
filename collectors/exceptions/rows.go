package exceptions

import (
	"time"

	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/jsonlines"
	"auditpack/internal/yamldoc"
)

// exceptionRow is a row of the fact table exception.
type exceptionRow struct {
	Evidence             evidence.Digest `json:"evidence"`
	Line                 int             `json:"line"`
	Source               string          `json:"source"`
	File                 string          `json:"file"`
	ExceptionID          jsonlines.Text  `json:"exception_id"`
	Renews               jsonlines.Text  `json:"renews"`
	Control              jsonlines.Text  `json:"control"`
	Resource             jsonlines.Text  `json:"resource"`
	Reason               jsonlines.Text  `json:"reason"`
	RiskLevel            jsonlines.Text  `json:"risk_level"`
	RiskOwner            jsonlines.Text  `json:"risk_owner"`
	RequestedBy          jsonlines.Text  `json:"requested_by"`
	ApprovedBy           jsonlines.Text  `json:"approved_by"`
	ApprovedDate         jsonlines.Text  `json:"approved_date"`
	ExpiryDate           jsonlines.Text  `json:"expiry_date"`
	ReviewDate           jsonlines.Text  `json:"review_date"`
	CompensatingControls []string        `json:"compensating_controls"`
	CriterionImpact      []string        `json:"criterion_impact"`
	Problems             []string        `json:"problems"`
	Commit               jsonlines.Text  `json:"commit"`
	Author               jsonlines.Text  `json:"author"`
	CommittedAt          *time.Time      `json:"committed_at"`
}

// approvalRow is a row of the fact table exception_approval.
type approvalRow struct {
	Evidence     evidence.Digest `json:"evidence"`
	Line         int             `json:"line"`
	Source       string          `json:"source"`
	ExceptionID  jsonlines.Text  `json:"exception_id"`
	Role         jsonlines.Text  `json:"role"`
	Name         jsonlines.Text  `json:"name"`
	ApprovedDate jsonlines.Text  `json:"approved_date"`
}

func newExceptionRow(source string, raw evidence.Digest, f File, problems []Problem, last *gittree.Commit) exceptionRow {
	row := exceptionRow{
		Evidence: raw, Line: f.Line, Source: source, File: f.Name,
		ExceptionID: jsonlines.Text(f.ExceptionID), Renews: jsonlines.Text(f.Renews), Control: jsonlines.Text(f.Control), Resource: jsonlines.Text(f.Resource),
		Reason: jsonlines.Text(f.Reason), RiskLevel: jsonlines.Text(f.RiskLevel), RiskOwner: jsonlines.Text(f.RiskOwner),
		RequestedBy: jsonlines.Text(f.RequestedBy), ApprovedBy: jsonlines.Text(f.ApprovedBy),
		ApprovedDate: jsonlines.Text(f.ApprovedDate), ExpiryDate: jsonlines.Text(f.ExpiryDate), ReviewDate: jsonlines.Text(f.ReviewDate),
		CompensatingControls: []string{}, CriterionImpact: []string{}, Problems: []string{},
	}
	for _, c := range f.CompensatingControls {
		row.CompensatingControls = append(row.CompensatingControls, c.String())
	}
	for _, c := range f.CriterionImpact {
		row.CriterionImpact = append(row.CriterionImpact, c.String())
	}
	for _, p := range problems {
		row.Problems = append(row.Problems, yamldoc.Problem{Line: p.Line, Field: p.Field, What: p.What}.String())
	}
	if last != nil {
		row.Commit, row.Author, row.CommittedAt = jsonlines.Text(last.Hash), jsonlines.Text(last.Author), &last.CommittedAt
	}
	return row
}

func newApprovalRows(source string, raw evidence.Digest, f File) []approvalRow {
	var rows []approvalRow
	for _, a := range f.Approvals {
		rows = append(rows, approvalRow{
			Evidence: raw, Line: a.Line, Source: source, ExceptionID: jsonlines.Text(f.ExceptionID),
			Role: jsonlines.Text(a.Role), Name: jsonlines.Text(a.Name), ApprovedDate: jsonlines.Text(a.Date),
		})
	}
	return rows
}
