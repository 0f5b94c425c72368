package boundary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

const statusTerminated = "terminated"

// sessionKept is how long Boundary keeps a session after it ended, at least: a job that runs every 30 minutes deletes what
// ended longer ago.
const sessionKept = time.Hour

// collectSessions lists sessions, asks what changed since the collection before, and reads each session that is not final.
// Sessions come before all else: they are what Boundary deletes. It returns the list and notes in next where to go on.
func (r *run) collectSessions(ctx context.Context, last apiCursor, next *apiCursor) (listing, error) {
	at := r.env.Now()
	l := sessionsRequest
	l.notes = append(slices.Clone(l.notes), window(at, last.Listed))
	sessions, err := r.collectList(ctx, l)
	if errors.Is(err, errTokenInvalid) || err != nil && len(sessions.items) == 0 {
		r.out.Outcome(collectors.OutcomeOf(l.readsPart(), l.reads, 0, err))
		return sessions, err
	}
	if gap := unseen(at, last.Listed); err == nil && gap != "" {
		o := collectors.OutcomeOf(l.name, l.kind, int64(len(sessions.items)), nil)
		o.Detail = gap
		r.out.Outcome(o)
	}
	changes, taken, failure := r.collectChanges(ctx, last.ListToken)
	if err == nil {
		next.Listed = &at
	}
	switch {
	case taken && failure != nil: // the token of before can still tell what was deleted since, and no newer one can
	case sessions.token != "":
		next.ListToken = sessions.token
	case changes.token != "": // the list is empty, so it came without a token
		next.ListToken = changes.token
	case !taken:
		next.ListToken = ""
	}
	r.readSessions(ctx, sessions, changes, last, next)
	return sessions, err
}

// window says what a list of sessions asked for at a time can show, and what it cannot show any more. last is when the complete
// list before it was asked for, nil for none.
func window(at time.Time, last *time.Time) string {
	note := fmt.Sprintf("Asked at %s. Boundary deletes a session one hour after it ended, by a job that runs every 30 minutes: this list can show the sessions that run and those that ended after %s, and some that ended up to half an hour before that. A session that ended earlier and was not collected then can never be had from Boundary again; an event log may still name it.",
		stamp(at), stamp(at.Add(-sessionKept)))
	if gap := unseen(at, last); gap != "" {
		note += " " + gap
	}
	return note
}

// unseen says which sessions no collection can have seen, as far as the times of asking tell; empty if there are none.
func unseen(at time.Time, last *time.Time) string {
	if last == nil || at.Sub(*last) <= sessionKept {
		return ""
	}
	return fmt.Sprintf("The complete list before was asked for at %s: sessions that ended between then and %s may have been deleted unseen, and can never be had again.",
		stamp(*last), stamp(at.Add(-sessionKept)))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// collectChanges refreshes the list of the collection before: it gives what was changed since, and the ids that Boundary
// deleted. The full list does not depend on it, so a list token that is refused costs only the deletions; taken is then false.
func (r *run) collectChanges(ctx context.Context, token string) (changes listing, taken bool, err error) {
	if token == "" {
		return listing{}, true, nil
	}
	l, at := changesRequest, r.env.Now()
	err = r.trusted(ctx, func() (err error) {
		changes, err = r.listFrom(ctx, l, token)
		return err
	})
	taken = !refusedListToken(err)
	if !taken {
		err = fmt.Errorf("refresh the list of sessions: %w: Boundary no longer takes the list token of the collection before; the full list stands by itself, and what was deleted since is not named (%v)", collectors.ErrNotOffered, err)
	} else if err != nil {
		err = fmt.Errorf("refresh the list of sessions: %w", needs(err, l.grant()))
	}
	changed := int64(len(changes.items)) + changes.removed
	if changed > 0 || err != nil { // an empty refresh says no more than its outcome: none
		err = firstOf(err, r.addListing(ctx, l, changes, at, err))
	}
	r.out.Outcome(collectors.OutcomeOf(l.part(), l.kind, changed, err))
	return changes, taken, err
}

// todo are the sessions to be read.
type todo struct {
	items   []item
	final   []string        // listed, and read before after they had ended
	missing map[string]bool // ran at the collection before, and are not in this complete list
}

// toRead picks what is not final of the list and of what changed, and what ran at the collection before. Those that have
// ended come first, because they are deleted first.
func toRead(sessions, changes listing, last apiCursor) todo {
	out := todo{missing: map[string]bool{}}
	listed := map[string]bool{}
	for _, s := range slices.Concat(sessions.items, changes.items) {
		if listed[s.ID] {
			continue
		}
		listed[s.ID] = true
		if _, known := slices.BinarySearch(last.Final, s.ID); known && s.Status == statusTerminated {
			out.final = append(out.final, s.ID)
			continue
		}
		out.items = append(out.items, s)
	}
	slices.SortStableFunc(out.items, readFirst)
	for _, id := range last.Open {
		if !listed[id] {
			out.missing[id] = sessions.complete
			out.items = append(out.items, item{ID: id})
		}
	}
	return out
}

// readSessions reads the sessions that are not final and notes in next which are, and which still run. A session is final
// when the read itself showed it terminated: it had no connection left then, and nothing about it changes any more.
func (r *run) readSessions(ctx context.Context, sessions, changes listing, last apiCursor, next *apiCursor) {
	at := r.env.Now()
	work := toRead(sessions, changes, last)
	var ended, running []evidence.Part
	final, left := slices.Clone(work.final), map[string]bool{}
	for _, s := range work.items {
		left[s.ID] = true
	}
	omitted := 0
	got := r.readAll(ctx, sessionsRequest, work.items, func(one single) {
		if work.missing[one.id] {
			omitted++
		}
		if one.body.Status != statusTerminated {
			running = append(running, one.item)
			return
		}
		ended, final = append(ended, one.item), append(final, one.id)
	})
	vanished := 0
	for _, id := range got.gone {
		delete(left, id)
		if slices.Contains(last.Open, id) {
			vanished++
		}
	}
	adding := firstOf(
		r.addReads(ctx, got, ended, " that had ended and was not read before after it had ended", at),
		r.addReads(ctx, got, running, " that had not ended", at))
	if adding != nil {
		final = work.final // what no record holds is read again
	}
	for _, id := range final {
		delete(left, id)
	}
	o := got.outcome(adding)
	if o.Detail == "" && len(work.items) == 0 && len(sessions.items) > 0 {
		o.Detail = "every listed session was read before, after it had ended"
	}
	if vanished > 0 {
		o.Detail += fmt.Sprintf(" %d of them ran when they were collected last: Boundary deleted them before their end was seen.", vanished)
	}
	r.out.Outcome(o)
	if omitted > 0 {
		r.out.Outcome(collectors.OutcomeOf(sessionsRequest.name, kindSessions, int64(len(sessions.items)), fmt.Errorf(
			"list sessions: the list says that it is complete and leaves out %d sessions that ran at the collection before and can still be read", omitted)))
		next.Listed = last.Listed // this list shows nothing of the time since
	}
	if !sessions.complete || omitted > 0 { // what was not listed this time may be listed the next
		final = append(final, last.Final...)
	}
	slices.Sort(final)
	next.Final, next.Open = slices.Compact(final), sortedKeys(left)
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
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
