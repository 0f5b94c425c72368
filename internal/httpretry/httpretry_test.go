package httpretry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/httpretry"
)

// script is a server that gives its answers one after another, the last one for ever.
type script []http.HandlerFunc

func (s script) serve(t *testing.T) (url string, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := min(*asked, len(s)-1)
		*asked++
		s[i](w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func ok(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "whole") }

// raw answers with these bytes on the wire and closes the connection.
func raw(bytes string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, bytes)
		conn.Close()
	}
}

func TestRoundTrip(t *testing.T) {
	date := "Mon, 05 Oct 2026 10:00:00 GMT"
	later := "Mon, 05 Oct 2026 10:00:07 GMT"
	for name, tc := range map[string]struct {
		method string
		safe   bool // its author says so
		server script
		want   string // status and body, or the error
		asked  int
		slept  []time.Duration
	}{
		"answer at once":     {server: script{ok}, want: "200 whole", asked: 1},
		"429 with a wait":    {server: script{status(429, "Retry-After", "3"), ok}, want: "200 whole", asked: 2, slept: []time.Duration{3 * time.Second}},
		"503 with a date":    {server: script{status(503, "Date", date, "Retry-After", later), ok}, want: "200 whole", asked: 2, slept: []time.Duration{7 * time.Second}},
		"a date gone by":     {server: script{status(503, "Date", later, "Retry-After", date), ok}, want: "200 whole", asked: 2, slept: []time.Duration{0}},
		"wait is no number":  {server: script{status(429, "Retry-After", "soon"), ok}, want: "200 whole", asked: 2, slept: []time.Duration{time.Second}},
		"wait is too long":   {server: script{status(429, "Retry-After", "3600")}, want: "429 ", asked: 1},
		"waits double":       {server: script{status(502), status(504), status(502), ok}, want: "200 whole", asked: 4, slept: []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second}},
		"it never gets well": {server: script{status(503)}, want: "503 ", asked: 4, slept: []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second}},
		"500 is the caller's": {
			server: script{status(500), ok}, want: "500 ", asked: 1,
		},
		"body cut, then whole": {
			server: script{raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwho"), ok},
			want:   "200 whole", asked: 2, slept: []time.Duration{time.Second},
		},
		"body of an error cut": {
			server: script{raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nwho"), status(403)},
			want:   "403 ", asked: 2, slept: []time.Duration{time.Second},
		},
		"chunk cut, for ever": {
			server: script{raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwho")},
			want:   "response body was cut: unexpected EOF after 3 bytes", asked: 4, slept: []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second},
		},
		"JSON cut without any length": {
			server: script{raw("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\":[1,"), raw("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}")},
			want:   "200 {}", asked: 2, slept: []time.Duration{time.Second},
		},
		"wrong JSON is not cut JSON": {
			server: script{raw("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\"]} ")},
			want:   "200 {\"items\"]} ", asked: 1,
		},
		"connection closed": {server: script{raw(""), ok}, want: "200 whole", asked: 2, slept: []time.Duration{time.Second}},
		"body too large":    {server: script{raw("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + strings.Repeat("x", 4096))}, want: "response body is larger than the limit of 1024 bytes", asked: 1},
		"POST is not repeated after 502": {
			method: "POST", server: script{status(502), ok}, want: "502 ", asked: 1,
		},
		"POST that is safe is repeated after 502": {
			method: "POST", safe: true, server: script{status(502), echo, ok}, want: "200 hello", asked: 2, slept: []time.Duration{time.Second},
		},
		"POST that is safe is repeated when nothing came": {
			method: "POST", safe: true, server: script{raw(""), echo, ok}, want: "200 hello", asked: 2, slept: []time.Duration{time.Second},
		},
		"POST is repeated after 429": {
			method: "POST", server: script{status(429), echo, ok}, want: "200 hello", asked: 2, slept: []time.Duration{time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, asked := tc.server.serve(t)
			var slept []time.Duration
			transport := &httpretry.Transport{Attempts: 4, MinWait: time.Second, MaxWait: time.Minute, MaxBodyBytes: 1024,
				Sleep: func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil }}
			if tc.safe {
				transport.Safe = func(req *http.Request) bool { return req.Method == tc.method }
			}
			client := httpretry.Client(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, transport)
			var body io.Reader
			if tc.method == "POST" {
				body = strings.NewReader("hello")
			}
			req, err := http.NewRequestWithContext(t.Context(), tc.method, url+"/?secret=hvs.canary", body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, result(client.Do(req))); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if *asked != tc.asked {
				t.Errorf("requests: got %d, want %d", *asked, tc.asked)
			}
			if diff := cmp.Diff(tc.slept, slept); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

func echo(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }

func result(resp *http.Response, err error) string {
	if err != nil {
		return httpretry.WithoutURL(err).Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, b)
}

func TestConnectionRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String() + "/?token=hvs.canary"
	listener.Close()
	var slept int
	client := httpretry.Client(&http.Client{}, &httpretry.Transport{
		Sleep: func(context.Context, time.Duration) error { slept++; return nil }})
	_, err = client.Get(url)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("error: got %v, want connection refused", err)
	}
	if slept != 2 {
		t.Errorf("waits: got %d, want 2", slept)
	}
	if msg := httpretry.WithoutURL(err).Error(); strings.Contains(msg, "canary") {
		t.Errorf("error shows the query: %s", msg)
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	url, asked := script{status(503)}.serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	client := httpretry.Client(&http.Client{}, &httpretry.Transport{MinWait: time.Hour, MaxWait: 2 * time.Hour})
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel) // the wait itself is an hour: only the cancellation can end it
	if _, err := client.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("error: got %v, want context canceled", err)
	}
	if *asked != 1 {
		t.Errorf("requests: got %d, want 1", *asked)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(ok))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	client := httpretry.Client(&http.Client{}, &httpretry.Transport{
		Sleep: func(context.Context, time.Duration) error {
			t.Error("waited for a certificate to become trusted")
			return nil
		}})
	if _, err := client.Get(server.URL); err == nil {
		t.Error("got no error")
	}
}

// short is a transport whose body is shorter than it says, as a recorded answer can be.
type short struct{}

func (short) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, ContentLength: 10, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("short"))}, nil
}

func TestLengthIsChecked(t *testing.T) {
	client := httpretry.Client(&http.Client{Transport: short{}}, &httpretry.Transport{Attempts: 1})
	_, err := client.Get("http://source.example/")
	if !errors.Is(err, httpretry.ErrCut) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error: got %v, want one that wraps ErrCut", err)
	}
}
