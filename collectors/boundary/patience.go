package boundary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// attemptTimeout bounds one attempt, its body included. A page of a thousand sessions takes seconds.
const attemptTimeout = time.Minute

// maxSilent is after how many requests in a row without any answer the controller counts as down: each was tried several
// times, and there may be thousands to come.
const maxSilent = 2

var (
	errSlow = errors.New("no complete answer in time")
	errDown = errors.New("not asked, because the controller did not answer before")
)

// patient ends an attempt that takes too long.
type patient struct {
	base  http.RoundTripper
	limit time.Duration
}

func (p *patient) RoundTrip(req *http.Request) (*http.Response, error) {
	slow := fmt.Errorf("%w: waited %s", errSlow, p.limit)
	ctx, cancel := context.WithTimeoutCause(req.Context(), p.limit, slow)
	resp, err := p.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		err = reasonOf(ctx, slow, err)
		cancel()
		return nil, err
	}
	resp.Body = &timedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, slow: slow}
	return resp, nil
}

// timedBody ends an attempt's context when its body was read.
type timedBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelFunc
	slow   error
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = reasonOf(b.ctx, b.slow, err)
	}
	return n, err
}

func (b *timedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// reasonOf is slow where that ended ctx, otherwise err.
func reasonOf(ctx context.Context, slow, err error) error {
	if errors.Is(context.Cause(ctx), slow) {
		return slow
	}
	return err
}
