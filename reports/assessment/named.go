package assessment

import "strings"

// Named returns the findings, controls, tests, exceptions and deviations (by key) that are called id; letters may be of either case.
func (a Assessment) Named(id string) []any {
	var out []any
	add := func(name string, v any) {
		if strings.EqualFold(name, id) {
			out = append(out, v)
		}
	}
	for _, f := range a.Requirements {
		add(string(f.ID), f)
	}
	for _, c := range a.Controls {
		add(string(c.ID), c)
	}
	for _, t := range a.Tests {
		add(string(t.ID), t)
		for _, d := range t.Deviations {
			add(d.Key, d)
		}
	}
	for _, e := range a.Exceptions {
		add(e.ID, e)
	}
	return out
}
