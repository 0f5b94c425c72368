package assessment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Crosswalk says how requirements of one framework relate to those of others. It plays no part in a verdict: it is there for
// people who compare frameworks, and for the review of controls.
type Crosswalk struct {
	From    FrameworkID    `yaml:"from"`
	Basis   string         `yaml:"basis"`  // of rows that state none
	Reused  []ReusedIDs    `yaml:"reused"` // ids that another edition gives to other subjects
	Targets []CrosswalkRow `yaml:"targets"`

	File string `yaml:"-"`

	doc document
}

// ReusedIDs are ids that two editions share although they mean something else in each.
type ReusedIDs struct {
	Framework FrameworkID     `yaml:"framework"`
	IDs       []RequirementID `yaml:"ids"`
}

// CrosswalkRow relates one requirement to one of another framework, or to a range of its clauses ("4.1 - 10.2").
type CrosswalkRow struct {
	ID        RequirementID `yaml:"id"`
	Framework FrameworkID   `yaml:"framework"`
	Target    RequirementID `yaml:"target"`
	Strength  string        `yaml:"strength"` // primary | supporting; empty where a level is given
	Level     string        `yaml:"level"`    // the target asks less "-", as much "0", or more "+"; empty where a strength is given
	Basis     string        `yaml:"basis"`
}

// Pair is a row of a crosswalk between two frameworks, in the direction that was asked for.
type Pair struct {
	From     RequirementID
	To       RequirementID
	Strength string
	Level    string // of To against From, as in CrosswalkRow
	Basis    string
	Reused   bool // the framework of To has the id From as well, for another subject
}

// rangeMark stands between the ends of a range of clauses.
const rangeMark = " - "

// LoadCrosswalks reads the folder crosswalks of the layers, sorted by name. A framework, id or range that is not in c, a row that
// occurs twice, and every other fault is an error with file and line; all are joined.
func LoadCrosswalks(layers []Layer, c *Catalogue) ([]*Crosswalk, error) {
	var list []*Crosswalk
	var errs []error
	for _, l := range layers {
		files, err := readFolder(l, "crosswalks", ".yaml")
		errs = append(errs, err)
		for _, f := range files {
			x := &Crosswalk{File: f.Name}
			if x.doc, err = readYAML(f, x); err != nil {
				errs = append(errs, err)
				continue
			}
			errs = append(errs, x.check(c))
			list = append(list, x)
		}
	}
	return list, errors.Join(errs...)
}

func (x *Crosswalk) check(c *Catalogue) error {
	p := &problems{doc: x.doc}
	from, ok := c.Framework(x.From)
	if !ok {
		p.add("$.from", "framework %q is not in the catalogue", x.From)
		return p.err()
	}
	seen := map[string]bool{}
	for i, r := range x.Targets {
		at := element("$.targets", i)
		_, ok := from.Requirement(r.ID)
		p.when(!ok, at+".id", "%s has no requirement %q", x.From, r.ID)
		p.when((r.Strength == "") == (r.Level == ""), at, "row of %q: want either a strength or a level", r.ID)
		p.when(r.Strength != "" && r.Strength != Primary && r.Strength != Supporting, at+".strength", "strength %q: want primary or supporting", r.Strength)
		p.when(r.Level != "" && !slices.Contains([]string{"-", "0", "+"}, r.Level), at+".level", "level %q: want -, 0 or +", r.Level)
		p.when(r.Basis == "" && x.Basis == "", at, "row of %q has no basis", r.ID)
		key := strings.Join([]string{string(r.ID), string(r.Framework), string(r.Target)}, "\x00")
		p.when(seen[key], at, "%s to %s %s occurs twice", r.ID, r.Framework, r.Target)
		seen[key] = true
		to, ok := c.Framework(r.Framework)
		if !ok {
			p.add(at+".framework", "framework %q is not in the catalogue", r.Framework)
			continue
		}
		for _, id := range strings.Split(string(r.Target), rangeMark) {
			_, ok := to.Requirement(RequirementID(id))
			p.when(!ok, at+".target", "%s has no requirement %q", r.Framework, id)
		}
	}
	for i, r := range x.Reused {
		at := element("$.reused", i)
		to, ok := c.Framework(r.Framework)
		if !ok {
			p.add(at+".framework", "framework %q is not in the catalogue", r.Framework)
			continue
		}
		for _, id := range r.IDs {
			_, here := from.Requirement(id)
			_, there := to.Requirement(id)
			p.when(!here || !there, at+".ids", "%q is no id of both %s and %s", id, x.From, r.Framework)
		}
	}
	return p.err()
}

// Pairs relates the requirements of from to those of to, in the order of from, by the rows that speak of the two, in either
// direction: nothing is concluded over a third framework. A range is one pair from its own side, and one for each clause in it
// from the other.
func Pairs(list []*Crosswalk, from, to *Framework) []Pair {
	pairs := []Pair{}
	for _, x := range list {
		for _, r := range x.Targets {
			basis := cmp.Or(r.Basis, x.Basis)
			switch {
			case x.From == from.ID && r.Framework == to.ID:
				pairs = append(pairs, Pair{From: r.ID, To: r.Target, Strength: r.Strength, Level: r.Level, Basis: basis, Reused: Reused(list, from.ID, to.ID, r.ID)})
			case x.From == to.ID && r.Framework == from.ID:
				for _, id := range from.between(r.Target) {
					pairs = append(pairs, Pair{From: id, To: r.ID, Strength: r.Strength, Level: opposite(r.Level), Basis: basis, Reused: Reused(list, from.ID, to.ID, id)})
				}
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(from.byID[a.From], from.byID[b.From]), cmp.Compare(a.Strength, b.Strength))
	})
	return pairs
}

// Reused says whether two frameworks share id although it names another subject in each.
func Reused(list []*Crosswalk, a, b FrameworkID, id RequirementID) bool {
	return slices.ContainsFunc(list, func(x *Crosswalk) bool {
		return slices.ContainsFunc(x.Reused, func(r ReusedIDs) bool {
			return ((x.From == a && r.Framework == b) || (x.From == b && r.Framework == a)) && slices.Contains(r.IDs, id)
		})
	})
}

// between gives the requirements that a target names: one, or those of the range's kind from its first to its last.
func (f *Framework) between(target RequirementID) []RequirementID {
	first, last, ok := strings.Cut(string(target), rangeMark)
	if !ok {
		return []RequirementID{target}
	}
	var ids []RequirementID
	start, end := f.byID[RequirementID(first)], f.byID[RequirementID(last)]
	for i := start; i <= end; i++ {
		if f.Requirements[i].Type == f.Requirements[start].Type {
			ids = append(ids, f.Requirements[i].ID)
		}
	}
	return ids
}

// opposite is a level seen from the other side.
func opposite(level string) string {
	switch level {
	case "-":
		return "+"
	case "+":
		return "-"
	}
	return level
}

// LevelText says a level in words.
func LevelText(level string) string {
	switch level {
	case "-":
		return "asks less"
	case "0":
		return "asks as much"
	case "+":
		return "asks more"
	}
	return fmt.Sprintf("level %q", level)
}
