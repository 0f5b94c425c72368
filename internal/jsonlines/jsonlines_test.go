package jsonlines_test

import (
	"errors"
	"testing"

	"auditpack/internal/canonical"
	"auditpack/internal/jsonlines"
)

type row struct {
	B jsonlines.Text `json:"b"`
	A []string       `json:"a"`
}

func TestEncode(t *testing.T) {
	got, err := jsonlines.Encode([]row{{B: "line\nend <&>", A: []string{"ä"}}, {A: []string{}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":["ä"],"b":"line\nend <&>"}` + "\n" + `{"a":[],"b":null}` + "\n"
	if string(got) != want {
		t.Errorf("Encode: got %q, want %q", got, want)
	}
	if got, err := jsonlines.Encode[row](nil); err != nil || len(got) != 0 {
		t.Errorf("no rows: got %q, %v, want nothing", got, err)
	}
	if _, err := jsonlines.Encode([]row{{A: []string{"\xff"}}}); !errors.Is(err, canonical.ErrInvalidUTF8) {
		t.Errorf("not UTF-8: got %v, want canonical.ErrInvalidUTF8", err)
	}
}
