package sampling

import (
	"encoding/json"
	"fmt"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/internal/canonical"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// Formats of what the package writes; readers refuse any other.
const (
	SheetFormat     = "auditpack.sample/1"
	StatementFormat = "auditpack.population/1"
)

// KindPopulation is the kind of records that fix a population: their content is a Statement.
const KindPopulation evidence.Kind = "sampling.population/1"

// Statement says which population of which test was had from what. Recorded in the journal it fixes the population: what is drawn from
// later can be no other.
type Statement struct {
	Format       string            `json:"format"` // StatementFormat
	Test         assessment.TestID `json:"test"`
	TestDigest   evidence.Digest   `json:"test_digest"` // of the test's file
	Type         int               `json:"type"`        // 1: of a date; 2: of a period
	Period       *evidence.Period  `json:"period,omitempty"`
	AsOf         time.Time         `json:"as_of"`
	KnownEntries int64             `json:"known_entries"` // size of the journal that it was had from
	KnownLast    evidence.Digest   `json:"known_last,omitempty"`
	Parameters   map[string]any    `json:"parameters"`
	Variables    map[string]any    `json:"variables"` // as in assessment.TestResult
	SQL          string            `json:"sql"`
	Rows         int64             `json:"rows"`
	Root         string            `json:"root"` // Merkle tree hash (RFC 6962) over the canonical JSON of the rows in order, in hexadecimal digits
}

// NewStatement is about the population of res, which was run over in.
func NewStatement(in assessment.Input, res assessment.TestResult) Statement {
	s := Statement{
		Format: StatementFormat, Test: res.ID, TestDigest: res.SQL.Digest, Type: in.Type, AsOf: in.AsOf.UTC(),
		KnownEntries: int64(len(in.Entries)), KnownLast: in.KnownLast, Parameters: res.Parameters, Variables: res.Variables,
		SQL: res.SQL.Population, Rows: res.Population, Root: res.PopulationRoot,
	}
	if in.Type == 2 {
		s.Period = &in.Period
	}
	return s
}

// Encode returns the statement as canonical JSON with a final newline.
func (s Statement) Encode() ([]byte, error) { return canonical.MarshalFile(s) }

// DecodeStatement reads a statement strictly: an unknown key or format is an error.
func DecodeStatement(b []byte) (Statement, error) {
	var s Statement
	if err := canonical.Unmarshal(b, &s); err != nil {
		return Statement{}, fmt.Errorf("read statement of a population: %w", err)
	}
	if s.Format != StatementFormat {
		return Statement{}, fmt.Errorf("read statement of a population: format: got %q, want %q", s.Format, StatementFormat)
	}
	return s, nil
}

// Same says whether s and other are of one population: the rows of one test. What the journal held besides, when each was had, does not
// matter.
func (s Statement) Same(other Statement) bool {
	return s.Test == other.Test && s.Rows == other.Rows && s.Root == other.Root
}

// Fixed says where and when the journal fixed a population.
type Fixed struct {
	Entry  int64           `json:"entry"`
	Time   time.Time       `json:"time"` // as the committing machine said
	Record evidence.Digest `json:"record"`
}

// Sheet is a sample with all that is needed to draw it again and to judge it. It is the content of sample.json.
type Sheet struct {
	Format       string                  `json:"format"` // SheetFormat
	Organization assessment.Organization `json:"organization"`
	Title        templates.Localized     `json:"title"` // of the test
	Procedure    templates.Localized     `json:"procedure"`
	Limits       templates.Localized     `json:"limits"`
	Status       assessment.TestStatus   `json:"status"`
	Reasons      []assessment.Reason     `json:"reasons"` // what the test lacks
	Population   Statement               `json:"population"`
	Columns      []Column                `json:"columns"`
	Fixed        *Fixed                  `json:"fixed,omitempty"`
	Nonce        string                  `json:"nonce"` // in hexadecimal digits; empty: a self-test sample
	Seed         string                  `json:"seed"`  // in hexadecimal digits
	Plan         Plan                    `json:"plan"`
	Strata       []Stratum               `json:"strata"`
	Items        []SheetItem             `json:"items"` // in the order of the population
}

// Column of a population.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // as DuckDB writes it
}

// SheetItem is a drawn row, and the raw evidence that it was read from.
type SheetItem struct {
	Line         int64           `json:"line"` // of the population, from 1
	Rank         int64           `json:"rank"`
	Stratum      string          `json:"stratum"`
	Ticket       string          `json:"ticket,omitempty"`
	Row          json.RawMessage `json:"row"`
	Evidence     evidence.Digest `json:"evidence,omitempty"`      // raw blob; empty where the population has no such column
	EvidenceLine int64           `json:"evidence_line,omitempty"` // in the blob, from 1; 0: the whole of it
	Raw          string          `json:"raw,omitempty"`           // file beside the sheet with that line, or with the blob
	RawDigest    evidence.Digest `json:"raw_digest,omitempty"`    // of that file
}

// NewSheet writes down what was drawn from the population of res.
func NewSheet(in assessment.Input, res assessment.TestResult, columns []facts.Column, p *Population, nonce string, seed Seed, items []Item) (Sheet, error) {
	strata, err := p.Strata()
	if err != nil {
		return Sheet{}, err
	}
	s := Sheet{
		Format: SheetFormat, Organization: in.Organization, Title: res.Title, Procedure: res.Procedure, Limits: res.Limits,
		Status: res.Status, Reasons: res.Reasons, Population: NewStatement(in, res), Columns: []Column{},
		Nonce: nonce, Seed: seed.String(), Plan: p.plan, Strata: strata, Items: []SheetItem{},
	}
	s.Plan.Size = int64(len(items))
	for _, c := range columns {
		s.Columns = append(s.Columns, Column{Name: c.Name, Type: c.Type})
	}
	for _, it := range items {
		row := SheetItem{Line: it.Line, Rank: it.Rank, Stratum: it.Stratum, Ticket: it.Ticket, Row: it.Row}
		var from struct {
			Evidence evidence.Digest `json:"evidence"`
			Line     int64           `json:"line"`
		}
		if err := json.Unmarshal(it.Row, &from); err != nil {
			return Sheet{}, fmt.Errorf("read row %d of the population: %w", it.Line, err)
		}
		row.Evidence, row.EvidenceLine = from.Evidence, from.Line
		s.Items = append(s.Items, row)
	}
	return s, nil
}

// SelfTest says whether the sample was drawn without an auditor's nonce.
func (s Sheet) SelfTest() bool { return s.Nonce == "" }

// Encode returns the sheet as canonical JSON with a final newline.
func (s Sheet) Encode() ([]byte, error) { return canonical.MarshalFile(s) }
