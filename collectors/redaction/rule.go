package redaction

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"auditpack/evidence"
	"auditpack/internal/jsonfields"
)

// Action is what becomes of a value.
type Action string

// The actions.
const (
	Drop      Action = "drop"      // null in its place; where a pattern names a part of it, the word redacted
	Pseudonym Action = "pseudonym" // the value's pseudonym in its place
)

// Rule names values, and what becomes of them. It is a rule of the configuration.
type Rule struct {
	ID      string   `yaml:"id" jsonschema:"required,pattern=^[a-z][a-z0-9-]*$,description=Name of the rule: records say what it took"`
	Kinds   []string `yaml:"kinds" jsonschema:"description=Kinds of evidence that it applies to such as vault.audit-log; all when it is left out. auditpack.record is what records say besides their content"`
	Field   string   `yaml:"field" jsonschema:"description=Where in the JSON the values are: keys with dots between them; * is any key and ** any depth and [] each element of a list. Without it the rule reads parts that are no JSON line by line and needs a pattern"`
	Pattern string   `yaml:"pattern" jsonschema:"description=Regular expression (RE2): only what it matches in a value is taken or what its groups match if it has some"`
	Action  Action   `yaml:"action" jsonschema:"required,enum=drop,enum=pseudonym,description=drop the value or replace it by a pseudonym that is the same wherever the value stands"`
}

// KindRecord stands among the kinds of a rule for records themselves: what they say besides their content.
const KindRecord evidence.Kind = evidence.RecordFormat

// Rules that no configuration names: they follow from those that it does.
const (
	ruleUnparsed = "unparsed" // lines and documents that are no JSON, each as a whole
	ruleQuoted   = "quoted"   // what repeats other evidence in a form that no field can be found in
	ruleText     = "named"    // values that a rule took out of the content, in the texts of a record
)

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// rule is a Rule that was read.
type rule struct {
	Rule
	path    jsonfields.Path
	pattern *regexp.Regexp // nil for none
}

// read holds a rule against what a rule may be.
func (r Rule) read() (rule, error) {
	out := rule{Rule: r}
	var errs []error
	if !idPattern.MatchString(r.ID) || slices.Contains([]string{ruleUnparsed, ruleQuoted, ruleText}, r.ID) {
		errs = append(errs, fmt.Errorf("id: want lower-case letters, digits and dashes, and none of %s, %s and %s", ruleUnparsed, ruleQuoted, ruleText))
	}
	if r.Action != Drop && r.Action != Pseudonym {
		errs = append(errs, fmt.Errorf("action: got %q, want %s or %s", string(r.Action), Drop, Pseudonym))
	}
	if r.Field == "" && r.Pattern == "" {
		errs = append(errs, errors.New("neither field nor pattern is set: want the field to take, or a pattern for parts that are no JSON"))
	}
	var err error
	if r.Field != "" {
		if out.path, err = jsonfields.ParsePath(r.Field); err != nil {
			errs = append(errs, err)
		}
	}
	if r.Pattern != "" {
		if out.pattern, err = regexp.Compile(r.Pattern); err != nil {
			errs = append(errs, fmt.Errorf("pattern: %w", err))
		} else if out.pattern.MatchString("") {
			errs = append(errs, fmt.Errorf("pattern %q: it matches a text without a character", r.Pattern))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return rule{}, fmt.Errorf("redaction rule %q: %w", r.ID, err)
	}
	return out, nil
}

// of says whether the rule applies to records of the kind. All rules apply to what is of no kind that anybody named.
func (r rule) of(kind evidence.Kind) bool {
	return kind == "" || len(r.Kinds) == 0 && kind != KindRecord || slices.ContainsFunc(r.Kinds, func(name string) bool { return name == string(kind) || name == kind.Name() })
}

// span is a part of a text that a rule takes.
type span struct {
	rule     *rule
	from, to int
}

// spans gives what rules with patterns take of a text, in its order. Nothing that one of them matches is left: of what two of them match
// the first takes its own, and the other the rest.
func spans(rules []*rule, text []byte) (all []span) {
	for _, r := range rules {
		for _, m := range r.pattern.FindAllSubmatchIndex(text, -1) {
			groups := m[2:]
			if len(groups) == 0 {
				groups = m
			}
			for i := 0; i < len(groups); i += 2 {
				if groups[i] >= 0 { // it took part
					all = insert(all, span{r, groups[i], groups[i+1]})
				}
			}
		}
	}
	return all
}

// insert adds what no span of all covers yet of s.
func insert(all []span, s span) []span {
	for i := 0; s.from < s.to; i++ {
		if i == len(all) || s.to <= all[i].from {
			return slices.Insert(all, i, s)
		}
		if s.from < all[i].from {
			all = slices.Insert(all, i, span{s.rule, s.from, all[i].from})
			i++
		}
		s.from = max(s.from, all[i].to)
	}
	return all
}
