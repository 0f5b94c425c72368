package jsonfields

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Field is one thing to look for.
type Field struct {
	Path  Path
	Whole bool // an object or a list that the path leads to is one value; else the texts, numbers and truth values in it are, at any depth
	Last  bool // fields after it do not take what it takes, nor anything in that

	// ThroughLists says that a key is looked for in the elements of a list as well where it is due, in lists of lists too.
	ThroughLists bool
}

// Tree finds many fields in one go. It does not change, and may be used by several goroutines.
type Tree struct{ root *node }

// node is a place in a document, by the states that the paths are in there.
type node struct {
	fields  []int // that take the value here, in their order
	whole   bool  // one of them takes it as a whole
	members map[string]*node
	other   *node // of members that are not named
	element *node
}

// state is a path that was followed so far.
type state struct{ field, step int }

// maxNodes bounds a tree: each star behind a ** may double what has to be told apart.
const maxNodes = 10_000

// ErrTooMany says that the fields' paths have too many stars to be told apart.
var ErrTooMany = errors.New("too many stars: ** followed by many * makes too many places to tell apart")

// NewTree returns the tree of fields. With ErrTooMany it returns none.
func NewTree(fields []Field) (*Tree, error) {
	b := builder{fields: fields, nodes: map[string]*node{}}
	start := make([]state, len(fields))
	for i := range fields {
		start[i] = state{field: i}
	}
	root := b.node(start)
	if len(b.nodes) > maxNodes {
		return nil, ErrTooMany
	}
	return &Tree{root}, nil
}

// builder makes one node for each set of states that can come up.
type builder struct {
	fields []Field
	nodes  map[string]*node
}

// node returns the node of the states, nil when there are none: nothing below can be a field.
func (b *builder) node(states []state) *node {
	states = b.cut(b.close(states))
	if len(states) == 0 || len(b.nodes) > maxNodes {
		return nil
	}
	var key []byte
	for _, s := range states {
		key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(s.field)), uint64(s.step))
	}
	if n := b.nodes[string(key)]; n != nil {
		return n
	}
	n := &node{members: map[string]*node{}}
	b.nodes[string(key)] = n
	var keys []string
	for _, s := range states {
		steps := b.fields[s.field].Path.steps
		switch {
		case s.step == len(steps):
			n.fields = append(n.fields, s.field)
			n.whole = n.whole || b.fields[s.field].Whole
		case steps[s.step].kind == stepKey:
			keys = append(keys, steps[s.step].key)
		}
	}
	n.fields = slices.Compact(n.fields)
	n.other = b.node(b.follow(states, step{kind: stepAnyKey}))
	n.element = b.node(b.follow(states, step{kind: stepElement}))
	for _, k := range keys {
		n.members[k] = b.node(b.follow(states, step{stepKey, k}))
	}
	return n
}

// close adds the states that are reached without a step: ** may stand for nothing.
func (b *builder) close(states []state) []state {
	all := slices.Clone(states)
	for i := 0; i < len(all); i++ {
		s := all[i]
		if steps := b.fields[s.field].Path.steps; s.step < len(steps) && steps[s.step].kind == stepDeep {
			if next := (state{s.field, s.step + 1}); !slices.Contains(all, next) {
				all = append(all, next)
			}
		}
	}
	slices.SortFunc(all, func(x, y state) int {
		if x.field != y.field {
			return x.field - y.field
		}
		return x.step - y.step
	})
	return slices.Compact(all)
}

// cut leaves out what comes after a field that is there and is the last one.
func (b *builder) cut(states []state) []state {
	for i, s := range states {
		if f := b.fields[s.field]; f.Last && s.step == len(f.Path.steps) {
			return states[:i+1]
		}
	}
	return states
}

// follow returns the states after going to an element, a member of that name, or (stepAnyKey) one that no path names.
func (b *builder) follow(states []state, to step) []state {
	var next []state
	for _, s := range states {
		steps := b.fields[s.field].Path.steps
		if s.step == len(steps) { // what is in a field belongs to it
			next = append(next, s)
			continue
		}
		switch at := steps[s.step]; {
		case at.kind == stepDeep, at.kind != stepElement && to.kind == stepElement && b.fields[s.field].ThroughLists:
			next = append(next, s)
		case at.kind == stepElement && to.kind == stepElement,
			at.kind == stepAnyKey && to.kind != stepElement,
			at.kind == stepKey && to == at:
			next = append(next, state{s.field, s.step + 1})
		}
	}
	return next
}

// member is the node of a member of n.
func (n *node) member(name []byte) *node {
	if m, ok := n.members[string(name)]; ok {
		return m
	}
	return n.other
}
