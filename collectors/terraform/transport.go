package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"auditpack/internal/httpretry"
)

// Pace of requests. The API allows 30 a second for each user, and 30 a minute for some run lists. In no second are more sent
// than the rate and the burst together.
const (
	defaultPace       = 24 // a second
	maxPace           = 1000
	requestBurst      = 5
	runListsPerMinute = 28
	runListBurst      = 28
)

// attemptTimeout bounds one attempt, its body included. The slowest documented answers, long policy checks, take seconds.
const attemptTimeout = 2 * time.Minute

// serverErrorAttempts is how often an answer 500 is asked for again. Proxies' answers (502 to 504) are httpretry's affair.
const serverErrorAttempts = 3

// errRateLimited ends a request that the server kept refusing. It is an error, not an answer: go-tfe would ask thirty times more.
var errRateLimited = errors.New("server answers 429 Too Many Requests, and asks for more patience than this collection has")

// transport lies under go-tfe. From the outside in: it repeats 500, hides from go-tfe what it would mishandle, repeats what
// internal/httpretry repeats (429, 502 to 504, lost connections, cut bodies) and keeps the pace.
type transport struct {
	collection context.Context // bounds go-tfe's first request, which has no context of its own
	retry      *httpretry.Transport
}

func newTransport(ctx context.Context, base http.RoundTripper, perSecond int, sleep func(context.Context, time.Duration) error) *transport {
	paced := &paced{base: base, all: rate.NewLimiter(rate.Limit(perSecond), requestBurst), runLists: rate.NewLimiter(rate.Inf, 0)}
	if perSecond <= defaultPace { // a server that allows more than HCP Terraform has limits of its own
		paced.runLists = rate.NewLimiter(rate.Limit(runListsPerMinute)/60, runListBurst)
	}
	return &transport{collection: ctx, retry: &httpretry.Transport{Base: paced, MaxBodyBytes: maxBodyBytes, Sleep: sleep}}
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ping := strings.HasSuffix(req.URL.Path, "/ping")
	if ping {
		req = req.WithContext(t.collection)
	}
	resp, err := t.send(req)
	if err != nil {
		return nil, err
	}
	if err := tee(req, resp); err != nil {
		return nil, err
	}
	// go-tfe ends the process when a reset is no number, and refuses every call when the limit is 3 or less. The pace is ours.
	resp.Header.Del("X-RateLimit-Limit")
	resp.Header.Del("X-RateLimit-Reset")
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return nil, errRateLimited
	case resp.StatusCode >= 300 && resp.StatusCode < 400 && !ping:
		return nil, fmt.Errorf("server answers %d and sends us elsewhere; the token is not sent there: correct the address", resp.StatusCode)
	}
	return resp, nil
}

// send asks again after 500, each time with httpretry's own patience for everything else.
func (t *transport) send(req *http.Request) (*http.Response, error) {
	wait := httpretry.DefaultMinWait
	for attempt := 1; ; attempt++ {
		resp, err := t.retry.RoundTrip(req)
		if err != nil || resp.StatusCode != http.StatusInternalServerError || attempt == serverErrorAttempts {
			return resp, err
		}
		if err := t.retry.Pause(req.Context(), wait); err != nil {
			return nil, err
		}
		wait *= 2
	}
}

// answer is a response as it came: the tee under go-tfe fills it.
type answer struct {
	name   string // the request, path and query as people write them, for the name of a part
	status int
	body   []byte
}

type answerKey struct{}

func withAnswer(ctx context.Context, a *answer) context.Context {
	return context.WithValue(ctx, answerKey{}, a)
}

// tee copies what was asked and what came into the answer that the request's context carries, if it carries one.
func tee(req *http.Request, resp *http.Response) error {
	a, ok := req.Context().Value(answerKey{}).(*answer)
	if !ok {
		return nil
	}
	body, err := io.ReadAll(resp.Body) // httpretry holds it in memory, complete
	if err != nil {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	*a = answer{name: req.URL.Path, status: resp.StatusCode, body: body}
	if query, err := url.QueryUnescape(req.URL.RawQuery); err == nil && query != "" {
		a.name += "?" + query
	}
	return nil
}

// paced keeps under the server's limits and says how long to wait in the one header that httpretry reads.
type paced struct {
	base     http.RoundTripper
	all      *rate.Limiter
	runLists *rate.Limiter
}

func (p *paced) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/runs") {
		if err := p.runLists.Wait(req.Context()); err != nil {
			return nil, contextError(req.Context(), err)
		}
	}
	if err := p.all.Wait(req.Context()); err != nil {
		return nil, contextError(req.Context(), err)
	}
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	resp, err := p.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &bodyWithCancel{resp.Body, cancel}
	if resp.StatusCode == http.StatusTooManyRequests {
		setRetryAfter(resp)
	}
	return resp, nil
}

// bodyWithCancel ends an attempt's context when its body was read.
type bodyWithCancel struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *bodyWithCancel) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// contextError prefers the context's own error to the limiter's, which says in advance that a deadline will be missed.
func contextError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
}

// setRetryAfter writes the later of Retry-After and X-RateLimit-Reset as Retry-After. The reset is documented by example only:
// seconds, with a fraction; a server behind a gateway may send seconds since 1970, which are compared with its own Date.
func setRetryAfter(resp *http.Response) {
	reset, err := strconv.ParseFloat(strings.TrimSpace(resp.Header.Get("X-RateLimit-Reset")), 64)
	if err != nil || math.IsNaN(reset) || reset < 0 {
		return
	}
	const epoch = 1e9 // seconds since 1970 that no wait comes near to
	if reset >= epoch {
		date, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil {
			return
		}
		reset = max(reset-float64(date.Unix()), 0)
	}
	wait := int64(math.Ceil(min(reset, 1e6)))
	if after, err := strconv.ParseInt(resp.Header.Get("Retry-After"), 10, 64); err == nil && after > wait {
		return
	}
	resp.Header.Set("Retry-After", strconv.FormatInt(wait, 10))
}
