package wire

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"auditpack/evidence"
)

// FromRecord returns r as a message. What auditpack fills in by itself is left out: format, source name and type, and who
// collected when and with what, but for the principal.
func FromRecord(r evidence.Record) *Record {
	m := &Record{
		Kind: string(r.Kind), System: r.Source.System, SystemVersion: r.Source.Version, Identity: r.Source.Identity,
		At: FromTime(r.At), Principal: r.Collected.Principal, Procedure: r.Procedure, DerivedFrom: texts(r.DerivedFrom),
		Stated: &Stated{
			ItemsExpected: r.Stated.ItemsExpected, ItemsSeen: r.Stated.ItemsSeen, First: FromTime(r.Stated.First), Last: FromTime(r.Stated.Last),
			Lines: r.Stated.Lines, OddLines: r.Stated.OddLines, Notes: r.Stated.Notes,
		},
	}
	if r.Period != nil {
		m.From, m.To = FromTime(&r.Period.From), FromTime(&r.Period.To)
	}
	for _, p := range r.Content {
		m.Content = append(m.Content, &Part{Name: p.Name, MediaType: p.MediaType, Digest: string(p.Digest), Size: p.SizeBytes})
	}
	for _, x := range r.Redactions {
		m.Redactions = append(m.Redactions, &Redaction{Rule: x.Rule, Count: x.Count, Before: string(x.Before)})
	}
	return m
}

// ToRecord returns what m says. It checks nothing: the record it returns may not validate.
func (m *Record) ToRecord() evidence.Record {
	r := evidence.Record{
		Kind: evidence.Kind(m.GetKind()), Source: evidence.Source{System: m.GetSystem(), Version: m.GetSystemVersion(), Identity: m.GetIdentity()},
		At: ToTime(m.GetAt()), Collected: evidence.Collected{Principal: m.GetPrincipal()}, Procedure: m.GetProcedure(),
	}
	if m.GetFrom() != nil || m.GetTo() != nil {
		r.Period = &evidence.Period{From: m.GetFrom().AsTime(), To: m.GetTo().AsTime()}
	}
	for _, p := range m.GetContent() {
		r.Content = append(r.Content, evidence.Part{Name: p.GetName(), MediaType: p.GetMediaType(), Digest: evidence.Digest(p.GetDigest()), SizeBytes: p.GetSize()})
	}
	for _, d := range m.GetDerivedFrom() {
		r.DerivedFrom = append(r.DerivedFrom, evidence.Digest(d))
	}
	for _, x := range m.GetRedactions() {
		r.Redactions = append(r.Redactions, evidence.Redaction{Rule: x.GetRule(), Count: x.GetCount(), Before: evidence.Digest(x.GetBefore())})
	}
	if s := m.GetStated(); s != nil {
		r.Stated = evidence.Stated{
			ItemsExpected: s.ItemsExpected, ItemsSeen: s.ItemsSeen, First: ToTime(s.GetFirst()), Last: ToTime(s.GetLast()),
			Lines: s.Lines, OddLines: s.OddLines, Notes: s.GetNotes(),
		}
	}
	return r
}

// FromTime returns t as a message, nil for nil.
func FromTime(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}

// ToTime returns the time that m says, in UTC; nil for nil.
func ToTime(m *timestamppb.Timestamp) *time.Time {
	if m == nil {
		return nil
	}
	t := m.AsTime()
	return &t
}

func texts(digests []evidence.Digest) []string {
	var out []string
	for _, d := range digests {
		out = append(out, string(d))
	}
	return out
}
