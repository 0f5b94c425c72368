package assessment

import (
	"io/fs"
	"testing"

	"auditpack/templates"
)

// FuzzReadYAML: no text, however broken, may end a reader in anything but a value or an error that names the file.
func FuzzReadYAML(f *testing.F) {
	for _, glob := range []string{"tests/*.yaml", "controls/*.yaml"} {
		names, err := fs.Glob(templates.Files, glob)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names[:2] {
			b, err := fs.ReadFile(templates.Files, name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, s := range []string{
		"framework: f\nentries:\n  - {id: A, applicable: true, status: planned}\n", "manual_tests:\n  - {control: c, aspect: a}\n",
		"framework: f\nslots:\n  - {slot: services, text: {en: x}, author: a, date: 2026-01-01}\n", "name: n\noperates:\n  - {framework: f, share: whole, requirements: [A]}\nattestations:\n  - {id: a}\n",
		"responses:\n  - {id: r, deviations: [x]}\n", "a: &a [*a]\n", "? {}\n: x\n", "- - -\n", "id: |\n\tx\n", "\xff\xfe", "%YAML 9\n---\nid: x\n", "",
	} {
		f.Add([]byte(s))
	}
	c := &Catalogue{frameworks: map[FrameworkID]*Framework{"f": {ID: "f"}}}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 { // larger than any file that people write; keeps each round short
			t.Skip()
		}
		file := File{Name: "workspace/x.yaml", Content: b}
		_, errTest := readTest(file)
		_, errControl := readControl(file)
		_, errFramework := readFramework(file)
		_, errSoA := readSoA([]File{file}, c, "f", nil)
		_, errDescription := readDescriptions([]File{file}, c, c.frameworks["f"], nil, sampleWindow)
		_, errSubservice := readSubservices([]File{file}, c, "f")
		_, errManual := readManualTests([]File{file}, c)
		_, errResponses := readResponses([]File{file}, c, "2026-10-01")
		for _, err := range []error{errTest, errControl, errFramework, errSoA, errDescription, errSubservice, errManual, errResponses} {
			if err != nil && !named(err.Error()) {
				t.Errorf("error does not name the file: %v", err)
			}
		}
	})
}

func named(message string) bool {
	const name = "workspace/x.yaml"
	return len(message) > len(name) && message[:len(name)] == name
}

func FuzzMatchPattern(f *testing.F) {
	f.Add("net-*", "net-prod")
	f.Add("a*b*a", "aba")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		got := matchPattern(pattern, s)
		if got && bareWildcard(pattern) {
			t.Errorf("bare wildcard %q fits %q", pattern, s)
		}
		if want := !bareWildcard(pattern) && fits(pattern, s); got != want {
			t.Errorf("matchPattern(%q, %q): got %v, want %v", pattern, s, got, want)
		}
	})
}

// fits is the definition, slow and plain: a table over all prefixes.
func fits(pattern, s string) bool {
	row := make([]bool, len(s)+1)
	row[0] = true
	for _, p := range []byte(pattern) {
		next := make([]bool, len(s)+1)
		for j := range next {
			if p == '*' {
				next[j] = row[j] || (j > 0 && next[j-1])
			} else {
				next[j] = j > 0 && row[j-1] && s[j-1] == p
			}
		}
		row = next
	}
	return row[len(s)]
}
