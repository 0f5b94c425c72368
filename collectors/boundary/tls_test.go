package boundary

import (
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCACert(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		vars   map[string]string
		want   string // in the outcome of sessions
	}{
		"configured":      {config: "ca_cert: ca.pem\n", want: "sessions: ok 3"},
		"from outside":    {vars: map[string]string{"BOUNDARY_CACERT": "ca.pem"}, want: "sessions: ok 3"},
		"another name":    {config: "ca_cert: ca.pem\ntls_server_name: other.example\n", want: "certificate is valid for example.com, *.example.com, not other.example"},
		"its own name":    {config: "ca_cert: ca.pem\ntls_server_name: example.com\n", want: "sessions: ok 3"},
		"name outside":    {config: "ca_cert: ca.pem\n", vars: map[string]string{"BOUNDARY_TLS_SERVER_NAME": "other.example"}, want: "not other.example"},
		"unknown issuer":  {want: "certificate signed by unknown authority"},
		"no such file":    {config: "ca_cert: other.pem\n", want: "read ca_cert: stat other.pem: no such file or directory"},
		"no PEM in there": {config: "ca_cert: empty.pem\n", want: `read ca_cert: "empty.pem" holds no PEM certificate`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, smallDataset())
			server := httptest.NewUnstartedServer(w.server)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			t.Cleanup(server.Close)
			w.config = "address: " + server.URL + "\n" + tc.config
			maps.Copy(w.vars, tc.vars)
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			for file, content := range map[string][]byte{"ca.pem": ca, "empty.pem": nil} {
				if err := os.WriteFile(filepath.Join(w.dir, file), content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got := outcomes(w.collect())[2]; !strings.Contains(got, tc.want) {
				t.Errorf("outcome: got %q, want %q in it", got, tc.want)
			}
			if len(w.slept) > 0 {
				t.Errorf("waited %v: a certificate does not become trusted", w.slept)
			}
		})
	}
}
