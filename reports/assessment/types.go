// Package assessment judges: it loads frameworks, controls and tests, and [Assess] runs the tests over facts and rolls their
// results up to requirements. It is a pure function of evidence, catalogue, parameters and dates: no clock, no network, no
// file, no map order. The same inputs give the same bytes.
package assessment

import (
	"time"

	"auditpack/evidence"
	"auditpack/templates"
)

// Format names the layout of an Assessment.
const Format = "auditpack.assessment/1"

// Identifiers of different things have different types.
type (
	FrameworkID   string // "iso27001-2022"
	RequirementID string // the publisher's: "A.8.2", "IDM-06", "WAF-SEC-010"
	ControlID     string // "privileged-access"
	TestID        string // "VAL-02"
)

// TestStatus is the result of a test. The zero value is invalid.
type TestStatus string

// The results of a test.
const (
	TestNoDeviations  TestStatus = "no-deviations"
	TestDeviations    TestStatus = "deviations"
	TestNoOccurrences TestStatus = "no-occurrences" // population 0: operation could not be tested; never support
	TestNotAssessed   TestStatus = "not-assessed"   // Reason says why
)

// The results of a test of information, in place of the first two.
const (
	TestNoGaps TestStatus = "no-gaps"
	TestGaps   TestStatus = "gaps"
)

// RequirementStatus is the conclusion on a requirement or a control. The zero value is invalid.
type RequirementStatus string

// The conclusions.
const (
	Supported       RequirementStatus = "supported"
	PartlySupported RequirementStatus = "partly-supported"
	DeviationsNoted RequirementStatus = "deviations-noted"
	NotAssessed     RequirementStatus = "not-assessed"
	NotApplicable   RequirementStatus = "not-applicable"
	CarvedOut       RequirementStatus = "carved-out"
)

// Assurance says what a test can show.
type Assurance string

// Kinds of assurance.
const (
	Design    Assurance = "design"    // a snapshot can show it
	Operating Assurance = "operating" // needs the whole period
)

// Assessment is all findings for one framework as of one date, and the digests of all inputs. Its canonical JSON has a schema,
// docs/formats/assessment.schema.json. Times are UTC.
type Assessment struct {
	Format       string           `json:"format"`
	Organization Organization     `json:"organization"`
	Framework    FrameworkRef     `json:"framework"`
	Type         int              `json:"type"` // 1: of a date; 2: of a period
	Period       *evidence.Period `json:"period,omitempty"`
	AsOf         time.Time        `json:"as_of"`
	KnownEntries int64            `json:"known_entries"` // size of the journal that was judged
	KnownLast    evidence.Digest  `json:"known_last,omitempty"`
	Inputs       []InputFile      `json:"inputs"` // whatever can change a verdict, besides evidence
	Requirements []Finding        `json:"requirements"`
	Controls     []ControlResult  `json:"controls"`
	Tests        []TestResult     `json:"tests"`
	Information  []TestResult     `json:"information"` // tests of the information itself (IPE), by id: no finding rests on them
	Exceptions   []Exception      `json:"exceptions"`
	Responses    []Response       `json:"responses"`
	Responsible  []Responsibility `json:"responsibilities"`
	RACI         []RACITask       `json:"raci"`
	Evidence     []EvidenceItem   `json:"evidence"`
	Sources      []SourceResult   `json:"sources"`

	Statements  []Statement              `json:"statements"`                   // of applicability, oldest approval first; those without one before them
	Description *SystemDescription       `json:"system_description,omitempty"` // of a framework that asks for one
	Subservices []SubserviceOrganisation `json:"subservice_organisations"`     // by name
	Ownership   []OwnershipFault         `json:"ownership"`                    // what is wrong with who is responsible, by code
}

// Organization is whom the report is about.
type Organization struct {
	Name  string `json:"name"`
	Scope string `json:"scope,omitempty"`
	Role  string `json:"role,omitempty"` // provider | customer
}

// FrameworkRef names the framework and edition that was judged.
type FrameworkRef struct {
	ID          FrameworkID         `json:"id"`
	Edition     string              `json:"edition"`
	Title       templates.Localized `json:"title"`
	Source      string              `json:"source"`
	Attribution templates.Localized `json:"attribution"`
	Binds       string              `json:"binds,omitempty"` // "provider": it binds who provides a cloud service
}

// InputFile is one file that can change a verdict.
type InputFile struct {
	Name   string          `json:"name"` // "templates/tests/VAL-02.yaml", "workspace/soa.yaml"
	Digest evidence.Digest `json:"digest"`
}

// Finding is the conclusion on one requirement.
type Finding struct {
	ID         RequirementID       `json:"id"`
	Kind       string              `json:"kind"`  // clause | annex-a-control | basic-criterion | additional-criterion | general-condition | waf-control | control | additional-control
	Group      templates.Localized `json:"group"` // theme or area
	Title      templates.Localized `json:"title"`
	Parent     RequirementID       `json:"parent,omitempty"` // of a clause
	Note       templates.Localized `json:"note"`             // what a reader must know of the entry itself; mostly empty
	Status     RequirementStatus   `json:"status"`
	Reasons    []Reason            `json:"reasons"`          // why not supported, and how what is declared differs from what is shown
	Controls   []ControlTarget     `json:"controls"`         // that bear on it, primary first, then by id
	SoA        *SoAEntry           `json:"soa,omitempty"`    // what is declared of it, by a statement of applicability or a system description
	Answer     *ConditionAnswer    `json:"answer,omitempty"` // of people, to a general condition
	Ownership  Ownership           `json:"ownership"`
	Deviations int64               `json:"deviations"` // open, over all tests of its controls
	Excepted   int64               `json:"excepted"`
}

// Reason is one thing that stands between a requirement, control or test and support.
type Reason struct {
	Code    string    `json:"code"` // a key of the wording: "no-control", "no-evidence", "stale", "incomplete", "failed", "denied", "not-offered", "no-occurrences", "part-of-period", "part-of-test", "manual-missing", "manual-expired", "manual-self-reviewed", "supporting-only", "deviations", "declared-implemented-contradicted", ...
	Control ControlID `json:"control,omitempty"`
	Aspect  string    `json:"aspect,omitempty"`
	Test    TestID    `json:"test,omitempty"`
	Source  string    `json:"source,omitempty"`
	Detail  string    `json:"detail,omitempty"` // facts only: dates, counts, error text from the journal; not translated
	Owner   string    `json:"owner,omitempty"`
}

// ControlTarget is a control's bearing on a requirement.
type ControlTarget struct {
	Control  ControlID         `json:"control"`
	Strength string            `json:"strength"` // primary | supporting
	Status   RequirementStatus `json:"status"`
}

// SoAEntry is management's declaration on one requirement, from the statement of applicability or, for a framework that has none,
// from the system description.
type SoAEntry struct {
	Applicable    bool   `json:"applicable"`
	Justification string `json:"justification"`
	Status        string `json:"status"` // declared: implemented | partly-implemented | planned | not-implemented
	Owner         string `json:"owner"`
	CarvedOutTo   string `json:"carved_out_to,omitempty"`
	ChangedOn     string `json:"changed_on,omitempty"` // day of the period on which the version with it replaced one that said otherwise
	File          string `json:"file"`
	Line          int    `json:"line"`
}

// ControlResult is how a control of the organisation came out.
type ControlResult struct {
	ID        ControlID           `json:"id"`
	Title     templates.Localized `json:"title"`
	Statement templates.Localized `json:"statement"`
	Owner     string              `json:"owner"`
	Frequency string              `json:"frequency"`
	Status    RequirementStatus   `json:"status"`
	Aspects   []AspectResult      `json:"aspects"`
	Reasons   []Reason            `json:"reasons"`
}

// AspectResult is what was shown of one aspect.
type AspectResult struct {
	ID       string              `json:"id"`
	Title    templates.Localized `json:"title"`
	Tests    []TestID            `json:"tests"`
	Manual   *ManualTest         `json:"manual,omitempty"` // as supplied, valid or not; nil when none was
	IsManual bool                `json:"is_manual"`
	Coverage Coverage            `json:"coverage,omitempty"` // of a manual aspect: period | as-of
	Covered  []evidence.Period   `json:"covered,omitempty"`  // of the assessed period, by manual tests of an aspect that asks for the period
	Shown    string              `json:"shown"`              // fully | partly | deviating | not
}

// ManualTest is a person's test of an aspect, from the workspace.
type ManualTest struct {
	Control    ControlID `json:"control"`
	Aspect     string    `json:"aspect"`
	Procedure  string    `json:"procedure"`
	Documents  []string  `json:"documents"` // titles or ids from the documents index
	Performer  string    `json:"performer"`
	Reviewer   string    `json:"reviewer"`
	Conclusion string    `json:"conclusion"` // no-deviations | deviations
	Notes      string    `json:"notes,omitempty"`
	Date       string    `json:"date"`    // YYYY-MM-DD
	Expires    string    `json:"expires"` // YYYY-MM-DD, last day it counts

	From string `json:"from,omitempty"` // YYYY-MM-DD: the time that was looked at; empty where it is the day of the test
	To   string `json:"to,omitempty"`   // its end, which no longer belongs to it

	Evidence []evidence.Digest `json:"evidence"` // of the documents that were found, in their order
	Missing  []string          `json:"missing"`  // documents that the index lacks, or whose file is not there

	File string `json:"file"`
	Line int    `json:"line"`
}

// TestResult is one test, run: of a control, or of the information that control tests rest on.
type TestResult struct {
	ID             TestID              `json:"id"`
	Title          templates.Localized `json:"title"`
	Procedure      templates.Localized `json:"procedure"`
	Limits         templates.Localized `json:"limits"`
	Assurance      Assurance           `json:"assurance"`
	Severity       string              `json:"severity"`
	Status         TestStatus          `json:"status"`
	Reasons        []Reason            `json:"reasons"`      // why not assessed, or only for part of the period
	Covered        []evidence.Period   `json:"covered"`      // of the assessed period
	CoveredDays    int64               `json:"covered_days"` // whole days, rounded down
	PeriodDays     int64               `json:"period_days"`  // 0 for a test that asks for the as-of date alone: nothing is counted then
	Population     int64               `json:"population"`
	PopulationRoot string              `json:"population_root"` // hex Merkle root (RFC 6962) over the canonical JSON of its rows in order
	Open           int64               `json:"open"`            // deviations without a valid exception; of a test of information: its gaps, which no exception covers
	Excepted       int64               `json:"excepted"`
	Deviations     []Deviation         `json:"deviations"`
	Parameters     map[string]any      `json:"parameters"` // as used
	Variables      map[string]any      `json:"variables"`  // that the runner set besides and the SQL reads; times in RFC 3339
	Tables         []string            `json:"tables"`     // that its SQL reads, from needs
	SQL            TestSQL             `json:"sql"`
	Evidence       []evidence.Digest   `json:"evidence"` // records that the tables rest on, within the period, and those that deviations were read from; sorted
}

// TestSQL is the test as it was run.
type TestSQL struct {
	Population string          `json:"population"`
	Deviations string          `json:"deviations"`
	Digest     evidence.Digest `json:"digest"` // of the test's file
}

// Deviation is one row that a test found.
type Deviation struct {
	Key       string          `json:"key"` // first 16 hex of SHA-256 over test, item and resource: stable between assessments
	Test      TestID          `json:"test"`
	Evidence  evidence.Digest `json:"evidence,omitempty"` // raw blob
	Line      int64           `json:"line,omitempty"`     // in the blob, from 1
	Item      string          `json:"item"`
	Subject   string          `json:"subject"`
	Resource  string          `json:"resource"`
	At        *time.Time      `json:"at,omitempty"`
	Detail    string          `json:"detail"`
	Exception string          `json:"exception,omitempty"` // id of the valid exception that covers it
	Response  string          `json:"response,omitempty"`  // id
	Owner     string          `json:"owner,omitempty"`     // of the control, first by id
}

// Exception is an exception as it stood on the as-of date, by the version of its file that was in force then.
type Exception struct {
	ID           string             `json:"id"`
	Renews       string             `json:"renews"` // id of the exception that it says it renews
	Control      string             `json:"control"`
	Resource     string             `json:"resource"`
	Reason       string             `json:"reason"`
	RiskLevel    string             `json:"risk_level"`
	RiskOwner    string             `json:"risk_owner"`
	RequestedBy  string             `json:"requested_by"`
	EnteredBy    string             `json:"entered_by"`  // author of the commit that entered it: the requester where the file names none
	ApprovedBy   []string           `json:"approved_by"` // "role: name (date)"
	Approvals    []Approval         `json:"approvals"`
	ApprovedOn   string             `json:"approved_on"`
	ExpiresOn    string             `json:"expires_on"`
	Days         *int64             `json:"days,omitempty"` // from approval to expiry
	Chain        []string           `json:"chain"`          // ids from the first exception to this one, each renewing the one before
	ChainDays    *int64             `json:"chain_days,omitempty"`
	Compensating []string           `json:"compensating"`    // as the file writes them
	Measures     []Measure          `json:"measures"`        // the same, taken apart
	Impact       []Impact           `json:"impact"`          // requirements that the file speaks of
	Removed      bool               `json:"removed"`         // no longer there on the as-of date
	Valid        bool               `json:"valid"`           // may cover a deviation on the as-of date
	Faults       []string           `json:"faults"`          // codes of what is wrong with it
	Covers       []string           `json:"covers"`          // keys of deviations
	Redundant    []Redundancy       `json:"redundant"`       // deviations that it covers too, but another one counts
	Versions     []ExceptionVersion `json:"versions"`        // every state of the file that is known, oldest first
	Since        *time.Time         `json:"since,omitempty"` // when the version in force began; missing: not known
	Until        *time.Time         `json:"until,omitempty"` // when it ended; missing: it stands
	History      bool               `json:"history"`         // these moments are those of commits, not of collections
	Commit       string             `json:"commit"`          // that gave the file this content
	Author       string             `json:"author"`
	Source       string             `json:"source"` // configured name
	File         string             `json:"file"`
	Line         int64              `json:"line"`
	Evidence     evidence.Digest    `json:"evidence"`
}

// ExceptionVersion is what an exception said from one moment to another.
type ExceptionVersion struct {
	Evidence   evidence.Digest `json:"evidence"`
	Line       int64           `json:"line"`
	File       string          `json:"file"`
	Commit     string          `json:"commit"`
	Author     string          `json:"author"`
	Since      *time.Time      `json:"since,omitempty"` // missing: not known
	Until      *time.Time      `json:"until,omitempty"` // missing: it stands
	History    bool            `json:"history"`
	Control    string          `json:"control"`
	Resource   string          `json:"resource"`
	ApprovedOn string          `json:"approved_on"`
	ExpiresOn  string          `json:"expires_on"`
	Faults     []string        `json:"faults"` // of this version, without those of the as-of date
	Covers     []string        `json:"covers"` // keys of deviations that happened while it was in force
}

// Approval is one approval of an exception, and whether it was one that the policy takes.
type Approval struct {
	Role    string `json:"role"`
	Name    string `json:"name"`
	Date    string `json:"date"`    // YYYY-MM-DD
	Allowed string `json:"allowed"` // yes | requester-unknown | is-requester | other-role | several-roles | no-name | after-end
}

// Measure is a compensating control of an exception.
type Measure struct {
	Position int64  `json:"position"` // in the file, from 1
	Control  string `json:"control"`
	Proof    string `json:"proof"` // document, test, record or source that the file names
	Interval string `json:"interval"`
	Shown    string `json:"shown"`  // yes | no | not-assessed: whether EXC-08 found it to operate
	Detail   string `json:"detail"` // why not
}

// Impact is a requirement that an exception speaks of.
type Impact struct {
	Framework   FrameworkID   `json:"framework"`
	Requirement RequirementID `json:"requirement"`
	Effect      string        `json:"effect"` // deviates | none
	Reason      string        `json:"reason"`
}

// Redundancy is a deviation for which another exception, or another response, counts.
type Redundancy struct {
	Deviation string `json:"deviation"` // key
	Counts    string `json:"counts"`    // id of the one that counts
}

// Response is management's answer to deviations.
type Response struct {
	ID               string   `json:"id"`
	Test             TestID   `json:"test"`
	Deviations       []string `json:"deviations"` // keys, or resource patterns
	Kind             string   `json:"kind"`       // corrective-action | false-positive
	Cause            string   `json:"cause"`
	Correction       string   `json:"correction"`
	CorrectiveAction string   `json:"corrective_action"`
	Owner            string   `json:"owner"`
	Due              string   `json:"due"` // YYYY-MM-DD
	Done             string   `json:"done,omitempty"`
	Effectiveness    string   `json:"effectiveness"`
	ReviewedBy       string   `json:"reviewed_by"`
	Overdue          bool     `json:"overdue"` // on the as-of date
	Answers          []string `json:"answers"` // keys of the deviations found that it answers

	Redundant []Redundancy `json:"redundant"` // deviations that it answers too, but another one counts
	Faults    []string     `json:"faults"`    // codes of what is wrong with it; none of them changes a status

	File string `json:"file"`
	Line int    `json:"line"`
}

// Responsibility is one area of the responsibility matrix.
type Responsibility struct {
	Area       string          `json:"area"`
	IaaS       string          `json:"iaas"`
	PaaS       string          `json:"paas"`
	SaaS       string          `json:"saas"`
	Control    string          `json:"control"` // WAF-SEC id, when the area is a control
	Team       string          `json:"team"`
	Validates  string          `json:"validates"`
	Responds   string          `json:"responds"`
	Contact    string          `json:"contact"`
	Escalation string          `json:"escalation"`
	Evidence   evidence.Digest `json:"evidence"`
	Line       int64           `json:"line"`
}

// RACITask is one task of the RACI with what is wrong with it.
type RACITask struct {
	Task        string          `json:"task"`
	Responsible []string        `json:"responsible"`
	Accountable []string        `json:"accountable"`
	Consulted   []string        `json:"consulted"`
	Informed    []string        `json:"informed"`
	Other       []string        `json:"other"`  // "Dev Team: Requestor"
	Faults      []string        `json:"faults"` // details of the deviations of RAC tests on this task
	Evidence    evidence.Digest `json:"evidence"`
	Line        int64           `json:"line"`
}

// EvidenceItem is one row of the evidence index: a record with the fields that make it IPE.
type EvidenceItem struct {
	Record    evidence.Digest `json:"record"`
	Data      evidence.Record `json:"data"`
	Entry     int64           `json:"entry"` // of the journal
	EntryTime time.Time       `json:"entry_time"`
	Tests     []TestID        `json:"tests"` // that used it
}

// SourceResult is how a source came out over the period: its last outcome for each part.
type SourceResult struct {
	Source string                 `json:"source"`
	Type   string                 `json:"type"`
	Entry  int64                  `json:"entry"`
	Time   time.Time              `json:"time"`
	Parts  []evidence.PartOutcome `json:"parts"` // that are not ok, and a total
	OK     int64                  `json:"ok"`
}
