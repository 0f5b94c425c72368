package codeowners

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	owners "github.com/hmarr/codeowners"
)

// maxFile is the size, in bytes, from which on GitHub ignores a CODEOWNERS file.
const maxFile = 3 << 20

// ownerMatchers are those of the library, but for addresses: it knows no top-level domain of more than six letters.
var ownerMatchers = []owners.OwnerMatcher{
	owners.OwnerMatchFunc(matchEmail), owners.OwnerMatchFunc(owners.MatchTeamOwner), owners.OwnerMatchFunc(owners.MatchUsernameOwner),
}

var emailPattern = regexp.MustCompile(`^[^@\s]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$`)

func matchEmail(s string) (owners.Owner, error) {
	if !emailPattern.MatchString(s) {
		return owners.Owner{}, owners.ErrNoMatch
	}
	return owners.Owner{Value: s, Type: owners.EmailOwner}, nil
}

// Rule is one line of a CODEOWNERS file that is neither empty nor a comment.
type Rule struct {
	Line    int      // from 1
	Pattern string   // as written, empty when Problem is set and not even a pattern could be told
	Owners  []string // as written; empty means that nobody owns what the pattern matches
	Problem string   // why the line is no rule; GitHub skips such a line, and so does Match
	rule    *owners.Rule
}

// Rules are the lines of a file in their order.
type Rules []Rule

// Parse reads a CODEOWNERS file. It never fails: a line that is no rule becomes a Rule with a Problem, and the others stay.
func Parse(b []byte) Rules {
	rules := Rules{}
	n := 0
	for raw := range bytes.Lines(b) {
		n++
		line := strings.TrimSpace(string(raw))
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		rules = append(rules, parseLine(n, line))
	}
	return rules
}

func parseLine(n int, line string) Rule {
	if !utf8.ValidString(line) {
		return Rule{Line: n, Owners: []string{}, Problem: "bytes that are not UTF-8"}
	}
	out := Rule{Line: n, Owners: []string{}, Pattern: strings.Fields(line)[0]}
	parsed, err := owners.ParseFile(strings.NewReader(line), owners.WithOwnerMatchers(ownerMatchers))
	switch {
	case err != nil:
		out.Problem = strings.TrimPrefix(err.Error(), "line 1: ")
		return out
	case len(parsed) != 1:
		out.Problem = "the line is too long to be a rule"
		return out
	}
	out.rule = &parsed[0]
	out.Pattern = parsed[0].RawPattern()
	for _, o := range parsed[0].Owners {
		out.Owners = append(out.Owners, o.String())
	}
	return out
}

// Match returns the last rule that matches path, a slash separated name below the root of the checkout, and whether there is
// one: the last one decides alone, whatever earlier rules say.
func (r Rules) Match(path string) (Rule, bool, error) {
	for i := len(r) - 1; i >= 0; i-- {
		if r[i].rule == nil {
			continue
		}
		ok, err := r[i].rule.Match(path)
		if err != nil {
			return Rule{}, false, fmt.Errorf("match %q with pattern %q of line %d: %w", path, r[i].Pattern, r[i].Line, err)
		}
		if ok {
			return r[i], true, nil
		}
	}
	return Rule{}, false, nil
}
