package sdk

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"

	"google.golang.org/grpc"

	"auditpack/collectors"
	"auditpack/collectors/plugin/sdk/wire"
	"auditpack/evidence"
)

// sink sends what a collection finds to auditpack and waits for its answers.
type sink struct {
	ctx    context.Context
	stream grpc.BidiStreamingServer[wire.CollectRequest, wire.CollectResponse]
	cursor []byte

	sending sync.Mutex // a stream takes one message at a time

	mu      sync.Mutex
	calls   uint64 // given out
	waiting map[uint64]chan *wire.Reply
}

var _ collectors.Sink = (*sink)(nil)

func newSink(ctx context.Context, stream grpc.BidiStreamingServer[wire.CollectRequest, wire.CollectResponse], cursor []byte) *sink {
	return &sink{ctx: ctx, stream: stream, cursor: cursor, waiting: map[uint64]chan *wire.Reply{}}
}

// errCancelled is the cause of a context that auditpack ended.
var errCancelled = errors.New("auditpack ended the collection")

// listen hands replies to who waits for them until the stream ends.
func (s *sink) listen(cancel context.CancelCauseFunc) {
	for {
		m, err := s.stream.Recv()
		if err != nil {
			cancel(fmt.Errorf("hear from auditpack: %w", err))
			return
		}
		if c := m.GetCancel(); c != nil {
			cancel(fmt.Errorf("%w: %s", errCancelled, c.GetReason()))
		}
		if r := m.GetReply(); r != nil {
			s.mu.Lock()
			if ch := s.waiting[r.GetCall()]; ch != nil {
				delete(s.waiting, r.GetCall())
				ch <- r // has room for it
			}
			s.mu.Unlock()
		}
	}
}

func (s *sink) send(m *wire.CollectResponse) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	if err := s.stream.Send(m); err != nil {
		return fmt.Errorf("tell auditpack: %w", err)
	}
	return nil
}

// call gives out a number for a call and the channel on which its reply comes.
func (s *sink) call() (uint64, chan *wire.Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	ch := make(chan *wire.Reply, 1)
	s.waiting[s.calls] = ch
	return s.calls, ch
}

func (s *sink) wait(ctx context.Context, id uint64, ch chan *wire.Reply) (*wire.Reply, error) {
	defer func() {
		s.mu.Lock()
		delete(s.waiting, id)
		s.mu.Unlock()
	}()
	select {
	case r := <-ch:
		if r.GetError() != "" {
			return nil, errors.New(r.GetError())
		}
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

func (s *sink) Put(ctx context.Context, kind evidence.Kind, name, mediaType string, r io.Reader) (evidence.Part, error) {
	id, ch := s.call()
	sum := sha256.New()
	if err := s.send(&wire.CollectResponse{Message: &wire.CollectResponse_PutOpen{PutOpen: &wire.PutOpen{Call: id, Name: name, MediaType: mediaType, Kind: string(kind)}}}); err != nil {
		return evidence.Part{}, err
	}
	n, readErr := s.copy(ctx, id, r, sum)
	end := &wire.PutClose{Call: id, Abandon: readErr != nil, Digest: string(evidence.DigestSum(sum)), Size: n}
	if err := s.send(&wire.CollectResponse{Message: &wire.CollectResponse_PutClose{PutClose: end}}); err != nil {
		return evidence.Part{}, err
	}
	reply, err := s.wait(ctx, id, ch)
	if readErr != nil {
		return evidence.Part{}, fmt.Errorf("store %q: %w", name, readErr)
	}
	if err != nil {
		return evidence.Part{}, fmt.Errorf("store %q: %w", name, err)
	}
	return evidence.Part{Name: name, MediaType: mediaType, Digest: evidence.Digest(reply.GetDigest()), SizeBytes: reply.GetSize()}, nil
}

// copy sends r in chunks and returns how many bytes it sent.
func (s *sink) copy(ctx context.Context, id uint64, r io.Reader, sum hash.Hash) (n int64, err error) {
	buf := make([]byte, wire.MaxChunkBytes)
	for {
		if err := errors.Join(ctx.Err(), s.ctx.Err()); err != nil {
			return n, err
		}
		k, readErr := fill(r, buf)
		if k > 0 {
			_, _ = sum.Write(buf[:k]) // a hash takes everything
			n += int64(k)
			if err := s.send(&wire.CollectResponse{Message: &wire.CollectResponse_PutChunk{PutChunk: &wire.PutChunk{Call: id, Data: buf[:k]}}}); err != nil {
				return n, err
			}
		}
		if readErr == io.EOF {
			return n, nil
		}
		if readErr != nil {
			return n, readErr
		}
	}
}

// fill reads until buf is full or r ends, and gives r's own error: io.ReadFull would turn an end into the error that a body
// which was cut off has, too.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}

func (s *sink) Add(ctx context.Context, r evidence.Record) (evidence.Digest, error) {
	id, ch := s.call()
	if err := s.send(&wire.CollectResponse{Message: &wire.CollectResponse_Add{Add: &wire.Add{Call: id, Record: wire.FromRecord(r)}}}); err != nil {
		return "", err
	}
	reply, err := s.wait(ctx, id, ch)
	if err != nil {
		return "", err
	}
	return evidence.Digest(reply.GetDigest()), nil
}

func (s *sink) Outcome(o evidence.PartOutcome) {
	// A stream that is broken ends the collection; there is nobody else to tell.
	_ = s.send(&wire.CollectResponse{Message: &wire.CollectResponse_Outcome{Outcome: &wire.Outcome{
		Part: o.Part, Kind: string(o.Kind), Outcome: string(o.Outcome), Items: o.Items, Detail: cut(o.Detail),
	}}})
}

func (s *sink) Cursor(v any) (bool, error) {
	if len(s.cursor) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(s.cursor, v); err != nil {
		return false, fmt.Errorf("read cursor: %w", err)
	}
	return true, nil
}

func (s *sink) SetCursor(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("set cursor: %w", err)
	}
	if len(b) > wire.MaxCursorBytes {
		return fmt.Errorf("set cursor: %d bytes are more than %d", len(b), wire.MaxCursorBytes)
	}
	return s.send(&wire.CollectResponse{Message: &wire.CollectResponse_SetCursor{SetCursor: &wire.SetCursor{Cursor: b}}})
}

func (s *sink) Progress(p collectors.Progress) {
	_ = s.send(&wire.CollectResponse{Message: &wire.CollectResponse_Progress{Progress: &wire.Progress{
		Step: cut(p.Step), Bytes: p.Bytes, TotalBytes: p.TotalBytes, Items: p.Items, TotalItems: p.TotalItems,
	}}})
}

// cut shortens a text to what one message may hold, and makes it UTF-8.
func cut(s string) string {
	if len(s) > wire.MaxTextBytes {
		s = s[:wire.MaxTextBytes]
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
