package terraform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
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
	kind evidence.Kind // of the record that the pages are for
	path string
	// options returns the go-tfe options for a page, from 1. A list that is not paged ignores its argument.
	options func(tfe.ListOptions) any
	// plain are the options for a server that is older than what options asks for, and refuses it; nil when there is nothing newer.
	plain   func(tfe.ListOptions) any
	unpaged bool
}

// list reads all pages of q and stores each body. When the pages do not add up it reads again, and in the end returns the list with
// an error that wraps errMoved. What came is returned with every error.
func (s *session) list(ctx context.Context, out collectors.Sink, q query) (list, error) {
	var got list
	var err error
	for range listTries {
		got, err = s.pages(ctx, out, q)
		if q.plain != nil && refusesParameters(err) {
			q.options, q.plain = q.plain, nil
			got, err = s.pages(ctx, out, q)
		}
		if !errors.Is(err, errMoved) {
			break
		}
	}
	return got, err
}

func (s *session) pages(ctx context.Context, out collectors.Sink, q query) (list, error) {
	var got list
	var sum tally
	seen := map[string]bool{}
	for number := 1; number > 0; {
		if len(got.pages) == maxPages {
			return got, fmt.Errorf("list of %s has more than %d pages", q.path, maxPages)
		}
		p, doc, err := s.page(ctx, out, q, number)
		if err != nil {
			return got, err
		}
		got.pages = append(got.pages, p)
		for _, r := range doc.Data {
			if !seen[r.ID] {
				seen[r.ID] = true
				got.items = append(got.items, r)
			}
		}
		sum.page(number, doc.Meta.Pagination)
		got.expected = sum.expected()
		if number, err = nextPage(doc, number, q); err != nil {
			return got, err
		}
	}
	return got, sum.check(q.path, int64(len(got.items)))
}

// page reads and stores one page.
func (s *session) page(ctx context.Context, out collectors.Sink, q query, number int) (page, document, error) {
	a, err := s.get(ctx, q.path, q.options(tfe.ListOptions{PageNumber: number, PageSize: pageSize}))
	if err != nil {
		return page{}, document{}, err
	}
	doc, err := readDocument(a.body)
	if err != nil {
		return page{}, document{}, err
	}
	p, err := s.put(ctx, out, q.kind, a, mediaType)
	p.items = doc.Data
	return p, doc, err
}

// refusesParameters says whether a server refused a request for what it asks.
func refusesParameters(err error) bool {
	var api *apiError
	return errors.As(err, &api) && (api.status == http.StatusBadRequest || api.status == http.StatusUnprocessableEntity)
}

// tally holds what the server says of a list against the pages that were read of it. The first total counts: what is created while
// we page is of the next collection.
type tally struct {
	total *int64 // of the whole list; nil when the server does not say
	sum   int64  // of the pages that were read
}

// page notes what the server says beside page number, and returns how many items it says the page holds, if it says.
func (t *tally) page(number int, p *pagination) *int64 {
	if t.total == nil {
		if p == nil || p.TotalCount == nil {
			return nil
		}
		total := int64(*p.TotalCount)
		t.total = &total
	}
	size := int64(p.size())
	here := max(*t.total-int64(number-1)*size, 0) // the last page holds the rest
	if p == nil || p.NextPage != nil {
		here = min(here, size)
	}
	t.sum += here
	return &here
}

func (t *tally) expected() *int64 {
	if t.total == nil {
		return nil
	}
	sum := t.sum
	return &sum
}

// check compares the count of ids with what the server says.
func (t *tally) check(path string, seen int64) error {
	if t.total != nil && seen < t.sum {
		return fmt.Errorf("list of %s: %w: got %d items, server states %d", path, errMoved, seen, t.sum)
	}
	return nil
}

// surplus says in words that more came than the server stated; empty when not. It is no failure: nothing is missing.
func (l list) surplus() string {
	if l.expected == nil || int64(len(l.items)) <= *l.expected {
		return ""
	}
	return fmt.Sprintf("%d items came, where the server states %d", len(l.items), *l.expected)
}

// nextPage returns the number of the page after number, 0 for none. A paged list without pagination data, which the
// documentation does not foresee but the samples show, goes on while pages are full.
func nextPage(d document, number int, q query) (int, error) {
	p := d.Meta.Pagination
	next := 0
	switch {
	case p != nil && p.NextPage != nil:
		next = *p.NextPage
	case p == nil && !q.unpaged && len(d.Data) >= pageSize:
		next = number + 1
	}
	if text := early(d, number); next == 0 && text != "" {
		return 0, fmt.Errorf("list of %s: %w: %s", q.path, errMoved, text)
	}
	if next != 0 && next <= number {
		return 0, fmt.Errorf("list of %s: page %d is followed by page %d", q.path, number, next)
	}
	return next, nil
}

// early says in words that more must come after page number, as the server states its sizes; empty when not.
func early(d document, number int) string {
	p := d.Meta.Pagination
	if p == nil || p.TotalCount == nil {
		return ""
	}
	if rest := *p.TotalCount - (number-1)*p.size(); rest > max(p.size(), len(d.Data)) {
		return fmt.Sprintf("page %d is the last, server states %d items", number, *p.TotalCount)
	}
	return ""
}

// segment escapes an id or a name for use in a path.
func segment(id string) string { return url.PathEscape(id) }
