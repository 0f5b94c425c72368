package terraform

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Pace of requests. The API allows 30 a second for each user; a server announces its limit with every answer. Like HashiCorp's own
// client, two thirds of the limit are sent evenly and a third at once, so that no second sees more than the limit.
//
// Source: HCP Terraform API, "API documentation overview", section Rate limiting, as of 2026-11.
const (
	defaultLimit = 30 // a second, until the server announces another
	maxPace      = 1000
)

// runListsPerMinute stays below the lower limit that run lists have of their own: 30 a minute.
//
// Source: HCP Terraform API, "Runs", list runs in a workspace, as of 2026-11.
const runListsPerMinute = 29

// requestsAtOnce bounds what is under way at the same time, and with it memory: a server that takes 150 ms for an answer is asked
// 200 times a second by 30.
const requestsAtOnce = 32

// putsAtOnce bounds the bodies that are stored at the same time: a store has a buffer of a MiB or so for each.
const putsAtOnce = 8

// attemptTimeout bounds one attempt, its body included. The slowest documented answers, long policy checks, take seconds.
const attemptTimeout = 2 * time.Minute

// paced keeps under the server's limits and says how long to wait in the one header that httpretry reads.
type paced struct {
	base http.RoundTripper
	all  *rate.Limiter
	runs *window

	fixed     bool        // the pace is configured
	abandoned func() bool // the server is left alone

	mu       sync.Mutex
	limit    float64 // a second, as announced
	runsSlow bool    // run lists have a limit of their own
}

// newPaced keeps to perSecond, or to what the server announces if that is 0. Once abandoned says so, nothing more is sent.
func newPaced(base http.RoundTripper, perSecond int, abandoned func() bool) *paced {
	p := &paced{base: base, runs: newWindow(runListsPerMinute, time.Minute), fixed: perSecond > 0, abandoned: abandoned}
	if p.fixed {
		p.all = rate.NewLimiter(rate.Limit(perSecond), burst(float64(perSecond)/2))
		p.runsSlow = perSecond <= defaultLimit
		return p
	}
	p.limit, p.runsSlow = defaultLimit, true
	p.all = rate.NewLimiter(rate.Limit(defaultLimit*2/3), burst(defaultLimit/3))
	return p
}

func burst(n float64) int { return max(int(n), 1) }

func (p *paced) RoundTrip(req *http.Request) (*http.Response, error) {
	runs := strings.HasSuffix(req.URL.Path, "/runs")
	if runs && p.slowRuns() {
		if err := p.runs.wait(req.Context()); err != nil {
			return nil, contextError(req.Context(), err)
		}
	}
	if err := p.all.Wait(req.Context()); err != nil {
		return nil, contextError(req.Context(), err)
	}
	if p.abandoned() {
		return nil, errDown
	}
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	resp, err := p.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &bodyWithCancel{resp.Body, cancel}
	p.heed(resp, runs)
	return resp, nil
}

func (p *paced) slowRuns() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.runsSlow
}

// heed takes over what an answer says of the server's limits. What is no sensible number says nothing.
func (p *paced) heed(resp *http.Response, runs bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if resp.StatusCode == http.StatusTooManyRequests {
		setRetryAfter(resp)
		p.runsSlow = p.runsSlow || runs
	}
	limit, err := strconv.ParseFloat(strings.TrimSpace(resp.Header.Get("X-RateLimit-Limit")), 64)
	if p.fixed || runs || err != nil || !(limit >= 1) || limit == p.limit {
		return
	}
	// A server that allows more than HCP Terraform is another's, with limits of its own: run lists are slowed once it says so.
	if resp.StatusCode != http.StatusTooManyRequests {
		p.runsSlow = p.runsSlow && limit <= defaultLimit
	}
	p.limit = limit
	limit = min(limit, maxPace)
	p.all.SetLimit(rate.Limit(limit * 2 / 3))
	p.all.SetBurst(burst(limit / 3))
}

// window allows so many in any span of a given length, which a limiter with a burst does not. It is one limiter for each place,
// taken in turn.
type window struct {
	mu     sync.Mutex
	places []*rate.Limiter
	next   int
}

func newWindow(places int, span time.Duration) *window {
	w := &window{}
	for range places {
		w.places = append(w.places, rate.NewLimiter(rate.Every(span), 1))
	}
	return w
}

func (w *window) wait(ctx context.Context) error {
	w.mu.Lock()
	place := w.places[w.next]
	w.next = (w.next + 1) % len(w.places)
	w.mu.Unlock()
	return place.Wait(ctx)
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
