package jsonfields

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func fields(t testing.TB, paths ...string) []Field {
	t.Helper()
	var out []Field
	for _, text := range paths {
		text, whole := strings.CutPrefix(text, "!")
		text, last := strings.CutPrefix(text, "=")
		p, err := ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Field{Path: p, Whole: whole, Last: last})
	}
	return out
}

func treeOf(t testing.TB, fields []Field) *Tree {
	t.Helper()
	tree, err := NewTree(fields)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestTooManyStars(t *testing.T) {
	if _, err := NewTree(fields(t, "**.a"+strings.Repeat(".*", 30))); !errors.Is(err, ErrTooMany) {
		t.Errorf("got %v", err)
	}
}

// crossed writes <0> in place of what field 0 takes, and so on.
func crossed(taken []int, _ []byte) ([]byte, bool) {
	return []byte{'<', byte('0' + taken[0]), '>'}, true
}

func TestRewrite(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		paths          []string
	}{
		{"a key", `{"a":"x","b":"x"}`, `{"a":<0>,"b":"x"}`, []string{"a"}},
		{"a key below another", `{"a":{"b":"x","c":"y"},"b":"x"}`, `{"a":{"b":<0>,"c":"y"},"b":"x"}`, []string{"a.b"}},
		{"any key", `{"a":{"b":"x"},"c":{"b":1,"d":2},"b":3}`, `{"a":{"b":<0>},"c":{"b":<0>,"d":2},"b":3}`, []string{"*.b"}},
		{"elements of a list", `{"a":[{"b":1},{"b":2}],"b":3}`, `{"a":[{"b":<0>},{"b":<0>}],"b":3}`, []string{"a[].b"}},
		{"a list of lists", `[[1,2],[3],4]`, `[[<0>,<0>],[<0>],4]`, []string{"[][]"}},
		{"any depth, itself too", `{"b":1,"a":[{"b":{"b":2}}],"c":{"d":3}}`, `{"b":<0>,"a":[{"b":{"b":<0>}}],"c":{"d":3}}`, []string{"**.b"}},
		{"below any depth", `{"a":{"x":{"b":1}},"b":2}`, `{"a":{"x":{"b":<0>}},"b":2}`, []string{"a.**.b"}},
		{"everything", `{"b":1,"a":[true,null,"x"]}`, `{"b":<0>,"a":[<0>,<0>,<0>]}`, []string{"**"}},
		{"an object is its values", `{"a":{"b":"x","c":[1,{"d":null}]},"e":1}`, `{"a":{"b":<0>,"c":[<0>,{"d":<0>}]},"e":1}`, []string{"a"}},
		{"an object as a whole", `{"a":{"b":"x","c":[1]},"e":1}`, `{"a":<0>,"e":1}`, []string{"!a"}},
		{"the first field counts, the narrower too", `{"a":{"b":1,"c":2}}`, `{"a":{"b":<0>,"c":<1>}}`, []string{"a.b", "a"}},
		{"a last field leaves nothing to others", `{"a":{"b":{"c":1}},"b":{"c":2}}`, `{"a":{"b":{"c":<0>}},"b":<1>}`, []string{"=a", "!**.b", "a"}},
		{"a key twice", `{"a":1,"a":"x"}`, `{"a":<0>,"a":<0>}`, []string{"a"}},
		{"a key with escapes", `{"\u0061":1,"\\u0061":2}`, `{"\u0061":<0>,"\\u0061":2}`, []string{"a"}},
		{"a key that looks like a path", `{"a.b":1,"*":2,"a":{"b":3}}`, `{"a.b":<0>,"*":<1>,"a":{"b":3}}`, []string{`"a.b"`, `"*"`}},
		{"an empty key", `{"":1}`, `{"":<0>}`, []string{`""`}},
		{"another case is another key", `{"A":1}`, `{"A":1}`, []string{"a"}},
		{"spaces, numbers and escapes stay", " {\t\"n\" : 1.50E+0 ,\"s\":\"\\u00e4\\/\", \"a\" :\t1 } ", " {\t\"n\" : 1.50E+0 ,\"s\":\"\\u00e4\\/\", \"a\" :\t<0> } ", []string{"a"}},
		{"a key is no element", `{"a":{"b":1}}`, `{"a":{"b":1}}`, []string{"a[]", "[]"}},
		{"nothing there", `{}`, `{}`, []string{"a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, changed, ok := treeOf(t, fields(t, tt.paths...)).Rewrite([]byte("before:"), []byte(tt.in), crossed)
			got := strings.TrimPrefix(string(out), "before:")
			if !changed {
				got = tt.in
			}
			if !ok || got != tt.want {
				t.Errorf("got  %s, %v\nwant %s", got, ok, tt.want)
			}
		})
	}
}

func TestThroughLists(t *testing.T) {
	wanted := fields(t, "a.b")
	wanted[0].ThroughLists = true
	out, _, ok := treeOf(t, wanted).Rewrite(nil, []byte(`[{"a":[[{"b":"x"}],{"b":[1],"c":2}]},{"b":3}]`), crossed)
	if want := `[{"a":[[{"b":<0>}],{"b":[<0>],"c":2}]},{"b":3}]`; !ok || string(out) != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
}

func TestRewriteRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "{", "}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `[1,]`, `[1 2]`, `{"a":1}{}`, `{"a":1} x`, `"x"`, "1", "null", `{"a":01}`, `{"a":1.}`, `{"a":+1}`, `{"a":1e}`,
		`{"a":tru}`, `{"a":"\x"}`, `{"a":"\u12"}`, "{\"a\":\"\t\"}", "{\"a\":\"\xff\"}", "\ufeff{}", `{"a":"x}`, `{"a":"\`, `{'a':1}`, strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2),
	} {
		if _, _, ok := treeOf(t, fields(t, "a")).Rewrite(nil, []byte(in), crossed); ok {
			t.Errorf("%.40q was taken for a document", in)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for path, want := range map[string]string{
		"": "is empty", "a.": "a key is missing", ".a": "a key is missing", "a..b": "a key is missing", "a*": "a star stands for a whole key", "a[0]": "want a dot or []",
		"a]": "want a dot or []", `"a`: "does not end", `a"b"`: "want a dot or []", "a[]b": "want a dot or []",
	} {
		_, err := ParsePath(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		at       []int
	}{
		{`"ab"`, "ab", []int{1, 2, 3}},
		{`"a\nb"`, "a\nb", []int{1, 2, 4, 5}},
		{`"\u00e4!"`, "ä!", []int{1, 1, 7, 8}},
		{`"\ud83d\ude00x"`, "😀x", []int{1, 1, 1, 1, 13, 14}},
		{`"\ud83dx\\"`, "\ufffdx\\", []int{1, 1, 1, 7, 8, 10}},
		{`"ä"`, "ä", []int{1, 2, 3}},
	} {
		text, at := Unquote([]byte(tt.in))
		if string(text) != tt.want || !slices.Equal(at, tt.at) {
			t.Errorf("%s: got %q %v, want %q %v", tt.in, text, at, tt.want, tt.at)
		}
	}
}

// FuzzRewrite holds that what is taken for a document is what encoding/json takes, that a field's values are gone and everything else
// is as it was, by value and byte for byte.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{`{"a":{"b":["x",{"c":1}]},"d":null}`, `[{"a":"x"},{"a":[1,2]}]`, ` {"\u0061" : 1.0e5 , "b":"\"\\" }`, `{"a":1,"a":{"a":true}}`, `{`, "\xff"} {
		f.Add([]byte(seed), "a", true)
		f.Add([]byte(seed), "**.b", false)
		f.Add([]byte(seed), "[].a", false)
	}
	f.Fuzz(func(t *testing.T, doc []byte, path string, whole bool) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		tree, err := NewTree([]Field{{Path: p, Whole: whole}})
		if err != nil {
			return
		}
		const stamp = `"-taken-"`
		out, changed, ok := tree.Rewrite(nil, doc, func(_ []int, value []byte) ([]byte, bool) {
			if !json.Valid(value) {
				t.Errorf("a value that is none: %q", value)
			}
			return []byte(stamp), true
		})
		trimmed := bytes.TrimLeft(doc, " \t\r\n")
		want := json.Valid(doc) && utf8.Valid(doc) && len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[')
		if ok != want {
			t.Fatalf("%q: got %v, want %v", doc, ok, want)
		}
		if !changed {
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%q became %q", doc, out)
		}
		kept, _, _ := tree.Rewrite(nil, out, func(_ []int, value []byte) ([]byte, bool) {
			if string(value) != stamp && string(value) != "{}" && string(value) != "[]" {
				t.Errorf("%q, field %q: %q is left", doc, path, value)
			}
			return nil, false
		})
		if len(kept) != 0 {
			t.Errorf("told of a change that was none")
		}
		// Read forwards, what is not a stamp is the document's own, in its order.
		at := 0
		for _, piece := range bytes.Split(out, []byte(stamp)) {
			i := bytes.Index(doc[at:], piece)
			if i < 0 {
				t.Fatalf("%q: %q is not what stood there", doc, piece)
			}
			at += i + len(piece)
		}
		same, changed, _ := tree.Rewrite(nil, doc, func([]int, []byte) ([]byte, bool) { return nil, false })
		if changed || len(same) > 0 {
			t.Error("nothing was replaced, and it says so")
		}
	})
}

// FuzzUnquote holds Unquote against encoding/json, and its places against each other.
func FuzzUnquote(f *testing.F) {
	f.Add([]byte(`"a\ud83d\ude00\ud83d\u0041\n"`))
	f.Fuzz(func(t *testing.T, quoted []byte) {
		var want string
		if len(quoted) < 2 || quoted[0] != '"' || !utf8.Valid(quoted) || json.Unmarshal(quoted, &want) != nil || quoted[len(quoted)-1] != '"' {
			return
		}
		text, at := Unquote(quoted)
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if len(at) != len(text)+1 || !slices.IsSorted(at) {
			t.Errorf("places %v of %q", at, text)
		}
		var again string
		if json.Unmarshal(Quote(want), &again) != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("quoted %q reads %q", want, again)
		}
	})
}
