package codeowners

import (
	"io/fs"
	"time"

	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/jsonlines"
)

// ruleRow is a row of the fact table codeowners_rule.
type ruleRow struct {
	Evidence evidence.Digest `json:"evidence"`
	Line     int             `json:"line"`
	Source   string          `json:"source"`
	File     string          `json:"file"`
	Pattern  jsonlines.Text  `json:"pattern"`
	Owners   []string        `json:"owners"`
	Problem  jsonlines.Text  `json:"problem"`
}

// pathRow is a row of the fact table codeowners_path.
type pathRow struct {
	Evidence       evidence.Digest `json:"evidence"`
	Line           int             `json:"line"` // of the rule, 0 when none matches
	Source         string          `json:"source"`
	Path           string          `json:"path"`      // the protected path, or the first file below it that another rule decides
	Protected      string          `json:"protected"` // the protected path
	Purpose        string          `json:"purpose"`
	Pattern        jsonlines.Text  `json:"pattern"`
	Owners         []string        `json:"owners"`
	RequiredOwners []string        `json:"required_owners"`
	Exists         bool            `json:"exists"`
	Files          int64           `json:"files"` // below the protected path, decided by this rule
	Commit         jsonlines.Text  `json:"commit"`
	Author         jsonlines.Text  `json:"author"`
	CommittedAt    *time.Time      `json:"committed_at"`
}

// stamp is what every row of one collection shares.
type stamp struct {
	source string
	file   string
	raw    evidence.Digest
	last   *gittree.Commit
}

func ruleRows(s stamp, rules Rules) []ruleRow {
	rows := make([]ruleRow, 0, len(rules))
	for _, r := range rules {
		rows = append(rows, ruleRow{
			Evidence: s.raw, Line: r.Line, Source: s.source, File: s.file,
			Pattern: jsonlines.Text(r.Pattern), Owners: r.Owners, Problem: jsonlines.Text(r.Problem),
		})
	}
	return rows
}

// pathRows gives a row for p itself and one for each other rule that decides files below it, in the order of those files.
func pathRows(s stamp, tree fs.FS, rules Rules, p Protected) ([]pathRow, error) {
	list, exists, err := probes(tree, p)
	if err != nil {
		return nil, err
	}
	var rows []pathRow
	at := map[int]int{} // line of the rule to position in rows
	for i, q := range list {
		rule, _, err := rules.Match(q.match)
		if err != nil {
			return nil, err
		}
		n, ok := at[rule.Line]
		if !ok {
			n = len(rows)
			at[rule.Line] = n
			rows = append(rows, newPathRow(s, p, q, rule, exists))
		}
		if i > 0 {
			rows[n].Files++
		}
	}
	return rows, nil
}

func newPathRow(s stamp, p Protected, q probe, rule Rule, exists bool) pathRow {
	row := pathRow{
		Evidence: s.raw, Line: rule.Line, Source: s.source, Path: q.path, Protected: p.Path, Purpose: p.Purpose,
		Pattern: jsonlines.Text(rule.Pattern), Owners: rule.Owners, RequiredOwners: p.Owners, Exists: exists,
	}
	if row.Owners == nil {
		row.Owners = []string{}
	}
	if row.RequiredOwners == nil {
		row.RequiredOwners = []string{}
	}
	if s.last != nil {
		row.Commit, row.Author, row.CommittedAt = jsonlines.Text(s.last.Hash), jsonlines.Text(s.last.Author), &s.last.CommittedAt
	}
	return row
}
