package boundary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"auditpack/collectors"
	"auditpack/evidence"
)

// partReads is the part that stands for all single reads; those that failed have a part of their own beside it.
const partReads = "session reads"

// maxFailedReads bounds the parts of failed reads in one journal entry. When more fail, the reason is the same.
const maxFailedReads = 50

const statusTerminated = "terminated"

// reads is what reading sessions one by one gave.
type reads struct {
	ended   []evidence.Part // sessions that are final
	running []evidence.Part // sessions that will be read again
	final   []string        // ids that need no further reading
	gone    int64           // deleted by Boundary between the list and the read
	failed  int64
	denied  error // the first refusal
	broken  error // the first other failure
}

// readSessions reads every listed session that is not final, those that have ended first because they are deleted first,
// and returns the ids that are final now. A session is final when the read itself showed it terminated: it had no
// connection left then, and nothing about it changes any more.
func (r *run) readSessions(ctx context.Context, sessions listing, final []string) []string {
	var (
		got  reads
		todo []item
	)
	for _, s := range sessions.items {
		if _, known := slices.BinarySearch(final, s.ID); known && s.Status == statusTerminated {
			got.final = append(got.final, s.ID)
			continue
		}
		todo = append(todo, s)
	}
	slices.SortStableFunc(todo, readFirst)
	for i, s := range todo {
		if ctx.Err() != nil {
			got.broken = errors.Join(got.broken, ctx.Err())
			break
		}
		if r.readSession(ctx, s, &got); errors.Is(got.broken, errTokenInvalid) {
			break // every further answer would be one for the anonymous user
		}
		r.out.Progress(collectors.Progress{Step: partReads, Items: int64(i + 1), TotalItems: int64(len(todo))})
	}
	err := firstOf(r.addReads(ctx, got), firstOf(got.broken, got.denied))
	o := collectors.OutcomeOf(partReads, kindSession, int64(len(got.ended)+len(got.running)), err)
	switch {
	case got.failed > 0:
		o.Detail = fmt.Sprintf("%d of %d sessions could not be read: %s", got.failed, len(todo), o.Detail)
	case err == nil && got.gone > 0:
		o.Detail = goneNote(got.gone)
	case err == nil && len(todo) == 0 && len(sessions.items) > 0:
		o.Detail = "every listed session was read before, after it had ended"
	}
	r.out.Outcome(o)
	if !sessions.complete { // what was not listed this time may be listed the next
		got.final = append(got.final, final...)
	}
	slices.Sort(got.final)
	return slices.Compact(got.final)
}

// readFirst orders terminated sessions before others, and among each the one that changed longest ago first.
func readFirst(a, b item) int {
	if aEnded, bEnded := a.Status == statusTerminated, b.Status == statusTerminated; aEnded != bEnded {
		if aEnded {
			return -1
		}
		return 1
	}
	return a.UpdatedTime.Compare(b.UpdatedTime)
}

// readSession reads one session and notes in got how it went.
func (r *run) readSession(ctx context.Context, s item, got *reads) {
	body, err := r.session(ctx, s.ID)
	var status struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	switch {
	case statusOf(err) == http.StatusNotFound:
		got.gone++
		return
	case err == nil:
		err = json.Unmarshal(body, &status)
		if err == nil && status.ID != s.ID {
			err = fmt.Errorf("answer speaks of session %q", status.ID)
		}
	}
	if err == nil {
		var part evidence.Part
		if part, err = r.out.Put(ctx, s.ID+".json", jsonType, bytes.NewReader(body)); err == nil {
			if status.Status == statusTerminated {
				got.ended, got.final = append(got.ended, part), append(got.final, s.ID)
			} else {
				got.running = append(got.running, part)
			}
			return
		}
	}
	err = fmt.Errorf("read session %q: %w", s.ID, needs(err, grantSessions))
	var denied *collectors.DeniedError
	if errors.As(err, &denied) {
		got.denied = firstOf(got.denied, err)
	} else {
		got.broken = firstOf(got.broken, err)
	}
	if got.failed++; got.failed <= maxFailedReads {
		r.out.Outcome(collectors.OutcomeOf("session "+s.ID, kindSession, 0, err))
	}
}

// session returns the body of one session. A refusal is believed only of a token that is still valid.
func (r *run) session(ctx context.Context, id string) ([]byte, error) {
	path := "/v1/sessions/" + url.PathEscape(id)
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

// addReads adds a record of the sessions that had ended, which is the last word on them, and one of those that had not, with
// a part for each session.
func (r *run) addReads(ctx context.Context, got reads) error {
	at := r.env.Now()
	for _, group := range []struct {
		parts []evidence.Part
		which string
	}{
		{got.ended, "that had ended and was not read before after it had ended"},
		{got.running, "that had not ended"},
	} {
		if len(group.parts) == 0 {
			continue
		}
		rec := r.record(kindSession, at)
		rec.Procedure = fmt.Sprintf("GET %s/v1/sessions/{id} with an Authorization header (Bearer), for each listed session %s", r.config.Address, group.which)
		rec.Content = group.parts
		seen := int64(len(group.parts))
		rec.Stated.ItemsSeen = &seen
		if got.gone > 0 {
			rec.Stated.Notes = append(rec.Stated.Notes, goneNote(got.gone))
		}
		if got.failed > 0 {
			rec.Stated.Notes = append(rec.Stated.Notes, fmt.Sprintf("%d sessions could not be read; the next collection tries again.", got.failed))
		}
		if _, err := r.out.Add(ctx, rec); err != nil {
			return err
		}
	}
	return nil
}

func goneNote(n int64) string {
	return fmt.Sprintf("%d sessions were listed and then deleted by Boundary before they could be read; their connections are not known.", n)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
