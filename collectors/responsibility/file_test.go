package responsibility_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/responsibility"
)

func TestDocumentedExamples(t *testing.T) {
	b, err := os.ReadFile("../../docs/formats/responsibility.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml example=([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(b), -1)
	if len(blocks) != 2 {
		t.Fatalf("examples: got %d, want 2", len(blocks))
	}
	for _, m := range blocks {
		f, problems := responsibility.Parse(m[1], []byte(m[2]))
		if len(problems) > 0 {
			t.Errorf("example %q: got %v, want no problem", m[1], problems)
		}
		if n := len(f.Areas) + len(f.Tasks); n != 2 {
			t.Errorf("example %q: got %d areas and tasks, want 2", m[1], n)
		}
	}
}

func TestCells(t *testing.T) {
	for cell, want := range map[string]responsibility.Task{
		"Responsible":              {Responsible: []string{"T"}},
		"responsible":              {Responsible: []string{"T"}},
		"R/A":                      {Responsible: []string{"T"}, Accountable: []string{"T"}},
		"R, A":                     {Responsible: []string{"T"}, Accountable: []string{"T"}},
		"[Consulted, Informed]":    {Consulted: []string{"T"}, Informed: []string{"T"}},
		"Requestor":                {Other: []string{"T: Requestor"}},
		"Responsible for the most": {Other: []string{"T: Responsible for the most"}},
		"7":                        {Other: []string{"T: 7"}},
		`"-"`:                      {},
		`""`:                       {},
		"~":                        {},
	} {
		f, _ := responsibility.Parse("x.yaml", []byte("document: raci\ntasks:\n  - task: Do\n    assignments:\n      T: "+cell+"\n"))
		if len(f.Tasks) != 1 {
			t.Fatalf("cell %s: got %d tasks, want 1", cell, len(f.Tasks))
		}
		want.Line, want.Task = 3, "Do"
		for _, list := range []*[]string{&want.Responsible, &want.Accountable, &want.Consulted, &want.Informed, &want.Other} {
			if *list == nil {
				*list = []string{}
			}
		}
		if diff := cmp.Diff(want, f.Tasks[0]); diff != "" {
			t.Errorf("cell %s (-want +got):\n%s", cell, diff)
		}
	}
}

// The schemas that editors are given are those that files are checked with.
func TestSchemasInDocs(t *testing.T) {
	for path, schema := range map[string][]byte{
		"../../docs/formats/schemas/responsibility.schema.json": responsibility.MatrixSchema(),
		"../../docs/formats/schemas/raci.schema.json":           responsibility.RACISchema(),
	} {
		if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
			if err := os.WriteFile(path, schema, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, schema) {
			t.Errorf("%s differs from the schema in the program: go test -update rewrites it", path)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("document: raci\nteams: [T]\ntasks:\n  - task: Do\n    assignments: {T: R/A}\n"))
	f.Add([]byte("document: responsibility\nareas:\n  - area: x\n    iaas: shared (a)\n    handoffs: [b]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, problems := responsibility.Parse("x.yaml", b)
		if file.Document == "" && len(problems) == 0 {
			t.Error("a file that is neither matrix nor RACI has no problem")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Field == "" || p.What == "" {
				t.Errorf("problem without line, field or words: %+v", p)
			}
		}
	})
}
