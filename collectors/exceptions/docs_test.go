package exceptions_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"auditpack/collectors/exceptions"
)

// examples are the fenced blocks of a page that are named "example=NAME".
func examples(t *testing.T, page string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)```[a-z]+ example=([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		out[m[1]] = m[2]
	}
	return out
}

func TestDocumentedExamples(t *testing.T) {
	blocks := examples(t, "../../docs/formats/exceptions.md")
	for _, name := range []string{"minimal", "full"} {
		f, problems := exceptions.Parse(name, []byte(blocks[name]))
		if len(problems) > 0 || f.ExceptionID != "EXC-WAF-SEC-050-007" {
			t.Errorf("example %q: got id %q and problems %v, want none", name, f.ExceptionID, problems)
		}
	}
	_, problems := exceptions.Parse("faulty", []byte(blocks["faulty"]))
	var got []string
	for _, p := range problems {
		got = append(got, strings.TrimPrefix(p.String(), "faulty:"))
	}
	for want := range strings.Lines(blocks["problems"]) {
		field, rest, _ := strings.Cut(strings.TrimSpace(want), ": line ")
		line, what, _ := strings.Cut(rest, ": ")
		if !slices.Contains(got, line+": "+field+": "+what) {
			t.Errorf("documented problem %q: got %q", want, got)
		}
	}
}
