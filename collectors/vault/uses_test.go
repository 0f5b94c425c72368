package vault

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/lines"
)

func TestUses(t *testing.T) {
	const hash = "hmac-sha256:0123"
	entry := func(id, path, value string) string {
		return `{"auth":{"display_name":"ada","entity_id":"e1"},"request":{"data":{"x":"` + value + `"},"id":"` + id + `","namespace":{"id":"n","path":"team/"},"operation":"update","path":"` + path + `","remote_address":"10.0.0.1"},"time":"2026-07-01T08:00:00Z","type":"request"}`
	}
	use := func(line int64, id, path string) Use {
		return Use{Line: line, Time: "2026-07-01T08:00:00Z", RequestID: id, Type: "request", Operation: "update", Path: path, Namespace: "team/", DisplayName: "ada", EntityID: "e1", RemoteAddress: "10.0.0.1"}
	}
	question := use(1, "q", "sys/audit-hash/file")
	question.Question = true
	long := strings.Repeat("x", lines.MaxLine) + hash + strings.Repeat("y", 400<<10)
	for _, tt := range []struct {
		name, in string
		want     []Use
		lines    int64
	}{
		{"nothing", "", nil, 0},
		{"not there", entry("a", "p", "hmac-sha256:0124") + "\n", nil, 1},
		{"twice in a line is one line", entry("a", hash, hash) + "\n", []Use{use(1, "a", hash)}, 1},
		{"two of three lines", entry("a", "p", hash) + "\n" + entry("b", "p", "") + "\n" + entry("c", "p", hash), []Use{use(1, "a", "p"), use(3, "c", "p")}, 3},
		{"behind a prefix", "@cee: " + entry("a", "p", hash) + "\n", []Use{use(1, "a", "p")}, 1},
		{"behind a cut entry", entry("x", "p", "")[:50] + entry("a", "p", hash) + "\n", []Use{use(1, "a", "p")}, 1},
		{"in the cut entry", entry("x", "p", hash)[:100] + entry("a", "p", "") + "\n", []Use{{Line: 1}}, 1},
		{"in no entry", "\n" + hash + "\n", []Use{{Line: 2}}, 2},
		{"a question", entry("q", "sys/audit-hash/file", hash) + "\n", []Use{question}, 1},
		{"a line that is too long", long + "\n" + entry("a", "p", hash) + "\n", []Use{{Line: 1}, use(2, "a", "p")}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []Use
			var n int64
			for u, err := range Uses(iotest.HalfReader(strings.NewReader(tt.in)), hash, &n) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, u)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n != tt.lines {
				t.Errorf("got %d lines, want %d", n, tt.lines)
			}
		})
	}
}

func TestUsesReportsErrors(t *testing.T) {
	broken := errors.New("disk is gone")
	var n int64
	for _, err := range Uses(iotest.ErrReader(broken), "x", &n) {
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		return
	}
	t.Error("got no error")
}

// TestUsesOfARealLog counts the lines of a real log that hold its root token's hash by another means.
func TestUsesOfARealLog(t *testing.T) {
	b, err := os.ReadFile("../../internal/lines/testdata/audit-variants.log")
	if err != nil {
		t.Fatal(err)
	}
	const hash = "hmac-sha256:893833dd83dc2009be16bd73f3baf269fd0302646c77e2a595f77490ec139268"
	want := 0
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, hash) {
			want++
		}
	}
	got := 0
	var n int64
	for u, err := range Uses(strings.NewReader(string(b)), hash, &n) {
		if err != nil || u.RequestID == "" || u.Path == "" {
			t.Errorf("%+v: %v", u, err)
		}
		got++
	}
	if got != want || want == 0 || n != 58 {
		t.Errorf("got %d of %d lines, want %d of 58", got, n, want)
	}
}
