package redaction

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/internal/jsonfields"
)

const ndjson, document1 = "application/x-ndjson", "application/json"

// key is a key that tests know.
func key() *Key { return &Key{bytes.Repeat([]byte{7}, keyBytes)} }

func begin(t testing.TB, quotes []Quote, rules ...Rule) *Collection {
	t.Helper()
	s, err := Compile(rules, quotes)
	if err != nil {
		t.Fatal(err)
	}
	return s.Begin(key())
}

// put returns what is stored of a part, and what is said of it; unredacted text comes back with nothing.
func put(t testing.TB, c *Collection, kind evidence.Kind, mediaType, content string) (string, []evidence.Redaction) {
	t.Helper()
	p := c.Put(kind, "part", mediaType, strings.NewReader(content))
	if p == nil {
		return content, nil
	}
	b, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	part := evidence.Part{Name: "part", Digest: evidence.DigestOf(b)}
	p.Stored(part)
	return string(b), c.of(part)
}

func TestPut(t *testing.T) {
	pn := key().Pseudonym
	const mail = `[a-z.]+@[a-z]+\.example`
	log := evidence.Kind("vault.audit-log/1")
	quotes := []Quote{{Kind: "vault.odd/1", Field: "head", Of: log}, {Kind: "vault.odd/1", Field: "recovered", Of: log, JSON: true}, {Kind: log, Field: "again", Of: log}}
	for _, tt := range []struct {
		name, media, in, want string
		kind                  evidence.Kind
		rules                 []Rule
		counts                map[string]int64
	}{
		{"a pseudonym, the same each time and whatever the spelling", ndjson, `{"u":"ada","n": 1.0}` + "\n" + `{"u" : "\u0061da"}`, `{"u":"` + pn("ada") + `","n": 1.0}` + "\n" + `{"u" : "` + pn("ada") + `"}`, log,
			[]Rule{{ID: "u", Field: "u", Action: Pseudonym}}, map[string]int64{"u": 2}},
		{"another case is another value", document1, `{"u":"Ada"}`, `{"u":"` + pn("Ada") + `"}`, log, []Rule{{ID: "u", Field: "u", Action: Pseudonym}}, map[string]int64{"u": 1}},
		{"nothing to take", ndjson, `{"u":null}` + "\n" + `{"u":""}` + "\n" + `{"v":"x"}` + "\n", `{"u":null}` + "\n" + `{"u":""}` + "\n" + `{"v":"x"}` + "\n", log,
			[]Rule{{ID: "u", Field: "u", Action: Drop}}, nil},
		{"dropped as a whole", document1, `{"m":{"a":"x","b":[1]},"n":1}`, `{"m":null,"n":1}`, log, []Rule{{ID: "m", Field: "m", Action: Drop}}, map[string]int64{"m": 1}},
		{"pseudonyms of all in it", document1, `{"m":{"a":"x","b":[1,true,null]}}`, `{"m":{"a":"` + pn("x") + `","b":["` + pn("1") + `","` + pn("true") + `",null]}}`, log,
			[]Rule{{ID: "m", Field: "m", Action: Pseudonym}}, map[string]int64{"m": 3}},
		{"what a pattern matches, and the escapes around it stay", document1, `{"e":"to \u0065ve@x.example\tor bob@x.example","n":"\u0065"}`, `{"e":"to ` + pn("eve@x.example") + `\tor ` + pn("bob@x.example") + `","n":"\u0065"}`, log,
			[]Rule{{ID: "mail", Field: "**", Pattern: mail, Action: Pseudonym}}, map[string]int64{"mail": 1}},
		{"what a group matches", document1, `{"d":"userpass-ada","e":"root"}`, `{"d":"userpass-` + pn("ada") + `","e":"root"}`, log,
			[]Rule{{ID: "d", Field: "*", Pattern: "^[a-z]+-(.+)$", Action: Pseudonym}}, map[string]int64{"d": 1}},
		{"a pattern drops a part", document1, `{"e":"mail eve@x.example!"}`, `{"e":"mail redacted!"}`, log, []Rule{{ID: "mail", Field: "e", Pattern: mail, Action: Drop}}, map[string]int64{"mail": 1}},
		{"the first rule without a pattern takes it whole", document1, `{"e":"ada","f":"eve@x.example"}`, `{"e":null,"f":"` + pn("eve@x.example") + `"}`, log,
			[]Rule{{ID: "mail", Field: "**", Pattern: mail, Action: Pseudonym}, {ID: "all", Field: "e", Action: Drop}, {ID: "f", Field: "f", Action: Pseudonym}, {ID: "not", Field: "f", Action: Drop}}, map[string]int64{"f": 1, "all": 1}},
		{"the first rule without a pattern takes all that is in it", document1, `{"m":{"a":"x","b":{"c":1}},"n":{"a":{"c":2},"b":3}}`, `{"m":{"a":"` + pn("x") + `","b":{"c":"` + pn("1") + `"}},"n":{"a":{"c":"` + pn("2") + `"},"b":null}}`, log,
			[]Rule{{ID: "u", Field: "m", Action: Pseudonym}, {ID: "a", Field: "n.a", Action: Pseudonym}, {ID: "gone", Field: "m", Action: Drop}, {ID: "in", Field: "*.b", Action: Drop}, {ID: "deep", Field: "n.a.c", Action: Drop}}, map[string]int64{"u": 2, "a": 1, "in": 1}},
		{"patterns take their parts, and nothing that one of them matches stays", document1, `{"a":"Eve M <eve@x.example> eve@x.example"}`, `{"a":"` + pn("Eve M") + ` <` + pn("eve@x.example") + pn("> ") + pn("eve@x.example") + `"}`, log,
			[]Rule{{ID: "mail", Field: "**", Pattern: mail, Action: Pseudonym}, {ID: "name", Field: "a", Pattern: "^([^<]+) <", Action: Pseudonym}, {ID: "rest", Field: "a", Pattern: "> *.*$", Action: Pseudonym}}, map[string]int64{"mail": 1, "name": 1, "rest": 1}},
		{"another kind", document1, `{"u":"ada"}`, `{"u":"ada"}`, "vault.mounts/1", []Rule{{ID: "u", Kinds: []string{"vault.audit-log"}, Field: "u", Action: Drop}}, nil},
		{"a kind with its version", document1, `{"u":"ada"}`, `{"u":null}`, log, []Rule{{ID: "u", Kinds: []string{"vault.audit-log/1"}, Field: "u", Action: Drop}}, map[string]int64{"u": 1}},
		{"no kind that anybody named", document1, `{"u":"ada"}`, `{"u":null}`, "", []Rule{{ID: "u", Kinds: []string{"vault.audit-log/1"}, Field: "u", Action: Drop}}, map[string]int64{"u": 1}},
		{"JSON with a suffix and parameters", "application/vnd.api+json; charset=utf-8", `{"u":"ada"}`, `{"u":null}`, log, []Rule{{ID: "u", Field: "u", Action: Drop}}, map[string]int64{"u": 1}},
		{"prefixes", `application/x-ndjson; prefix="@cee: "`, "@cee: {\"u\":\"ada\"}\n{\"u\":\"ada\"}\n", "@cee: {\"u\":null}\n{\"u\":null}\n", log, []Rule{{ID: "u", Field: "u", Action: Drop}}, map[string]int64{"u": 2}},
		{"lines that are no JSON", ndjson, "{\"u\":\"ada\"\n\n{\"u\":\"ada\"}{\"u\":\"ada\"}\n\"ada\"\n{\"u\":\"ada\"}\r\n",
			`{"redacted":{"what":"line","size_bytes":10,"sha256":"` + evidence.DigestOf([]byte(`{"u":"ada"`)).Hex() + `"}}` + "\n\n" +
				`{"redacted":{"what":"line","size_bytes":22,"sha256":"` + evidence.DigestOf([]byte(`{"u":"ada"}{"u":"ada"}`)).Hex() + `"}}` + "\n" +
				`{"redacted":{"what":"line","size_bytes":5,"sha256":"` + evidence.DigestOf([]byte(`"ada"`)).Hex() + `"}}` + "\n" + "{\"u\":null}\r\n",
			log, []Rule{{ID: "u", Field: "u", Action: Drop}}, map[string]int64{"u": 1, "unparsed": 3}},
		{"a document that is none", document1, `<html>ada</html>`, `{"redacted":{"what":"document","size_bytes":16,"sha256":"` + evidence.DigestOf([]byte(`<html>ada</html>`)).Hex() + `"}}`, log,
			[]Rule{{ID: "u", Field: "u", Action: Drop}}, map[string]int64{"unparsed": 1}},
		{"what is no JSON is left to rules without a field", "text/plain", "author Ada <ada@x.example> 1\nx\n", "author " + pn("Ada") + " <" + pn("ada@x.example") + "> 1\nx\n", log,
			[]Rule{{ID: "u", Field: "**", Action: Drop}, {ID: "git", Pattern: "^author (.*) <(.*)>", Action: Pseudonym}}, map[string]int64{"git": 2}},
		{"quotes of a line that was cut", ndjson, `{"line":2,"head":"{\"u\":\"ada","recovered":"{\"u\":\"ada\",\"v\":\"é\"}"}` + "\n" + `{"line":3,"head":"","recovered":null}` + "\n" + `{"recovered":"{ada"}`,
			`{"line":2,"head":"redacted","recovered":"{\"u\":null,\"v\":\"é\"}"}` + "\n" + `{"line":3,"head":"","recovered":null}` + "\n" + `{"recovered":null}`,
			"vault.odd/1", []Rule{{ID: "u", Kinds: []string{"vault.audit-log"}, Field: "u", Action: Drop}}, map[string]int64{"u": 1, "quoted": 2}},
		{"no quotes of what no rule is for", ndjson, `{"head":"ada"}`, `{"head":"ada"}`, "vault.odd/1", []Rule{{ID: "u", Kinds: []string{"vault.mounts"}, Field: "u", Action: Drop}}, nil},
		{"an entry that quotes itself", document1, `{"u":"ada","again":"eyJ1Ijoi"}`, `{"u":null,"again":"redacted"}`, log, []Rule{{ID: "u", Kinds: []string{"vault.audit-log"}, Field: "u", Action: Drop}}, map[string]int64{"u": 1, "quoted": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, redactions := put(t, begin(t, quotes, tt.rules...), tt.kind, tt.media, tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			counts := map[string]int64{}
			for _, x := range redactions {
				counts[x.Rule] = x.Count
				if x.Before != evidence.DigestOf([]byte(tt.in)) {
					t.Errorf("rule %s: before is not the digest of the bytes as received", x.Rule)
				}
			}
			if tt.counts == nil {
				tt.counts = map[string]int64{}
			}
			if diff := cmp.Diff(tt.counts, counts); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	c := begin(t, nil, Rule{ID: "u", Field: "keys[]", Action: Pseudonym}, Rule{ID: "gone", Field: "gone", Action: Drop},
		Rule{ID: "author", Kinds: []string{"auditpack.record"}, Field: "stated.notes[]", Pattern: `^commit [0-9a-f]+ by (.+);`, Action: Pseudonym})
	put(t, c, "k.x/1", document1, `{"keys":["ada","10.0.0.7","read","12"],"gone":"Grace Hopper"}`)
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	d := evidence.DigestOf([]byte("x"))
	in := evidence.Record{
		Kind: "k.x/1", At: &now, Source: evidence.Source{Name: "ada", System: "https://10.0.0.7:8200", Identity: "Grace Hopper"},
		Collected: evidence.Collected{At: now, Principal: "userpass-ada"}, Procedure: "Asked 12 times for users/ada; adam is another.",
		Content: []evidence.Part{{Name: "users/ada", Digest: d}, {Name: "users/adam", Digest: d}},
		Stated:  evidence.Stated{Notes: []string{"commit 12ab by Linus; told by git", "by ada, and Grace Hopper."}},
	}
	got, err := c.Record(in)
	if err != nil {
		t.Fatal(err)
	}
	pn := key().Pseudonym
	want := evidence.Record{
		Source:    evidence.Source{Name: "ada", System: "https://" + pn("10.0.0.7") + ":8200", Identity: "redacted-1"},
		Collected: evidence.Collected{At: now, Principal: "userpass-" + pn("ada")}, Procedure: "Asked 12 times for users/" + pn("ada") + "; adam is another.",
		Content: []evidence.Part{{Name: "users/" + pn("ada"), Digest: d}, {Name: "users/adam", Digest: d}},
		Stated:  evidence.Stated{Notes: []string{"commit 12ab by " + pn("Linus") + "; told by git", "by " + pn("ada") + ", and redacted-1."}},
	}
	want.Format, want.Kind, want.At, want.DerivedFrom = evidence.RecordFormat, in.Kind, in.At, []evidence.Digest{}
	_, before, err := in.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want.Redactions = []evidence.Redaction{{Rule: "author", Count: 1, Before: before, Key: key().ID()}, {Rule: "named", Count: 7, Before: before, Key: key().ID()}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if in.Content[0].Name != "users/ada" || in.Stated.Notes[0] != "commit 12ab by Linus; told by git" {
		t.Error("the collector's own record was changed")
	}
	if got := c.Text("read users/ada: 404 for Grace Hopper"); got != pn("read")+" users/"+pn("ada")+": 404 for redacted-1" {
		t.Errorf("text: got %q", got)
	}
}

func TestNilChangesNothing(t *testing.T) {
	s, err := Compile(nil, nil)
	if err != nil || s.NeedsKey() {
		t.Fatal(s, err)
	}
	c := s.Begin(nil)
	p := c.Put("k.x/1", "part", document1, strings.NewReader("{}"))
	p.Stored(evidence.Part{})
	if r, err := c.Record(evidence.Record{Procedure: "x"}); p != nil || err != nil || r.Procedure != "x" || c.Text("x") != "x" {
		t.Error("something changed")
	}
}

func TestCompileRefuses(t *testing.T) {
	good := Rule{ID: "a", Field: "a", Action: Drop}
	for _, tt := range []struct {
		want  string
		rules []Rule
	}{
		{`redaction rule "": id: want lower-case`, []Rule{{Field: "a", Action: Drop}}},
		{"id: want lower-case", []Rule{{ID: "unparsed", Field: "a", Action: Drop}}},
		{`action: got "mask", want drop or pseudonym`, []Rule{{ID: "a", Field: "a", Action: "mask"}}},
		{"neither field nor pattern", []Rule{{ID: "a", Action: Drop}}},
		{`field "a..b"`, []Rule{{ID: "a", Field: "a..b", Action: Drop}}},
		{"pattern: error parsing regexp", []Rule{{ID: "a", Pattern: "(", Action: Drop}}},
		{"matches a text without a character", []Rule{{ID: "a", Field: "a", Pattern: "x*", Action: Drop}}},
		{"there are two of this id", []Rule{good, good}},
		{"too many stars", []Rule{{ID: "a", Field: "**.a" + strings.Repeat(".*", 40), Action: Drop}}},
	} {
		if _, err := Compile(tt.rules, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

func TestKeyFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys", "pseudonym.key")
	if _, err := ReadKey(name); !errors.Is(err, ErrNoKey) {
		t.Errorf("no file: got %v", err)
	}
	made, err := MakeKey(name)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadKey(name)
	if err != nil || read.Pseudonym("ada") != made.Pseudonym("ada") || read.ID() != made.ID() {
		t.Errorf("read another key, %v", err)
	}
	if !regexp.MustCompile(`^pn-[a-z2-7]{26}$`).MatchString(read.Pseudonym("ada")) || read.Pseudonym("ada") == key().Pseudonym("ada") {
		t.Errorf("pseudonym: got %q", read.Pseudonym("ada"))
	}
	if _, err := MakeKey(name); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key that is there: got %v", err)
	}
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(name); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("others may read it: got %v", err)
	}
	if err := os.WriteFile(name, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(name); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "want one line") {
		t.Errorf("no key: got %v", err)
	}
}

// TestKeptPseudonym holds the pseudonyms of stores that were written: the construction never changes.
func TestKeptPseudonym(t *testing.T) {
	if got := key().Pseudonym("ada@example.com"); got != "pn-bwsmbacezl2nd3onyea7tvl6ju" {
		t.Errorf("got %s", got)
	}
}

// FuzzPut holds that a value under a rule is gone from what is stored, that lines keep their number, and that what is no field of a
// rule stays byte for byte.
func FuzzPut(f *testing.F) {
	f.Add("ada", "x", false)
	f.Add("\u0000\"\\", "{", true)
	f.Fuzz(func(t *testing.T, value, other string, cut bool) {
		if len(value) < 6 || !strings.Contains(value, "$") { // what stands nowhere else
			value = "$needle$" + value
		}
		if strings.Contains(other, value) {
			return
		}
		c := begin(t, nil, Rule{ID: "u", Field: "u", Action: Pseudonym}, Rule{ID: "m", Field: "m", Action: Drop})
		quoted := string(jsonfields.Quote(value))
		lines := []string{`{"o":` + string(jsonfields.Quote(other)) + `,"n":1.0e1}`, `{"u":` + quoted + `,"o":` + string(jsonfields.Quote(other)) + `}`, `{"m":{"x":[` + quoted + `]}}`}
		if cut {
			lines = append(lines, lines[1][:len(lines[1])-1], other+lines[1])
		}
		in := strings.Join(lines, "\n") + "\n"
		got, _ := put(t, c, "k.x/1", ndjson, in)
		if strings.Contains(got, quoted[1:len(quoted)-1]) || strings.Contains(got, value) {
			t.Errorf("%q is left in %q", value, got)
		}
		if strings.Count(got, "\n") != strings.Count(in, "\n") {
			t.Errorf("%q became %q: other lines", in, got)
		}
		if !strings.HasPrefix(got, lines[0]+"\n") {
			t.Errorf("%q was changed: %q", lines[0], got)
		}
	})
}
