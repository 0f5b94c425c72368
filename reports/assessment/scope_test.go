package assessment

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/templates"
)

var thirdQuarter = window{typ: 2, period: span("2026-07-01", "2026-10-01"), asOf: day("2026-10-01")}

const soundOrganisation = `name: Cloud AG
aliases: [Cloud provider]
services: [Compute]
regions: [eu-1]
service_model: iaas
method: carve-out
operates:
  - {framework: iso, share: whole, requirements: [A.1, A.2]}
  - {framework: iso, share: shared, requirements: [A.3]}
attestations:
  - id: ATT
    type: type-2
    framework: c5
    auditor: Audit AG
    first_day: 2025-10-01
    last_day: 2026-09-28
    issued: 2026-09-29
    opinion: unqualified
    review: {reviewer: Clara, date: 2026-09-30, services: [compute], regions: [EU-1], conclusion: usable}
    complementary_controls:
      - {id: CC-1, text: {en: "Expected."}, controls: [ours]}
`

// twoFrameworks has one that binds whoever is judged and one that binds providers and asks for a description.
func twoFrameworks() *Catalogue {
	list := []Requirement{{ID: "1", Type: typeClause}, {ID: "A.1", Type: "control"}, {ID: "A.2", Type: "control"}, {ID: "A.3", Type: "control"}, {ID: "A.4", Type: "control"}}
	iso := &Framework{ID: "iso", Requirements: list, Additions: both("More"), byID: map[RequirementID]int{"1": 0, "A.1": 1, "A.2": 2, "A.3": 3, "A.4": 4}}
	c5 := &Framework{
		ID: "c5", Binds: bindsProvider, Requirements: []Requirement{{ID: "BC-1", Type: typeGeneralCondition}, {ID: "B-1", Type: "basic-criterion"}}, byID: map[RequirementID]int{"BC-1": 0, "B-1": 1},
		Description: []Slot{{ID: "services", Title: both("Services")}, {ID: "incidents", Title: both("Incidents"), OfPeriod: true}},
	}
	ours := &Control{ID: "ours"}
	return &Catalogue{
		Frameworks: []*Framework{c5, iso}, frameworks: map[FrameworkID]*Framework{"iso": iso, "c5": c5}, Controls: []*Control{ours}, controls: map[ControlID]*Control{"ours": ours},
	}
}

func scopeFile(name, text string) File {
	return File{Name: "workspace/" + name + ".yaml", Content: []byte(text)}
}

// organisation reads one file and judges it.
func organisation(t *testing.T, text string, f FrameworkID, w window) SubserviceOrganisation {
	t.Helper()
	c := twoFrameworks()
	list, err := readSubservices([]File{scopeFile("cloud", text)}, c, f)
	if err != nil {
		t.Fatal(err)
	}
	list[0].judge(c.frameworks[f], map[ControlID]RequirementStatus{"ours": Supported}, w)
	return list[0]
}

func TestAttestationsCount(t *testing.T) {
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(soundOrganisation) }
	wholeQuarter := replace("2026-09-28", "2026-09-30", "issued: 2026-09-29\n    ", "")
	for name, tc := range map[string]struct {
		text      string
		framework FrameworkID
		w         window
		faults    []string
		uncovered int64 // days of the 92
	}{
		"two days are open":                   {soundOrganisation, "iso", thirdQuarter, nil, 2},
		"the last day is included":            {strings.Replace(wholeQuarter, "date: 2026-09-30", "date: 2026-10-01", 1), "iso", thirdQuarter, nil, 0},
		"begins within the quarter":           {replace("2025-10-01", "2026-07-03"), "iso", thirdQuarter, nil, 4},
		"of the same edition":                 {soundOrganisation, "c5", thirdQuarter, nil, 2},
		"of another edition":                  {replace("framework: c5", "framework: c5-old"), "c5", thirdQuarter, []string{faultOtherFramework}, 92},
		"a certificate for C5":                {replace("type: type-2", "type: certificate"), "c5", thirdQuarter, []string{faultOtherFramework}, 92},
		"a certificate elsewhere":             {replace("type: type-2", "type: certificate"), "iso", thirdQuarter, nil, 2},
		"of a date, for a period":             {replace("type: type-2", "type: type-1", "    first_day: 2025-10-01\n", ""), "iso", thirdQuarter, []string{faultDateOnly}, 92},
		"not reviewed":                        {replace("    review: {reviewer: Clara, date: 2026-09-30, services: [compute], regions: [EU-1], conclusion: usable}\n", ""), "iso", thirdQuarter, []string{faultUnreviewed}, 92},
		"reviewed after the as-of date":       {replace("date: 2026-09-30", "date: 2026-10-02"), "iso", thirdQuarter, []string{faultReviewLate}, 92},
		"found not usable":                    {replace("conclusion: usable", "conclusion: not-usable"), "iso", thirdQuarter, []string{faultReviewRefuses}, 92},
		"a service was not compared":          {replace("services: [Compute]", "services: [Compute, Storage]"), "iso", thirdQuarter, []string{faultServicesUncompared}, 92},
		"a region was not compared":           {replace("regions: [EU-1]", "regions: []"), "iso", thirdQuarter, []string{faultRegionsUncompared}, 92},
		"adverse":                             {replace("unqualified", "adverse"), "iso", thirdQuarter, []string{faultOpinion}, 92},
		"qualified and nothing assessed":      {replace("unqualified", "qualified"), "iso", thirdQuarter, []string{faultDeviationsUnjudged}, 92},
		"a deviation was not assessed":        {replace("    review:", "    deviations: [{criterion: X, text: lost}]\n    review:"), "iso", thirdQuarter, []string{faultDeviationsUnjudged}, 92},
		"complementary controls are not said": {soundOrganisation[:strings.Index(soundOrganisation, "    complementary")], "iso", thirdQuarter, []string{faultComplementaryAbsent}, 92},
		"none are expected":                   {soundOrganisation[:strings.Index(soundOrganisation, "    complementary")] + "    complementary_controls: []\n", "iso", thirdQuarter, nil, 2},
		"mapped to nothing":                   {replace("controls: [ours]", "controls: []"), "iso", thirdQuarter, []string{faultComplementaryFree}, 92},
		"mapped to no control":                {replace("controls: [ours]", "controls: [theirs]"), "iso", thirdQuarter, []string{faultComplementaryGone}, 92},
		"a bridge letter":                     {replace("type: type-2", "type: bridge-letter"), "iso", thirdQuarter, []string{faultBridgeLetter}, 92},
	} {
		t.Run(name, func(t *testing.T) {
			o := organisation(t, tc.text, tc.framework, tc.w)
			var got []string
			for _, f := range o.Attestations[0].Faults {
				got = append(got, f.Code)
			}
			if diff := cmp.Diff(tc.faults, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if got := o.PeriodDays - o.CoveredDays; got != tc.uncovered {
				t.Errorf("uncovered days: got %d, want %d", got, tc.uncovered)
			}
		})
	}
}

func TestAttestationOfADate(t *testing.T) {
	text := strings.NewReplacer("type: type-2", "type: type-1", "    first_day: 2025-10-01\n", "").Replace(soundOrganisation)
	for asOf, want := range map[string]bool{"2026-10-01": true, "2027-09-29": true, "2027-09-30": false} {
		o := organisation(t, text, "iso", window{typ: 1, asOf: day(asOf)})
		if o.CoversDate != want {
			t.Errorf("%s: got %v, want %v", asOf, o.CoversDate, want)
		}
	}
}

func TestVersionsOfStatements(t *testing.T) {
	version := func(approved, entry string) File {
		text := "framework: iso\nentries:\n  - {id: A.1, " + entry + ", justification: x}\n"
		if approved != "" {
			text += "approved_by: CISO\napproved_date: " + approved + "\n"
		}
		return scopeFile("soa-"+approved, text)
	}
	const in, out = "applicable: true, status: planned", "applicable: false"
	for name, tc := range map[string]struct {
		files      []File
		applicable bool
		changed    string
		faults     [][]string
	}{
		"one, long approved":           {[]File{version("2026-01-01", out)}, false, "", [][]string{{faultEntriesMissing}}},
		"approved by nobody":           {[]File{version("", out)}, false, "", [][]string{{faultUnapproved, faultEntriesMissing}}},
		"a draft beside the approved":  {[]File{version("", out), version("2026-01-01", in)}, true, "", [][]string{{faultSuperseded, faultUnapproved}, {faultEntriesMissing}}},
		"the newer one, before":        {[]File{version("2026-02-01", in), version("2026-01-01", out)}, true, "", [][]string{{faultSuperseded}, {faultEntriesMissing}}},
		"excluded within the quarter":  {[]File{version("2026-01-01", in), version("2026-08-15", out)}, false, "2026-08-15", [][]string{{faultSuperseded}, {faultWithinPeriod, faultEntriesMissing}}},
		"approved after the quarter":   {[]File{version("2026-01-01", in), version("2026-10-01", out)}, true, "", [][]string{{faultEntriesMissing}, {faultNotInForce}}},
		"approved on the last day":     {[]File{version("2026-09-30", in)}, true, "", [][]string{{faultWithinPeriod, faultEntriesMissing}}},
		"the same said in both of two": {[]File{version("2026-01-01", out), version("2026-08-15", out)}, false, "", [][]string{{faultSuperseded}, {faultWithinPeriod, faultEntriesMissing}}},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := readSoA(tc.files, twoFrameworks(), "iso", nil)
			if err != nil {
				t.Fatal(err)
			}
			current, statements := inForce(all, thirdQuarter)
			var faults [][]string
			for _, s := range statements {
				faults = append(faults, s.Faults)
			}
			if diff := cmp.Diff(tc.faults, faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			e := current.entries["A.1"]
			if e.Applicable != tc.applicable || e.ChangedOn != tc.changed {
				t.Errorf("got %+v, want applicable %v, changed on %q", e, tc.applicable, tc.changed)
			}
		})
	}
	all, err := readSoA([]File{version("2026-10-01", out)}, twoFrameworks(), "iso", nil)
	if err != nil {
		t.Fatal(err)
	}
	if current, _ := inForce(all, thirdQuarter); current != nil {
		t.Errorf("got a version in force, want none: it was approved after the quarter")
	}
}

// judgedScope reads what is declared and applies it to one finding.
func judgedScope(t *testing.T, in Input, f Finding, sides map[RequirementID]map[string]string) Finding {
	t.Helper()
	in.Catalogue = twoFrameworks()
	framework := in.Catalogue.frameworks[in.Framework]
	s, errs := readScope(in, framework, thirdQuarter)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.organisations {
		s.organisations[i].judge(framework, map[ControlID]RequirementStatus{"ours": Supported}, thirdQuarter)
	}
	s.sides = sides
	f.Reasons = slices.Clone(f.Reasons)
	s.apply(&f)
	return f
}

func TestDeclarationsAndEvidence(t *testing.T) {
	soa := func(entry string) []File {
		return []File{scopeFile("soa", "framework: iso\napproved_by: CISO\napproved_date: 2026-01-01\nentries:\n  - {justification: x, "+entry+"}\n")}
	}
	cloud := []File{scopeFile("cloud", soundOrganisation)}
	unreviewed := []File{scopeFile("cloud", strings.Replace(soundOrganisation, "conclusion: usable", "conclusion: not-usable", 1))}
	none := []Reason{{Code: codeNoControl}}
	whole := []File{scopeFile("cloud", strings.NewReplacer("2026-09-28", "2026-09-30", "issued: 2026-09-29\n    ", "").Replace(soundOrganisation))}
	for name, tc := range map[string]struct {
		in    Input
		from  Finding
		sides map[RequirementID]map[string]string
		want  RequirementStatus
		codes []string
	}{
		"declared and shown":                {Input{SoA: soa("id: A.1, applicable: true, status: implemented")}, Finding{ID: "A.1", Status: Supported}, nil, Supported, nil},
		"declared and contradicted":         {Input{SoA: soa("id: A.1, applicable: true, status: implemented")}, Finding{ID: "A.1", Status: DeviationsNoted}, nil, DeviationsNoted, []string{codeContradicted}},
		"declared and nothing shown":        {Input{SoA: soa("id: A.1, applicable: true, status: implemented")}, Finding{ID: "A.1", Status: NotAssessed}, nil, NotAssessed, []string{codeNothingShown}},
		"planned and nothing shown":         {Input{SoA: soa("id: A.1, applicable: true, status: planned")}, Finding{ID: "A.1", Status: NotAssessed}, nil, NotAssessed, nil},
		"planned and shown":                 {Input{SoA: soa("id: A.1, applicable: true, status: planned")}, Finding{ID: "A.1", Status: Supported}, nil, Supported, []string{codeShownBeyond}},
		"not implemented and partly shown":  {Input{SoA: soa("id: A.1, applicable: true, status: not-implemented")}, Finding{ID: "A.1", Status: PartlySupported}, nil, PartlySupported, []string{codeShownBeyond}},
		"not mentioned":                     {Input{SoA: soa("id: A.1, applicable: false")}, Finding{ID: "A.2", Status: Supported}, nil, Supported, []string{codeUndeclared}},
		"no statement at all":               {Input{}, Finding{ID: "A.2", Status: Supported}, nil, Supported, []string{codeUndeclared}},
		"a clause is not missed":            {Input{}, Finding{ID: "1", Kind: typeClause, Status: NotAssessed}, nil, NotAssessed, nil},
		"excluded":                          {Input{SoA: soa("id: A.1, applicable: false")}, Finding{ID: "A.1", Status: DeviationsNoted}, nil, NotApplicable, []string{codeNotApplicable}},
		"carved out, two days open":         {Input{SoA: soa("id: A.1, applicable: true, status: implemented, carved_out_to: cloud PROVIDER"), Subservices: cloud}, Finding{ID: "A.1", Status: Supported}, nil, CarvedOut, []string{codeCarvedOut, codeUncoveredDays}},
		"carved out to nobody":              {Input{SoA: soa("id: A.1, applicable: true, status: implemented, carved_out_to: Elsewhere")}, Finding{ID: "A.1", Status: Supported}, nil, NotAssessed, []string{codeCarveOutUnknown}},
		"carved out without a review":       {Input{SoA: soa("id: A.1, applicable: true, status: implemented, carved_out_to: Cloud AG"), Subservices: unreviewed}, Finding{ID: "A.1", Status: Supported}, nil, NotAssessed, []string{codeCarveOutUnattested}},
		"carved out and not operated":       {Input{SoA: soa("id: A.4, applicable: true, status: implemented, carved_out_to: Cloud AG"), Subservices: cloud}, Finding{ID: "A.4", Status: Supported}, nil, NotAssessed, []string{codeCarveOutUnlisted}},
		"carved out, shared by the matrix":  {Input{SoA: soa("id: A.1, applicable: true, status: implemented, carved_out_to: Cloud AG"), Subservices: cloud}, Finding{ID: "A.1", Status: Supported}, map[RequirementID]map[string]string{"A.1": {"iaas": "shared", "saas": "provider"}}, PartlySupported, []string{codeCarveOutShared}},
		"carved out, provider's by matrix":  {Input{SoA: soa("id: A.1, applicable: true, status: implemented, carved_out_to: Cloud AG"), Subservices: cloud}, Finding{ID: "A.1", Status: Supported}, map[RequirementID]map[string]string{"A.1": {"iaas": "provider", "saas": "shared"}}, CarvedOut, []string{codeCarvedOut, codeUncoveredDays}},
		"shared, two days open":             {Input{SoA: soa("id: A.3, applicable: true, status: implemented"), Subservices: cloud}, Finding{ID: "A.3", Status: Supported}, nil, PartlySupported, []string{codeUncoveredDays}},
		"shared, all days covered":          {Input{SoA: soa("id: A.3, applicable: true, status: implemented"), Subservices: whole}, Finding{ID: "A.3", Status: Supported}, nil, Supported, nil},
		"shared without a review":           {Input{SoA: soa("id: A.3, applicable: true, status: implemented"), Subservices: unreviewed}, Finding{ID: "A.3", Status: Supported}, nil, PartlySupported, []string{codeSharedOpen}},
		"provider":                          {Input{Framework: "c5", Organization: Organization{Role: "provider"}}, Finding{ID: "B-1", Status: Supported}, nil, Supported, nil},
		"customer without a provider":       {Input{Framework: "c5", Organization: Organization{Role: "customer"}}, Finding{ID: "B-1", Status: Supported}, nil, PartlySupported, []string{codeProvidersPart}},
		"customer, provider's deviations":   {Input{Framework: "c5", Organization: Organization{Role: "customer"}}, Finding{ID: "B-1", Status: DeviationsNoted}, nil, DeviationsNoted, []string{codeProvidersPart}},
		"customer, nothing of it ours":      {Input{Framework: "c5", Organization: Organization{Role: "customer"}, Subservices: cloud}, Finding{ID: "B-1", Status: NotAssessed, Reasons: none}, nil, CarvedOut, []string{codeProviderAttested, codeUncoveredDays}},
		"customer, provider for some days":  {Input{Framework: "c5", Organization: Organization{Role: "customer"}, Subservices: cloud}, Finding{ID: "B-1", Status: Supported, Controls: []ControlTarget{{Control: "ours"}}}, nil, PartlySupported, []string{codeUncoveredDays}},
		"customer, provider for all days":   {Input{Framework: "c5", Organization: Organization{Role: "customer"}, Subservices: whole}, Finding{ID: "B-1", Status: Supported, Controls: []ControlTarget{{Control: "ours"}}}, nil, Supported, nil},
		"condition, silence":                {Input{Framework: "c5"}, Finding{ID: "BC-1", Kind: typeGeneralCondition, Status: NotAssessed, Reasons: none}, nil, NotAssessed, []string{codeUnanswered}},
		"condition, silence and a control":  {Input{Framework: "c5"}, Finding{ID: "BC-1", Kind: typeGeneralCondition, Status: Supported}, nil, PartlySupported, []string{codeUnanswered}},
		"condition, answered":               {Input{Framework: "c5", Descriptions: answered("reviewer: Rolf")}, Finding{ID: "BC-1", Kind: typeGeneralCondition, Status: NotAssessed, Reasons: none}, nil, Supported, nil},
		"condition, nobody reviewed it":     {Input{Framework: "c5", Descriptions: answered("reference: x")}, Finding{ID: "BC-1", Kind: typeGeneralCondition, Status: NotAssessed, Reasons: none}, nil, NotAssessed, []string{codeAnswerUnsound}},
		"condition, the author reviewed it": {Input{Framework: "c5", Descriptions: answered("reviewer: ' petra'")}, Finding{ID: "BC-1", Kind: typeGeneralCondition, Status: NotAssessed, Reasons: none}, nil, NotAssessed, []string{codeAnswerUnsound}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.in.Framework == "" {
				tc.in.Framework = "iso"
			}
			got := judgedScope(t, tc.in, tc.from, tc.sides)
			var codes []string
			for _, r := range got.Reasons {
				codes = append(codes, r.Code)
			}
			if got.Status != tc.want || !slices.Equal(codes, tc.codes) {
				t.Errorf("got %s for %v, want %s for %v", got.Status, codes, tc.want, tc.codes)
			}
		})
	}
}

func answered(more string) []File {
	return []File{scopeFile("description", "framework: c5\nconditions:\n  - {id: BC-1, text: {de: Ja}, author: Petra, date: 2026-09-01, "+more+"}\n")}
}

func TestDescription(t *testing.T) {
	const text = "framework: c5\nslots:\n  - {slot: incidents, text: {en: None}, author: Petra, date: 2026-09-29}\n"
	c := twoFrameworks()
	got, err := readDescriptions([]File{scopeFile("d", text)}, c, c.frameworks["c5"], nil, thirdQuarter)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"services": {faultSlotMissing}, "incidents": {faultNotInGerman, faultWrittenEarly}}
	faults := map[string][]string{}
	for _, s := range got.description.Slots {
		faults[s.ID] = s.Faults
	}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{faultUnapproved, faultUnstated}, got.description.Faults); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	late, err := readDescriptions([]File{scopeFile("d", strings.Replace(text, "09-29", "09-30", 1))}, c, c.frameworks["c5"], nil, thirdQuarter)
	if err != nil || slices.Contains(late.description.Slots[1].Faults, faultWrittenEarly) {
		t.Errorf("got %v, %v: what was written on the last day speaks of the period", late.description.Slots[1].Faults, err)
	}
	empty, err := readDescriptions(nil, c, c.frameworks["c5"], nil, window{typ: 1, asOf: day("2026-10-01")})
	if err != nil || len(empty.description.Slots) != 1 {
		t.Errorf("got %+v, %v: want the slot that does not speak of a period, unwritten", empty.description, err)
	}
}

func TestScopeFilesRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		in   Input
		want string
	}{
		"statement for C5":             {Input{SoA: []File{scopeFile("soa", "framework: c5\nentries: []\n")}}, "workspace/soa.yaml:1: c5 has no statement of applicability"},
		"included without a reason":    {Input{SoA: []File{scopeFile("soa", "framework: iso\nentries:\n  - {id: A.1, applicable: true, status: planned}\n")}}, `workspace/soa.yaml:3: requirement "A.1" is included without a justification`},
		"approved by nobody on a day":  {Input{SoA: []File{scopeFile("soa", "framework: iso\napproved_date: 2026-01-01\nentries: []\n")}}, "workspace/soa.yaml:2: approved_date without approved_by"},
		"two drafts":                   {Input{SoA: []File{scopeFile("a", "framework: iso\nentries: []\n"), scopeFile("b", "framework: iso\nentries: []\n")}}, "workspace/b.yaml:1: a second statement that nobody approved, beside workspace/a.yaml"},
		"two of one day":               {Input{SoA: []File{scopeFile("a", "framework: iso\napproved_by: x\napproved_date: 2026-01-01\nentries: []\n"), scopeFile("b", "framework: iso\napproved_by: x\napproved_date: 2026-01-01\nentries: []\n")}}, "workspace/b.yaml:3: approved on the day of workspace/a.yaml"},
		"addition with a taken id":     {Input{SoA: []File{scopeFile("soa", "framework: iso\nentries: []\nadditions:\n  - {id: A.1, title: {en: x, de: x}, controls: [ours], justification: x, status: planned}\n")}}, `workspace/soa.yaml:4: iso has "A.1"`},
		"addition without its control": {Input{SoA: []File{scopeFile("soa", "framework: iso\nentries: []\nadditions:\n  - {id: X.1, title: {en: x, de: x}, controls: [gone], justification: x, status: planned}\n")}}, `workspace/soa.yaml:4: addition "X.1": control "gone" is not in the catalogue`},
		"carved out and shared":        {Input{SoA: []File{scopeFile("soa", "framework: iso\nentries:\n  - {id: A.3, applicable: true, justification: x, status: planned, carved_out_to: Cloud AG}\n")}, Subservices: []File{scopeFile("cloud", soundOrganisation)}}, `workspace/soa.yaml:3: requirement "A.3" is carved out, and shared with "Cloud AG" in workspace/cloud.yaml, line 9: what is shared is never wholly carved out`},
		"carved out and inclusive":     {Input{SoA: []File{scopeFile("soa", "framework: iso\nentries:\n  - {id: A.1, applicable: true, justification: x, status: planned, carved_out_to: Cloud AG}\n")}, Subservices: []File{scopeFile("cloud", strings.Replace(soundOrganisation, "method: carve-out", "method: inclusive", 1))}}, "whose method in workspace/cloud.yaml, line 1 is inclusive"},
		"organisation named twice":     {Input{Subservices: []File{scopeFile("a", soundOrganisation), scopeFile("b", strings.Replace(soundOrganisation, "name: Cloud AG", "name: cloud provider", 1))}}, `workspace/b.yaml:1: "cloud provider" is already named in workspace/a.yaml, line 1`},
		"organisation without a name":  {Input{Subservices: []File{scopeFile("a", "services: [x]\nregions: [x]\nmethod: carve-out\n")}}, "workspace/a.yaml:1: subservice organisation has no name"},
		"method of no kind":            {Input{Subservices: []File{scopeFile("a", "name: x\nservices: [x]\nregions: [x]\nmethod: shared\n")}}, `workspace/a.yaml:4: method "shared": want carve-out or inclusive`},
		"operates an unknown id":       {Input{Subservices: []File{scopeFile("a", strings.Replace(soundOrganisation, "[A.3]", "[A.9]", 1))}}, `workspace/a.yaml:9: iso has no requirement "A.9"`},
		"ends before it begins":        {Input{Subservices: []File{scopeFile("a", strings.Replace(soundOrganisation, "2026-09-28", "2025-09-28", 1))}}, "workspace/a.yaml:16: last_day 2025-09-28 lies before first_day 2025-10-01"},
		"reviewed before it was made":  {Input{Subservices: []File{scopeFile("a", strings.Replace(soundOrganisation, "date: 2026-09-30", "date: 2026-09-01", 1))}}, "workspace/a.yaml:19: reviewed on 2026-09-01, before it was issued on 2026-09-29"},
		"reviewed by its auditor":      {Input{Subservices: []File{scopeFile("a", strings.Replace(soundOrganisation, "reviewer: Clara", "reviewer: audit ag", 1))}}, "workspace/a.yaml:19: the attestation of \"ATT\" is reviewed by its own auditor"},
		"unknown key":                  {Input{Subservices: []File{scopeFile("a", soundOrganisation+"colour: red\n")}}, `workspace/a.yaml:22: unknown field "colour"`},
		"unknown slot":                 {Input{Descriptions: []File{scopeFile("d", "framework: c5\nslots:\n  - {slot: weather, text: {en: x}, author: a, date: 2026-09-01}\n")}}, `workspace/d.yaml:3: slot "weather": c5 has [services incidents]`},
		"slot without a text":          {Input{Descriptions: []File{scopeFile("d", "framework: c5\nslots:\n  - {slot: services, author: a, date: 2026-09-01}\n")}}, "workspace/d.yaml:3: slot services has no text"},
		"answer to a criterion":        {Input{Descriptions: []File{scopeFile("d", "framework: c5\nconditions:\n  - {id: B-1, text: {en: x}, author: a, date: 2026-09-01}\n")}}, "workspace/d.yaml:3: B-1 is no general condition"},
		"condition made inapplicable":  {Input{Descriptions: []File{scopeFile("d", "framework: c5\napplicability:\n  - {id: BC-1, applicable: false, justification: x}\n")}}, "workspace/d.yaml:3: BC-1 is a general condition: answer it under conditions"},
		"described twice":              {Input{Descriptions: []File{scopeFile("d", "framework: c5\n"), scopeFile("e", "framework: c5\n")}}, "workspace/e.yaml:1: c5 is already described in workspace/d.yaml"},
		"description for ISO":          {Input{Descriptions: []File{scopeFile("d", "framework: iso\n")}}, "workspace/d.yaml:1: iso asks for no system description"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.Catalogue, tc.in.Framework = twoFrameworks(), "iso"
			_, errs := readScope(tc.in, tc.in.Catalogue.frameworks["iso"], thirdQuarter)
			var got strings.Builder
			for _, err := range errs {
				if err != nil {
					got.WriteString(err.Error() + "\n")
				}
			}
			if !strings.Contains(got.String(), tc.want) {
				t.Errorf("got %q, want an error with %q", got.String(), tc.want)
			}
		})
	}
}

func TestDaysThatAreOpen(t *testing.T) {
	half := evidence.Period{From: day("2026-09-28"), To: day("2026-09-29").Add(3600e9)}
	if got := wholeDaysUp([]evidence.Period{half}); got != 2 {
		t.Errorf("got %d days, want 2: a day that is open in part is open", got)
	}
}

func both(s string) templates.Localized { return templates.Localized{EN: s, DE: s} }
