package facts

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestParseFile(t *testing.T) {
	const body = "select 1 as a"
	for _, c := range []struct {
		name, file, text string
		want             string // part of the error; empty for none
	}{
		{"projection", "a_b.sql", "-- table: a_b\n-- row: one\n-- kind: x.y/1, x.z/2\n-- part: *.log\n-- unit: part\n-- Source: not a key.\n" + body, ""},
		{"view", "v.sql", "-- table: v\n-- row: one\n-- from: a, b\n" + body, ""},
		{"no table", "a.sql", body, `no "-- table: NAME"`},
		{"no row", "a.sql", "-- table: a\n-- kind: x.y/1\n" + body, `no "-- row:`},
		{"neither kind nor from", "a.sql", "-- table: a\n-- row: one\n" + body, "exactly one of"},
		{"both", "a.sql", "-- table: a\n-- row: one\n-- kind: x.y/1\n-- from: b\n" + body, "exactly one of"},
		{"another name", "b.sql", "-- table: a\n-- row: one\n-- kind: x.y/1\n" + body, `in a file named "a.sql"`},
		{"bad table", "A.sql", "-- table: A\n-- row: one\n-- kind: x.y/1\n" + body, "lower-case words"},
		{"bad kind", "a.sql", "-- table: a\n-- row: one\n-- kind: nonsense\n" + body, `line 3: kind "nonsense"`},
		{"bad glob", "a.sql", "-- table: a\n-- row: one\n-- kind: x.y/1\n-- part: [\n" + body, "line 4: part"},
		{"bad unit", "a.sql", "-- table: a\n-- row: one\n-- kind: x.y/1\n-- unit: week\n" + body, `unit "week": want record or part`},
		{"unknown key", "a.sql", "-- table: a\n-- rows: one\n" + body, `line 2: unknown key "rows"`},
		{"key twice", "a.sql", "-- table: a\n-- table: a\n" + body, `line 2: "table" occurs twice`},
		{"view with unit", "a.sql", "-- table: a\n-- row: one\n-- from: b\n-- unit: part\n" + body, "are for tables with a kind"},
		{"shared", "a.sql", "-- table: a\n-- row: one\n-- from: b\n-- shared: id, time\n" + body, ""},
		{"shared without a time", "a.sql", "-- table: a\n-- row: one\n-- from: b\n-- shared: id\n" + body, `line 4: shared "id": want two columns`},
		{"shared of two tables", "a.sql", "-- table: a\n-- row: one\n-- from: b, c\n-- shared: id, time\n" + body, "shared is for views of one table"},
		{"no statement", "a.sql", "-- table: a\n-- row: one\n-- kind: x.y/1\n", "no statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := ParseFile(c.file, []byte(c.text))
			if c.want == "" {
				if err != nil || f.Table+".sql" != c.file || f.IsView() != strings.Contains(c.text, "-- from:") {
					t.Errorf("got %+v, %v", f, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestLoadFilesOrdersViews(t *testing.T) {
	file := func(table, head string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("-- table: " + table + "\n-- row: one\n-- " + head + "\nselect 1 as a")}
	}
	files, err := LoadFiles(fstest.MapFS{"a.sql": file("a", "from: b"), "b.sql": file("b", "from: c"), "c.sql": file("c", "kind: x.y/1")})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, f := range files {
		order = append(order, f.Table)
	}
	if d := cmp.Diff([]string{"c", "b", "a"}, order); d != "" {
		t.Errorf("order: got (+) want (-):\n%s", d)
	}
	for want, fsys := range map[string]fstest.MapFS{
		"in a circle":           {"a.sql": file("a", "from: b"), "b.sql": file("b", "from: a")},
		`there is no table "b"`: {"a.sql": file("a", "from: b")},
	} {
		if _, err := LoadFiles(fsys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it", err, want)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add("-- table: a\n-- row: one\n-- kind: x.y/1\nselect 1")
	f.Add("-- table: a\n-- row: one\n-- from: b\n-- unit: part\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := ParseFile("a.sql", []byte(text))
		if err == nil && (file.SQL != text || file.Table != "a" || file.IsView() == (len(file.From) == 0)) {
			t.Errorf("accepted as %+v", file)
		}
	})
}
