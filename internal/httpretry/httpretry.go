// Package httpretry asks again where asking again is harmless: a [Transport] wraps another http.RoundTripper, reads each body
// whole before it hands the response on, and repeats a request whose answer was refused for a while (429, 502, 503, 504),
// never came, or was cut in the middle. What an answer means, and whether a 500 is worth another try, is the caller's affair.
//
// It writes no log, and its errors name neither URL nor header. An http.Client adds the URL, query included, to the errors
// that pass through it: [WithoutURL] takes it off again.
package httpretry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Defaults of a Transport.
const (
	DefaultAttempts     = 6
	DefaultMinWait      = 500 * time.Millisecond
	DefaultMaxWait      = 2 * time.Minute // longer than any rate limit window of Vault, HCP Terraform and Boundary
	DefaultMaxBodyBytes = 64 << 20        // a list page of a thousand large items is a few MiB
)

// refusedAttempts is how often a port that nobody listens on is tried: a restart takes a second, a wrong address for ever.
const refusedAttempts = 3

// ErrTooLarge says that a body is longer than the limit. It is not tried again.
var ErrTooLarge = errors.New("response body is larger than the limit")

// ErrCut says that a body ended before its end. It wraps io.ErrUnexpectedEOF.
var ErrCut = fmt.Errorf("response body was cut: %w", io.ErrUnexpectedEOF)

// Transport is an http.RoundTripper that asks again. The zero value works. It is safe for concurrent use once configured.
//
// Bodies are held in memory, at most MaxBodyBytes of each: it is for API answers, not for downloads. GET, HEAD and OPTIONS,
// and what Safe names, are repeated after any passing failure; other requests only after 429 and 503, which say that nothing was done, and only when the
// request's body can be had again (http.NewRequest sees to that for bytes and strings).
type Transport struct {
	Base         http.RoundTripper // nil: http.DefaultTransport
	Attempts     int               // in all, the first one included; 0: DefaultAttempts
	MinWait      time.Duration     // before the second attempt, doubled before each further one; 0: DefaultMinWait
	MaxWait      time.Duration     // between two attempts; a source that asks for more is not waited for; 0: DefaultMaxWait
	MaxBodyBytes int64             // 0: DefaultMaxBodyBytes

	// Safe says of a request with another method than GET, HEAD or OPTIONS that sending it twice is the same as sending it once. Nil: of none.
	Safe func(*http.Request) bool

	// Sleep waits for d or until ctx is done, and then returns its error. Nil: a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

var _ http.RoundTripper = (*Transport)(nil)

// Client returns a copy of c whose transport asks again as t says; the transport of c becomes its Base. A nil t is the zero
// Transport. Neither c nor t is changed.
func Client(c *http.Client, t *Transport) *http.Client {
	client, transport := *c, Transport{}
	if t != nil {
		transport = *t
	}
	transport.Base = c.Transport
	client.Transport = &transport
	return &client
}

// RoundTrip returns the first answer that is worth handing on, its body complete and in memory. When the attempts are used
// up, or the source asks for a longer wait than MaxWait, it returns the last answer as it came, 429 or 503 say, or the last
// error: one that wraps ErrCut or ErrTooLarge for a body, the base transport's own otherwise.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	attempts := positive(t.Attempts, DefaultAttempts)
	wait := positive(t.MinWait, DefaultMinWait)
	maxWait := positive(t.MaxWait, DefaultMaxWait)
	for attempt := 1; ; attempt++ {
		resp, err := t.once(req, attempt)
		if err == nil && !t.retryStatus(req, resp.StatusCode) {
			return resp, nil
		}
		if err != nil && !t.retryError(req, err, attempt) {
			return nil, err
		}
		pause := min(wait, maxWait)
		if asked, ok := retryAfter(resp); ok {
			pause = asked
		}
		if attempt >= attempts || pause > maxWait || !rewindable(req) {
			return resp, err
		}
		if err := t.Pause(ctx, pause); err != nil {
			return nil, err
		}
		wait *= 2
	}
}

// once sends req and reads the whole body of the answer.
func (t *Transport) once(req *http.Request, attempt int) (*http.Response, error) {
	if attempt > 1 {
		again, err := rewind(req)
		if err != nil {
			return nil, err
		}
		req = again
	}
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := readBody(req, resp, positive(t.MaxBodyBytes, DefaultMaxBodyBytes))
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// Pause waits as the Transport does between attempts: for d, or until ctx is over, whose error it then returns.
func (t *Transport) Pause(ctx context.Context, d time.Duration) error {
	if t.Sleep != nil {
		return t.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// rewindable says whether req can be sent a second time.
func rewindable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// rewind returns req with its body at the start again.
func rewind(req *http.Request) (*http.Request, error) {
	again := req.Clone(req.Context())
	if req.GetBody == nil {
		return again, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("read request body again: %w", err)
	}
	again.Body = body
	return again, nil
}

// WithoutURL returns err without the method and URL that an http.Client puts around it: queries may hold what no log should.
func WithoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func positive[T int | int64 | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
