package assessment

import (
	"errors"
	"slices"
	"strings"
	"time"

	"auditpack/templates"
)

// SystemDescription is what management says of the system, for a framework that asks for it. Every slot of the framework is in it,
// also one that nobody wrote.
type SystemDescription struct {
	Version    string               `json:"version"`
	ApprovedBy string               `json:"approved_by"`
	ApprovedOn string               `json:"approved_on"` // YYYY-MM-DD; empty: nobody approved it
	Slots      []DescribedSlot      `json:"slots"`       // in the order of the framework
	Statement  *ManagementStatement `json:"statement,omitempty"`
	Faults     []string             `json:"faults"` // codes
	File       string               `json:"file"`   // empty when there is none
	Line       int                  `json:"line"`
}

// DescribedSlot is one thing that the description has to say.
type DescribedSlot struct {
	ID        string              `json:"id"`
	Title     templates.Localized `json:"title"`
	Text      templates.Localized `json:"text"`
	Author    string              `json:"author"`
	Date      string              `json:"date"` // YYYY-MM-DD
	Documents []string            `json:"documents"`
	Faults    []string            `json:"faults"` // codes; a slot that nobody wrote has slot-missing
	Line      int                 `json:"line"`
}

// ManagementStatement is what management states of description and controls, under its name.
type ManagementStatement struct {
	Text     templates.Localized `json:"text"`
	SignedBy string              `json:"signed_by"`
	Role     string              `json:"role"`
	Date     string              `json:"date"` // YYYY-MM-DD
	Line     int                 `json:"line"`
}

// ConditionAnswer is people's answer to a general condition.
type ConditionAnswer struct {
	Text      templates.Localized `json:"text"`
	Author    string              `json:"author"`
	Reviewer  string              `json:"reviewer"`
	Date      string              `json:"date"`      // YYYY-MM-DD
	Reference string              `json:"reference"` // place in the system description, or a document
	Faults    []string            `json:"faults"`    // codes
	File      string              `json:"file"`
	Line      int                 `json:"line"`
}

// What can be said of a slot, an answer or a statement.
const (
	faultSlotMissing   = "slot-missing"
	faultNotInEnglish  = "not-in-english"
	faultNotInGerman   = "not-in-german"
	faultWrittenEarly  = "written-before-the-end" // it speaks of the period, and was written before that ended
	faultWrittenLong   = "older-than-a-year"
	faultUnreviewedBy  = "not-reviewed"
	faultReviewedAlone = "reviewed-by-author"
)

// maxDescriptionAge is how long a description speaks for later days: it is gone through yearly.
const maxDescriptionAge = 366 // days

// descriptionFile is a description as its file states it.
type descriptionFile struct {
	Framework     FrameworkID      `yaml:"framework"`
	Version       string           `yaml:"version"`
	ApprovedBy    string           `yaml:"approved_by"`
	ApprovedDate  string           `yaml:"approved_date"`
	Slots         []slotEntry      `yaml:"slots"`
	Statement     *statementEntry  `yaml:"statement"`
	Conditions    []conditionEntry `yaml:"conditions"`
	Applicability []soaEntry       `yaml:"applicability"`
}

type slotEntry struct {
	Slot      string              `yaml:"slot"`
	Text      templates.Localized `yaml:"text"`
	Author    string              `yaml:"author"`
	Date      string              `yaml:"date"`
	Documents []string            `yaml:"documents"`
}

type statementEntry struct {
	Text     templates.Localized `yaml:"text"`
	SignedBy string              `yaml:"signed_by"`
	Role     string              `yaml:"role"`
	Date     string              `yaml:"date"`
}

type conditionEntry struct {
	ID        RequirementID       `yaml:"id"`
	Text      templates.Localized `yaml:"text"`
	Author    string              `yaml:"author"`
	Reviewer  string              `yaml:"reviewer"`
	Date      string              `yaml:"date"`
	Reference string              `yaml:"reference"`
}

// described is all that the description of one framework says.
type described struct {
	description *SystemDescription // nil for a framework that asks for none
	answers     map[RequirementID]ConditionAnswer
	entries     map[RequirementID]SoAEntry
}

// readDescriptions reads descriptions of systems and returns that of one framework. A framework has one.
func readDescriptions(files []File, c *Catalogue, framework *Framework, organisations []SubserviceOrganisation, w window) (described, error) {
	out := described{answers: map[RequirementID]ConditionAnswer{}, entries: map[RequirementID]SoAEntry{}}
	if len(framework.Description) > 0 {
		out.description = emptyDescription(framework, w)
	}
	var errs []error
	first := map[FrameworkID]string{}
	for _, f := range files {
		var d descriptionFile
		doc, err := readYAML(f, &d)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p := &problems{doc: doc}
		of, ok := c.Framework(d.Framework)
		switch {
		case !ok:
			p.add("$.framework", "framework %q is not in the catalogue", d.Framework)
		case len(of.Description) == 0:
			p.add("$.framework", "%s asks for no system description", of.ID)
		case first[of.ID] != "":
			p.add("$.framework", "%s is already described in %s: want one file", of.ID, first[of.ID])
		default:
			first[of.ID] = f.Name
			got := p.description(of, d, organisations, w)
			if of.ID == framework.ID {
				out = got
			}
		}
		errs = append(errs, p.err())
	}
	return out, errors.Join(errs...)
}

func emptyDescription(f *Framework, w window) *SystemDescription {
	d := &SystemDescription{Slots: []DescribedSlot{}, Faults: []string{faultUnstated}}
	for _, s := range f.Description {
		if !s.OfPeriod || w.typ == 2 {
			d.Slots = append(d.Slots, DescribedSlot{ID: s.ID, Title: s.Title, Documents: []string{}, Faults: []string{faultSlotMissing}})
		}
	}
	return d
}

func (p *problems) description(of *Framework, d descriptionFile, organisations []SubserviceOrganisation, w window) described {
	p.approval(d.ApprovedBy, d.ApprovedDate)
	out := described{description: emptyDescription(of, w), answers: map[RequirementID]ConditionAnswer{}, entries: map[RequirementID]SoAEntry{}}
	x := out.description
	x.Version, x.ApprovedBy, x.ApprovedOn, x.Faults = d.Version, d.ApprovedBy, d.ApprovedDate, []string{}
	x.File, x.Line = p.doc.name, p.doc.line("$.framework")
	if d.ApprovedDate == "" {
		x.Faults = append(x.Faults, faultUnapproved)
	}
	if d.Statement == nil {
		x.Faults = append(x.Faults, faultUnstated)
	} else {
		x.Statement = p.managementStatement(*d.Statement)
		x.Faults = append(x.Faults, languageFaults(d.Statement.Text)...)
		if w.typ == 2 && d.Statement.Date < w.lastDay() {
			x.Faults = append(x.Faults, faultWrittenEarly)
		}
	}
	p.slotTexts(of, d.Slots, x, w)
	for i, e := range d.Conditions {
		at := element("$.conditions", i)
		p.condition(at, of, e)
		if before, ok := out.answers[e.ID]; ok {
			p.add(at, "condition %q is answered twice, first on line %d", e.ID, before.Line)
			continue
		}
		out.answers[e.ID] = ConditionAnswer{
			Text: e.Text, Author: e.Author, Reviewer: e.Reviewer, Date: e.Date, Reference: e.Reference, Faults: answerFaults(e, w),
			File: p.doc.name, Line: p.doc.line("%s", at),
		}
	}
	p.entries("$.applicability", of, d.Applicability, false, organisations, out.entries)
	return out
}

// slotTexts puts what was written into the slots of a description.
func (p *problems) slotTexts(of *Framework, entries []slotEntry, x *SystemDescription, w window) {
	var ids []string
	for _, s := range of.Description {
		ids = append(ids, s.ID)
	}
	seen := map[string]int{}
	for i, e := range entries {
		at := element("$.slots", i)
		n := slices.IndexFunc(of.Description, func(s Slot) bool { return s.ID == e.Slot })
		p.when(n < 0, at, "slot %q: %s has %v", e.Slot, of.ID, ids)
		p.authored(at, "slot "+e.Slot, e.Text, e.Author, e.Date)
		line := p.doc.line("%s", at)
		if first, ok := seen[e.Slot]; ok {
			p.add(at, "slot %q occurs twice, first on line %d", e.Slot, first)
		}
		seen[e.Slot] = line
		j := slices.IndexFunc(x.Slots, func(s DescribedSlot) bool { return s.ID == e.Slot })
		if n < 0 || j < 0 {
			continue
		}
		s := &x.Slots[j]
		s.Text, s.Author, s.Date, s.Documents, s.Line = e.Text, e.Author, e.Date, texts(e.Documents), line
		s.Faults = append(languageFaults(e.Text), ageFaults(e.Date, w)...)
		if of.Description[n].OfPeriod && e.Date < w.lastDay() {
			s.Faults = append(s.Faults, faultWrittenEarly)
		}
	}
}

func (p *problems) managementStatement(e statementEntry) *ManagementStatement {
	p.authored("$.statement", "management's statement", e.Text, e.SignedBy, e.Date)
	return &ManagementStatement{Text: e.Text, SignedBy: e.SignedBy, Role: e.Role, Date: e.Date, Line: p.doc.line("$.statement")}
}

// authored wants a text in a language at least, who wrote it, and when.
func (p *problems) authored(at, what string, text templates.Localized, author, date string) {
	p.when(strings.TrimSpace(text.EN+text.DE) == "", at, "%s has no text: want en, de or both", what)
	p.when(strings.TrimSpace(author) == "", at, "%s names nobody who wrote it", what)
	p.date(at+".date", "date of "+what, date)
}

func (p *problems) condition(at string, of *Framework, e conditionEntry) {
	r, ok := of.Requirement(e.ID)
	p.when(!ok, at, "%s has no requirement %q", of.ID, e.ID)
	p.when(ok && r.Type != typeGeneralCondition, at, "%s is no general condition: it is judged by its controls", e.ID)
	p.authored(at, "answer to "+string(e.ID), e.Text, e.Author, e.Date)
}

// answerFaults says what keeps an answer from counting, and which language it lacks.
func answerFaults(e conditionEntry, w window) []string {
	faults := append(languageFaults(e.Text), ageFaults(e.Date, w)...)
	switch {
	case strings.TrimSpace(e.Reviewer) == "":
		faults = append(faults, faultUnreviewedBy)
	case samePerson(e.Reviewer, e.Author):
		faults = append(faults, faultReviewedAlone)
	}
	return faults
}

// sound says whether an answer counts: another person has reviewed it, and it is not too old. A language that it lacks is told and
// takes nothing from it.
func (a ConditionAnswer) sound() bool {
	return !slices.ContainsFunc(a.Faults, func(f string) bool { return f != faultNotInEnglish && f != faultNotInGerman })
}

func languageFaults(t templates.Localized) []string {
	faults := []string{}
	if strings.TrimSpace(t.EN) == "" {
		faults = append(faults, faultNotInEnglish)
	}
	if strings.TrimSpace(t.DE) == "" {
		faults = append(faults, faultNotInGerman)
	}
	return faults
}

// ageFaults says whether what was written on a day is too old for the last day that is judged.
func ageFaults(date string, w window) []string {
	day, err := time.Parse(time.DateOnly, date)
	last, _ := time.Parse(time.DateOnly, w.lastDay())
	if err == nil && last.Sub(day) > maxDescriptionAge*24*time.Hour {
		return []string{faultWrittenLong}
	}
	return nil
}
