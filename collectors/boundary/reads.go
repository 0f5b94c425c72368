package boundary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// reads is what reading the resources of one list one by one gave.
type reads struct {
	of    listRequest
	asked int // to be read
	kept  int64
	gone  []string // ids that Boundary deleted between the list and the read
	failures
}

// single is the answer of one read, stored.
type single struct {
	item evidence.Part
	id   string
	body struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
}

// readAll reads each item by itself and hands what came to keep. It stops at the first answer that only the anonymous user
// was given, and when the controller is down: all further ones would be such.
func (r *run) readAll(ctx context.Context, of listRequest, todo []item, keep func(single)) reads {
	got := reads{of: of, asked: len(todo)}
	for i, it := range todo {
		if ctx.Err() != nil {
			got.stop(ctx.Err())
			break
		}
		one, err := r.readOne(ctx, of, it.ID)
		if statusOf(err) == http.StatusNotFound && !errors.Is(err, errTokenInvalid) {
			got.gone = append(got.gone, it.ID)
			continue
		}
		if err == nil {
			got.kept++
			keep(one)
		} else if got.add(fmt.Sprintf("%q", it.ID), needs(err, of.grant())); errors.Is(err, errTokenInvalid) || errors.Is(err, errDown) {
			break
		}
		r.out.Progress(collectors.Progress{Step: of.readsPart(), Items: int64(i + 1), TotalItems: int64(len(todo))})
	}
	return got
}

// readOne asks for one resource and stores the answer.
func (r *run) readOne(ctx context.Context, of listRequest, id string) (single, error) {
	body, err := r.resource(ctx, of.path()+"/"+url.PathEscape(id))
	if err != nil {
		return single{}, err
	}
	one := single{id: id}
	if err := json.Unmarshal(body, &one.body); err != nil {
		return single{}, fmt.Errorf("read answer: %w", err)
	}
	if one.body.ID != id {
		return single{}, fmt.Errorf("answer speaks of %s %q", of.one, one.body.ID)
	}
	one.item, err = r.out.Put(ctx, of.reads, id+".json", jsonType, bytes.NewReader(body))
	return one, err
}

// resource returns the body of one resource. A refusal is believed only of a token that is still valid.
func (r *run) resource(ctx context.Context, path string) ([]byte, error) {
	body, err := r.client.get(ctx, path, nil)
	if !refused(err) {
		return body, err
	}
	again, err := r.doubt(ctx, err)
	if !again {
		return nil, err
	}
	return r.client.get(ctx, path, nil)
}

// outcome says how all reads went; adding is the error of adding their record.
func (got reads) outcome(adding error) evidence.PartOutcome {
	o := collectors.OutcomeOf(got.of.readsPart(), got.of.reads, got.kept, got.err(adding))
	if o.Detail == "" && len(got.gone) > 0 {
		o.Detail = got.goneNote()
	}
	return o
}

// unread is how many were not read, those after a stop included.
func (got reads) unread() int { return got.asked - int(got.kept) - len(got.gone) }

func (got reads) goneNote() string {
	return fmt.Sprintf("%d %s were listed and then deleted by Boundary before they could be read.", len(got.gone), got.of.name)
}

// addReads adds the record of single reads, with a part for each; which says of which of those that were listed.
func (r *run) addReads(ctx context.Context, got reads, parts []evidence.Part, which string, at time.Time) error {
	if len(parts) == 0 {
		return nil
	}
	rec := r.record(got.of.reads, at)
	rec.Procedure = fmt.Sprintf("GET %s%s/{id} with an Authorization header (Bearer), for each listed %s%s", r.config.Address, got.of.path(), got.of.one, which)
	rec.Content = parts
	seen := int64(len(parts))
	rec.Stated.ItemsSeen = &seen
	if len(got.gone) > 0 {
		rec.Stated.Notes = append(rec.Stated.Notes, got.goneNote())
	}
	if n := got.unread(); n > 0 {
		rec.Stated.Notes = append(rec.Stated.Notes, fmt.Sprintf("%d %s could not be read; the next collection tries again.", n, got.of.name))
	}
	_, err := r.out.Add(context.WithoutCancel(ctx), rec) // what an interrupted collection stored is evidence
	return err
}

// collectReads reads each item of a list by itself, adds the record and tells the outcome. It returns why not all were read.
func (r *run) collectReads(ctx context.Context, of listRequest, items []item) error {
	at := r.env.Now()
	var parts []evidence.Part
	got := r.readAll(ctx, of, items, func(one single) { parts = append(parts, one.item) })
	adding := r.addReads(ctx, got, parts, "", at)
	r.out.Outcome(got.outcome(adding))
	return got.err(adding)
}

// err is why not all were read or kept; adding is the error of adding their record.
func (got reads) err(adding error) error {
	if adding != nil {
		return adding
	}
	return got.summary(fmt.Sprintf("%d of %d %s could not be read", got.unread(), got.asked, got.of.name), "read "+got.of.one)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
