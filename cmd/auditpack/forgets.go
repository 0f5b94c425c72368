package main

import (
	"context"
	"slices"
	"time"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors"
	"auditpack/evidence"
)

// sourceStatusOf reads from the journal how a source stood at a time: entries that were committed later play no part.
func sourceStatusOf(ctx context.Context, journal evidence.Journal, source workspace.TypedSource, period evidence.Period, at time.Time) (sourceStatus, error) {
	x := sourceStatus{Source: source.Name, Type: source.Type.Name, Windows: []windowStatus{}, Parts: []evidence.PartOutcome{}}
	views := make([]windowView, len(source.Type.Forgets))
	for i, w := range source.Type.Forgets {
		views[i] = windowView{window: w, at: at}
	}
	for e, err := range collectionsOf(ctx, journal, source.Name) {
		if err != nil {
			return x, err
		}
		if e.Time.After(at) {
			continue
		}
		x.see(e)
		done := x.LastSuccess != nil && e.Time.Before(period.From)
		for i := range views {
			views[i].see(e)
			done = done && views[i].settled(period.From)
		}
		if done {
			break
		}
	}
	if x.LastSuccess != nil {
		age := int64(at.Sub(x.LastSuccess.At) / time.Second)
		x.AgeSeconds = &age
	}
	x.Overdue = x.LastSuccess == nil
	for i := range views {
		w := views[i].status(period, x.LastSuccess != nil)
		x.Windows = append(x.Windows, w)
		x.Overdue = x.Overdue || w.overdue()
	}
	return x, nil
}

// see takes a collection into account; the newest comes first.
func (x *sourceStatus) see(e evidence.Entry) {
	t := &collectionTime{e.Number, e.Time.UTC()}
	if x.LastAsked == nil {
		x.LastAsked = t
		for _, p := range e.Parts {
			if unknown(p) {
				x.Parts = append(x.Parts, p)
			}
		}
	}
	if x.LastSuccess == nil && answered(e) {
		x.LastSuccess = t
	}
}

// windowView is what the journal says of one window, the newest collection first.
type windowView struct {
	window  collectors.Window
	at      time.Time
	newest  evidence.Outcome // of the window's kind in the newest collection that answered at all: ok, failed, not-offered; empty when it was not asked
	known   bool             // whether newest is
	reached []time.Time      // collections that had all of it
	asked   bool             // in any collection
}

// reach says how a collection did with the parts of a kind: failed when one of them failed or was denied, not-offered when no
// other outcome came, empty when it asked for none.
func reach(e evidence.Entry, kind evidence.Kind) evidence.Outcome {
	var got evidence.Outcome
	for _, p := range e.Parts {
		switch {
		case p.Kind != kind:
		case unknown(p):
			return evidence.OutcomeFailed
		case p.Outcome == evidence.OutcomeNotOffered && got == "":
			got = evidence.OutcomeNotOffered
		case p.Outcome != evidence.OutcomeNotOffered:
			got = evidence.OutcomeOK
		}
	}
	return got
}

func (v *windowView) see(e evidence.Entry) {
	got := reach(e, v.window.Kind)
	if !v.known && answered(e) {
		v.newest, v.known = got, true
	}
	v.asked = v.asked || got != ""
	if got == evidence.OutcomeOK {
		v.reached = append(v.reached, e.Time.UTC())
	}
}

// settled says whether collections older than those seen can change nothing more: what was lost across from is known when one
// before it had all.
func (v *windowView) settled(from time.Time) bool {
	return len(v.reached) > 0 && v.reached[len(v.reached)-1].Before(from) || v.known && (v.newest == "" || v.newest == evidence.OutcomeNotOffered)
}

func (v *windowView) status(period evidence.Period, answered bool) windowStatus {
	w := windowStatus{What: v.window.What, Why: v.window.Why, Lost: []lostSpan{}, kind: v.window.Kind}
	keeps := v.window.Keeps
	if keeps > 0 {
		seconds := int64(keeps / time.Second)
		w.KeepsSeconds = &seconds
	}
	if len(v.reached) > 0 {
		w.Reached = &v.reached[0]
	}
	switch {
	case answered && v.newest == "" && v.known:
		w.State = windowNotAsked
	case v.newest == evidence.OutcomeNotOffered:
		w.State = windowNotOffered
	case keeps == 0:
		w.State = windowUnknown
	case w.Reached == nil:
		w.State = windowNever
	default:
		closes := w.Reached.Add(keeps)
		w.Closes = &closes
		w.State = stateAt(v.at, closes, keeps)
		w.Lost = v.lost(period)
	}
	return w
}

func stateAt(at, closes time.Time, keeps time.Duration) windowState {
	switch left := closes.Sub(at); {
	case left <= 0:
		return windowClosed
	case left < keeps/closingShare:
		return windowClosing
	}
	return windowOpen
}

// lost lists, oldest first, the times that fell between two collections, or behind the last, for longer than the source remembers.
// What lies before the period is left out, unless it is the time behind the last collection.
func (v *windowView) lost(period evidence.Period) []lostSpan {
	spans := []lostSpan{}
	end := v.at
	for i, from := range v.reached {
		to := end.Add(-v.window.Keeps)
		if !to.Before(from) && (i == 0 || to.After(period.From)) {
			spans = append(spans, lostSpan{from, to})
		}
		end = from
	}
	slices.Reverse(spans)
	return spans
}
