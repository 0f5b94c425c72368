package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"auditpack/internal/httpretry"
)

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

func newTransport(ctx context.Context, p *paced, sleep func(context.Context, time.Duration) error) *transport {
	return &transport{collection: ctx, retry: &httpretry.Transport{Base: p, MaxBodyBytes: maxBodyBytes, Sleep: sleep}}
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
	media  string // as the server says
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
	*a = answer{name: req.URL.Path, media: resp.Header.Get("Content-Type"), status: resp.StatusCode, body: body}
	if query, err := url.QueryUnescape(req.URL.RawQuery); err == nil && query != "" {
		a.name += "?" + query
	}
	return nil
}
