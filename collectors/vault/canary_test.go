package vault

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/memstore"
	"auditpack/internal/jsonlines"
)

// list is an answer of sys/audit that has the request id and file devices of these paths and log files.
func list(id string, devices ...string) []byte {
	data := ""
	for i := 0; i < len(devices); i += 2 {
		data += fmt.Sprintf(`%s%q:{"type":"file","options":{"file_path":%q}}`, map[bool]string{true: ","}[i > 0], devices[i], devices[i+1])
	}
	return []byte(`{"request_id":"` + id + `","data":{` + data + `}}`)
}

func answered(id string) []byte { return []byte(`{"request_id":"` + id + `","data":{}}`) }

func TestCanaries(t *testing.T) {
	at := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	type asked struct {
		path string
		body []byte
	}
	for _, tt := range []struct {
		name string
		ask  []asked
		last []byte
		want []string // "id: devices"
	}{
		{name: "nothing asked"},
		{"a device for all of it", []asked{{"auth/token/lookup-self", answered("a")}, {devicesPath, list("b", "file/", "/x/audit.log")}, {"sys/auth", answered("c")}, {devicesPath, list("d", "file/", "/x/audit.log")}},
			list("d", "file/", "/x/audit.log"), []string{"a: nobody knows", "b: [file/ audit.log]", "c: [file/ audit.log]", "d: [file/ audit.log]"}},
		{"a device goes meanwhile", []asked{{devicesPath, list("b", "file/", "/x/audit.log", "two/", "/x/two.log")}, {"sys/auth", answered("c")}},
			list("d", "file/", "/x/audit.log"), []string{"b: [file/ audit.log] [two/ two.log]", "c: [file/ audit.log]"}},
		{"a device is enabled again with another file", []asked{{devicesPath, list("b", "file/", "/x/audit.log")}, {"sys/auth", answered("c")}},
			list("d", "file/", "/y/new.log"), []string{"b: [file/ audit.log]", "c:"}},
		{"no second list", []asked{{devicesPath, list("b", "file/", "/x/audit.log")}, {"sys/auth", answered("c")}},
			nil, []string{"b: [file/ audit.log]", "c: nobody knows"}},
		{"no list at all", []asked{{"sys/auth", answered("c")}}, nil, []string{"c: nobody knows"}},
		{"an answer without a request id, and one twice", []asked{{"sys/health", []byte(`{"sealed":false}`)}, {"sys/auth", answered("c")}, {"sys/auth", answered("c")}, {"x", []byte(`[]`)}},
			nil, []string{"c: nobody knows"}},
		{"no device enabled", []asked{{devicesPath, list("b")}}, list("d"), []string{"b:"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c canaries
			for _, a := range tt.ask {
				c.note("", a.path, a.body, at)
			}
			var got []string
			for _, row := range c.take("https://v", tt.last) {
				text := row.RequestID + ":"
				if row.Devices == nil {
					text += " nobody knows"
				}
				for _, d := range row.Devices {
					text += fmt.Sprintf(" [%s %s]", d.Path, d.Log)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCanariesDeriveFromOtherEvidence asks a server whose first list of audit devices fails: the second one is a part of the record itself.
func TestCanariesDeriveFromOtherEvidence(t *testing.T) {
	for _, failing := range []int32{0, 1} {
		var lists atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/"+devicesPath {
				respond(w, r)
				return
			}
			n := lists.Add(1)
			if n <= failing {
				refuse(w, http.StatusInternalServerError, "internal error")
				return
			}
			w.Write(list(fmt.Sprint(n), "file/", "/x/audit.log"))
		}))
		t.Cleanup(server.Close)
		store := memstore.New()
		now := func() time.Time { return time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC) }
		res := askAt(t, t.Context(), Config{Address: server.URL, Skip: sections}, t.TempDir(), map[string]string{"VAULT_TOKEN": token}, store, now)
		var own, derived []evidence.Digest
		for _, d := range res.Entry.Records {
			b, err := evidence.ReadAll(t.Context(), store, d, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			rec, err := evidence.DecodeRecord(b)
			if err != nil {
				t.Fatal(err)
			}
			if rec.Kind != KindCanary {
				continue
			}
			derived = rec.DerivedFrom
			for _, part := range rec.Content {
				own = append(own, part.Digest)
			}
		}
		if len(own) != 2 || len(derived) != 1-int(failing) || len(derived) == 1 && slices.Contains(own, derived[0]) {
			t.Errorf("%d lists fail: parts %v are derived from %v", failing, own, derived)
		}
	}
}

func TestCanariesAreBounded(t *testing.T) {
	var c canaries
	for i := range 3 * maxCanaries {
		c.note("", "x", answered(fmt.Sprint(i)), time.Time{})
	}
	if n := len(c.take("", nil)); n != maxCanaries {
		t.Errorf("got %d, want %d", n, maxCanaries)
	}
}

// TestCanaryFormatExample notes what docs/formats/vault-canary.md shows.
func TestCanaryFormatExample(t *testing.T) {
	var c canaries
	at := time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	devices := list("c86e9b44-4cda-0227-b412-e0ccf763f796", "file/", "/var/log/vault/audit.log")
	c.note("", "auth/token/lookup-self", answered("3b1d0f0e-77a1-6d5c-9a1e-5d8a3a0c1b77"), at)
	c.note("", devicesPath, devices, at.Add(20*time.Millisecond))
	got, err := jsonlines.Encode(c.take("https://vault.acme.example:8200", devices))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleOf(t, "../../docs/formats/vault-canary.md", "own-requests"), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadDevices(t *testing.T) {
	got, err := readDevices([]byte(`{"data":{
		"sock/":{"type":"socket","options":{"address":"127.0.0.1:9190"}},
		"out/":{"type":"file","options":{"file_path":"stdout"}},
		"old/":{"type":"file","options":{"path":"C:\\logs\\audit.log","fallback":"true"}},
		"some/":{"type":"file","options":{"file_path":"/var/log/vault/audit.log-20260801","filter":"mount_type == kv"}},
		"none/":{"type":"file"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []canaryDevice{
		{Path: "none/", Type: "file"},
		{Path: "old/", Type: "file", FilePath: `C:\logs\audit.log`, Log: "audit.log", Partial: true},
		{Path: "out/", Type: "file", FilePath: "stdout"},
		{Path: "sock/", Type: "socket"},
		{Path: "some/", Type: "file", FilePath: "/var/log/vault/audit.log-20260801", Log: "audit.log", Partial: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := readDevices([]byte(`{"data":[]}`)); err == nil {
		t.Error("a list that is none: got no error")
	}
}
