package evidence

import (
	"fmt"
	"maps"
)

// Chain is what a journal needs to know of its entries so far to take or check the next one. The zero value is an empty
// journal. It is not safe for concurrent use.
type Chain struct {
	size    int64
	last    Digest
	sources map[string]int64 // configured name to the number of its last collection
}

// ResumeChain returns the Chain after size entries, of which the last has the digest last, without reading them. Sources maps
// configured names to the numbers of their last collections.
func ResumeChain(size int64, last Digest, sources map[string]int64) Chain {
	return Chain{size: size, last: last, sources: maps.Clone(sources)}
}

// Size returns the number of entries so far.
func (c *Chain) Size() int64 { return c.size }

// Last returns the digest of the last entry's bytes, empty for an empty journal.
func (c *Chain) Last() Digest { return c.last }

// Sources returns the number of the last collection of each source; the caller may change the map.
func (c *Chain) Sources() map[string]int64 { return maps.Clone(c.sources) }

// SourceLast returns the number of a source's last collection, 0 for none.
func (c *Chain) SourceLast(source string) int64 { return c.sources[source] }

// Next returns e as the entry that follows, and its bytes. It does not change c: once the bytes are durable, Add does. An
// entry that starts from another collection of its source than the last one is ErrConflict.
func (c *Chain) Next(e Entry) (Entry, []byte, error) {
	if e.Type == EntryCollection && e.SourcePrevious != c.sources[e.Source] {
		return Entry{}, nil, fmt.Errorf("append to journal: source %q: entry starts from %d, last is %d: %w", e.Source, e.SourcePrevious, c.sources[e.Source], ErrConflict)
	}
	e.Format, e.Number, e.Previous = EntryFormat, c.size+1, c.last
	if err := e.Validate(); err != nil {
		return Entry{}, nil, fmt.Errorf("append to journal: %w", err)
	}
	b, err := e.Encode()
	if err != nil {
		return Entry{}, nil, fmt.Errorf("append to journal: %w", err)
	}
	committed, err := DecodeEntry(b)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("append to journal: %w", err)
	}
	return committed, b, nil
}

// Add takes b, the bytes of the next entry, and returns the entry. Bytes that do not follow are an error that wraps
// ErrCorrupt, and leave c as it was.
func (c *Chain) Add(b []byte) (Entry, error) {
	e, err := DecodeEntry(b)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if e.Number != c.size+1 {
		return Entry{}, fmt.Errorf("%w: journal entry has the number %d, want %d", ErrCorrupt, e.Number, c.size+1)
	}
	if e.Previous != c.last {
		return Entry{}, fmt.Errorf("%w: journal entry %d names %q as the entry before, which is %q", ErrCorrupt, e.Number, string(e.Previous), string(c.last))
	}
	if e.Type == EntryCollection && e.SourcePrevious != c.sources[e.Source] {
		return Entry{}, fmt.Errorf("%w: journal entry %d starts from entry %d of source %q, whose last is %d", ErrCorrupt, e.Number, e.SourcePrevious, e.Source, c.sources[e.Source])
	}
	c.size, c.last = e.Number, DigestOf(b)
	if e.Type == EntryCollection {
		if c.sources == nil {
			c.sources = map[string]int64{}
		}
		c.sources[e.Source] = e.Number
	}
	return e, nil
}
