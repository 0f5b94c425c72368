package assessment

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"auditpack/internal/canonical"
)

// The fast way gives the bytes of the slow one, or none.
func TestPlainRow(t *testing.T) {
	var ascii strings.Builder
	for c := byte(' '); c <= '~'; c++ {
		ascii.WriteByte(c)
	}
	at := time.Date(2026, 7, 1, 12, 0, 0, 5, time.FixedZone("east", 3600))
	values := map[string]struct {
		value any
		plain bool
	}{
		"null": {nil, true}, "true": {true, true}, "zero": {int64(0), true}, "negative": {int64(-17), true}, "largest": {int64(1 << 53), true},
		"beyond 53 bits": {int64(1<<53 + 1), true}, "smallest": {int64(-1 << 63), true}, "huge": {new(big.Int).Lsh(big.NewInt(1), 90), true},
		"time": {at, true}, "ascii": {ascii.String(), true}, "no text": {"", true}, "list": {[]string{"b", "a", `"`}, true}, "no list": {[]string{}, true},
		"control": {"a\nb", false}, "delete": {"a\x7fb", false}, "umlaut": {"Größe", false}, "markup": {"<&>", true}, "line separator": {"\u2028", false},
		"list of others": {[]any{int64(1)}, false}, "struct": {map[string]any{"a": int64(1)}, false},
	}
	for name, v := range values {
		columns := []string{"z", name, "a", "Z", "_"}
		row := []any{"last", v.value, int64(1), false, nil}
		object := map[string]any{}
		for i := range columns {
			object[columns[i]] = jsonValue(row[i])
		}
		want, err := canonical.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		got, err := CanonicalRow(columns, row)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, want)
		}
		if b, ok := newRowWriter(columns).plain(row); ok != v.plain || ok && string(b) != string(want) {
			t.Errorf("%s: the fast way gives %s, %t; want %s, %t", name, b, ok, want, v.plain)
		}
	}
}

// A writer takes rows of either way one after another.
func TestRowWriter(t *testing.T) {
	w := newRowWriter([]string{"b", "a"})
	for _, row := range [][]any{{"a long text that the next row does not have", int64(1)}, {"x", nil}, {"Größe", nil}, {nil, "y"}} {
		want, err := canonicalRow(w.columns, row)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.row(row); err != nil || string(got) != string(want) {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}
