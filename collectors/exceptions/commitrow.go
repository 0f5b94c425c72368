package exceptions

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/jsonlines"
)

// What a commit did to an exception.
const (
	actionAdded   = "added"
	actionChanged = "changed" // its content, whether its file was renamed or not
	actionRenamed = "renamed" // its file alone
	actionDeleted = "deleted"
)

// commitRow is a row of the fact table exception_commit.
type commitRow struct {
	Evidence           evidence.Digest  `json:"evidence"` // the commit object
	Line               int              `json:"line"`
	Source             string           `json:"source"`
	Position           int64            `json:"position"`
	Commit             string           `json:"commit"`
	Parents            []string         `json:"parents"`
	LandedCommit       string           `json:"landed_commit"`
	LandedAt           time.Time        `json:"landed_at"`
	AuthorName         jsonlines.Text   `json:"author_name"`
	AuthorEmail        jsonlines.Text   `json:"author_email"`
	AuthorLogin        jsonlines.Text   `json:"author_login"`
	AuthoredAt         time.Time        `json:"authored_at"`
	CommitterName      jsonlines.Text   `json:"committer_name"`
	CommitterEmail     jsonlines.Text   `json:"committer_email"`
	CommitterLogin     jsonlines.Text   `json:"committer_login"`
	CommittedAt        time.Time        `json:"committed_at"`
	CoAuthors          []string         `json:"co_authors"`
	Subject            jsonlines.Text   `json:"subject"`
	Signed             bool             `json:"signed"`
	Action             string           `json:"action"`
	File               string           `json:"file"`
	PreviousFile       jsonlines.Text   `json:"previous_file"`
	ExceptionID        jsonlines.Text   `json:"exception_id"`
	Renews             jsonlines.Text   `json:"renews"`
	Fields             []string         `json:"fields"`
	Content            *evidence.Digest `json:"content"`
	PreviousContent    *evidence.Digest `json:"previous_content"`
	ApprovedDate       jsonlines.Text   `json:"approved_date"`
	ExpiryDate         jsonlines.Text   `json:"expiry_date"`
	PreviousExpiryDate jsonlines.Text   `json:"previous_expiry_date"`
}

func newCommitRow(source string, raw evidence.Digest, position int64, c gittree.LogCommit, p pairing) commitRow {
	row := commitRow{
		Evidence: raw, Line: 1, Source: source, Position: position, Commit: c.Hash, Parents: c.Parents, LandedCommit: c.Landed, LandedAt: c.LandedAt,
		AuthorName: jsonlines.Text(c.Author.Name), AuthorEmail: address(c.Author.Email), AuthorLogin: login(c.Author.Email), AuthoredAt: c.Author.At,
		CommitterName: jsonlines.Text(c.Committer.Name), CommitterEmail: address(c.Committer.Email), CommitterLogin: login(c.Committer.Email), CommittedAt: c.Committer.At,
		CoAuthors: coAuthors(c.Message), Signed: c.Signed, File: p.name(), Fields: []string{},
	}
	subject, _, _ := strings.Cut(strings.TrimSpace(c.Message), "\n")
	row.Subject = jsonlines.Text(subject)
	if p.before != nil {
		row.PreviousContent, row.PreviousExpiryDate = &p.before.digest, jsonlines.Text(p.before.file.ExpiryDate)
		row.ExceptionID = jsonlines.Text(p.before.file.ExceptionID)
	}
	if p.after == nil {
		row.Action = actionDeleted
		return row
	}
	f := p.after.file
	row.Content, row.Renews = &p.after.digest, jsonlines.Text(f.Renews)
	row.ApprovedDate, row.ExpiryDate = jsonlines.Text(f.ApprovedDate), jsonlines.Text(f.ExpiryDate)
	if f.ExceptionID != "" {
		row.ExceptionID = jsonlines.Text(f.ExceptionID)
	}
	if p.before == nil {
		row.Action = actionAdded
		return row
	}
	row.Action, row.Fields = actionChanged, changedFields(p.before.file, f)
	if p.before.name != p.after.name {
		row.PreviousFile = jsonlines.Text(p.before.name)
	}
	if p.before.hash == p.after.hash {
		row.Action = actionRenamed
	}
	return row
}

// changedFields names the fields that say something else, as exception files write them.
func changedFields(a, b File) []string {
	changed := []string{}
	field := func(name string, differs bool) {
		if differs {
			changed = append(changed, name)
		}
	}
	field("exception_id", a.ExceptionID != b.ExceptionID)
	field("renews", a.Renews != b.Renews)
	field("control", a.Control != b.Control)
	field("resource", a.Resource != b.Resource)
	field("reason", a.Reason != b.Reason)
	field("risk_level", a.RiskLevel != b.RiskLevel)
	field("risk_owner", a.RiskOwner != b.RiskOwner)
	field("requested_by", a.RequestedBy != b.RequestedBy)
	field("approved_by", a.ApprovedBy != b.ApprovedBy)
	field("approved_date", a.ApprovedDate != b.ApprovedDate)
	field("expiry_date", a.ExpiryDate != b.ExpiryDate)
	field("review_date", a.ReviewDate != b.ReviewDate)
	field("approvals", !slices.Equal(withoutLines(a.Approvals), withoutLines(b.Approvals)))
	field("compensating_controls", !slices.Equal(a.CompensatingControls, b.CompensatingControls))
	field("criterion_impact", !slices.Equal(a.CriterionImpact, b.CriterionImpact))
	return changed
}

func withoutLines(list []Approval) []Approval {
	out := slices.Clone(list)
	for i := range out {
		out[i].Line = 0
	}
	return out
}

// address is an e-mail address in the form in which two can be compared: without spaces, in lower case.
func address(email string) jsonlines.Text {
	return jsonlines.Text(strings.ToLower(strings.Trim(strings.TrimSpace(email), "<>")))
}

// hidden is the address that GitHub gives to people who hide theirs: ID+LOGIN@users.noreply.github.com, in old accounts without ID.
// Source: GitHub Docs, "Setting your commit email address", as of 2026-11.
var hidden = regexp.MustCompile(`^(?:[0-9]+\+)?([a-z0-9][a-z0-9-]*(?:\[bot\])?)@users\.noreply\.github\.com$`)

// login is the account that such an address names; empty for any other.
func login(email string) jsonlines.Text {
	if m := hidden.FindStringSubmatch(string(address(email))); m != nil {
		return jsonlines.Text(m[1])
	}
	return ""
}

var coAuthor = regexp.MustCompile(`(?mi)^co-authored-by:[ \t]*(.*\S)[ \t]*$`)

// coAuthors are the people that a squashed commit names beside its author, as written; never nil.
func coAuthors(message string) []string {
	names := []string{}
	for _, m := range coAuthor.FindAllStringSubmatch(message, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}
