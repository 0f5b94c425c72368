package httpretry

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// readBody reads the body of resp to its end, at most limit bytes, and closes it.
func readBody(req *http.Request, resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w after %d bytes", ErrCut, len(body))
	case err != nil:
		return nil, fmt.Errorf("read response body after %d bytes: %w", len(body), err)
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("%w of %d bytes", ErrTooLarge, limit)
	case req.Method != http.MethodHead && resp.ContentLength > int64(len(body)):
		return nil, fmt.Errorf("%w: got %d bytes, want %d", ErrCut, len(body), resp.ContentLength)
	case resp.ContentLength < 0 && cutJSON(resp, body):
		return nil, fmt.Errorf("%w after %d bytes: the JSON does not end", ErrCut, len(body))
	}
	return body, nil
}

// cutJSON says whether body, of an answer that did not state its length, is JSON without its end. A proxy that closes the
// connection early leaves no other trace.
func cutJSON(resp *http.Response, body []byte) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return false
	}
	if len(body) == 0 || json.Valid(body) {
		return false
	}
	var v json.RawMessage
	err := json.Unmarshal(body, &v)
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) && syntax.Offset >= int64(len(body))
}

// idempotent says whether sending req twice is the same as sending it once.
func (t *Transport) idempotent(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	return t.Safe != nil && t.Safe(req)
}

// retryStatus says whether an answer with this status may be another one later.
func (t *Transport) retryStatus(req *http.Request, status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return t.idempotent(req)
	}
	return false
}

// retryError says whether the failure err of this attempt may pass. A name that does not exist, a certificate that is not
// trusted and a context that is over do not.
func (t *Transport) retryError(req *http.Request, err error, attempt int) bool {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		notTLS      tls.RecordHeaderError
	)
	switch {
	case req.Context().Err() != nil, errors.Is(err, context.Canceled), errors.Is(err, ErrTooLarge):
		return false
	case errors.As(err, &dns) && dns.IsNotFound, errors.As(err, &certificate), errors.As(err, &notTLS):
		return false
	case errors.Is(err, syscall.ECONNREFUSED):
		return attempt < refusedAttempts // of any method: nobody heard it
	}
	return t.idempotent(req)
}

// retryAfter returns how long the source asks to wait: seconds, or a date that is compared with the answer's own Date, so
// that no clock of ours takes part.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	return max(until.Sub(date), 0), true
}
