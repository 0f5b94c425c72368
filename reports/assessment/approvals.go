package assessment

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// approvalsSQL gives the approvals of every content of an exception file, whether a collection or the history found it.
const approvalsSQL = `select distinct
    evidence,
    role,
    name,
    approved_date
from (
    select evidence, role, name, approved_date from exception_approval_version
    union all
    select evidence, role, name, approved_date from exception_content_approval
)`

type approval struct{ role, name, day string }

// Codes of whether somebody was allowed to approve an exception.
const (
	allowedYes       = "yes"               // of a role that the policy names, and not the requester
	allowedUnknown   = "requester-unknown" // nobody says who asked, and no commit shows who entered it
	deniedRequester  = "is-requester"
	deniedOtherRole  = "other-role"    // none of those that the policy names
	deniedTwoRoles   = "several-roles" // the same person stands for another of them too
	deniedNobody     = "no-name"
	deniedAfterwards = "after-end" // on a day after the last one
)

// judgeApprovals says of each approval whether it was one that the policy takes.
func judgeApprovals(approvals []approval, roles []string, requester, lastDay string) []Approval {
	named := map[string]bool{}
	for _, r := range roles {
		named[roleKey(r)] = true
	}
	out := make([]Approval, 0, len(approvals))
	for _, a := range approvals {
		out = append(out, Approval{Role: a.role, Name: a.name, Date: a.day, Allowed: allowedFor(a, approvals, named, requester, lastDay)})
	}
	return out
}

func allowedFor(a approval, all []approval, named map[string]bool, requester, lastDay string) string {
	person, role := personKey(a.name), roleKey(a.role)
	switch {
	case person == "":
		return deniedNobody
	case requester != "" && samePerson(a.name, requester):
		return deniedRequester
	case !named[role]:
		return deniedOtherRole
	case slices.ContainsFunc(all, func(b approval) bool {
		return personKey(b.name) == person && roleKey(b.role) != role && named[roleKey(b.role)]
	}):
		return deniedTwoRoles
	case lastDay != "" && a.day > lastDay:
		return deniedAfterwards
	case strings.TrimSpace(requester) == "":
		return allowedUnknown
	}
	return allowedYes
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
