package plugin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"auditpack/collectors/plugin/sdk/wire"
	"auditpack/evidence"
)

// put is raw bytes on their way into the store: the plugin's chunks go through a pipe, so that none is kept.
type put struct {
	name string
	w    *io.PipeWriter
	n    int64
	sum  hash.Hash     // of what it sent, which what is stored may differ from, see collectors.Sink
	done chan struct{} // closed when the store is done; then part and err are there
	part evidence.Part
	err  error
}

func (p *put) abandon(err error) { _ = p.w.CloseWithError(err) } // never fails

func (s *session) openPut(m *wire.PutOpen) error {
	id := m.GetCall()
	if id == 0 || s.puts[id] != nil {
		return broken("put %d is open already, or has no number", id)
	}
	if len(s.puts) == wire.MaxOpenPuts {
		return broken("more than %d puts are open at once", wire.MaxOpenPuts)
	}
	if s.opened++; s.opened > maxPuts {
		return broken("more than %d puts", maxPuts)
	}
	if m.GetName() == "" || len(m.GetName()) > wire.MaxTextBytes || len(m.GetMediaType()) > maxPartName {
		return broken("put %d: its name or its media type is empty or too long", id)
	}
	kind := evidence.Kind(m.GetKind())
	if kind != "" && !slices.Contains(s.kinds, kind) {
		return broken("put of kind %.200q: it declared %v", m.GetKind(), s.kinds)
	}
	r, w := io.Pipe()
	p := &put{name: s.mask.text(m.GetName()), w: w, sum: sha256.New(), done: make(chan struct{})}
	s.puts[id] = p
	mediaType := s.mask.text(m.GetMediaType())
	go func() {
		defer close(p.done)
		p.part, p.err = s.out.Put(s.ctx, kind, p.name, mediaType, r)
		_ = r.CloseWithError(errStoreDone) // a writer that still writes must not wait for ever
	}()
	return nil
}

// errStoreDone is what writing to a put gives whose store has given up.
var errStoreDone = errors.New("the store takes no more")

func (s *session) chunk(m *wire.PutChunk) error {
	p := s.puts[m.GetCall()]
	if p == nil {
		return broken("bytes for put %d, which is not open", m.GetCall())
	}
	n := len(m.GetData())
	if n == 0 || n > wire.MaxChunkBytes {
		return broken("a chunk of %d bytes: want 1 to %d", n, wire.MaxChunkBytes)
	}
	p.n += int64(n)
	_, _ = p.sum.Write(m.GetData()) // a hash takes everything
	if s.taken += int64(n); s.taken > s.limits.bytes {
		return broken("more than max_bytes, %d", s.limits.bytes)
	}
	if _, err := p.w.Write(m.GetData()); err != nil && !errors.Is(err, errStoreDone) {
		return fmt.Errorf("store %q: %w", p.name, err)
	}
	return nil // a store that gave up says why when the put is closed
}

func (s *session) closePut(m *wire.PutClose) error {
	id := m.GetCall()
	p := s.puts[id]
	if p == nil {
		return broken("end of put %d, which is not open", id)
	}
	if m.GetAbandon() {
		p.abandon(errors.New("the plugin could not read on"))
	} else {
		p.abandon(io.EOF)
	}
	<-p.done
	delete(s.puts, id)
	switch {
	case m.GetAbandon():
		return s.reply(&wire.Reply{Call: id, Error: "abandoned"})
	case p.err != nil:
		s.fail(p.err)
		return s.reply(&wire.Reply{Call: id, Error: p.err.Error()})
	case m.GetDigest() != "" && (m.GetDigest() != string(evidence.DigestSum(p.sum)) || m.GetSize() != p.n):
		return broken("put %q: it says %.100s, %d bytes; what it sent is %s, %d bytes", p.name, m.GetDigest(), m.GetSize(), evidence.DigestSum(p.sum), p.n)
	}
	s.stored[p.part.Digest] = p.part.SizeBytes
	return s.reply(&wire.Reply{Call: id, Digest: string(p.part.Digest), Size: p.part.SizeBytes})
}

// add completes a record, after everything in it that can be checked was.
func (s *session) add(m *wire.Add) error {
	if s.added++; s.added > maxRecords {
		return broken("more than %d records", maxRecords)
	}
	if m.GetCall() == 0 || m.GetRecord() == nil {
		return broken("a record without a number, or nothing to add")
	}
	r := m.GetRecord().ToRecord()
	if err := s.checkRecord(m.GetRecord(), r); err != nil {
		return err
	}
	s.maskRecord(&r)
	d, err := s.out.Add(s.ctx, r)
	if err != nil {
		s.fail(err)
		return s.reply(&wire.Reply{Call: m.GetCall(), Error: err.Error()})
	}
	s.stored[d] = recordSize
	return s.reply(&wire.Reply{Call: m.GetCall(), Digest: string(d)})
}

// recordSize stands for a record among the blobs that were stored: no part can have it.
const recordSize = -1

func (s *session) checkRecord(m *wire.Record, r evidence.Record) error {
	if !slices.Contains(s.kinds, r.Kind) {
		return broken("record of kind %.200q: it declared %v", string(r.Kind), s.kinds)
	}
	for _, p := range r.Content {
		if size, ok := s.stored[p.Digest]; !ok || size == recordSize || size != p.SizeBytes {
			return broken("record of kind %s: part %.200q is %.100s, %d bytes, which was not put in this collection", r.Kind, p.Name, p.Digest, p.SizeBytes)
		}
	}
	for _, d := range r.DerivedFrom {
		if _, ok := s.stored[d]; !ok {
			return broken("record of kind %s: it is derived from %.100s, which was neither put nor added in this collection", r.Kind, d)
		}
	}
	for _, x := range r.Redactions {
		if !x.Before.Valid() || x.Count < 0 {
			return broken("record of kind %s: redaction %.100q is malformed", r.Kind, x.Rule)
		}
	}
	if r.Period != nil && r.At != nil {
		return broken("record of kind %s: it has a period and an instant", r.Kind)
	}
	for _, t := range []*timestamppb.Timestamp{m.GetFrom(), m.GetTo(), m.GetAt(), m.GetStated().GetFirst(), m.GetStated().GetLast()} {
		if t != nil && t.CheckValid() != nil {
			return broken("record of kind %s: a time is out of range", r.Kind)
		}
	}
	if r.Period != nil {
		if _, err := evidence.NewPeriod(r.Period.From, r.Period.To); err != nil {
			return broken("record of kind %s: %v", r.Kind, err)
		}
	}
	for _, t := range []*time.Time{r.At, r.Stated.First, r.Stated.Last} {
		if t != nil && !evidence.Representable(*t) {
			return broken("record of kind %s: time %s leaves the years 1678 to 2261", r.Kind, t.Format(time.RFC3339))
		}
	}
	// What out.Add fills in stands here for itself, so that all else is checked before.
	complete := r
	now := s.env.Now()
	complete.Source.Name, complete.Collected.At = s.env.Name, now
	if r.Period == nil && r.At == nil {
		complete.At = &now
	}
	if _, _, err := complete.Encode(); err != nil {
		return broken("%v", err)
	}
	return nil
}

// maskRecord masks the texts of r and says who collected it.
func (s *session) maskRecord(r *evidence.Record) {
	for _, text := range []*string{&r.Source.System, &r.Source.Version, &r.Source.Identity, &r.Collected.Principal, &r.Procedure} {
		*text = s.mask.text(*text)
	}
	for i := range r.Content {
		r.Content[i].Name, r.Content[i].MediaType = s.mask.text(r.Content[i].Name), s.mask.text(r.Content[i].MediaType)
	}
	for i := range r.Stated.Notes {
		r.Stated.Notes[i] = s.mask.text(r.Stated.Notes[i])
	}
	for i := range r.Redactions {
		r.Redactions[i].Rule = s.mask.text(r.Redactions[i].Rule)
	}
	r.Stated.Notes = append(r.Stated.Notes, "collected by "+s.identity())
}
