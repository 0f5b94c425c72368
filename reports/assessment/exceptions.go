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
	"unicode"
)

//go:embed register.sql
var registerSQL string

const approvalsSQL = `select distinct
    evidence,
    role,
    name,
    approved_date
from exception_approval_version`

// Codes of what is wrong with an exception. One with any of them but the last two covers nothing.
const (
	faultIncomplete   = "incomplete"            // a field is missing or malformed
	faultUnknown      = "unknown-control"       // names neither a test nor a control nor a WAF-SEC control
	faultNoDates      = "no-dates"              // approval or last day is missing, or they run backwards
	faultTooLong      = "too-long"              // more days than EXC-02 allows
	faultNotApproved  = "approval-missing"      // of a role that EXC-03 names
	faultSelfApproved = "approved-by-requester" //
	faultNoRequester  = "requester-missing"     // so that requester and approver cannot be told apart
	faultWildcard     = "bare-wildcard"         // the resource is nothing but wildcards
	faultExpired      = "expired"               // before the as-of date
	faultNotYet       = "not-yet-approved"      // on the as-of date
)

// exceptionRules are the limits that the tests of exceptions declare as parameters.
type exceptionRules struct {
	maxDays int64
	roles   []string
}

// rulesOf takes the limits from the tests, so that register and tests never disagree.
func rulesOf(c *Catalogue) exceptionRules {
	rules := exceptionRules{maxDays: 90, roles: []string{"Security Team", "CISO"}} // WAF++
	if t, ok := c.Test("EXC-02"); ok {
		if n, ok := t.Parameters["max_days"].(int64); ok {
			rules.maxDays = n
		}
	}
	if t, ok := c.Test("EXC-03"); ok {
		if roles, ok := t.Parameters["approval_roles"].([]string); ok {
			rules.roles = roles
		}
	}
	return rules
}

type approval struct{ role, name, day string }

// register reads all exceptions and judges each for the as-of date, by id and file.
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
	list := []Exception{}
	err = query(ctx, r.facts, registerSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		list = append(list, r.exception(x, approvals[x.text("evidence")], rules))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read register of exceptions: %w", err)
	}
	slices.SortFunc(list, func(a, b Exception) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.File, b.File), strings.Compare(string(a.Evidence), string(b.Evidence)))
	})
	return list, nil
}

// exception turns a row of the register into an Exception and finds its faults.
func (r *runner) exception(x row, approvals []approval, rules exceptionRules) Exception {
	e := Exception{
		ID: x.text("exception_id"), Control: x.text("control"), Resource: x.text("resource"), Reason: x.text("reason"),
		RiskLevel: x.text("risk_level"), RiskOwner: x.text("risk_owner"), RequestedBy: x.text("requested_by"), ApprovedBy: []string{},
		ApprovedOn: x.day("approved_date"), ExpiresOn: x.day("expiry_date"), Compensating: x.list("compensating_controls"),
		Removed: x.truth("removed"), Faults: []string{}, Covers: []string{}, Commit: x.text("commit"), Author: x.text("author"),
		File: x.text("file"), Line: x.number("line"), Evidence: x.digest("evidence"),
	}
	for _, a := range approvals {
		e.ApprovedBy = append(e.ApprovedBy, joinText(": ", a.role, a.name)+wrapped(" (", a.day, ")"))
	}
	fault := func(bad bool, code string) {
		if bad {
			e.Faults = append(e.Faults, code)
		}
	}
	e.Days = daysBetween(e.ApprovedOn, e.ExpiresOn)
	fault(len(x.list("problems")) > 0, faultIncomplete)
	fault(!slices.Contains(r.known, e.Control), faultUnknown)
	fault(e.Days == nil || *e.Days < 0, faultNoDates)
	fault(e.Days != nil && *e.Days > rules.maxDays, faultTooLong)
	fault(!approvedByAll(approvals, rules.roles), faultNotApproved)
	fault(e.RequestedBy != "" && slices.ContainsFunc(approvals, func(a approval) bool { return samePerson(a.name, e.RequestedBy) }), faultSelfApproved)
	fault(strings.TrimSpace(e.RequestedBy) == "", faultNoRequester)
	fault(bareWildcard(e.Resource), faultWildcard)
	sound := len(e.Faults) == 0
	fault(e.ExpiresOn != "" && e.ExpiresOn < r.window.day(), faultExpired)
	fault(e.ApprovedOn != "" && e.ApprovedOn > r.window.day(), faultNotYet)
	e.Valid = sound && !e.Removed && e.holdsOn(r.window.day())
	return e
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

// approvedByAll says whether someone named approved in each of the roles, and no one in several of them.
func approvedByAll(approvals []approval, roles []string) bool {
	roleOf := map[string]string{}
	for _, role := range roles {
		key, found := roleKey(role), false
		for _, a := range approvals {
			person := personKey(a.name)
			if roleKey(a.role) != key || person == "" {
				continue
			}
			if other, ok := roleOf[person]; ok && other != key {
				return false
			}
			roleOf[person], found = key, true
		}
		if !found {
			return false
		}
	}
	return true
}

// roleKey is what EXC-03 compares roles by: their words in lower case, whether hyphens, underscores or spaces part them.
func roleKey(role string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(role), func(r rune) bool { return r == '-' || r == '_' || r == ' ' }), " ")
}

var (
	roleBefore = regexp.MustCompile(`^.* [-–—] `)
	inBrackets = regexp.MustCompile(`\([^)]*\)|<[^>]*>`)
	afterAt    = regexp.MustCompile(`([^ ])@.*$`)
	umlauts    = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")
)

// personKey is what EXC-03 compares people by: the words of a name in lower case and alphabetical order, without the role before a
// dash, what stands in brackets, and what follows the @ of an address. It is empty where the name has no word.
func personKey(name string) string {
	bare := afterAt.ReplaceAllString(inBrackets.ReplaceAllString(roleBefore.ReplaceAllString(strings.TrimSpace(name), ""), ""), "$1")
	words := strings.FieldsFunc(umlauts.Replace(strings.ToLower(bare)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	slices.Sort(words)
	return strings.Join(words, " ")
}

// samePerson says whether two names are those of one person, as far as spelling tells.
func samePerson(a, b string) bool {
	key := personKey(a)
	if key == "" {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	return key == personKey(b)
}

var scheme = regexp.MustCompile(`^[a-z]+:`)

// bareWildcard says whether a pattern names nothing: it is empty or only wildcards, behind a scheme too ("terraform:*").
func bareWildcard(pattern string) bool {
	return strings.Trim(scheme.ReplaceAllString(pattern, ""), "*?/ \t") == ""
}

// holdsOn says whether day lies between approval and last day, both included.
func (e Exception) holdsOn(day string) bool {
	return e.ApprovedOn != "" && e.ExpiresOn != "" && e.ApprovedOn <= day && day <= e.ExpiresOn
}

// NotYet says whether e had not been approved on the as-of date.
func (e Exception) NotYet() bool { return slices.Contains(e.Faults, faultNotYet) }

// Sound says whether nothing but its time keeps e from covering a deviation.
func (e Exception) Sound() bool {
	return !slices.ContainsFunc(e.Faults, func(code string) bool { return code != faultExpired && code != faultNotYet })
}

// covers says whether e covers d, whose test is part of controls and so of the WAF-SEC ids that they target.
func (e Exception) covers(d Deviation, names []string, asOf string) bool {
	day := asOf
	if d.At != nil {
		day = d.At.UTC().Format(time.DateOnly)
	}
	return e.Sound() && slices.Contains(names, e.Control) && e.holdsOn(day) && matchPattern(e.Resource, d.Resource)
}

// namesFor lists what an exception may name to cover deviations of a test: the test, the controls that it shows something of, and
// the WAF-SEC controls that those target.
func (c *Catalogue) namesFor(id TestID) []string {
	names := []string{string(id)}
	for _, x := range c.Controls {
		if !slices.Contains(x.tests(), id) {
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

// except marks the deviations that exceptions cover and counts them; the first exception by id counts.
func except(results []TestResult, list []Exception, c *Catalogue, asOf string) {
	for i := range results {
		res := &results[i]
		names := c.namesFor(res.ID)
		for j := range res.Deviations {
			d := &res.Deviations[j]
			for k := range list {
				if list[k].covers(*d, names, asOf) {
					d.Exception = list[k].ID
					list[k].Covers = append(list[k].Covers, d.Key)
					break
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
		slices.Sort(list[k].Covers)
		list[k].Covers = slices.Compact(list[k].Covers)
	}
}
