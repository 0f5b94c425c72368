package vault

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
)

// exampleOf returns the fenced block of the page that is called name.
func exampleOf(t *testing.T, page, name string) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(b), "\n```json "+name+"\n")
	block, _, closed := strings.Cut(after, "```")
	if !ok || !closed {
		t.Fatalf("%s has no block %q", page, name)
	}
	return block
}

// TestFormatExample collects the log of docs/formats/vault-audit-log.md and finds what the page says.
func TestFormatExample(t *testing.T) {
	const page = "../../docs/formats/vault-audit-log.md"
	r := newRig(t, t.TempDir(), "audit.log")
	r.write("audit.log", exampleOf(t, page, "audit.log"))
	res := r.collect()

	segments, odd := r.records(KindAuditLog), r.records(KindOddLines)
	if len(segments) != 1 || len(odd) != 1 {
		t.Fatalf("got %d segments and %d records of odd lines", len(segments), len(odd))
	}
	encoded, _, err := segments[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"record":    indented(t, strings.ReplaceAll(string(encoded), r.dir, "/var/log/vault")),
		"odd-lines": r.blob(odd[0].Content[0].Digest),
		"cursor":    indented(t, string(res.Entry.Cursor)),
	}
	for name, text := range got {
		if diff := cmp.Diff(exampleOf(t, page, name), text); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", name, diff, text)
		}
	}
	if len(odd[0].DerivedFrom) != 1 || odd[0].DerivedFrom[0] != segments[0].Content[0].Digest {
		t.Errorf("derived from %v, want the segment", odd[0].DerivedFrom)
	}
	var line struct {
		Evidence  evidence.Digest `json:"evidence"`
		Offset    int             `json:"byte_offset"`
		Size      int             `json:"size_bytes"`
		Recovered string          `json:"recovered"`
	}
	if err := json.Unmarshal([]byte(got["odd-lines"]), &line); err != nil {
		t.Fatal(err)
	}
	if raw := r.blob(line.Evidence)[line.Offset : line.Offset+line.Size]; !strings.HasSuffix(raw, line.Recovered) {
		t.Errorf("offset and size lead to %q, which does not end in the recovered entry", raw)
	}
}

// TestPolicyOfTheGuide holds that the policy that the guide shows has every line that denials ask for, for mounts with the names
// that it has. That it is enough, and none too much, is tried on a real Vault.
func TestPolicyOfTheGuide(t *testing.T) {
	b, err := os.ReadFile("../../docs/sources/vault.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(b)), " ")
	a := area{live: &live{api: &client{}}}
	var needed []string
	for _, s := range append([]snapshot{auditDevices, authMethods, mounts, entityAliases, groupAliases, mfaMethods}, serverSnapshots...) {
		if len(s.capabilities) > 0 {
			needed = append(needed, a.allow(s.path, s.capabilities...))
		}
	}
	for _, l := range []listing{aclPolicies, passwordPolicies, entities, groups, mfaEnforcements} {
		read := l.read
		if read == "" {
			read = l.path + "/+"
		}
		needed = append(needed, a.allow(l.path, "list"), a.allow(read, "read"))
	}
	needed = append(needed,
		a.allow("sys/mounts/+/tune", "read"), a.allow("sys/mounts/auth/+/tune", "read"),
		a.allow(accessorsPath, "list", "sudo"), a.allow(lookupAccessorPath, "update"), a.allow(namespacesPath, "list"), hashPolicy)
	for _, line := range needed {
		if !strings.Contains(page, line) {
			t.Errorf("the guide's policy lacks %s", line)
		}
	}
}

func indented(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(s), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}
