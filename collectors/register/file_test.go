package register

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestParseTime(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		text string
		zone *time.Location
		want string // or the beginning of the error
	}{
		{"2026-07-31", nil, "2026-07-31T00:00:00Z"},
		{"2026-07-31", berlin, "2026-07-30T22:00:00Z"},
		{"2026-07-31T17:00:00Z", berlin, "2026-07-31T17:00:00Z"},
		{"2026-07-31T17:00:00.25+02:00", nil, "2026-07-31T15:00:00.25Z"},
		{"2026-01-31 17:00", berlin, "2026-01-31T16:00:00Z"},
		{"2026-07-31T17:00:30", berlin, "2026-07-31T15:00:30Z"},
		{"2026-07-31 17:00:30.5", berlin, "2026-07-31T15:00:30.5Z"},
		{"2026-07-31 17:00", nil, "a time without a zone"},
		{"2026-03-29 02:30", berlin, "a time that clocks in Europe/Berlin left out"},
		{"2026-10-25 02:30", berlin, "a time that clocks in Europe/Berlin showed twice"},
		{"2026-10-25 03:00", berlin, "2026-10-25T02:00:00Z"},
		{"2026-10-25T02:30:00+01:00", berlin, "2026-10-25T01:30:00Z"},
		{"2026-04-05 01:45", zone(t, "Australia/Lord_Howe"), "a time that clocks in Australia/Lord_Howe showed twice"}, // by half an hour
		{"2026-02-29", nil, "no date or time"},
		{"31.07.2026", nil, "no date or time"},
		{"07/31/2026", nil, "no date or time"},
		{"0001-01-01", nil, "a time outside the years"},
		{"9999-12-31", nil, "a time outside the years"},
	} {
		got, err := parseTime(c.text, c.zone)
		shown := got.Format(time.RFC3339Nano)
		if err != nil {
			shown = err.Error()
		}
		if !strings.HasPrefix(shown, c.want) {
			t.Errorf("parseTime(%q, %v): got %q, want %q", c.text, c.zone, shown, c.want)
		}
	}
}

// Where neither delimiter gives the needed columns, what is missing is named; a semicolon in a quoted header is no delimiter.
func TestDelimiter(t *testing.T) {
	l, _ := layoutOf("deployment")
	for header, want := range map[string]string{
		"environment,commit,deployed_at":                 ",",
		"environment;commit;deployed_at":                 ";",
		"\"environment\";\"commit\";\"a,b\";deployed_at": ";",
		"\"a;b\",environment,commit,deployed_at":         ",",
		"environment\tcommit\tdeployed_at":               `line 1: column "environment" is missing`,
		"":                                               "line 1: the file is empty",
		"\"environment":                                  "line 1: a quoted cell that does not end",
		"environment,commit,deployed_at,reference\rprod,0a1b,2026-07-01,r\r": "line 1: lines end with a carriage return alone",
		"environment,commit,deployed_at\r\nprod,0a1b,2026-07-01\r\n":         ",",
	} {
		f, err := parse([]byte(header), format{layout: l})
		got := string(f.comma)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("delimiter of %q: got %q, want %q", header, got, want)
		}
	}
}

// What is wrong with a row is told without what stands in it: it may be anybody's.
func TestProblemsQuoteNoCell(t *testing.T) {
	a, err := txtar.ParseFile("testdata/faulty.txtar")
	if err != nil {
		t.Fatal(err)
	}
	l, _ := layoutOf("log_store")
	f, err := parse(a.Files[1].Data, format{layout: l})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.odd) != 9 {
		t.Fatalf("odd rows: got %d, want 9", len(f.odd))
	}
	for _, r := range f.odd {
		for _, p := range r.problems {
			if strings.Contains(p.String(), "canary") {
				t.Errorf("problem holds a cell: %s", p)
			}
		}
	}
}

// The registers on the page are those that can be read, column by column.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/sources/register.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, l := range layouts() {
		for _, c := range l.columns {
			want = append(want, "| `"+l.table+"` | `"+c.name+"` | "+
				map[columnType]string{text: "text", list: "list", truth: "truth", number: "number", instant: "time"}[c.kind]+" | "+
				map[demand]string{optional: "optional", columnNeeded: "column", cellNeeded: "cell"}[c.needs]+" |")
		}
	}
	var got []string
	for _, line := range strings.Split(string(page), "\n") {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `") && len(cells) == 5 {
			got = append(got, strings.Join(cells[:4], " | ")+" |")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns on the page (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("person,event,effective_at,identities\nJane,left,2026-07-01,a;b\n\"x\n"))
	l, _ := layoutOf("leaver")
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parse(b, format{layout: l})
		if err != nil {
			return
		}
		for _, r := range got.rows {
			if r.line < 1 || len(r.values) != len(l.columns) {
				t.Errorf("row in line %d has %d values", r.line, len(r.values))
			}
		}
		for _, r := range got.odd {
			if r.line < 1 || len(r.problems) == 0 {
				t.Errorf("odd row in line %d has %d problems", r.line, len(r.problems))
			}
		}
	})
}
