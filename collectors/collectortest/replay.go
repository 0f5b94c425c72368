package collectortest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// exchange is one recorded request and its answer.
type exchange struct {
	method string
	host   string // empty: every host
	path   string
	query  string // its parameters in sorted order
	status int
	cut    bool
	header [][2]string
	body   []byte
}

func parseExchange(t *testing.T, name string, data []byte) exchange {
	t.Helper()
	head, body, _ := bytes.Cut(data, []byte("\n\n"))
	rows := lines(head)
	if len(rows) == 0 {
		t.Fatalf("%s: no request line", name)
	}
	words := strings.Fields(rows[0])
	if len(words) < 3 {
		t.Fatalf("%s: request line %q: want METHOD TARGET STATUS", name, rows[0])
	}
	target, err := url.Parse(words[1])
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	e := exchange{method: words[0], host: target.Host, path: target.EscapedPath(), query: target.Query().Encode(), body: body}
	if e.status, err = strconv.Atoi(words[2]); err != nil {
		t.Fatalf("%s: status %q: %v", name, words[2], err)
	}
	e.cut = len(words) > 3 && words[3] == "cut"
	for _, row := range rows[1:] {
		key, value, ok := strings.Cut(row, ":")
		if !ok {
			t.Fatalf("%s: header line %q has no colon", name, row)
		}
		e.header = append(e.header, [2]string{textproto.CanonicalMIMEHeaderKey(key), strings.TrimSpace(value)})
	}
	return e
}

func (e exchange) answers(r *http.Request) bool {
	return e.method == r.Method && (e.host == "" || e.host == r.Host) && e.path == r.URL.EscapedPath() && e.query == r.URL.Query().Encode()
}

// replay is a server that answers with recorded exchanges, whatever host it is asked as.
type replay struct {
	t      *testing.T
	server *httptest.Server

	mu        sync.Mutex
	exchanges []exchange
	used      []bool
}

func newReplay(t *testing.T, exchanges []exchange) *replay {
	r := &replay{t: t, exchanges: exchanges, used: make([]bool, len(exchanges))}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// transport returns one of its own that reaches the server under every name, also as https, without a real TLS handshake.
func (r *replay) transport() *http.Transport {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, r.server.Listener.Addr().String())
	}
	t := &http.Transport{DialContext: dial, DialTLSContext: dial}
	r.t.Cleanup(t.CloseIdleConnections)
	return t
}

func (r *replay) next(req *http.Request) (exchange, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := -1
	for i, e := range r.exchanges {
		if !e.answers(req) {
			continue
		}
		if !r.used[i] {
			r.used[i] = true
			return e, true
		}
		last = i
	}
	if last < 0 {
		return exchange{}, false
	}
	return r.exchanges[last], true
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	e, ok := r.next(req)
	if !ok {
		r.t.Errorf("asked for %s %s on %s: the archive has no such exchange", req.Method, req.URL.RequestURI(), req.Host)
		http.Error(w, fmt.Sprintf("no exchange for %s %s", req.Method, req.URL.RequestURI()), http.StatusNotImplemented)
		return
	}
	for _, h := range e.header {
		w.Header().Add(h[0], h[1])
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	if !e.cut {
		w.WriteHeader(e.status)
		w.Write(e.body)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(e.body)))
	w.WriteHeader(e.status)
	w.Write(e.body[:len(e.body)/2])
	http.NewResponseController(w).Flush() // else the answer is dropped whole, its status with it
	panic(http.ErrAbortHandler)
}
