package terraform

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"io/fs"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/strictyaml"
)

func opened(config string, vars map[string]string) (*collector, error) {
	c, err := open(func(v any) error { return strictyaml.Decode("auditpack.yaml", []byte(config), v) }, collectors.Env{
		Getenv: func(name string) string { return vars[name] },
		Open: func(string) fs.FS {
			return fstest.MapFS{"good": {Data: []byte("  abc.atlasv1.def\n")}, "two": {Data: []byte("one two")}, "empty": {Data: []byte("\n")}, "ca.pem": {Data: []byte("no certificate")}}
		},
		HTTP: func() *http.Client { return &http.Client{Transport: &http.Transport{}} },
	})
	if err != nil {
		return nil, err
	}
	return c.(*collector), nil
}

func TestOpen(t *testing.T) {
	env := map[string]string{"TFE_ADDRESS": "tfe.acme.example/"}
	for name, tt := range map[string]struct {
		config string
		vars   map[string]string
		want   string // address and organizations, or the error
	}{
		"default":                {"organization: acme", nil, "https://app.terraform.io [acme]"},
		"list":                   {"organization: [acme, emca]", nil, "https://app.terraform.io [acme emca]"},
		"address of environment": {"organization: acme", env, "https://tfe.acme.example [acme]"},
		"address of file wins":   {"{organization: acme, address: 'https://other.example'}", env, "https://other.example [acme]"},
		"address with the path":  {"{organization: acme, address: 'https://tfe.acme.example/api/v2/'}", nil, "https://tfe.acme.example [acme]"},
		"address below a path":   {"{organization: acme, address: 'https://gw.example/tfe/'}", nil, "https://gw.example/tfe [acme]"},
		"no organization":        {"address: tfe.acme.example", nil, "organization is not set"},
		"organization twice":     {"organization: [acme, acme]", nil, `"acme" is empty or occurs twice`},
		"organization is a map":  {"organization: {a: b}", nil, "want a name or a list of names"},
		"credentials in address": {"{organization: acme, address: 'https://jo:pass-word-canary@tfe.example'}", nil, "address holds credentials"},
		"unreadable address":     {"{organization: acme, address: 'https://jo:pass-word-canary@%zz'}", nil, "not a URL"},
		"another scheme":         {"{organization: acme, address: 'ftp://tfe.example'}", nil, "want https://host"},
		"query in address":       {"{organization: acme, address: 'https://tfe.example/?token=pass-word-canary'}", nil, "want no query"},
		"negative look-back":     {"{organization: acme, lookback_days: -1}", nil, "lookback_days: got -1"},
		"no requests at all":     {"{organization: acme, requests_per_second: 0}", nil, "requests_per_second: got 0"},
		"nothing left out":       {"{organization: acme, skip: []}", nil, "https://app.terraform.io [acme]"},
		"parts left out":         {"{organization: acme, skip: [organization tokens, policies]}", nil, "https://app.terraform.io [acme]"},
		"a part that must stay":  {"{organization: acme, skip: [runs]}", nil, `skip: "runs" is none of policy sets, policies, organization tokens`},
		"unknown key":            {"{organization: acme, token: pass-word-canary}", nil, "token"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := opened(tt.config, tt.vars)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = c.address.String() + " [" + strings.Join(c.orgs, " ") + "]"
			}
			if !strings.Contains(got, tt.want) || strings.Contains(got, "pass-word-canary") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadToken(t *testing.T) {
	for name, tt := range map[string]struct{ file, variable, want string }{
		"variable":            {"", " v ", "v"},
		"file wins":           {"secrets/good", "v", "abc.atlasv1.def"},
		"nothing":             {"", "", "no API token: set TFE_TOKEN or token_file"},
		"empty file":          {"secrets/empty", "v", "no API token: set TFE_TOKEN or token_file"},
		"two words":           {"secrets/two", "", "token_file holds more than one token: want one line of visible ASCII"},
		"file that is absent": {"secrets/absent", "", "read token_file: open absent: file does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			config := "organization: acme"
			if tt.file != "" {
				config += "\ntoken_file: " + tt.file
			}
			c, err := opened(config, map[string]string{"TFE_TOKEN": tt.variable})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.readToken()
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCAFile(t *testing.T) {
	c, err := opened("organization: acme\nca_file: tls/ca.pem", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.client(t.Context(), &line{}); err == nil || !strings.Contains(err.Error(), "no certificate in it") {
		t.Errorf("error: got %v", err)
	}
}

func TestSetRetryAfter(t *testing.T) {
	for name, tt := range map[string]struct{ reset, after, date, want string }{
		"fraction":              {"0.214", "", "", "1"},
		"now":                   {"0.0", "", "", "0"},
		"no number":             {"soon", "", "", ""},
		"no number, but after":  {"soon", "9", "", "9"},
		"not a number":          {"NaN", "", "", ""},
		"before now":            {"-3", "", "", ""},
		"later than after":      {"30", "2", "", "30"},
		"sooner than after":     {"2", "30", "", "30"},
		"since 1970":            {"1791187205", "", "Mon, 05 Oct 2026 08:00:00 GMT", "5"},
		"since 1970, gone by":   {"1791187195", "", "Mon, 05 Oct 2026 08:00:00 GMT", "0"},
		"since 1970, no date":   {"1791187205", "", "", ""},
		"longer than any limit": {"999999999", "", "", "1000000"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{Header: http.Header{}}
			for k, v := range map[string]string{"X-RateLimit-Reset": tt.reset, "Retry-After": tt.after, "Date": tt.date} {
				if v != "" {
					resp.Header.Set(k, v)
				}
			}
			setRetryAfter(resp)
			if got := resp.Header.Get("Retry-After"); got != tt.want {
				t.Errorf("Retry-After: got %q, want %q", got, tt.want)
			}
		})
	}
}

// A cursor in a layout that we do not know, or of none, asks everything again.
func TestCursorOfAnotherLayout(t *testing.T) {
	w := workspaceCursor{Ranges: []evidence.Period{{From: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)}}}
	known := map[string]orgCursor{"acme": {Workspaces: map[string]workspaceCursor{"ws-1": w}}}
	if got := (cursor{Format: "terraform.cursor/9", Organizations: known}).organization("acme"); got.Workspaces != nil {
		t.Errorf("got %+v, want nothing", got)
	}
	if diff := cmp.Diff(known["acme"], (cursor{Format: cursorFormat, Organizations: known}).organization("acme")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever a run list holds, a run is either refused or can be placed in time; a second look at the same bytes says the same.
func FuzzReadRun(f *testing.F) {
	f.Add([]byte(`{"data":[{"id":"run-1","attributes":{"status":"applied","created-at":"2026-07-01T00:00:00.000Z","status-timestamps":{"applied-at":"2026-07-01T01:00:00+00:00"}},"relationships":{"policy-checks":{"data":[]}}}]}`))
	f.Add([]byte(`{"data":[{"id":"run-1","attributes":null}],"meta":{"pagination":{"next-page":2,"total-count":1}}}`))
	f.Add([]byte(`{"data":{}}`))
	p, err := evidence.Quarter("2026-Q3")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := readDocument(body)
		if err != nil {
			return
		}
		for _, r := range d.Data {
			run, err := readRun(r)
			if err != nil {
				continue
			}
			if run.created.IsZero() || run.ID == "" {
				t.Errorf("accepted a run without time or id: %+v", run)
			}
			page := &runPage{edges: [2]time.Time{run.created, run.created}}
			w := &walk{organization: &organization{period: p}, ended: true, now: p.To}
			w.settle(page, run, run.final(), counts(run, p))
			w.settled = page.settled
			if w.cursor().asks(run, p) && run.final() {
				t.Errorf("a run that ended would be asked about for ever: %+v", run)
			}
		}
	})
}
