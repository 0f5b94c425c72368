package strictyaml

import (
	"errors"
	"strings"
	"testing"
)

type sample struct {
	Name  string         `yaml:"name"`
	Count int            `yaml:"count"`
	Free  map[string]any `yaml:"free"`
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		line     int
		want     string
	}{
		{"unknown key", "name: a\ncolour: red\n", 2, "colour"},
		{"key twice", "name: a\nname: b\n", 2, "name"},
		{"wrong type", "name: a\n\ncount: many\n", 3, "got text, want a whole number"},
		{"syntax", "name: a\ncount: [1,\n", 2, ""},
		{"second document", "name: a\n---\nname: b\n", 3, "second"},
		{"empty", "# nothing\n", 0, "empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v sample
			err := Decode("f.yaml", []byte(tt.in), &v)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.File != "f.yaml" || e.Line != tt.line || !strings.Contains(e.Text, tt.want) {
				t.Errorf("got %q (line %d), want line %d and %q", e.Error(), e.Line, tt.line, tt.want)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	var v sample
	if err := Decode("f.yaml", []byte("\ufeffname: a\r\ncount: 2\r\nfree: {x: [1, 2]}\r\n"), &v); err != nil {
		t.Fatal(err)
	}
	if v.Name != "a" || v.Count != 2 || len(v.Free) != 1 {
		t.Errorf("got %+v", v)
	}
}
