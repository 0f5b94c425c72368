package templates

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	files := fstest.MapFS{"text/en.yaml": {Data: []byte("a:\n  b: \"{n} of {m}, {n}\"\n  c:\n    d: deep\ne: top\n")}}
	text, err := LoadText(files, English)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ got, want string }{
		{text.Get("a.b", "n", "1", "m", "{n}"), "1 of {n}, 1"}, // a value is not filled in itself
		{text.Get("a.b"), "{n} of {m}, {n}"},
		{text.Get("a.c.d"), "deep"},
		{text.Get("e"), "top"},
		{text.Get("gone"), "[gone]"},
		{text.Or("gone", "code"), "code"},
		{text.Or("e", "code"), "top"},
		{Text{}.Get("e"), "[e]"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
	if diff := cmp.Diff([]string{"a.b", "a.c.d", "e"}, text.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestLoadTextRefuses(t *testing.T) {
	for _, test := range []struct{ name, yaml, want string }{
		{"a number", "a:\n  b: 1\n", "a.b: want a text"},
		{"nothing", "a:\n  b:\n", "a.b: want a text"},
		{"a list", "a: [x]\n", "a: want a text"},
		{"twice", "a:\n  b: x\n  b: y\n", "[3:"},
		{"no YAML", "a: [", "text/en.yaml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadText(fstest.MapFS{"text/en.yaml": {Data: []byte(test.yaml)}}, English)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
	if _, err := LoadText(fstest.MapFS{}, German); err == nil || !strings.Contains(err.Error(), "text/de.yaml") {
		t.Errorf("without a file: got %v", err)
	}
}
