package terraform

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
)

const (
	pageSize  = 100 // the most that the API gives
	maxPages  = 10_000
	listTries = 3 // a list that changes while it is paged is read again
)

// errMoved says that the pages of a list did not add up to what the server said of it.
var errMoved = errors.New("pages do not add up")

// query is how one list is asked for.
type query struct {
	path string
	// options returns the go-tfe options for a page, from 1. A list that is not paged ignores its argument.
	options func(tfe.ListOptions) any
	unpaged bool
	// enough says after each page whether the rest is of no interest; nil reads to the end.
	enough func([]resource) bool
}

// list reads all pages of q, or as many as are enough, and stores each body. When the pages do not add up it reads again, and
// in the end returns the list with an error that wraps errMoved.
func (s *session) list(ctx context.Context, out collectors.Sink, q query) (list, error) {
	var got list
	var err error
	for range listTries {
		got, err = s.pages(ctx, out, q)
		if !errors.Is(err, errMoved) {
			break
		}
	}
	return got, err
}

// pages returns what came also when it returns an error.
func (s *session) pages(ctx context.Context, out collectors.Sink, q query) (list, error) {
	var got list
	seen := map[string]bool{}
	for number := 1; number > 0; {
		if len(got.pages) == maxPages {
			return got, fmt.Errorf("list of %s has more than %d pages", q.path, maxPages)
		}
		answer, err := s.get(ctx, q.path, q.options(tfe.ListOptions{PageNumber: number, PageSize: pageSize}))
		if err != nil {
			return got, err
		}
		doc, err := readDocument(answer.body)
		if err != nil {
			return got, err
		}
		stored, err := s.put(ctx, out, answer.name, answer.body)
		if err != nil {
			return got, err
		}
		stored.items = doc.Data
		got.pages = append(got.pages, stored)
		for _, r := range doc.Data {
			if !seen[r.ID] {
				seen[r.ID] = true
				got.items = append(got.items, r)
			}
		}
		got.count(doc.Meta.Pagination)
		next := nextPage(doc, number, q.unpaged)
		if next != 0 && next <= number {
			return got, fmt.Errorf("list of %s: page %d is followed by page %d", q.path, number, next)
		}
		number = next
		if q.enough != nil && q.enough(doc.Data) {
			break
		}
	}
	if got.expected != nil && int64(len(got.items)) < *got.expected {
		return got, fmt.Errorf("list of %s: %w: got %d items, server states %d", q.path, errMoved, len(got.items), *got.expected)
	}
	return got, nil
}

// count notes what the server says of the whole list, and so of the pages read so far. The first page's total counts: what
// is created while we page is of the next collection.
func (l *list) count(p *pagination) {
	if p == nil || p.TotalCount == nil {
		return
	}
	if l.total == nil {
		total := int64(*p.TotalCount)
		l.total = &total
	}
	size := int64(p.PageSize)
	if size <= 0 {
		size = pageSize
	}
	expected := min(*l.total, size*int64(len(l.pages)))
	l.expected = &expected
}

// nextPage returns the number of the page after number, 0 for none. A paged list without pagination data, which the
// documentation does not foresee but the samples show, goes on while pages are full.
func nextPage(d document, number int, unpaged bool) int {
	p := d.Meta.Pagination
	switch {
	case p != nil && p.NextPage != nil:
		return *p.NextPage
	case p != nil || unpaged || len(d.Data) < pageSize:
		return 0
	}
	return number + 1
}

// segment escapes an id or a name for use in a path.
func segment(id string) string { return url.PathEscape(id) }
