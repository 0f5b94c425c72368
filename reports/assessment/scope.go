package assessment

import (
	"fmt"
	"strings"
)

// Sides of the responsibility matrix, and the role that an organisation has towards a framework that binds providers.
const (
	sideShared   = "shared"
	sideCustomer = "customer"
	roleCustomer = "customer"
)

// scope is what people declare of the requirements of a framework: which apply, who operates them, what a description says of them.
type scope struct {
	framework     *Framework
	window        window
	role          string // of the organisation: provider, customer, or not said
	expected      bool   // a statement of applicability is expected: the framework has one
	entries       map[RequirementID]SoAEntry
	approved      bool // the declarations are approved
	additions     []addition
	statements    []Statement
	answers       map[RequirementID]ConditionAnswer
	description   *SystemDescription
	organisations []SubserviceOrganisation
	sides         map[RequirementID]map[string]string // of the responsibility matrix: service model to side
}

// readScope reads what people declare. All problems of all files are reported.
func readScope(in Input, framework *Framework, w window) (*scope, []error) {
	organisations, errOrganisations := readSubservices(in.Subservices, in.Catalogue, in.Framework)
	all, errSoA := readSoA(in.SoA, in.Catalogue, in.Framework, organisations)
	d, errDescription := readDescriptions(in.Descriptions, in.Catalogue, framework, organisations, w)
	errs := []error{errOrganisations, errSoA, errDescription, additionControls(in.Catalogue, all)}
	current, statements := inForce(all, w)
	s := &scope{
		framework: framework, window: w, role: in.Organization.Role, entries: d.entries, statements: statements, answers: d.answers,
		description: d.description, organisations: organisations, approved: d.description != nil && d.description.ApprovedOn != "",
	}
	s.expected = framework.Additions.EN != "" || len(all) > 0
	if current != nil {
		s.entries, s.additions, s.approved = current.entries, current.additions, current.statement.ApprovedOn != ""
	}
	return s, errs
}

// controls lists the controls that declarations name, besides those that bear on the framework.
func (s *scope) controls() []ControlID {
	ids := mapped(s.organisations)
	for _, a := range s.additions {
		ids = append(ids, a.controls...)
	}
	return ids
}

// apply applies what is declared to a finding that its controls gave: it can take a requirement out of the assessment or limit
// what can be said of it, and evidence can contradict it.
func (s *scope) apply(f *Finding) {
	if f.Kind == typeGeneralCondition {
		s.answer(f)
		return
	}
	e, declared := s.entries[f.ID]
	if declared {
		f.SoA = &e
	}
	out := declared && e.ChangedOn == "" && (!e.Applicable || e.CarvedOutTo != "")
	if out && !s.approved {
		defer f.add(Reason{Code: codeNotApproved, Detail: e.File, Owner: e.Owner})
	}
	if out && !e.Applicable {
		f.Status = NotApplicable
		f.Reasons = []Reason{{Code: codeNotApplicable, Detail: e.Justification, Owner: e.Owner}}
		return
	}
	if out && s.carveOut(f, e) {
		return
	}
	s.limit(f)
	switch {
	case !declared:
		if s.expected && f.Kind != typeClause {
			f.add(Reason{Code: codeUndeclared})
		}
		return
	case e.ChangedOn != "":
		f.add(Reason{Code: codeDeclarationChanged, Detail: e.ChangedOn, Owner: e.Owner})
	}
	s.compare(f, e)
}

// compare sets what is declared beside what evidence shows.
func (s *scope) compare(f *Finding, e SoAEntry) {
	switch {
	case e.Status == declaredImplemented && f.Status == DeviationsNoted:
		f.add(Reason{Code: codeContradicted, Detail: fmt.Sprintf("open %d, excepted %d", f.Deviations, f.Excepted), Owner: e.Owner})
	case e.Status == declaredImplemented && f.Status == NotAssessed:
		f.add(Reason{Code: codeNothingShown, Owner: e.Owner})
	case e.Status == declaredNotImplemented && (f.Status == Supported || f.Status == PartlySupported),
		e.Status == declaredPlanned && f.Status == Supported:
		f.add(Reason{Code: codeShownBeyond, Detail: e.Status, Owner: e.Owner})
	}
}

// carveOut takes a requirement out that another operates, if an organisation is named, a file describes it, and an attestation that
// counts speaks for a part of the time at least. What the matrix calls shared or ours stays in, and false is returned: it is never
// wholly carved out.
func (s *scope) carveOut(f *Finding, e SoAEntry) bool {
	deny := func(code, detail string) bool {
		f.Status, f.Reasons = NotAssessed, []Reason{{Code: code, Detail: detail, Owner: e.Owner}}
		return true
	}
	i := organisationNamed(s.organisations, e.CarvedOutTo)
	if i < 0 {
		return deny(codeCarveOutUnknown, e.CarvedOutTo)
	}
	o := &s.organisations[i]
	if side := s.sides[f.ID][o.ServiceModel]; side == sideShared || side == sideCustomer {
		f.add(Reason{Code: codeCarveOutShared, Detail: joinText(", ", o.Name, o.ServiceModel, side), Owner: e.Owner})
		f.limitToPart()
		return false
	}
	if of := o.shares[s.framework.ID]; len(of) > 0 && of[f.ID].wholeOn == 0 {
		return deny(codeCarveOutUnlisted, o.Name)
	}
	some, whole := o.covers(s.window)
	if !some {
		return deny(codeCarveOutUnattested, o.whyNot())
	}
	o.CarvedOut = append(o.CarvedOut, f.ID)
	f.Status = CarvedOut
	f.Reasons = []Reason{{Code: codeCarvedOut, Detail: o.Name, Owner: e.Owner}}
	s.explainCover(f, o, whole)
	return true
}

// explainCover adds the days that attestations leave open, and what they expect of us that is not shown.
func (s *scope) explainCover(f *Finding, o *SubserviceOrganisation, whole bool) {
	if !whole {
		f.add(Reason{Code: codeUncoveredDays, Source: o.Name, Detail: fmt.Sprintf("%d/%d: %s", o.PeriodDays-o.CoveredDays, o.PeriodDays, periods(o.Uncovered)), Owner: o.Owner})
	}
	for _, a := range o.Attestations {
		for _, fault := range a.Faults {
			if a.Counts && fault.Code == faultComplementaryOpen {
				f.add(Reason{Code: codeComplementaryOpen, Source: o.Name, Detail: a.ID + ": " + fault.Detail, Owner: o.Owner})
			}
		}
	}
}

// limit keeps a requirement that others operate in part, or as a provider, from being supported by our evidence alone.
func (s *scope) limit(f *Finding) {
	for i := range s.organisations {
		o := &s.organisations[i]
		if o.shares[s.framework.ID][f.ID].sharedOn == 0 {
			continue
		}
		if some, whole := o.covers(s.window); !whole {
			f.limitToPart()
			if some {
				s.explainCover(f, o, whole)
			} else {
				f.add(Reason{Code: codeSharedOpen, Source: o.Name, Detail: strings.TrimPrefix(o.whyNot(), o.Name+": "), Owner: o.Owner})
			}
		}
	}
	if s.customer() {
		s.customersPart(f)
	}
}

// customer says that the framework binds who provides the service, and that the organisation is its customer.
func (s *scope) customer() bool { return s.framework.Binds == bindsProvider && s.role == roleCustomer }

// customersPart is the rule for a customer: the criterion binds the provider, so our own evidence shows the customer's part of it and
// no more, until an attestation of a provider that was reviewed speaks for all of the time. Where nothing of it is ours, the
// attestation alone is what there is, and the requirement is carved out to the provider.
func (s *scope) customersPart(f *Finding) {
	var best *SubserviceOrganisation
	var some, whole bool
	for i := range s.organisations {
		o := &s.organisations[i]
		of := o.shares[s.framework.ID]
		if x := of[f.ID]; len(of) > 0 && x.wholeOn == 0 && x.sharedOn == 0 {
			continue
		}
		any, all := o.covers(s.window)
		if any && (best == nil || (all && !whole)) {
			best, some, whole = o, any, all
		}
	}
	switch {
	case !some:
		f.limitToPart()
		f.add(Reason{Code: codeProvidersPart})
	case len(f.Controls) == 0:
		f.Status, f.Reasons = CarvedOut, []Reason{{Code: codeProviderAttested, Detail: best.Name, Owner: best.Owner}}
		best.CarvedOut = append(best.CarvedOut, f.ID)
		s.explainCover(f, best, whole)
	case !whole:
		f.limitToPart()
		s.explainCover(f, best, whole)
	}
}

// answer gives a general condition its answer of people: it is supported by that, and never by silence.
func (s *scope) answer(f *Finding) {
	a, ok := s.answers[f.ID]
	if !ok {
		f.limitToPart()
		f.add(Reason{Code: codeUnanswered})
		f.drop(codeNoControl)
		return
	}
	f.Answer = &a
	f.drop(codeNoControl)
	if !a.sound() {
		f.limitToPart()
		f.add(Reason{Code: codeAnswerUnsound, Detail: strings.Join(a.Faults, ", "), Owner: a.Author})
		return
	}
	if len(f.Controls) == 0 {
		f.Status = Supported
	}
}

// add adds a reason.
func (f *Finding) add(r Reason) { f.Reasons = append(f.Reasons, r) }

// drop takes the reasons of a code away.
func (f *Finding) drop(code string) {
	kept := []Reason{}
	for _, r := range f.Reasons {
		if r.Code != code {
			kept = append(kept, r)
		}
	}
	f.Reasons = kept
}

// limitToPart keeps a requirement from being supported in full.
func (f *Finding) limitToPart() {
	if f.Status == Supported {
		f.Status = PartlySupported
	}
}
