package vault

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestInspect(t *testing.T) {
	const at = "2026-07-01T10:00:00.123456789Z"
	for _, tt := range []struct {
		name, entry string
		time        string
		clear       bool
	}{
		{"as Vault writes it", `{"request":{"id":"1"},"time":"` + at + `","type":"request"}`, at, false},
		{"another order", `{"time":"` + at + `","type":"response","auth":{"client_token":"hmac-sha256:ab","display_name":"` + strings.Repeat("x", 500) + `"}}`, at, false},
		{"a hashed value is named time", `{"request":{"data":{"time":"hmac-sha256:00"}},"time":"` + at + `","type":"request","z":"` + strings.Repeat("x", 200) + `"}`, at, false},
		{"trailing zeros are dropped", `{"time":"2026-07-01T10:00:00Z","type":"request"}`, "2026-07-01T10:00:00Z", false},
		{"with an offset", `{"time":"2026-07-01T12:00:00+02:00","type":"request"}`, "2026-07-01T10:00:00Z", false},
		{"no time", `{"type":"request"}`, "", false},
		{"a time that is none", `{"time":"yesterday","type":"request"}`, "", false},
		{"a time without an end", `{"time":"2026-07-01T10:00:00`, "", false},
		{"empty token", `{"auth":{"client_token":""},"time":"` + at + `"}`, at, false},
		{"token in the clear", `{"auth":{"client_token":"hvs.secret"},"time":"` + at + `"}`, "", true},
		{"empty, then in the clear", `{"auth":{"client_token":""},"request":{"client_token":"root"}}`, "", true},
		{"a login of a raw device", `{"request":{"data":{"password":"secret"},"path":"auth/userpass/login/a"}}`, "", true},
		{"a login", `{"request":{"data":{"password":"hmac-sha256:ab","role":"app"}},"time":"` + at + `"}`, at, false},
		{"a password beside a hashed token is a name for something else", `{"auth":{"client_token":"hmac-sha256:ab"},"request":{"headers":{"password":"secret"}},"time":"` + at + `"}`, at, false},
		{"with spaces", `{"auth": {"client_token": "hmac-sha256:ab"}, "request": {"data": {"time": "hmac-sha256:00"}}, "time" : "` + at + `", "type": "request"}`, at, false},
		{"with spaces, in another order", `{"time": "` + at + `", "type": "response", "path": "` + strings.Repeat("x", 200) + `"}`, at, false},
		{"with spaces, in the clear", `{"auth": {"client_token": "hvs.secret"}, "time": "` + at + `"}`, "", true},
		{"with spaces, a login of a raw device", `{"request": {"data": {"password" : "secret"}}}`, "", true},
		{"a value that is called so", `{"request":{"mount_type":"token","id":"time"},"time":"` + at + `","type":"request"}`, at, false},
		{"cut in a hashed token", `{"auth":{"client_token":"hmac-sh`, "", false},
		{"cut before the token", `{"auth":{"client_token":"`, "", false},
		{"cut in a token in the clear", `{"auth":{"client_token":"hvs.secret`, "", true},
		{"cut in a token, a password in the clear before", `{"data":{"password":"secret"},"auth":{"client_token":"h`, "", true},
		{"a password, hashed, then in the clear", `{"data":{"password":"hmac-sha256:ab"},"response":{"password":"as configured"},"time":"` + at + `"}`, at, false},
		{"a hashed password, and another secret in the clear", `{"data":{"password":"hmac-sha256:ab","passcode":"secret"}}`, "", true},
		{"a token behind a password in the clear", `{"data":{"password":"a name"},"auth":{"client_token":"hmac-sha256:ab"},"time":"` + at + `"}`, at, false},
		{"a colon at the end", `{"type":"request","time":`, "", false},
		{"a text in a text", `{"data":"{\"password\":\"x\"}","time":"` + at + `"}`, at, false},
		{"not a text", `{"auth":{"client_token":null}}`, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s span
			err := s.Inspect(7, []byte(tt.entry))
			var clear *clearSecretError
			if errors.As(err, &clear) != tt.clear {
				t.Fatalf("got error %v", err)
			}
			if tt.clear {
				if clear.line != 7 || strings.Contains(err.Error(), "secret") {
					t.Errorf("got line %d, error %v", clear.line, err)
				}
				return
			}
			var got string
			if !s.first.IsZero() {
				got = s.first.Format(time.RFC3339Nano)
			}
			if got != tt.time || !s.first.Equal(s.last) {
				t.Errorf("got %q, want %q", got, tt.time)
			}
		})
	}
}

func TestSpanOfUnsortedEntries(t *testing.T) {
	var s span
	for _, at := range []string{"2026-07-01T10:00:01Z", "2026-07-01T10:00:00.5Z", "2026-07-01T10:00:01.25Z", "2026-07-01T10:00:00.75Z"} {
		if err := s.Inspect(1, []byte(`{"time":"`+at+`","type":"request"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if s.first.Format(time.RFC3339Nano) != "2026-07-01T10:00:00.5Z" || s.last.Format(time.RFC3339Nano) != "2026-07-01T10:00:01.25Z" {
		t.Errorf("got %s to %s", s.first, s.last)
	}
}

func TestCommonPrefix(t *testing.T) {
	for _, tt := range []struct{ name, head, want string }{
		{"none", "{\"a\":1}\n{\"a\":2}\n", ""},
		{"of both lines", "@cee: {\"a\":1}\n@cee: {\"a\":2}\n", "@cee: "},
		{"of the only line", "@cee: {\"a\":1}\n", "@cee: "},
		{"of a line without its end", "@cee: {\"a\":1", "@cee: "},
		{"different ones are rubbish", "one {\"a\":1}\ntwo {\"a\":2}\n", ""},
		{"rubbish before the first entry", "rubbish{\"a\":1}\n{\"a\":2}\n", ""},
		{"a hole", "\x00\x00{\"a\":1}\n", ""},
		{"a byte order mark", "\ufeff{\"a\":1}\n{\"a\":2}\n", ""},
		{"a cut entry", "{{\"a\":1}\n{\"a\":2}\n", ""},
		{"an empty line", "\n@cee: {\"a\":2}\n", ""},
		{"nothing", "", ""},
	} {
		if got := commonPrefix([]byte(tt.head)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if err := checkHead([]byte("@cee: {\"a\":1}\n"), "@x: "); err == nil || !strings.Contains(err.Error(), `"@cee: "`) || !strings.Contains(err.Error(), `"@x: "`) {
		t.Errorf("another prefix: got %v", err)
	}
	if err := checkHead([]byte("{\"a\":1}\n"), "@x: "); err != nil {
		t.Errorf("entries of before the prefix was set: got %v", err)
	}
}

// BenchmarkInspect looks at the entries that a real Vault 1.21.1 wrote.
func BenchmarkInspect(b *testing.B) {
	in, err := os.ReadFile("../../internal/lines/testdata/audit-variants.log")
	if err != nil {
		b.Fatal(err)
	}
	lines := strings.SplitAfter(string(in), "\n")
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		var s span
		for _, line := range lines {
			if err := s.Inspect(1, []byte(line)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
