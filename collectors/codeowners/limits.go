package codeowners

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// attemptTimeout bounds one attempt, its body included. GitHub ends what takes it longer than ten seconds.
const attemptTimeout = time.Minute

// secondaryWait is how long to wait after a secondary limit that does not say how long.
//
// Source: GitHub REST API documentation, "Rate limits for the REST API", section Exceeding the rate limit, as of 2026-11.
const secondaryWait = time.Minute

// limitedHeader marks, between [limited] and its session, an answer that means a used-up limit.
const limitedHeader = "X-Auditpack-Rate-Limited"

// limited turns GitHub's ways to say "later" into the one that internal/httpretry knows, 429 with Retry-After: the limits answer
// 403 or 429, with Retry-After, with x-ratelimit-remaining 0 and x-ratelimit-reset, or only in words.
type limited struct {
	base    http.RoundTripper
	timeout time.Duration // of one attempt; 0: attemptTimeout
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	timeout := l.timeout
	if timeout == 0 {
		timeout = attemptTimeout
	}
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	resp, err := l.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &bodyWithCancel{resp.Body, cancel}
	resp.Header.Del(limitedHeader)
	if resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusTooManyRequests {
		if err := markLimited(resp); err != nil {
			return nil, err
		}
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

// markLimited reads whether a refusal means "later", and then says so in httpretry's words.
func markLimited(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes+1))
	resp.Body.Close()
	if err != nil {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	wait, ok := waitOf(resp, body)
	if !ok {
		return nil
	}
	resp.StatusCode = http.StatusTooManyRequests
	resp.Header.Set(limitedHeader, "yes")
	resp.Header.Set("Retry-After", strconv.FormatInt(int64(wait.Seconds()), 10))
	return nil
}

// waitOf returns how long the server asks to wait; ok is false for a refusal that no waiting changes.
func waitOf(resp *http.Response, body []byte) (wait time.Duration, ok bool) {
	if seconds, err := strconv.ParseUint(strings.TrimSpace(resp.Header.Get("Retry-After")), 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		reset, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64)
		date, dateErr := http.ParseTime(resp.Header.Get("Date"))
		if err != nil || dateErr != nil {
			return secondaryWait, true
		}
		return max(time.Unix(reset, 0).Sub(date)+time.Second, time.Second), true // a second: the reset is cut to whole ones
	}
	if resp.StatusCode == http.StatusTooManyRequests || bytes.Contains(bytes.ToLower(body), []byte("secondary rate limit")) {
		return secondaryWait, true
	}
	return 0, false
}

// readAll reads a body that httpretry holds in memory.
func readAll(resp *http.Response) ([]byte, error) { return io.ReadAll(resp.Body) }
