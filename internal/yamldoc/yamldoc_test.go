package yamldoc_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/yamldoc"
)

const source = `# comment
name: x # behind
"quoted key": 'it''s'
number: 12
big: 99999999999999999999
float: 1.50
yes: true
nothing:
date: 2026-03-31
bad: 2026-02-30
block: |
  one
  two
list:
  - a
  - b: 1
    c: [d, e]
empty: []
map:
  inner:
    deep: text
`

func parse(t *testing.T) yamldoc.Node {
	t.Helper()
	n, problems := yamldoc.Parse([]byte(source))
	if len(problems) > 0 {
		t.Fatalf("problems: got %v, want none", problems)
	}
	return n
}

func TestNode(t *testing.T) {
	n := parse(t)
	texts := map[string]string{}
	for _, k := range n.Keys() {
		texts[k] = n.Get(k).Text()
	}
	want := map[string]string{
		"name": "x", "quoted key": "it's", "number": "", "big": "99999999999999999999", "float": "", "yes": "", "nothing": "", "date": "2026-03-31",
		"bad": "2026-02-30", "block": "one\ntwo\n", "list": "", "empty": "", "map": "",
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if got := n.Get("float").Written(); got != "1.50" {
		t.Errorf("number as written: got %q, want 1.50", got)
	}
	if i, ok := n.Get("number").Int(); i != 12 || !ok {
		t.Errorf("whole number: got %d, %v, want 12", i, ok)
	}
	if _, ok := n.Get("big").Int(); ok {
		t.Error("a number beyond 64 bits: got one, want none")
	}
	if got, bad := n.Get("date").Date(), n.Get("bad").Date(); got != "2026-03-31" || bad != "" {
		t.Errorf("dates: got %q and %q, want 2026-03-31 and none", got, bad)
	}
	second := n.Get("list").Items()[1]
	if second.Line() != 16 || second.Field() != "list[1]" || second.Get("c").Line() != 17 || second.Get("c").Field() != "list[1].c" {
		t.Errorf("place of the second item: got line %d, field %q, c in line %d", second.Line(), second.Field(), second.Get("c").Line())
	}
	if diff := cmp.Diff([]string{"d", "e"}, second.Get("c").Texts()); diff != "" {
		t.Errorf("texts of a list (-want +got):\n%s", diff)
	}
	deep := n.Get("map").Get("inner").Get("deep")
	if deep.Line() != 21 || deep.Text() != "text" {
		t.Errorf("deep value: got %q in line %d, want text in line 21", deep.Text(), deep.Line())
	}
	if gone := n.Get("map").Get("x").Get("y"); gone.Present() || gone.Text() != "" || gone.Line() != 0 || len(gone.Items()) != 0 {
		t.Errorf("below what is absent: got %+v, want absent", gone)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"a question mark":    {"? [a, b]\n: c\n", "file: line 1: a key that begins with a question mark; write key: value"},
		"many documents":     {strings.Repeat("---\na: b\n", 5), "file: line 5: a third YAML document begins here; move each to a file of its own"},
		"many words":         {strings.Repeat("- a\n", 20_000), "file: line 15001: the file has more than 30000 words and signs; split it"},
		"a large file":       {strings.Repeat("# comment\n", 30_000), "file: line 1: has 300000 bytes; a file of this kind has at most 262144"},
		"tab as indentation": {"a:\n\tb: c\n", "file: line 2: no YAML: found character '\t' that cannot start any token"},
	} {
		t.Run(name, func(t *testing.T) {
			n, problems := yamldoc.Parse([]byte(c.source))
			if n.Present() {
				t.Error("got a value, want none")
			}
			if diff := cmp.Diff([]string{c.want}, yamldoc.Strings(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	schema, err := yamldoc.CompileSchema("x.json", []byte(`{
		"type": "object", "required": ["name", "when"], "additionalProperties": false,
		"properties": {
			"name": {"$ref": "#/$defs/text", "description": "what it is called."},
			"when": {"type": "string", "format": "date"},
			"days": {"type": "integer", "minimum": 1},
			"kind": {"const": "x"},
			"list": {"type": "array", "minItems": 1, "items": {"enum": ["a", "b"]}},
			"parts": {"type": "object", "additionalProperties": {"if": {"type": "array"}, "then": {"items": {"type": "string"}}, "else": {"type": "string"}}}
		},
		"$defs": {"text": {"type": "string", "pattern": "\\S"}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		source string
		want   []string
	}{
		"whole":          {"name: a\nwhen: 2026-01-01\ndays: 3\nkind: x\nlist: [a]\nparts: {p: q, r: [s]}\n", []string{}},
		"missing":        {"days: 1\n", []string{"name: line 1: missing (what it is called)", "when: line 1: missing"}},
		"no whole":       {"name: a\nwhen: 2026-01-01\ndays: 1.5\n", []string{"days: line 3: got number 1.5, want a whole number"}},
		"too few":        {"name: a\nwhen: 2026-01-01\ndays: 0\n", []string{"days: line 3: got number 0, want at least 1"}},
		"another word":   {"name: a\nwhen: 2026-01-01\nkind: y\n", []string{`kind: line 3: got text "y", want x`}},
		"empty list":     {"name: a\nwhen: 2026-01-01\nlist: []\n", []string{"list: line 3: empty"}},
		"item":           {"name: a\nwhen: 2026-01-01\nlist:\n  - a\n  - c\n", []string{`list[1]: line 5: got text "c", want one of a, b`}},
		"in a branch":    {"name: a\nwhen: 2026-01-01\nparts:\n  p: {q: r}\n  s: [1]\n", []string{"parts.p: line 4: got a mapping, want text", "parts.s[0]: line 5: got number 1, want text: put it in quotes"}},
		"far from known": {"name: a\nwhen: 2026-01-01\nzzzzzz: 1\n", []string{"zzzzzz: line 3: unknown key; known are days, kind, list, name, parts, when"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, problems := yamldoc.Parse([]byte(c.source))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(c.want, yamldoc.Strings(schema.Check(n))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	for name, bad := range map[string]string{"no JSON": "{", "no schema": `{"type": 7}`} {
		if _, err := yamldoc.CompileSchema("x.json", []byte(bad)); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(source))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, problems := yamldoc.Parse(b)
		if !n.Present() && len(problems) == 0 {
			t.Error("neither a value nor a problem")
		}
	})
}
