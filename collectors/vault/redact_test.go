package vault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/internal/lines"
)

func TestRedactEntry(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"tokens and accessors", `{"auth":{"client_token":"hvs.a","accessor":"b","display_name":"root"},"request":{"client_token":"hvs.a","client_token_accessor":"b","id":"1"}}`,
			`{"auth":{"client_token":"redacted","accessor":"redacted","display_name":"root"},"request":{"client_token":"redacted","client_token_accessor":"redacted","id":"1"}}`},
		{"data at any depth, and no keys or numbers", `{"request":{"data":{"a":"x","b":[{"c":"y"},1,true,null,""],"d":"hmac-sha256:ab"},"path":"p"}}`,
			`{"request":{"data":{"a":"redacted","b":[{"c":"redacted"},1,true,null,""],"d":"hmac-sha256:ab"},"path":"p"}}`},
		{"data that is a text or a list", `{"request":{"data":"x"},"response":{"data":["y"]}}`, `{"request":{"data":"redacted"},"response":{"data":["redacted"]}}`},
		{"an answer", `{"response":{"auth":{"client_token":"x","policies":["p"]},"wrap_info":{"token":"t","accessor":"a","wrapped_accessor":"w","creation_path":"c"},"mount_type":"kv"}}`,
			`{"response":{"auth":{"client_token":"redacted","policies":["p"]},"wrap_info":{"token":"redacted","accessor":"redacted","wrapped_accessor":"redacted","creation_path":"c"},"mount_type":"kv"}}`},
		{"spaces and escapes", `{ "request" : { "d\u0061ta" : { "a\"}" : "x\\\"y" } , "id":"\"data\"" } }`, `{ "request" : { "d\u0061ta" : { "a\"}" : "redacted" } , "id":"\"data\"" } }`},
		{"names elsewhere mean something else", `{"data":"x","client_token":"x","request":{"path":"data","auth":{"client_token":"x"}}}`, `{"data":"x","client_token":"x","request":{"path":"data","auth":{"client_token":"x"}}}`},
		{"a member twice", `{"request":{"data":"x"},"request":{"data":"y"}}`, `{"request":{"data":"redacted"},"request":{"data":"redacted"}}`},
		{"nothing", `{}`, `{}`},
		{"no objects where they belong", `{"auth":[{"client_token":"x"}],"request":"x","response":1}`, `{"auth":[{"client_token":"redacted"}],"request":"x","response":1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			counts := map[string]int64{}
			out, ok := redactEntry([]byte(tt.in), counts)
			got := string(out)
			if diff := cmp.Diff(tt.want, got); diff != "" || !ok {
				t.Errorf("ok %v (-want +got):\n%s", ok, diff)
			}
			var n int64
			for _, c := range counts {
				n += c
			}
			if want := strings.Count(tt.want, `"redacted"`); int(n) != want {
				t.Errorf("counted %d, want %d: %v", n, want, counts)
			}
		})
	}
}

// FuzzRedactEntry holds that valid JSON stays valid, that no secret is left, and that doing it twice changes nothing.
func FuzzRedactEntry(f *testing.F) {
	for _, seed := range []string{`{"request":{"data":{"a":["x"]},"client_token":"t"}}`, `{"response":{"wrap_info":{"token":"t"}}}`, `{"auth":{"accessor":"\u0061"}} `, `[1,"a"]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		counts := map[string]int64{}
		out, ok := redactEntry(bytes.Clone(in), counts)
		if !ok {
			if len(counts) > 0 {
				t.Errorf("%q is no entry, and %v was counted", in, counts)
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%q became %q", in, out)
		}
		secretTree.Rewrite(nil, out, func(_ []int, value []byte) ([]byte, bool) {
			if s := string(value); s[0] == '"' && s != `""` && s != `"redacted"` && !strings.HasPrefix(s, `"hmac-sha256:`) {
				t.Errorf("%q became %q: %q is left", in, out, s)
			}
			return nil, false
		})
		if again, _ := redactEntry(out, map[string]int64{}); !bytes.Equal(again, out) {
			t.Errorf("%q became %q and then %q", in, out, again)
		}
		if len(counts) == 0 != bytes.Equal(in, out) {
			t.Errorf("%q became %q with %v", in, out, counts)
		}
	})
}

const secret = "canary-value"

// rawEntry is an entry of a device with log_raw.
func rawEntry(n int) string {
	return fmt.Sprintf(`{"auth":{"client_token":%q,"display_name":"root"},"request":{"client_token":%q,"data":{"value":%q},"id":"raw-%d","operation":"update","path":"secret/a"},"time":"2026-07-01T08:00:%02dZ","type":"request"}`, secret, secret, secret, n, n%60)
}

// TestRedactsAsItCollects collects a log of a device with log_raw through growth, rotation and damage.
func TestRedactsAsItCollects(t *testing.T) {
	for _, prefix := range []string{"", "@cee: "} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			r := newRig(t, t.TempDir(), "audit.log*")
			r.cfg.LogRaw, r.cfg.Prefix = logRawRedact, prefix
			r.size = 700
			whole := func(from, to int) string {
				var b strings.Builder
				for i := from; i < to; i++ {
					b.WriteString(prefix + rawEntry(i) + "\n")
				}
				return b.String()
			}
			login := prefix + `{"request":{"data":{"password":"` + secret + `"},"path":"auth/userpass/login/a"},"time":"2026-07-01T08:00:00Z","type":"request"}` + "\n"
			damaged := prefix + rawEntry(50)[:60] + rawEntry(51) + "\n" + rawEntry(52)[:90] + "\n" + "password " + secret + "\n\n" + prefix + rawEntry(53) + "\r\n"
			hashedLine := prefix + `{"auth":{"client_token":"hmac-sha256:00"},"request":{"data":{"plain":"by configuration"},"id":"h"},"time":"2026-07-01T09:00:00Z","type":"request"}` + "\n"
			r.write("audit.log", whole(0, 9)+login+damaged+hashedLine)
			first := r.collect()
			r.rename("audit.log", "audit.log.1")
			r.append("audit.log.1", whole(9, 12))
			r.write("audit.log", whole(12, 15))
			second := r.collect()
			third := r.collect()
			for name, res := range map[string]int64{"first": first.Items, "second": second.Items, "third": third.Items} {
				if want := map[string]int64{"first": 16, "second": 6, "third": 0}[name]; res != want {
					t.Errorf("%s collection: got %d lines, want %d", name, res, want)
				}
			}
			if got := outcomes(first)["audit.log"]; !strings.Contains(got, "were replaced before storing") {
				t.Errorf("outcome: %q", got)
			}
			r.checkNoSecret(secret)
			collected, _ := r.collected()
			entries, kept := 0, false
			for _, line := range collected {
				kept = kept || line+"\n" == hashedLine
				if strings.Contains(line, `"id":"raw-`) {
					entries++
				}
				if entry := strings.TrimPrefix(line, prefix); entry != "" && !json.Valid([]byte(entry)) {
					t.Errorf("line %q is no JSON", line)
				}
			}
			if entries != 15 || !kept {
				t.Errorf("got %d raw entries and the hashed one kept: %v, want 15 and true", entries, kept)
			}
			r.checkOdd(map[string]int{"raw-51": 1, "raw-53": 1})
			r.checkRedactions(whole(0, 15))
		})
	}
}

// TestRedactsCompressedLogs collects a compressed log, and its plain file that is put beside it again: nothing is new in that.
func TestRedactsCompressedLogs(t *testing.T) {
	r := newRig(t, t.TempDir(), "audit.log*")
	r.cfg.LogRaw = logRawRedact
	text := rawEntry(1) + "\n" + rawEntry(2) + "\n" + rawEntry(3) + "\n"
	r.write("audit.log.1.gz", gzipOf(text))
	if n := r.collect().Items; n != 3 {
		t.Errorf("got %d lines, want 3", n)
	}
	r.write("audit.log.1", text)
	if n := r.collect().Items; n != 0 {
		t.Errorf("got %d lines of the same log, want none", n)
	}
	r.checkNoSecret(secret)
}

// checkNoSecret reads every blob and record.
func (r *rig) checkNoSecret(secret string) {
	r.t.Helper()
	err := r.store.Walk(r.t.Context(), func(d evidence.Digest, _ int64) error {
		if strings.Contains(r.blob(d), secret) {
			r.t.Errorf("blob %s holds the secret", d)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for e, err := range r.store.Entries(r.t.Context(), 1) {
		b, encodeErr := e.Encode()
		if err != nil || encodeErr != nil || bytes.Contains(b, []byte(secret)) {
			r.t.Errorf("journal entry %d: %v %v %s", e.Number, err, encodeErr, b)
		}
	}
}

// checkOdd holds that each odd line is where its record says, and that the entries of these ids were recovered.
func (r *rig) checkOdd(want map[string]int) {
	r.t.Helper()
	got := map[string]int{}
	for _, rec := range r.records(KindOddLines) {
		if len(rec.Redactions) == 0 {
			r.t.Error("odd lines of a redacted segment do not say so")
		}
		for text := range strings.Lines(r.blob(rec.Content[0].Digest)) {
			var o struct {
				Evidence  evidence.Digest
				Line      int
				Offset    int    `json:"byte_offset"`
				Size      int    `json:"size_bytes"`
				Head      string `json:"head"`
				Recovered *string
			}
			if err := json.Unmarshal([]byte(text), &o); err != nil {
				r.t.Fatal(err)
			}
			segment := r.blob(o.Evidence)
			line := strings.Split(segment, "\n")[o.Line-1]
			if segment[o.Offset:o.Offset+o.Size] != line || !strings.HasPrefix(line, o.Head) {
				r.t.Errorf("odd line %d: place and head lead to %q, the line is %q", o.Line, segment[o.Offset:o.Offset+o.Size], line)
			}
			if o.Recovered != nil {
				var entry struct{ Request struct{ ID string } }
				if err := json.Unmarshal([]byte(*o.Recovered), &entry); err != nil {
					r.t.Error(err)
				}
				got[entry.Request.ID]++
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("recovered (-want +got):\n%s", diff)
	}
}

// checkRedactions holds that the records count three values for each entry of log, and name the digest of what was received.
func (r *rig) checkRedactions(log string) {
	r.t.Helper()
	counts := map[string]int64{}
	for _, rec := range r.records(KindAuditLog) {
		for _, x := range rec.Redactions {
			counts[x.Rule] += x.Count
			if x.Before == rec.Content[0].Digest || !x.Before.Valid() {
				r.t.Errorf("rule %s: digest before is %s, that of the segment is %s", x.Rule, x.Before, rec.Content[0].Digest)
			}
		}
	}
	n := int64(strings.Count(log, "\n")) + 2 // two were recovered
	want := map[string]int64{ruleToken: 2 * n, ruleData: n + 1, ruleLine: 4}
	if diff := cmp.Diff(want, counts); diff != "" {
		r.t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// TestRedactsAHealthyLog collects hashed logs in which something is replaced all the same, which says nothing about log_raw.
func TestRedactsAHealthyLog(t *testing.T) {
	unhashed := `{"request":{"data":{"role":"ci","list":["a","b"]},"id":"u","path":"auth/approle/login"},"time":"2026-07-01T08:00:00Z","type":"request"}` + "\n"
	for _, tt := range []struct {
		name, log string
		rules     map[string]int64
		raw       bool
	}{
		{"a hole of zero bytes", entryLines(0, 2) + "\x00\x00\x00\n" + entryLines(2, 3), map[string]int64{ruleLine: 1}, false},
		{"a key that is unhashed by configuration", entryLines(0, 2) + unhashed, map[string]int64{ruleUnhashed: 3}, false},
		{"both, and a secret", unhashed + "\x00\n" + rawEntry(1) + "\n", map[string]int64{ruleUnhashed: 3, ruleLine: 1, ruleToken: 2, ruleData: 1}, true},
		{"a second token that is not hashed", `{"auth":{"client_token":"hmac-sha256:00"},"request":{"client_token":"` + secret + `"},"time":"2026-07-01T08:00:00Z","type":"request"}` + "\n",
			map[string]int64{ruleToken: 1}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, t.TempDir(), "audit.log*")
			r.cfg.LogRaw = logRawRedact
			r.write("audit.log", tt.log)
			note := outcomes(r.collect())["audit.log"]
			if !strings.Contains(note, "were replaced before storing") || strings.Contains(note, "log_raw=true") != tt.raw {
				t.Errorf("outcome %q, want one that names log_raw: %v", note, tt.raw)
			}
			got := map[string]int64{}
			for _, x := range r.records(KindAuditLog)[0].Redactions {
				got[x.Rule] = x.Count
			}
			if diff := cmp.Diff(tt.rules, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
			r.checkNoSecret(secret)
		})
	}
}

// TestNothingToRedact stores a log of hashed entries byte for byte, whatever it looks like.
func TestNothingToRedact(t *testing.T) {
	for _, text := range []string{"", "\n", entryLines(0, 3), entryLines(0, 2) + "\n\n" + entryLines(2, 3), strings.TrimSuffix(entryLines(0, 1), "\n")} {
		in := newRedacting(iotest.OneByteReader(strings.NewReader(text)), "")
		got, err := io.ReadAll(in)
		if err != nil || string(got) != text || in.redactions() != nil {
			t.Errorf("%q became %q with %v (%v)", text, got, in.redactions(), err)
		}
	}
}

func TestRedactsALineThatIsTooLong(t *testing.T) {
	long := `{"request":{"data":"` + secret + strings.Repeat(secret, lines.MaxLine/len(secret)) + `"}}`
	in := newRedacting(strings.NewReader(long+"\n"+rawEntry(1)+"\n"+long), "")
	got, err := io.ReadAll(in)
	if err != nil || bytes.Contains(got, []byte(secret)) {
		t.Fatalf("%d bytes, error %v", len(got), err)
	}
	if want := string(redactedLine) + "\n" + strings.ReplaceAll(rawEntry(1), secret, "redacted") + "\n" + string(redactedLine); string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRedactingReportsErrors(t *testing.T) {
	in := newRedacting(io.MultiReader(strings.NewReader(rawEntry(1)[:40]), iotest.ErrReader(errCutShort)), "")
	if got, err := io.ReadAll(in); err != errCutShort || len(got) > 0 {
		t.Errorf("got %q and %v", got, err)
	}
}
