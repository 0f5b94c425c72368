package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

func crosswalkCommand() *cli.Command {
	return &cli.Command{
		Name: "crosswalk", Usage: "relate the requirements of one framework to those of another", ArgsUsage: "FROM TO",
		Description: "Lists each pair with its strength, or with whether the other framework asks less, as much or more, and with the basis of the row. A pair is a\n" +
			"reading aid: the result of one requirement never implies that of another, and nothing is concluded over a third framework.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "`FRAMEWORK` to start from"},
			&cli.StringFlag{Name: "to", Usage: "`FRAMEWORK` to relate it to"},
		},
		Action: func(c *cli.Context) error {
			names := c.Args().Slice()
			for _, flag := range []string{"from", "to"} {
				if c.String(flag) != "" {
					names = append(names, c.String(flag))
				}
			}
			if len(names) != 2 {
				return usagef("catalogue crosswalk takes two frameworks, got %d", len(names))
			}
			l, err := openLibrary(c)
			if err != nil {
				return err
			}
			from, err := l.framework(names[0])
			if err != nil {
				return err
			}
			to, err := l.framework(names[1])
			if err != nil {
				return err
			}
			return l.crosswalk(c, from, to)
		},
	}
}

// shownPair is a row of a crosswalk with the titles of both sides.
type shownPair struct {
	From      assessment.RequirementID `json:"from"`
	FromTitle templates.Localized      `json:"from_title"`
	Framework assessment.FrameworkID   `json:"framework"` // of the other side
	To        assessment.RequirementID `json:"to"`
	ToTitle   templates.Localized      `json:"to_title"` // empty for a range
	Strength  string                   `json:"strength,omitempty"`
	Level     string                   `json:"level,omitempty"` // the other side asks less "-", as much "0", or more "+"
	Basis     string                   `json:"basis"`
	Beware    *templates.Localized     `json:"beware,omitempty"` // what the id of this side means on the other, where that is another subject
}

func newShownPair(p assessment.Pair, from, to *assessment.Framework) shownPair {
	a, _ := from.Requirement(p.From)
	b, _ := to.Requirement(p.To)
	s := shownPair{p.From, a.Title, to.ID, p.To, b.Title, p.Strength, p.Level, p.Basis, nil}
	if p.Reused {
		other, _ := to.Requirement(p.From)
		s.Beware = &other.Title
	}
	return s
}

// relation is the strength, or the level in words.
func (s shownPair) relation() string {
	if s.Strength != "" {
		return s.Strength
	}
	return assessment.LevelText(s.Level)
}

// note is what a reader of ids alone would mistake.
func (s shownPair) note() string {
	if s.Beware == nil {
		return ""
	}
	return fmt.Sprintf("%s %s is something else: %s", s.Framework, s.From, s.Beware.EN)
}

func (s shownPair) String() string {
	words := []string{string(s.Framework), string(s.To)}
	if s.ToTitle.EN != "" {
		words = append(words, s.ToTitle.EN)
	}
	return fmt.Sprintf("%s (%s; %s)", strings.Join(words, " "), s.relation(), s.Basis)
}

func (l *library) crosswalk(c *cli.Context, from, to *assessment.Framework) error {
	pairs := assessment.Pairs(l.crosswalks, from, to)
	if len(pairs) == 0 {
		return fmt.Errorf("no crosswalk relates %s to %s", from.ID, to.ID)
	}
	list := listing{out: outputOf(c)}
	linked := map[assessment.RequirementID]bool{}
	for _, p := range pairs {
		linked[p.From] = true
		s := newShownPair(p, from, to)
		if err := list.add(s, s.From, s.FromTitle.EN, s.To, s.ToTitle.EN, s.relation(), s.Basis, s.note()); err != nil {
			return err
		}
	}
	if err := list.end(string(from.ID), "title", string(to.ID), "title", "strength", "basis", "note"); err != nil {
		return err
	}
	var without []string
	for _, r := range from.Requirements {
		if !linked[r.ID] {
			without = append(without, string(r.ID))
		}
	}
	note(c, "%d pairs; %d of the %d requirements of %s have none in %s: %s", len(pairs), len(without), len(from.Requirements), from.ID, to.ID, strings.Join(without, ", "))
	return nil
}
