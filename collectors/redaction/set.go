package redaction

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"auditpack/evidence"
	"auditpack/internal/jsonfields"
)

// Quote says that evidence of a kind repeats other evidence, in a field: what a rule takes there must not stay here.
type Quote struct {
	Kind  evidence.Kind
	Field string
	Of    evidence.Kind // that is repeated
	JSON  bool          // the field's text is a JSON document, and is rewritten as such; else no field can be found in it, and it goes as a whole
}

// Set is the rules of one source. It does not change but for what it remembers, and is safe for concurrent use.
type Set struct {
	rules  []rule
	quotes []Quote

	everything *jsonfields.Tree // takes each text, number and truth value of a document

	mu    sync.Mutex
	kinds map[evidence.Kind]*kindRules
}

// kindRules are the rules for one kind.
type kindRules struct {
	takes  []take
	tree   *jsonfields.Tree // nil when no rule reads JSON of this kind
	quotes bool
	lines  []*rule // for parts that are no JSON
}

// take is what becomes of a field of the tree.
type take struct {
	rule  *rule
	quote *Quote
	of    *kindRules // of what a quote quotes
}

// Compile reads the rules, of which the first that takes a value counts, and says all that is wrong with them. Without rules it
// returns nil, which applies to nothing.
func Compile(rules []Rule, quotes []Quote) (*Set, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	s := &Set{quotes: quotes, kinds: map[evidence.Kind]*kindRules{}}
	var errs []error
	for _, r := range rules {
		read, err := r.read()
		if err == nil && slices.ContainsFunc(s.rules, func(x rule) bool { return x.ID == r.ID }) {
			err = fmt.Errorf("redaction rule %q: there are two of this id", r.ID)
		}
		errs = append(errs, err)
		s.rules = append(s.rules, read)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	// What all rules together can do, those for one kind can.
	var fields []jsonfields.Field
	for _, r := range s.rules {
		if r.Field != "" {
			fields = append(fields, jsonfields.Field{Path: r.path})
		}
	}
	if _, err := jsonfields.NewTree(fields); err != nil {
		return nil, fmt.Errorf("redaction rules: %w", err)
	}
	any, err := jsonfields.ParsePath("**")
	if err != nil {
		return nil, err // never: it is a path
	}
	s.everything = mustTree([]jsonfields.Field{{Path: any}})
	return s, nil
}

// mustTree is the tree of fields that are known to make one: a panic is a programmer's error.
func mustTree(fields []jsonfields.Field) *jsonfields.Tree {
	tree, err := jsonfields.NewTree(fields)
	if err != nil {
		panic(fmt.Sprintf("redaction: %v", err))
	}
	return tree
}

// NeedsKey says whether a rule makes pseudonyms.
func (s *Set) NeedsKey() bool {
	return s != nil && slices.ContainsFunc(s.rules, func(r rule) bool { return r.Action == Pseudonym })
}

// of returns the rules for the kind.
func (s *Set) of(kind evidence.Kind) *kindRules {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.make(kind)
}

func (s *Set) make(kind evidence.Kind) *kindRules {
	if k := s.kinds[kind]; k != nil {
		return k
	}
	k := &kindRules{}
	s.kinds[kind] = k
	var fields []jsonfields.Field
	for i := range s.rules {
		r := &s.rules[i]
		switch {
		case !r.of(kind):
		case r.Field == "":
			k.lines = append(k.lines, r)
		default:
			k.takes = append(k.takes, take{rule: r})
			fields = append(fields, jsonfields.Field{Path: r.path, Whole: r.Action == Drop && r.pattern == nil, Last: r.pattern == nil})
		}
	}
	ruled := len(k.takes) > 0
	for i := range s.quotes {
		q := &s.quotes[i]
		if q.Kind != kind {
			continue
		}
		of := k
		if q.Of != kind {
			if of = s.make(q.Of); of.tree == nil {
				continue
			}
		} else if !ruled {
			continue
		}
		path, err := jsonfields.ParsePath(q.Field)
		if err != nil {
			panic(fmt.Sprintf("redaction: quote of %s: %v", kind, err)) // a programmer's error: quotes are no configuration
		}
		k.takes, k.quotes = append(k.takes, take{quote: q, of: of}), true
		fields = append(fields, jsonfields.Field{Path: path})
	}
	if len(k.takes) > 0 {
		k.tree = mustTree(fields)
	}
	return k
}
