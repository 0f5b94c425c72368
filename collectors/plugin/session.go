package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"auditpack/collectors"
	"auditpack/collectors/plugin/sdk/wire"
	"auditpack/evidence"
)

// What one collection may bring, besides bytes. Memory is bounded by these; they are far above what an honest plugin needs.
const (
	maxPuts     = 200_000
	maxRecords  = 100_000
	maxOutcomes = 10_000    // different parts
	maxRemarks  = 1_000_000 // outcomes, cursors and progress
)

// protocolError says that a plugin broke the protocol or its limits; the collection ends at once.
type protocolError struct{ what string }

func (e *protocolError) Error() string { return "plugin broke the protocol: " + e.what }

func broken(format string, args ...any) error {
	return &protocolError{fmt.Sprintf(format, args...)}
}

// session is the talk of one collection. Its fields belong to the goroutine that hears the plugin.
type session struct {
	*run
	ctx    context.Context // over when the collection should end
	cancel context.CancelCauseFunc
	stream wire.CollectorService_CollectClient
	say    chan *wire.CollectRequest // what is to be sent
	puts   map[uint64]*put
	taken  int64 // raw bytes
	opened int   // puts
	added  int   // records
	spoke  int   // remarks
	parts  map[[2]string]bool
	cursor json.RawMessage // the newest; nil for none

	stored map[evidence.Digest]int64 // blobs by size in bytes; records by recordSize
	failed error                     // of our own store: a plugin cannot hide it
}

// maxUnread is how many messages a plugin may leave unread. More wait for stop_timeout, then it is not listening.
const maxUnread = 256

func newSession(r *run, ctx context.Context) *session {
	s := &session{run: r, say: make(chan *wire.CollectRequest, maxUnread), puts: map[uint64]*put{}, parts: map[[2]string]bool{}, stored: map[evidence.Digest]int64{}}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// close ends what is still open.
func (s *session) close() {
	s.cancel(nil)
	for _, p := range s.puts {
		p.abandon(errors.New("the collection ended"))
		<-p.done
	}
}

// collect opens the talk and hears the plugin until it is done.
func (s *session) collect(service wire.CollectorServiceClient, p evidence.Period) error {
	// The stream lives as long as the process may: longer than s.ctx, so that the plugin can be told to end and can answer.
	streamCtx, closeStream := context.WithCancel(context.WithoutCancel(s.ctx))
	defer closeStream()
	stream, err := service.Collect(streamCtx)
	if err != nil {
		return s.ended(fmt.Errorf("ask plugin: %w", spoken(err)))
	}
	s.stream = stream
	s.say <- &wire.CollectRequest{Message: &wire.CollectRequest_Start{Start: s.startMessage(p)}}
	go s.speak(streamCtx)
	err = s.hear()
	var violation *protocolError
	if errors.As(err, &violation) {
		return s.ended(err)
	}
	return errors.Join(err, s.remember())
}

// speak sends what is to be sent until ctx is over. It is a goroutine of its own because sending waits for a plugin that does not
// listen.
func (s *session) speak(ctx context.Context) {
	for {
		select {
		case m := <-s.say:
			if s.stream.Send(m) != nil {
				return // the one who hears learns why
			}
		case <-ctx.Done():
			return
		}
	}
}

func (s *session) startMessage(p evidence.Period) *wire.Start {
	m := &wire.Start{
		Source: s.env.Name, Folder: s.env.Path("."), Now: timestamppb.New(s.env.Now()), Tool: s.env.Tool, Config: s.config, Cursor: s.last.Cursor,
	}
	if !p.IsZero() {
		m.From, m.To = timestamppb.New(p.From), timestamppb.New(p.To)
	}
	return m
}

// remember sets the cursor. A plugin that broke the protocol may not move it, nor one whose bytes or records our own store did not
// take: it may have passed over them.
func (s *session) remember() error {
	m := memory{Kinds: s.kinds, Cursor: s.last.Cursor}
	if s.cursor != nil && s.failed == nil {
		m.Cursor = s.cursor
	}
	return s.out.SetCursor(m)
}

// heard is a message, or why there is none.
type heard struct {
	message *wire.CollectResponse
	err     error
}

// hear takes messages until the plugin is done, breaks the protocol, ends, or has not ended in time.
func (s *session) hear() error {
	messages, stop := make(chan heard), make(chan struct{})
	defer close(stop)
	go func() { // one message at a time: gRPC holds back what is not asked for
		for {
			m, err := s.stream.Recv()
			select {
			case messages <- heard{m, err}:
			case <-stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	total := time.NewTimer(s.limits.total)
	defer total.Stop()
	idle := time.NewTimer(s.limits.idle)
	defer idle.Stop()
	over := s.ctx.Done()
	var grace <-chan time.Time // runs once the plugin was told to end
	end := func(cause error) {
		if grace != nil {
			return
		}
		s.cancel(cause)
		over, grace = nil, time.After(s.limits.stop)
		select {
		case s.say <- &wire.CollectRequest{Message: &wire.CollectRequest_Cancel{Cancel: &wire.Cancel{Reason: cause.Error()}}}:
		default: // it does not listen, and is killed when the time is over
		}
	}
	for {
		select {
		case h := <-messages:
			idle.Reset(s.limits.idle)
			if h.err != nil {
				return s.brokenOff(h.err)
			}
			done, err := s.take(h.message)
			if err != nil {
				return err
			}
			if done != nil {
				return s.finish(done)
			}
		case <-over:
			end(context.Cause(s.ctx))
		case <-total.C:
			end(fmt.Errorf("the collection took longer than timeout, %s", s.limits.total))
		case <-idle.C:
			end(fmt.Errorf("plugin said nothing for idle_timeout, %s", s.limits.idle))
		case <-grace:
			return s.ended(fmt.Errorf("%w; it did not end within stop_timeout, %s, and was killed", context.Cause(s.ctx), s.limits.stop))
		}
	}
}

// brokenOff says why a stream ended before the plugin was done.
func (s *session) brokenOff(err error) error {
	if cause := context.Cause(s.ctx); cause != nil {
		return s.ended(cause)
	}
	if errors.Is(err, io.EOF) {
		return s.ended(errors.New("plugin ended the collection without saying that it was done"))
	}
	if status.Code(err) == codes.Unavailable { // one that crashes closes its stream first: how it ends is not ours to cut short
		select {
		case <-s.process.done:
		case <-time.After(s.limits.stop):
		}
	}
	return s.ended(fmt.Errorf("plugin ended before it was done: %w", spoken(err)))
}

// finish judges the end that a plugin gave.
func (s *session) finish(done *wire.Done) error {
	if len(s.puts) > 0 {
		return broken("it is done with %d puts still open", len(s.puts))
	}
	if cause := context.Cause(s.ctx); cause != nil {
		return cause
	}
	if done.GetError() != "" {
		return errors.Join(fmt.Errorf("plugin: %s", s.mask.text(done.GetError())), s.failed)
	}
	return s.failed
}

// take handles one message; done is not nil when it was the last.
func (s *session) take(m *wire.CollectResponse) (done *wire.Done, err error) {
	switch m := m.GetMessage().(type) {
	case *wire.CollectResponse_PutOpen:
		return nil, s.openPut(m.PutOpen)
	case *wire.CollectResponse_PutChunk:
		return nil, s.chunk(m.PutChunk)
	case *wire.CollectResponse_PutClose:
		return nil, s.closePut(m.PutClose)
	case *wire.CollectResponse_Add:
		return nil, s.add(m.Add)
	case *wire.CollectResponse_Outcome:
		return nil, errors.Join(s.remark(), s.outcome(m.Outcome))
	case *wire.CollectResponse_SetCursor:
		return nil, errors.Join(s.remark(), s.setCursor(m.SetCursor.GetCursor()))
	case *wire.CollectResponse_Progress:
		p := m.Progress
		s.out.Progress(collectors.Progress{Step: s.mask.text(p.GetStep()), Bytes: p.GetBytes(), TotalBytes: p.GetTotalBytes(), Items: p.GetItems(), TotalItems: p.GetTotalItems()})
		return nil, s.remark()
	case *wire.CollectResponse_Done:
		return m.Done, nil
	}
	return nil, broken("message of an unknown kind")
}

func (s *session) remark() error {
	if s.spoke++; s.spoke > maxRemarks {
		return broken("more than %d outcomes, cursors and progress messages", maxRemarks)
	}
	return nil
}

func (s *session) reply(r *wire.Reply) error {
	m := &wire.CollectRequest{Message: &wire.CollectRequest_Reply{Reply: r}}
	select {
	case s.say <- m:
		return nil
	default:
	}
	select {
	case s.say <- m:
		return nil
	case <-time.After(s.limits.stop):
		return broken("it leaves more than %d replies unread", maxUnread)
	}
}

// fail notes what our own store could not do.
func (s *session) fail(err error) {
	if s.failed == nil {
		s.failed = err
	}
}

func (s *session) outcome(o *wire.Outcome) error {
	kind := evidence.Kind(o.GetKind())
	if !slices.Contains(s.kinds, kind) {
		return broken("outcome of kind %.200q: it declared %v", o.GetKind(), s.kinds)
	}
	if o.GetPart() == "" || o.GetPart() == partSource || len(o.GetPart()) > maxPartName {
		return broken("outcome of part %.200q: want a name of at most %d bytes that is not %q", o.GetPart(), maxPartName, partSource)
	}
	if o.GetItems() < 0 {
		return broken("outcome of part %.200q: %d items", o.GetPart(), o.GetItems())
	}
	outcome := evidence.Outcome(o.GetOutcome())
	switch outcome {
	case evidence.OutcomeOK, evidence.OutcomeNone, evidence.OutcomeNotOffered:
	case evidence.OutcomeDenied, evidence.OutcomeFailed:
		if o.GetDetail() == "" {
			return broken("part %.200q is %s and does not say why", o.GetPart(), outcome)
		}
	default:
		return broken("part %.200q: outcome %.80q is unknown", o.GetPart(), o.GetOutcome())
	}
	if s.parts[[2]string{o.GetPart(), o.GetKind()}] = true; len(s.parts) > maxOutcomes {
		return broken("more than %d parts with an outcome", maxOutcomes)
	}
	s.out.Outcome(evidence.PartOutcome{Part: s.mask.text(o.GetPart()), Kind: kind, Outcome: outcome, Items: o.GetItems(), Detail: s.mask.text(o.GetDetail())})
	return nil
}

// maxPartName bounds the name of a part, in bytes: it stands in the journal, and in tables for people.
const maxPartName = 1 << 10

func (s *session) setCursor(b []byte) error {
	if len(b) > wire.MaxCursorBytes || !json.Valid(b) {
		return broken("cursor of %d bytes: want JSON of at most %d", len(b), wire.MaxCursorBytes)
	}
	s.cursor = slices.Clone(b)
	return nil
}
