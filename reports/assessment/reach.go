package assessment

import (
	"cmp"
	"slices"
	"strings"
)

// Bearing is a control that bears on a requirement.
type Bearing struct {
	Control  *Control
	Strength string // primary | supporting
}

// ControlsOf returns the controls that bear on a requirement, primary ones first, then by id.
func (c *Catalogue) ControlsOf(f FrameworkID, id RequirementID) []Bearing {
	list := []Bearing{}
	for _, x := range c.Controls {
		for _, t := range x.Targets {
			if t.Framework == f && t.ID == id {
				list = append(list, Bearing{x, t.Strength})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Bearing) int {
		return cmp.Or(strings.Compare(a.Strength, b.Strength), cmp.Compare(a.Control.ID, b.Control.ID))
	})
	return list
}

// UsedBy returns the controls of which a test shows an aspect, by id.
func (c *Catalogue) UsedBy(id TestID) []*Control {
	list := []*Control{}
	for _, x := range c.Controls {
		if slices.Contains(x.Tests(), id) {
			list = append(list, x)
		}
	}
	return list
}

// Manual lists the aspects that people show, in order.
func (x *Control) Manual() []Aspect {
	return slices.DeleteFunc(slices.Clone(x.Aspects), func(a Aspect) bool { return !a.Manual })
}

// Reach counts how far controls reach into a framework.
type Reach struct {
	Requirements, Primary, Supporting int // all of them; with a primary control; with supporting ones alone
	Controls, Tests, Manual           int // that bear on any of them; manual aspects
}

// ReachOf counts the requirements of f that controls bear on.
func (c *Catalogue) ReachOf(f *Framework) Reach {
	n := Reach{Requirements: len(f.Requirements)}
	for _, r := range f.Requirements {
		switch on := c.ControlsOf(f.ID, r.ID); {
		case len(on) > 0 && on[0].Strength == Primary:
			n.Primary++
		case len(on) > 0:
			n.Supporting++
		}
	}
	tests := map[TestID]bool{}
	for _, x := range c.Controls {
		if !x.Reaches(f.ID) {
			continue
		}
		n.Controls++
		n.Manual += len(x.Manual())
		for _, id := range x.Tests() {
			tests[id] = true
		}
	}
	n.Tests = len(tests)
	return n
}
