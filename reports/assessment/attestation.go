package assessment

import (
	"cmp"
	"slices"
	"strings"

	"auditpack/templates"
)

// Attestation is a report or certificate about a subservice organisation.
type Attestation struct {
	ID            string                 `json:"id"`
	Type          string                 `json:"type"`      // type-2 | type-1 | certificate | bridge-letter
	Framework     string                 `json:"framework"` // with its edition: an id of the catalogue, or free text
	Auditor       string                 `json:"auditor"`
	FirstDay      string                 `json:"first_day"` // YYYY-MM-DD; of a type-1 report the one day that it speaks of
	LastDay       string                 `json:"last_day"`
	Issued        string                 `json:"issued"`
	Opinion       string                 `json:"opinion"` // unqualified | qualified | adverse | disclaimer
	Document      string                 `json:"document"`
	Deviations    []AttestedDeviation    `json:"deviations"`
	Review        *AttestationReview     `json:"review,omitempty"`
	Complementary []ComplementaryControl `json:"complementary_controls"`
	Counts        bool                   `json:"counts"` // sound, reviewed, and of a framework that can speak for this one
	Faults        []AttestationFault     `json:"faults"` // why it does not count, and what it does not cover
	Line          int                    `json:"line"`
}

// AttestedDeviation is a deviation that the auditor of a subservice organisation noted, with what our reviewer makes of it.
type AttestedDeviation struct {
	Criterion  string `json:"criterion"`
	Text       string `json:"text"`
	Assessment string `json:"assessment"`
}

// AttestationReview records that a person compared an attestation with what is used.
type AttestationReview struct {
	Reviewer   string   `json:"reviewer"`
	Date       string   `json:"date"`
	Services   []string `json:"services"` // found in the attestation's scope
	Regions    []string `json:"regions"`
	Conclusion string   `json:"conclusion"` // usable | not-usable
	Notes      string   `json:"notes"`
}

// ComplementaryControl is what the attestation expects of its customers, with our controls that do it.
type ComplementaryControl struct {
	ID       string              `json:"id"`
	Text     templates.Localized `json:"text"`
	Controls []MappedControl     `json:"controls"`
	Line     int                 `json:"line"`
}

// MappedControl is a control that a complementary control is mapped to, with how it came out. Status is empty when the catalogue
// has no such control.
type MappedControl struct {
	Control ControlID         `json:"control"`
	Status  RequirementStatus `json:"status,omitempty"`
}

// AttestationFault is why an attestation does not count, or what is open in it.
type AttestationFault struct {
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"` // names, not translated
}

// Types of attestations, and opinions.
const (
	attestedPeriod      = "type-2"
	attestedDate        = "type-1"
	attestedCertificate = "certificate"
	bridgeLetter        = "bridge-letter"

	opinionAdverse    = "adverse"
	opinionDisclaimer = "disclaimer"
	opinionQualified  = "qualified"
	reviewUsable      = "usable"
)

var (
	attestationTypes = []string{attestedPeriod, attestedDate, attestedCertificate, bridgeLetter}
	opinions         = []string{"unqualified", opinionQualified, opinionAdverse, opinionDisclaimer}
)

// maxAttestedAge is how long a report of a date speaks for later dates: such reports are made yearly.
const maxAttestedAge = 366 // days

// Why an attestation does not count.
const (
	faultBridgeLetter        = "bridge-letter-covers-none"
	faultUnreviewed          = "attestation-not-reviewed"
	faultReviewLate          = "review-after-as-of"
	faultReviewRefuses       = "review-finds-not-usable"
	faultServicesUncompared  = "services-not-in-review"
	faultRegionsUncompared   = "regions-not-in-review"
	faultOpinion             = "opinion-does-not-count"
	faultDeviationsUnjudged  = "deviations-not-assessed"
	faultOtherFramework      = "other-framework"
	faultDateOnly            = "speaks-of-a-date"
	faultComplementaryAbsent = "complementary-not-listed"
	faultComplementaryFree   = "complementary-not-mapped"
	faultComplementaryGone   = "complementary-control-unknown"
	faultComplementaryOpen   = "complementary-control-not-supported" // shown; the attestation counts all the same
)

type attestationEntry struct {
	ID            string                `yaml:"id"`
	Type          string                `yaml:"type"`
	Framework     string                `yaml:"framework"`
	Auditor       string                `yaml:"auditor"`
	FirstDay      string                `yaml:"first_day"`
	LastDay       string                `yaml:"last_day"`
	Issued        string                `yaml:"issued"`
	Opinion       string                `yaml:"opinion"`
	Document      string                `yaml:"document"`
	Deviations    []attestedEntry       `yaml:"deviations"`
	Review        *reviewEntry          `yaml:"review"`
	Complementary *[]complementaryEntry `yaml:"complementary_controls"` // an empty list says that it names none
}

type attestedEntry struct {
	Criterion  string `yaml:"criterion"`
	Text       string `yaml:"text"`
	Assessment string `yaml:"assessment"`
}

type reviewEntry struct {
	Reviewer   string   `yaml:"reviewer"`
	Date       string   `yaml:"date"`
	Services   []string `yaml:"services"`
	Regions    []string `yaml:"regions"`
	Conclusion string   `yaml:"conclusion"`
	Notes      string   `yaml:"notes"`
}

type complementaryEntry struct {
	ID       string              `yaml:"id"`
	Text     templates.Localized `yaml:"text"`
	Controls []ControlID         `yaml:"controls"`
}

func (p *problems) attestation(at string, e attestationEntry) Attestation {
	p.when(!slices.Contains(attestationTypes, e.Type), at, "type %q: want one of %v", e.Type, attestationTypes)
	p.when(e.Type != bridgeLetter && !slices.Contains(opinions, e.Opinion), at, "opinion %q: want one of %v", e.Opinion, opinions)
	required := []struct{ name, value string }{{"id", e.ID}, {"framework", e.Framework}}
	if e.Type != bridgeLetter { // the organisation itself writes such a letter
		required = append(required, struct{ name, value string }{"auditor", e.Auditor})
	}
	for _, f := range required {
		p.when(strings.TrimSpace(f.value) == "", at, "%s of attestation %q is not set", f.name, e.ID)
	}
	if e.Type == attestedDate && e.FirstDay == "" {
		e.FirstDay = e.LastDay
	}
	p.date(at+".first_day", "first_day", e.FirstDay)
	p.date(at+".last_day", "last_day", e.LastDay)
	p.when(e.LastDay < e.FirstDay, at+".last_day", "last_day %s lies before first_day %s", e.LastDay, e.FirstDay)
	p.when(e.Type == attestedDate && e.FirstDay != e.LastDay, at+".first_day", "a report of type 1 speaks of one day: want first_day %s, or leave it out", e.LastDay)
	if e.Issued != "" {
		p.date(at+".issued", "issued", e.Issued)
	}
	a := Attestation{
		ID: e.ID, Type: e.Type, Framework: e.Framework, Auditor: e.Auditor, FirstDay: e.FirstDay, LastDay: e.LastDay, Issued: e.Issued, Opinion: e.Opinion, Document: e.Document,
		Deviations: []AttestedDeviation{}, Complementary: []ComplementaryControl{}, Faults: []AttestationFault{}, Line: p.doc.line("%s", at),
	}
	for i, d := range e.Deviations {
		p.when(strings.TrimSpace(d.Text) == "", element(at+".deviations", i), "deviation has no text")
		a.Deviations = append(a.Deviations, AttestedDeviation(d))
	}
	if e.Review != nil {
		a.Review = p.review(at+".review", e)
	}
	if e.Complementary == nil {
		a.fault(faultComplementaryAbsent)
		return a
	}
	p.complementary(at+".complementary_controls", *e.Complementary, &a)
	return a
}

func (p *problems) review(at string, e attestationEntry) *AttestationReview {
	r := e.Review
	p.when(strings.TrimSpace(r.Reviewer) == "", at, "reviewer is not set")
	p.when(r.Reviewer != "" && samePerson(r.Reviewer, e.Auditor), at+".reviewer", "the attestation of %q is reviewed by its own auditor: want one of our people", e.ID)
	p.date(at+".date", "date", r.Date)
	p.when(e.Issued != "" && r.Date < e.Issued, at+".date", "reviewed on %s, before it was issued on %s", r.Date, e.Issued)
	p.when(r.Conclusion != reviewUsable && r.Conclusion != "not-usable", at, "conclusion %q: want usable or not-usable", r.Conclusion)
	return &AttestationReview{Reviewer: r.Reviewer, Date: r.Date, Services: texts(r.Services), Regions: texts(r.Regions), Conclusion: r.Conclusion, Notes: r.Notes}
}

func (p *problems) complementary(at string, list []complementaryEntry, a *Attestation) {
	seen := map[string]bool{}
	for i, e := range list {
		here := element(at, i)
		p.when(e.ID == "", here, "complementary control has no id")
		p.when(seen[e.ID], here, "complementary control %q occurs twice", e.ID)
		p.when(e.Text.EN == "" && e.Text.DE == "", here, "complementary control %q has no text", e.ID)
		seen[e.ID] = true
		c := ComplementaryControl{ID: e.ID, Text: e.Text, Controls: []MappedControl{}, Line: p.doc.line("%s", here)}
		for _, id := range e.Controls {
			c.Controls = append(c.Controls, MappedControl{Control: id})
		}
		a.Complementary = append(a.Complementary, c)
	}
}

func (a *Attestation) fault(code string, detail ...string) {
	a.Faults = append(a.Faults, AttestationFault{Code: code, Detail: strings.Join(detail, ", ")})
}

// sound notes what is wrong with an attestation, and says whether it counts all the same.
func (o *SubserviceOrganisation) sound(a *Attestation, f *Framework, controls map[ControlID]RequirementStatus, w window) bool {
	if a.Type == bridgeLetter {
		a.Faults = []AttestationFault{{Code: faultBridgeLetter}} // whatever else is wrong with it
		return false
	}
	before := func(code string, missing []string) {
		if len(missing) > 0 {
			a.fault(code, missing...)
		}
	}
	if !a.speaksFor(f) {
		a.fault(faultOtherFramework, a.Framework)
	}
	if a.Opinion == opinionAdverse || a.Opinion == opinionDisclaimer {
		a.fault(faultOpinion, a.Opinion)
	}
	if a.Review == nil {
		a.fault(faultUnreviewed)
	} else {
		if a.Review.Date > w.day() {
			a.fault(faultReviewLate, a.Review.Date)
		}
		if a.Review.Conclusion != reviewUsable {
			a.fault(faultReviewRefuses)
		}
		before(faultServicesUncompared, lacking(o.Services, a.Review.Services))
		before(faultRegionsUncompared, lacking(o.Regions, a.Review.Regions))
		before(faultDeviationsUnjudged, a.unjudged())
	}
	var free []string
	for _, c := range a.Complementary {
		if len(c.Controls) == 0 {
			free = append(free, c.ID)
		}
	}
	before(faultComplementaryFree, free)
	gone, open := a.mapControls(controls)
	before(faultComplementaryGone, gone)
	counts := len(a.Faults) == 0
	before(faultComplementaryOpen, open)
	return counts
}

// mapControls notes how the controls came out that complementary controls are mapped to, and lists those that the catalogue lacks
// and those that are not supported.
func (a *Attestation) mapControls(controls map[ControlID]RequirementStatus) (gone, open []string) {
	for i := range a.Complementary {
		c := &a.Complementary[i]
		for j := range c.Controls {
			m := &c.Controls[j]
			m.Status = controls[m.Control]
			switch m.Status {
			case "":
				gone = append(gone, c.ID+": "+string(m.Control))
			case Supported:
			default:
				open = append(open, c.ID+": "+string(m.Control))
			}
		}
	}
	return gone, open
}

// speaksFor says whether an attestation can speak for a framework. A criterion that binds a provider is shown by an attestation of
// the same edition alone: another framework may ask less. Elsewhere the reviewer has compared.
func (a *Attestation) speaksFor(f *Framework) bool {
	if f.Binds == bindsProvider {
		return a.Framework == string(f.ID) && a.Type != attestedCertificate
	}
	return true
}

// unjudged lists the deviations that the reviewer did not assess; a qualified opinion without a deviation is one itself.
func (a *Attestation) unjudged() []string {
	var list []string
	for _, d := range a.Deviations {
		if strings.TrimSpace(d.Assessment) == "" {
			list = append(list, cmp.Or(d.Criterion, d.Text))
		}
	}
	if a.Opinion == opinionQualified && len(a.Deviations) == 0 {
		list = append(list, a.Opinion)
	}
	return list
}

// lacking lists what is used and not among what was compared; case does not count.
func lacking(used, compared []string) []string {
	return slices.DeleteFunc(slices.Clone(used), func(s string) bool {
		return slices.ContainsFunc(compared, func(c string) bool { return strings.EqualFold(strings.TrimSpace(c), strings.TrimSpace(s)) })
	})
}
