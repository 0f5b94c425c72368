package assessment

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed register.sql
var registerSQL string

// Codes of what is wrong with an exception. One with any of these covers nothing.
const (
	faultIncomplete   = "incomplete"            // a field is missing or malformed
	faultDuplicate    = "duplicate-id"          // another file has the same id
	faultUnknown      = "unknown-control"       // names neither a test nor a control nor a WAF-SEC control
	faultNoDates      = "no-dates"              // approval or last day is missing, or they run backwards
	faultTooLong      = "too-long"              // more days than EXC-02 allows
	faultNotApproved  = "approval-missing"      // of a role that EXC-03 names
	faultSelfApproved = "approved-by-requester" // or by who entered it, where nobody is named
	faultNoRequester  = "requester-missing"     // nor is there a commit, so that requester and approver cannot be told apart
	faultNoRiskOwner  = "risk-owner-missing"    // nobody carries the risk
	faultWildcard     = "bare-wildcard"         // the resource is nothing but wildcards
)

// Codes that speak of the time, or of what is around an exception. It covers all the same what it covered in its time.
const (
	faultExpired       = "expired"          // before the as-of date
	faultNotYet        = "not-yet-approved" // on the as-of date, or entered after it
	faultNoHistory     = "history-unknown"  // nothing shows what the file said before it was collected first
	faultRedundant     = "redundant"        // another exception counts for a deviation that it covers too
	faultNotNeeded     = "not-needed"       // no deviation of what it names was found
	faultRenewsUnknown = "renews-unknown"   // the exception that it says it renews is not there
	faultRenewalGap    = "renewal-gap"      // it names what it renews, and was approved only after that had ended: the days between are not covered
	faultCircle        = "renewal-circle"   // it renews itself, over others
	faultRenewedLong   = "renewed-too-long" // with those that it renews it holds for more days than EXC-07 allows
)

var softFaults = []string{faultExpired, faultNotYet, faultNoHistory, faultRedundant, faultNotNeeded, faultRenewsUnknown, faultRenewalGap, faultCircle, faultRenewedLong}

// exceptionRules are the limits that the tests of exceptions declare as parameters.
type exceptionRules struct {
	maxDays      int64
	maxTotalDays int64
	roles        []string
}

// rulesOf takes the limits from the tests, so that register and tests never disagree.
func rulesOf(c *Catalogue) exceptionRules {
	rules := exceptionRules{maxDays: 90, maxTotalDays: 180, roles: []string{"Security Team", "CISO"}} // WAF++; one renewal
	if t, ok := c.Test("EXC-02"); ok {
		if n, ok := t.Parameters["max_days"].(int64); ok {
			rules.maxDays = n
		}
	}
	if t, ok := c.Test("EXC-07"); ok {
		if n, ok := t.Parameters["max_total_days"].(int64); ok {
			rules.maxTotalDays = n
		}
	}
	if t, ok := c.Test("EXC-03"); ok {
		if roles, ok := t.Parameters["approval_roles"].([]string); ok {
			rules.roles = roles
		}
	}
	return rules
}

// register reads every state of every exception, and gives each exception as it stood on the as-of date, by id and file.
func (r *runner) register(ctx context.Context, rules exceptionRules) ([]Exception, error) {
	approvals := map[string][]approval{}
	err := query(ctx, r.facts, approvalsSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		approvals[x.text("evidence")] = append(approvals[x.text("evidence")], approval{x.text("role"), x.text("name"), x.day("approved_date")})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read approvals of exceptions: %w", err)
	}
	type key struct{ source, id, file string }
	states := map[key][]Exception{}
	err = query(ctx, r.facts, registerSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		e := r.exception(x, approvals[x.text("evidence")], rules)
		k := key{source: e.Source, id: e.ID}
		if e.ID == "" {
			k.file = e.File
		}
		states[k] = append(states[k], e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read register of exceptions: %w", err)
	}
	list := []Exception{}
	for _, all := range states {
		list = append(list, r.standing(all)...)
	}
	slices.SortFunc(list, func(a, b Exception) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.File, b.File), strings.Compare(string(a.Evidence), string(b.Evidence)), strings.Compare(a.Source, b.Source))
	})
	markDuplicates(list)
	chain(list, rules.maxTotalDays)
	for i := range list {
		list[i].Valid = r.valid(list[i])
	}
	return list, r.parts(ctx, list)
}

// valid says whether e may cover a deviation on the as-of date.
func (r *runner) valid(e Exception) bool {
	return e.Sound() && !e.Removed && !e.NotYet() && e.holdsOn(r.window.day())
}

// exception turns a row of the register into an Exception with one version, and finds the faults of that version.
func (r *runner) exception(x row, approvals []approval, rules exceptionRules) Exception {
	e := Exception{
		ID: x.text("exception_id"), Renews: x.text("renews"), Control: x.text("control"), Resource: x.text("resource"), Reason: x.text("reason"),
		RiskLevel: x.text("risk_level"), RiskOwner: x.text("risk_owner"), RequestedBy: x.text("requested_by"), EnteredBy: x.text("entered_by"),
		ApprovedBy: []string{}, ApprovedOn: x.day("approved_date"), ExpiresOn: x.day("expiry_date"), Compensating: x.list("compensating_controls"),
		Measures: []Measure{}, Impact: []Impact{}, Chain: []string{}, Redundant: []Redundancy{},
		Since: x.time("since"), Until: x.time("until"), History: x.truth("history"),
		Faults: []string{}, Covers: []string{}, Commit: x.text("commit"), Author: x.text("author"),
		Source: x.text("source"), File: x.text("file"), Line: x.number("line"), Evidence: x.digest("evidence"),
	}
	for _, a := range approvals {
		e.ApprovedBy = append(e.ApprovedBy, joinText(": ", a.role, a.name)+wrapped(" (", a.day, ")"))
	}
	requester := cmp.Or(strings.TrimSpace(e.RequestedBy), strings.TrimSpace(e.EnteredBy))
	e.Approvals = judgeApprovals(approvals, rules.roles, requester, e.ExpiresOn)
	fault := func(bad bool, code string) {
		if bad {
			e.Faults = append(e.Faults, code)
		}
	}
	e.Days = daysBetween(e.ApprovedOn, e.ExpiresOn)
	fault(len(x.list("problems")) > 0, faultIncomplete)
	fault(!slices.Contains(r.setting.known, e.Control), faultUnknown)
	fault(e.Days == nil || *e.Days < 0, faultNoDates)
	fault(e.Days != nil && *e.Days > rules.maxDays, faultTooLong)
	fault(!approvedByAll(approvals, rules.roles), faultNotApproved)
	fault(requester != "" && slices.ContainsFunc(approvals, func(a approval) bool { return samePerson(a.name, requester) }), faultSelfApproved)
	fault(requester == "", faultNoRequester)
	fault(strings.TrimSpace(e.RiskOwner) == "", faultNoRiskOwner)
	fault(bareWildcard(e.Resource), faultWildcard)
	return e
}

// standing gives the exceptions of one id as they stood on the as-of date, each with all versions: one, or several where files
// shared the id at that time. One that had ended before stands as it was last, one that came later as it was first.
func (r *runner) standing(states []Exception) []Exception {
	versions := make([]ExceptionVersion, 0, len(states))
	slices.SortFunc(states, func(a, b Exception) int { return compareSince(a.version(), b.version()) })
	for _, s := range states {
		versions = append(versions, s.version())
	}
	at := r.window.endOfDay()
	var now []Exception
	for _, s := range states {
		switch {
		case !s.version().inForce(at):
		case len(now) > 0 && now[len(now)-1].File == s.File:
			now[len(now)-1] = s // it lies over the one before
		case s.History || len(now) == 0 || !now[len(now)-1].History:
			now = append(now, s)
		default: // a change that is not committed, in a file of another name
			now[len(now)-1] = s
		}
	}
	if len(now) == 0 {
		e := states[0]
		for _, s := range states {
			if s.Until != nil && !s.Until.After(at) {
				e = s
			}
		}
		e.Removed = e.Until != nil && !e.Until.After(at)
		now = []Exception{e}
	}
	for i := range now {
		e := &now[i]
		e.Versions = slices.Clone(versions)
		for j := range e.Versions {
			e.Versions[j].Covers = []string{}
		}
		r.timeFaults(e)
	}
	return now
}

// timeFaults adds what the as-of date says of e.
func (r *runner) timeFaults(e *Exception) {
	day := r.window.day()
	if e.ExpiresOn != "" && e.ExpiresOn < day {
		e.Faults = append(e.Faults, faultExpired)
	}
	if (e.ApprovedOn != "" && e.ApprovedOn > day) || (e.Since != nil && e.Since.After(r.window.endOfDay())) {
		e.Faults = append(e.Faults, faultNotYet)
	}
	if e.Since == nil && e.ID != "" {
		e.Faults = append(e.Faults, faultNoHistory)
	}
}

// markDuplicates finds exceptions whose id another file has on the as-of date.
func markDuplicates(list []Exception) {
	count := map[string]int{}
	for _, e := range list {
		if !e.Removed && e.ID != "" {
			count[e.ID]++
		}
	}
	for i := range list {
		if count[list[i].ID] > 1 && !list[i].Removed && !slices.Contains(list[i].Faults, faultDuplicate) {
			list[i].Faults = append([]string{faultDuplicate}, list[i].Faults...)
		}
	}
}

// version is e as one of the states of its file.
func (e Exception) version() ExceptionVersion {
	return ExceptionVersion{
		Evidence: e.Evidence, Line: e.Line, File: e.File, Commit: e.Commit, Author: e.Author, Since: e.Since, Until: e.Until, History: e.History,
		Control: e.Control, Resource: e.Resource, ApprovedOn: e.ApprovedOn, ExpiresOn: e.ExpiresOn, Faults: slices.Clone(e.Faults), Covers: []string{},
	}
}

// compareSince orders versions by when they began; one whose beginning is not known comes first.
func compareSince(a, b ExceptionVersion) int {
	order := cmp.Compare(since(a).UnixNano(), since(b).UnixNano())
	return cmp.Or(order, strings.Compare(a.File, b.File), strings.Compare(string(a.Evidence), string(b.Evidence)))
}

// since is when v began, long ago where that is not known.
func since(v ExceptionVersion) time.Time {
	if v.Since == nil {
		return time.Unix(0, 0)
	}
	return *v.Since
}

// inForce says whether v was what the file said at t.
func (v ExceptionVersion) inForce(t time.Time) bool {
	return (v.Since == nil || !v.Since.After(t)) && (v.Until == nil || t.Before(*v.Until))
}

// versionAt is the position of the version in force at t: of several the one that began last; -1 for none.
func (e Exception) versionAt(t time.Time) int {
	found := -1
	for i, v := range e.Versions {
		if v.inForce(t) && (found < 0 || compareSince(e.Versions[found], v) < 0) {
			found = i
		}
	}
	return found
}

func wrapped(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

// daysBetween counts the days from one date to another, nil when one of them is missing.
func daysBetween(from, to string) *int64 {
	a, errA := time.Parse(time.DateOnly, from)
	b, errB := time.Parse(time.DateOnly, to)
	if errA != nil || errB != nil {
		return nil
	}
	n := int64(b.Sub(a) / (24 * time.Hour))
	return &n
}

var scheme = regexp.MustCompile(`^[a-z]+:`)

// bareWildcard says whether a pattern names nothing: it is empty or only wildcards, behind a scheme too ("terraform:*").
func bareWildcard(pattern string) bool {
	return strings.Trim(scheme.ReplaceAllString(pattern, ""), "*?/ \t") == ""
}

// holdsOn says whether day lies between approval and last day, both included.
func (v ExceptionVersion) holdsOn(day string) bool {
	return v.ApprovedOn != "" && v.ExpiresOn != "" && v.ApprovedOn <= day && day <= v.ExpiresOn
}

func (e Exception) holdsOn(day string) bool { return e.version().holdsOn(day) }

// NotYet says whether e had not been approved or entered on the as-of date.
func (e Exception) NotYet() bool { return slices.Contains(e.Faults, faultNotYet) }

// Sound says whether nothing but its time keeps e from covering a deviation.
func (e Exception) Sound() bool { return sound(e.Faults) }

func sound(faults []string) bool {
	return !slices.ContainsFunc(faults, func(code string) bool { return !slices.Contains(softFaults, code) })
}

// IsConcernedBy says whether a test of exceptions found d on e: d rests on the file, or names the exception or the file. An item that
// says more than the exception has the exception's id first or last.
func (e Exception) IsConcernedBy(d Deviation) bool {
	switch {
	case d.Evidence != "" && d.Evidence == e.Evidence, d.Resource == e.Source+" "+e.File:
		return true
	case e.ID == "":
		return false
	}
	return d.Item == e.ID || strings.HasPrefix(d.Item, e.ID+" ") || strings.HasSuffix(d.Item, " "+e.ID)
}

// covers gives the position of the version of e that covers d, whose test is part of controls and so of the WAF-SEC ids that they
// target: the version that was in force when d happened, or at the end of the as-of date where d has no time. It is -1 when that
// one does not cover d, whatever an earlier or a later one says. What is wrong with an exception it does not cover itself.
func (e Exception) covers(d Deviation, names []string, asOf time.Time) int {
	if slices.Contains(e.Faults, faultDuplicate) || e.IsConcernedBy(d) {
		return -1
	}
	at := asOf
	if d.At != nil {
		at = d.At.UTC()
	}
	i := e.versionAt(at)
	if i < 0 {
		return -1
	}
	v := e.Versions[i]
	if sound(v.Faults) && slices.Contains(names, v.Control) && v.holdsOn(at.Format(time.DateOnly)) && matchPattern(v.Resource, d.Resource) {
		return i
	}
	return -1
}

// namesFor lists what an exception may name to cover deviations of a test: the test, the controls that it shows something of, and
// the WAF-SEC controls that those target.
func (c *Catalogue) namesFor(id TestID) []string {
	names := []string{string(id)}
	for _, x := range c.Controls {
		if !slices.Contains(x.Tests(), id) {
			continue
		}
		names = append(names, string(x.ID))
		for _, t := range x.Targets {
			if t.Framework == wafSec {
				names = append(names, string(t.ID))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// matchPattern says whether s fits a pattern in which * stands for any text. A bare wildcard fits nothing.
func matchPattern(pattern, s string) bool {
	if bareWildcard(pattern) {
		return false
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return s == pattern
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}

// except marks the deviations that exceptions cover and counts them. The first exception by id counts; another one that covers the
// same deviation is noted with it.
func except(results []TestResult, list []Exception, c *Catalogue, w window) {
	for i := range results {
		res := &results[i]
		names := c.namesFor(res.ID)
		for j := range res.Deviations {
			d := &res.Deviations[j]
			for k := range list {
				version := list[k].covers(*d, names, w.endOfDay())
				switch {
				case version < 0:
				case d.Exception != "":
					list[k].Redundant = append(list[k].Redundant, Redundancy{Deviation: d.Key, Counts: d.Exception})
				default:
					d.Exception = list[k].ID
					list[k].Covers = append(list[k].Covers, d.Key)
					list[k].Versions[version].Covers = append(list[k].Versions[version].Covers, d.Key)
				}
			}
			if d.Exception == "" {
				res.Open++
			} else {
				res.Excepted++
			}
		}
	}
	for k := range list {
		list[k].settle(results, c)
	}
}

// settle sorts what e covers, and says where it is not needed, or not it alone.
func (e *Exception) settle(results []TestResult, c *Catalogue) {
	slices.Sort(e.Covers)
	e.Covers = slices.Compact(e.Covers)
	for i := range e.Versions {
		slices.Sort(e.Versions[i].Covers)
		e.Versions[i].Covers = slices.Compact(e.Versions[i].Covers)
	}
	e.Redundant = sortedRedundancies(e.Redundant)
	if len(e.Redundant) > 0 {
		e.Faults = append(e.Faults, faultRedundant)
	}
	if e.Valid && len(e.Covers) == 0 && len(e.Redundant) == 0 && !judgedElsewhere(e.Resource) && e.lookedFor(results, c) {
		e.Faults = append(e.Faults, faultNotNeeded)
	}
}

// sortedRedundancies orders a list by deviation and by what counts, each once.
func sortedRedundancies(list []Redundancy) []Redundancy {
	slices.SortFunc(list, func(a, b Redundancy) int {
		return cmp.Or(strings.Compare(a.Deviation, b.Deviation), strings.Compare(a.Counts, b.Counts))
	})
	return slices.Compact(list)
}

// judgedElsewhere says whether EXC-05 and TFP-03 compare the exception with what infrastructure code left open: those are not
// deviations of a test until they lack an exception.
func judgedElsewhere(resource string) bool { return strings.HasPrefix(resource, "terraform:") }

// lookedFor says whether a test that e could cover deviations of was assessed.
func (e *Exception) lookedFor(results []TestResult, c *Catalogue) bool {
	return slices.ContainsFunc(results, func(t TestResult) bool {
		return t.Status != TestNotAssessed && slices.Contains(c.namesFor(t.ID), e.Control)
	})
}
