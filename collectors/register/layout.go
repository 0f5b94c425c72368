package register

import (
	"strings"

	"auditpack/evidence"
)

// columnType is what the cells of a column hold.
type columnType int

const (
	text columnType = iota + 1
	list            // texts between semicolons
	truth
	number
	instant
)

// demand is how much of a column a register must have.
type demand int

const (
	optional     demand = iota + 1 // the column may be left out
	columnNeeded                   // its cells may be empty
	cellNeeded                     // in each row
)

// columnLayout is one column of a register.
type columnLayout struct {
	name  string
	kind  columnType
	needs demand
	words []string // that a text must be one of; nil for any
}

// layout is one register: a fact table of the same name.
type layout struct {
	table   string
	columns []columnLayout
}

// layouts returns the registers that can be read; docs/sources/register.md says what a row of each is.
func layouts() []layout {
	return []layout{
		{"leaver", []columnLayout{
			{"person", text, cellNeeded, nil},
			{"event", text, cellNeeded, []string{"left", "changed"}},
			{"effective_at", instant, cellNeeded, nil},
			{"privileged", truth, optional, nil},
			{"identities", list, columnNeeded, nil},
		}},
		{"ticket", []columnLayout{
			{"ticket_id", text, cellNeeded, nil},
			{"kind", text, cellNeeded, []string{"change", "access", "incident", "emergency"}},
			{"subject", text, optional, nil},
			{"resource", text, columnNeeded, nil},
			{"requested_by", text, columnNeeded, nil},
			{"approved_by", text, columnNeeded, nil},
			{"approved_at", instant, columnNeeded, nil},
			{"valid_from", instant, optional, nil},
			{"valid_to", instant, optional, nil},
			{"closed_at", instant, optional, nil},
			{"status", text, optional, nil},
		}},
		{"alert", []columnLayout{
			{"alert_id", text, cellNeeded, nil},
			{"raised_at", instant, cellNeeded, nil},
			{"identity", text, columnNeeded, nil},
			{"reason", text, optional, nil},
			{"ticket", text, optional, nil},
			{"handled_by", text, columnNeeded, nil},
			{"handled_at", instant, columnNeeded, nil},
		}},
		{"sign_in_rule", []columnLayout{
			{"mount", text, cellNeeded, nil},
			{"provider", text, optional, nil},
			{"federated", truth, cellNeeded, nil},
			{"mfa_enforced", truth, cellNeeded, nil},
			{"checked_at", instant, cellNeeded, nil},
		}},
		{"identity_owner", []columnLayout{
			{"identity", text, cellNeeded, nil},
			{"kind", text, cellNeeded, []string{"person", "service", "token"}},
			{"owner", text, columnNeeded, nil},
			{"purpose", text, optional, nil},
			{"expires_at", instant, optional, nil},
		}},
		{"log_store", []columnLayout{
			{"store", text, cellNeeded, nil},
			{"log", text, cellNeeded, nil},
			{"retention_days", number, cellNeeded, nil},
			{"immutable", truth, cellNeeded, nil},
			{"oldest_retrieved_at", instant, columnNeeded, nil},
			{"tested_at", instant, columnNeeded, nil},
			{"tested_by", text, columnNeeded, nil},
		}},
		{"access_review", []columnLayout{
			{"review_id", text, cellNeeded, nil},
			{"system", text, cellNeeded, nil},
			{"identity", text, cellNeeded, nil},
			{"grant_name", text, optional, nil},
			{"decision", text, columnNeeded, []string{"keep", "change", "revoke"}},
			{"decided_by", text, columnNeeded, nil},
			{"decided_at", instant, columnNeeded, nil},
			{"done_at", instant, columnNeeded, nil},
		}},
		{"blocked_run", []columnLayout{
			{"gate", text, cellNeeded, nil},
			{"command", text, columnNeeded, nil},
			{"fail_on", text, columnNeeded, nil},
			{"exit_status", number, cellNeeded, nil},
			{"ran_at", instant, cellNeeded, nil},
			{"reference", text, optional, nil},
		}},
		{"deployment", []columnLayout{
			{"environment", text, cellNeeded, nil},
			{"commit", text, cellNeeded, nil},
			{"deployed_at", instant, cellNeeded, nil},
			{"reference", text, optional, nil},
		}},
	}
}

// layoutOf returns the register of a table, and whether there is one.
func layoutOf(table string) (layout, bool) {
	for _, l := range layouts() {
		if l.table == table {
			return l, true
		}
	}
	return layout{}, false
}

// tables lists the names of all registers.
func tables() []string {
	var names []string
	for _, l := range layouts() {
		names = append(names, l.table)
	}
	return names
}

// column returns the layout of the column called name, and whether there is one.
func (l layout) column(name string) (columnLayout, bool) {
	for _, c := range l.columns {
		if c.name == name {
			return c, true
		}
	}
	return columnLayout{}, false
}

// needed lists the columns that a file must have.
func (l layout) needed() []string {
	var names []string
	for _, c := range l.columns {
		if c.needs != optional {
			names = append(names, c.name)
		}
	}
	return names
}

func (l layout) names() []string {
	var names []string
	for _, c := range l.columns {
		names = append(names, c.name)
	}
	return names
}

// fileKind is the kind of the CSV file as it lies there, rowsKind that of its rows. Each register has its own, so that evidence of one
// is none of another.
func (l layout) fileKind() evidence.Kind {
	return evidence.Kind("register." + strings.ReplaceAll(l.table, "_", "-") + "/1")
}

func (l layout) rowsKind() evidence.Kind {
	return evidence.Kind("register." + strings.ReplaceAll(l.table, "_", "-") + "-rows/1")
}

// kinds lists the kinds of all registers.
func kinds() []evidence.Kind {
	var all []evidence.Kind
	for _, l := range layouts() {
		all = append(all, l.fileKind(), l.rowsKind())
	}
	return all
}
