package redaction

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"auditpack/evidence"
)

// Bounds of what a collection remembers of the values that it took, so that its memory does not grow with what is collected.
const (
	maxRemembered = 1 << 18 // values
	longestValue  = 256     // bytes
)

// Collection applies the rules of a source to one collection of it. It is safe for concurrent use.
type Collection struct {
	set *Set
	key *Key

	mu      sync.Mutex
	taken   map[string]string // what stands in place of a value in texts, by value
	longest int               // of them
	dropped int
	parts   map[evidence.Digest][]change
}

// change says what was taken out of a part.
type change struct {
	part       string
	redactions []evidence.Redaction
}

// Begin begins a collection; key may be nil when no rule needs one. Begin of a nil Set is nil, which changes nothing.
func (s *Set) Begin(key *Key) *Collection {
	if s == nil {
		return nil
	}
	return &Collection{set: s, key: key, taken: map[string]string{}, parts: map[evidence.Digest][]change{}}
}

// pseudonym returns the pseudonym of a value, and remembers it.
func (c *Collection) pseudonym(value []byte) string {
	c.mu.Lock()
	known, ok := c.taken[string(value)]
	c.mu.Unlock()
	if ok && strings.HasPrefix(known, Prefix) {
		return known
	}
	p := c.key.Pseudonym(string(value))
	c.remember(value, func() string { return p })
	return p
}

// drop remembers a value that is gone.
func (c *Collection) drop(value []byte) {
	c.remember(value, func() string {
		c.dropped++
		return fmt.Sprintf("redacted-%d", c.dropped)
	})
}

func (c *Collection) remember(value []byte, instead func() string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.taken[string(value)]; known || len(value) > longestValue || len(c.taken) >= maxRemembered {
		return
	}
	c.taken[string(value)] = instead()
	c.longest = max(c.longest, len(value))
}

// keep remembers what was taken out of a part, until records name it.
func (c *Collection) keep(part evidence.Part, redactions []evidence.Redaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.parts[part.Digest]
	for i := range of {
		if of[i].part == part.Name {
			of[i].redactions = redactions
			return
		}
	}
	c.parts[part.Digest] = append(of, change{part.Name, redactions})
}

// of returns what was taken out of a part.
func (c *Collection) of(part evidence.Part) []evidence.Redaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	changes := c.parts[part.Digest]
	for _, x := range changes {
		if x.part == part.Name {
			return x.redactions
		}
	}
	if len(changes) > 0 { // the collector named it anew
		return changes[0].redactions
	}
	return nil
}

// Record returns r with its texts redacted, and with all that was taken out of it and of its parts among its redactions.
func (c *Collection) Record(r evidence.Record) (evidence.Record, error) {
	if c == nil {
		return r, nil
	}
	plain, before, err := r.Encode()
	if err != nil {
		return r, err
	}
	e := edit{collection: c, counts: map[string]*tally{}}
	if rules := c.set.of(KindRecord); rules.tree != nil {
		if out, changed, _ := e.rewrite(nil, plain, rules); changed { // it is JSON: we wrote it
			plain = out
		}
	}
	var out evidence.Record // with lists of its own: the collector may use those of r again
	if err := json.Unmarshal(plain, &out); err != nil {
		return r, fmt.Errorf("redact record of %q: %w", r.Source.Name, err)
	}
	texts := []*string{&out.Procedure, &out.Source.System, &out.Source.Version, &out.Source.Identity, &out.Collected.Principal}
	for i := range out.Content {
		texts = append(texts, &out.Content[i].Name)
	}
	for i := range out.Stated.Notes {
		texts = append(texts, &out.Stated.Notes[i])
	}
	for _, t := range texts {
		masked, n := c.mask(*t)
		*t = masked
		if n > 0 {
			e.count(ruleText, n, c.pseudonyms())
		}
	}
	own := e.redactions(before)
	for i, p := range r.Content {
		for _, x := range c.of(p) {
			if len(r.Content) > 1 {
				x.Part = out.Content[i].Name
			}
			out.Redactions = append(out.Redactions, x)
		}
	}
	out.Redactions = append(out.Redactions, own...)
	return out, nil
}

func (c *Collection) pseudonyms() bool { return c.key != nil && c.set.NeedsKey() }
