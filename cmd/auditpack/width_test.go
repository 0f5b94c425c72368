package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// The widest columns give way first; a word stays whole as long as the table fits without breaking one.
func TestFit(t *testing.T) {
	digest := strings.Repeat("0f", 32)
	for _, test := range []struct {
		name  string
		rows  [][]string
		width int
		want  []int
		long  bool // it does not fit
	}{
		{"fits", [][]string{{"test", "what"}, {"VAL-02", "Root tokens"}}, 40, []int{6, 11}, false},
		{"fits to the character", [][]string{{"test", "what"}, {"VAL-02", "Root tokens"}}, 19, []int{6, 11}, false},
		{"the widest gives way", [][]string{{"test", "what"}, {"VAL-02", "Root tokens are not used"}}, 20, []int{6, 12}, false},
		{"characters, not bytes", [][]string{{"ähnlich", "größer"}}, 15, []int{7, 6}, false},
		{"lines of a cell", [][]string{{"days", "a\nb c\nd"}}, 20, []int{4, 3}, false},
		{"a word stays whole", [][]string{{"what", "evidence"}, {"one two three four", digest}}, 80, []int{14, 64}, false},
		{"a long word is broken at last", [][]string{{"what", "evidence"}, {"one two", digest}}, 60, []int{4, 54}, false},
		{"too narrow for anything", [][]string{{"what", "evidence"}, {"one two", digest}}, 10, []int{4, 16}, true},
		{"no columns", nil, 10, nil, false},
	} {
		if got, fits := fit(test.rows, test.width); !cmp.Equal(test.want, got) || fits == test.long {
			t.Errorf("%s: got %v, fits %v, want %v", test.name, got, fits, test.want)
		}
	}
}

// A table and words keep to the width of a line, and lose nothing; without a width both stay as they are.
func TestLineWidth(t *testing.T) {
	const title = "Every policy override has an identity, a reason and a valid exception; größer wird sie nicht"
	words := strings.Fields(title)
	for columns, width := range map[string]int{"60": 60, "100": 100, "": 0, "wide": 0, "-3": 0} {
		t.Setenv("COLUMNS", columns)
		var table, prose bytes.Buffer
		if err := (output{w: &table}).table([]string{"test", "population", "what"}, [][]any{{"TFP-03", 2, title}}); err != nil {
			t.Fatal(err)
		}
		if _, err := (output{w: &prose}).prose().Write([]byte("1. first\n   next: " + title + "\n")); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{"table": table.String(), "prose": prose.String()} {
			for _, line := range strings.Split(got, "\n") {
				if n := utf8.RuneCountInString(line); width > 0 && n > width {
					t.Errorf("COLUMNS=%s, %s: %d characters: %q", columns, name, n, line)
				}
				if strings.HasSuffix(line, " ") {
					t.Errorf("COLUMNS=%s, %s: spaces at the end of %q", columns, name, line)
				}
			}
			if width == 0 && !strings.Contains(got, title) {
				t.Errorf("COLUMNS=%s, %s: broken without need: %q", columns, name, got)
			}
			rest := strings.Fields(got)
			for _, w := range words {
				if !slices.Contains(rest, w) {
					t.Errorf("COLUMNS=%s, %s: %q is missing in %q", columns, name, w, got)
				}
			}
		}
	}
}

// A few rows that fit no line stand below each other, with digests whole; many stay a table.
func TestCards(t *testing.T) {
	digest := strings.Repeat("0f", 32)
	t.Setenv("COLUMNS", "40")
	head := []string{"request", "evidence", "root", "note"}
	row := []any{"r1", digest, digest, ""}
	var few, many bytes.Buffer
	if err := (output{w: &few}).table(head, [][]any{row, {"r2", digest, digest, "one\ntwo"}}); err != nil {
		t.Fatal(err)
	}
	want := "request   r1\nevidence\n  " + digest + "\nroot\n  " + digest + "\n\nrequest   r2\nevidence\n  " + digest + "\nroot\n  " + digest + "\nnote      one; two\n"
	if diff := cmp.Diff(want, few.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := (output{w: &many}).table(head, slices.Repeat([][]any{row}, fewRows+1)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(many.String(), "request  evidence") {
		t.Errorf("got %q", many.String())
	}
}
