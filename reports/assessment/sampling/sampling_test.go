package sampling_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"auditpack/evidence"
	"auditpack/reports/assessment/sampling"
)

// population makes rows with a stratum and, now and then, a row twice.
func population(sizes ...int) [][]byte {
	var rows [][]byte
	for stratum, n := range sizes {
		for i := range n {
			rows = append(rows, fmt.Appendf(nil, `{"id":%d,"kind":"k%d"}`, i/2, stratum))
		}
	}
	return rows
}

func each(rows [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, r := range rows {
			if !yield(slices.Clone(r), nil) {
				return
			}
		}
	}
}

func count(t interface{ Fatal(...any) }, plan sampling.Plan, rows [][]byte) *sampling.Population {
	p := sampling.NewPopulation(plan)
	for _, r := range rows {
		if err := p.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func draw(t interface{ Fatal(...any) }, plan sampling.Plan, rows [][]byte, nonce []byte) []sampling.Item {
	p := count(t, plan, rows)
	seed, err := sampling.NewSeed(p.Root(), nonce)
	if err != nil {
		t.Fatal(err)
	}
	items, err := sampling.Draw(p, seed, each(rows))
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func lines(items []sampling.Item) []int64 {
	out := []int64{}
	for _, it := range items {
		out = append(out, it.Line)
	}
	return out
}

// Whatever is drawn has the size asked for, has no row twice, is in the population, comes again from the same nonce, and has of each
// stratum what its share is: the proportion, less than one item away from it unless an item had to be given to another stratum.
func TestDrawKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 6).Draw(t, "strata")
		rows := population(sizes...)
		plan := sampling.Plan{
			Method: rapid.SampledFrom([]sampling.Method{sampling.Random, sampling.Systematic}).Draw(t, "method"),
			Size:   int64(rapid.IntRange(len(sizes), len(rows)).Draw(t, "size")),
		}
		if rapid.Bool().Draw(t, "stratified") {
			plan.Stratify = "kind"
		}
		nonce := rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(t, "nonce")
		items := draw(t, plan, rows, nonce)
		if int64(len(items)) != plan.Size {
			t.Fatalf("drew %d items, want %d", len(items), plan.Size)
		}
		seen := map[int64]bool{}
		of := map[string]int64{}
		for _, it := range items {
			if seen[it.Line] || it.Line < 1 || it.Line > int64(len(rows)) || string(rows[it.Line-1]) != string(it.Row) {
				t.Fatalf("item %d: twice, or not that row", it.Line)
			}
			seen[it.Line] = true
			of[it.Stratum]++
		}
		if !slices.IsSortedFunc(items, func(a, b sampling.Item) int { return cmp.Compare(a.Line, b.Line) }) {
			t.Fatalf("items are not in the order of the population: %v", lines(items))
		}
		if diff := gocmp.Diff(items, draw(t, plan, rows, nonce)); diff != "" {
			t.Fatalf("a second draw differs:\n%s", diff)
		}
		strata, err := count(t, plan, rows).Strata()
		if err != nil {
			t.Fatal(err)
		}
		raised := slices.ContainsFunc(strata, func(s sampling.Stratum) bool { return s.Rows*plan.Size < int64(len(rows)) })
		for _, s := range strata {
			if of[s.Value] != s.Size || s.Size < 1 || s.Size > s.Rows {
				t.Fatalf("stratum %s: drew %d of %d rows, share %d", s.Value, of[s.Value], s.Rows, s.Size)
			}
			exact := s.Rows * plan.Size // times len(rows)
			if away := s.Size*int64(len(rows)) - exact; !raised && (away >= int64(len(rows)) || -away >= int64(len(rows))) {
				t.Fatalf("stratum %s: %d of %d rows is not in proportion to %d of %d", s.Value, s.Size, s.Rows, plan.Size, len(rows))
			}
		}
	})
}

// Steps are as even as whole numbers allow.
func TestSystematicSteps(t *testing.T) {
	rows := population(103)
	got := lines(draw(t, sampling.Plan{Method: sampling.Systematic, Size: 10}, rows, []byte("0123456789abcdef")))
	for i := range got {
		next := got[(i+1)%len(got)]
		step := (next - got[i] + 103) % 103
		if step != 10 && step != 11 {
			t.Errorf("step from %d to %d is %d, want 10 or 11", got[i], next, step)
		}
	}
}

// Each row is drawn about as often as any other: 4,000 samples of 5 from 20 take each 1,000 times, give or take 6 standard deviations.
func TestRandomIsEven(t *testing.T) {
	for _, method := range []sampling.Method{sampling.Random, sampling.Systematic} {
		times := make([]int, 21)
		for n := range 4000 {
			for _, line := range lines(draw(t, sampling.Plan{Method: method, Size: 5}, population(20), fmt.Appendf(nil, "nonce %010d", n))) {
				times[line]++
			}
		}
		for line, n := range times[1:] {
			if n < 1000-165 || n > 1000+165 {
				t.Errorf("%s: row %d was drawn %d times, want about 1000", method, line+1, n)
			}
		}
	}
}

func TestShares(t *testing.T) {
	for _, test := range []struct {
		name  string
		sizes []int
		size  int64
		want  []int64
	}{
		{"in proportion", []int{50, 30, 20}, 10, []int64{5, 3, 2}},
		{"largest remainder", []int{5, 3, 3}, 4, []int64{2, 1, 1}},
		{"equal remainders: the first", []int{1, 1, 1, 1}, 4, []int64{1, 1, 1, 1}},
		{"one at least", []int{97, 2, 1}, 10, []int64{8, 1, 1}},
		{"one of each", []int{97, 2, 1}, 3, []int64{1, 1, 1}},
		{"all", []int{4, 2, 1}, 7, []int64{4, 2, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			strata, err := count(t, sampling.Plan{Method: sampling.Random, Size: test.size, Stratify: "kind"}, population(test.sizes...)).Strata()
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, s := range strata {
				got = append(got, s.Size)
			}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("shares (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAll(t *testing.T) {
	if diff := gocmp.Diff([]int64{1, 2, 3}, lines(draw(t, sampling.Plan{Method: sampling.All}, population(3), nil))); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff([]int64{1}, lines(draw(t, sampling.Plan{Method: sampling.Random, Size: 1}, population(1), nil))); diff != "" {
		t.Errorf("one of one (-want +got):\n%s", diff)
	}
}

func TestRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		err  func() error
		want string
	}{
		{"no method", sampling.Plan{Size: 1}.Validate, `method "": want one of [random systematic all]`},
		{"no size", sampling.Plan{Method: sampling.Random}.Validate, "want 1 or more"},
		{"all and a size", sampling.Plan{Method: sampling.All, Size: 3}.Validate, "takes every item and no size"},
		{"all and strata", sampling.Plan{Method: sampling.All, Stratify: "kind"}.Validate, "has no strata"},
		{"empty", func() error {
			_, err := sampling.NewPopulation(sampling.Plan{Method: sampling.Random, Size: 1}).Strata()
			return err
		}, "population is empty"},
		{"too large", func() error {
			_, err := count(t, sampling.Plan{Method: sampling.Random, Size: 4}, population(3)).Strata()
			return err
		}, "has 3 items, and 4 cannot be drawn"},
		{"unknown column", func() error {
			return sampling.NewPopulation(sampling.Plan{Method: sampling.Random, Size: 1, Stratify: "colour"}).Add(population(1)[0])
		}, `no such column; it has [id kind]`},
		{"too many strata", func() error {
			p := sampling.NewPopulation(sampling.Plan{Method: sampling.Random, Size: 1, Stratify: "kind"})
			if err := p.Add(population(1)[0]); err != nil {
				return err
			}
			return p.Add(population(0, 1)[0])
		}, "more than 1 values"},
		{"another population", func() error {
			p := count(t, sampling.Plan{Method: sampling.Random, Size: 1}, population(3))
			_, err := sampling.Draw(p, sampling.Seed{}, each(population(2)))
			return err
		}, "not the one that was counted"},
		{"odd nonce", func() error { _, err := sampling.ParseNonce("abc"); return err }, "pairs of hexadecimal digits"},
		{"short nonce", func() error { _, err := sampling.ParseNonce("abcd"); return err }, "got 4 hexadecimal digits, want 32 to 128"},
		{"long nonce", func() error { _, err := sampling.ParseNonce(strings.Repeat("ab", 65)); return err }, "got 130"},
		{"bad root", func() error { _, err := sampling.NewSeed("abcd", nil); return err }, "want 64 hexadecimal digits"},
		{"other format", func() error {
			b, err := json.Marshal(sampling.Statement{Format: "auditpack.population/2", TestDigest: evidence.DigestOf(nil), KnownLast: evidence.DigestOf(nil)})
			if err != nil {
				return err
			}
			_, err = sampling.DecodeStatement(b)
			return err
		}, `got "auditpack.population/2"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.err(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}
