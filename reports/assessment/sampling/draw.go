package sampling

import (
	"bytes"
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"math/big"
	"slices"
)

// Item is one drawn row.
type Item struct {
	Line    int64  // of the row in the population, from 1
	Rank    int64  // place in the order of drawing within its stratum, from 1
	Stratum string // as in Stratum.Value
	Ticket  string // of a random draw: what it was drawn by, in hexadecimal digits
	Row     []byte // canonical JSON
}

// Draw chooses from rows what the plan of p says, in the order of the population. Rows must be those that p was counted from, in the same
// order; others are an error. The same population, plan and seed give the same items.
func Draw(p *Population, seed Seed, rows iter.Seq2[[]byte, error]) ([]Item, error) {
	strata, err := p.Strata()
	if err != nil {
		return nil, err
	}
	again := NewPopulation(p.plan)
	choosers := map[string]chooser{}
	for _, s := range strata {
		choosers[s.Value] = p.plan.chooser(s, seed)
	}
	for row, err := range rows {
		if err != nil {
			return nil, fmt.Errorf("read population: %w", err)
		}
		if err := again.Add(row); err != nil {
			return nil, err
		}
		key, err := p.plan.stratumOf(row)
		if err != nil {
			return nil, err
		}
		if c, ok := choosers[key]; ok {
			c.offer(Item{Line: again.Rows(), Stratum: key, Row: row})
		}
	}
	if got, want := again.Root(), p.Root(); got != want {
		return nil, fmt.Errorf("read population: it is not the one that was counted: root %s, want %s", got, want)
	}
	var items []Item
	for _, s := range strata {
		items = append(items, choosers[s.Value].chosen()...)
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Line, b.Line) })
	return items, nil
}

// chooser chooses from one stratum whose rows are offered in order.
type chooser interface {
	offer(Item)
	chosen() []Item
}

func (p Plan) chooser(s Stratum, seed Seed) chooser {
	if p.Method == Random {
		return &lowest{size: int(s.Size), seed: seed}
	}
	return newSteps(s, seed) // all items are steps of one
}

// lowest keeps the items with the lowest tickets. It is a heap whose first item is the one to go next.
type lowest struct {
	size  int
	seed  Seed
	items []Item
}

func (l *lowest) offer(it Item) {
	h := sha256.New()
	h.Write(l.seed[:])
	fmt.Fprintf(h, "%d:", it.Line) // equal rows have tickets of their own, and so the same chance
	h.Write(it.Row)
	it.Ticket = hex.EncodeToString(h.Sum(nil))
	if len(l.items) == l.size {
		if compareTickets(it, l.items[0]) > 0 {
			return
		}
		heap.Pop(l)
	}
	it.Row = bytes.Clone(it.Row)
	heap.Push(l, it)
}

func (l *lowest) chosen() []Item {
	items := slices.SortedFunc(slices.Values(l.items), compareTickets)
	for i := range items {
		items[i].Rank = int64(i) + 1
	}
	return items
}

func compareTickets(a, b Item) int {
	return cmp.Or(cmp.Compare(a.Ticket, b.Ticket), cmp.Compare(a.Line, b.Line))
}

// Len, Less, Swap, Push and Pop are what container/heap asks for.
func (l *lowest) Len() int           { return len(l.items) }
func (l *lowest) Less(i, j int) bool { return compareTickets(l.items[i], l.items[j]) > 0 }
func (l *lowest) Swap(i, j int)      { l.items[i], l.items[j] = l.items[j], l.items[i] }
func (l *lowest) Push(x any)         { l.items = append(l.items, x.(Item)) }
func (l *lowest) Pop() any {
	last := len(l.items) - 1
	it := l.items[last]
	l.items = l.items[:last]
	return it
}

// steps takes the items at (start + i * rows / size) mod rows for i from 0, counted from 0 and rounded down: as far apart as whole
// numbers allow, and never one twice. The start is SHA-256 over seed and stratum, as one large number, modulo rows.
type steps struct {
	ranks map[int64]int64 // of the positions to take
	next  int64
	items []Item
}

func newSteps(s Stratum, seed Seed) *steps {
	sum := sha256.Sum256(slices.Concat(seed[:], []byte(s.Value)))
	rows, size := big.NewInt(s.Rows), big.NewInt(s.Size)
	start := new(big.Int).Mod(new(big.Int).SetBytes(sum[:]), rows)
	c := &steps{ranks: map[int64]int64{}}
	for i := range s.Size {
		at := new(big.Int).Mul(big.NewInt(i), rows)
		at.Div(at, size).Add(at, start).Mod(at, rows)
		c.ranks[at.Int64()] = i + 1
	}
	return c
}

func (c *steps) offer(it Item) {
	if rank, ok := c.ranks[c.next]; ok {
		it.Rank = rank
		it.Row = bytes.Clone(it.Row)
		c.items = append(c.items, it)
	}
	c.next++
}

func (c *steps) chosen() []Item { return c.items }
