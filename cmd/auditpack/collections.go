package main

import (
	"context"
	"iter"
	"slices"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// collectionsOf gives the collections of a source, the newest first, along the chain that each journal entry continues.
func collectionsOf(ctx context.Context, journal evidence.Journal, source string) iter.Seq2[evidence.Entry, error] {
	return func(yield func(evidence.Entry, error) bool) {
		e, err := journal.Last(ctx, source)
		for err != nil || e.Number > 0 {
			if !yield(e, err) || err != nil || e.SourcePrevious == 0 {
				return
			}
			e, err = entryOf(ctx, journal, e.SourcePrevious)
		}
	}
}

func entryOf(ctx context.Context, journal evidence.Journal, number int64) (evidence.Entry, error) {
	for e, err := range journal.Entries(ctx, number) {
		return e, err
	}
	return evidence.Entry{}, nil
}

// answered says whether the source gave anything at all: what it has, that it has none, or that it does not offer this.
func answered(e evidence.Entry) bool {
	return slices.ContainsFunc(e.Parts, func(p evidence.PartOutcome) bool { return !unknown(p) })
}

// unknown says whether asking for a part gave nothing that anybody could judge.
func unknown(p evidence.PartOutcome) bool {
	return p.Outcome == evidence.OutcomeFailed || p.Outcome == evidence.OutcomeDenied
}

// missed says whether a part failed that the next collection may well get. What was denied stays so until somebody grants it.
func missed(e evidence.Entry) bool {
	return slices.ContainsFunc(e.Parts, func(p evidence.PartOutcome) bool { return p.Outcome == evidence.OutcomeFailed })
}

// sinceLastAnswer is the current quarter, begun with the quarter that the sources' last whole answers fell into: what happened
// between that answer and the end of its quarter was not asked for yet.
func sinceLastAnswer(ctx context.Context, journal evidence.Journal, sources []collectors.Source, now time.Time) (evidence.Period, error) {
	period := quarterOf(now)
	for _, s := range sources {
		at, err := lastAnswer(ctx, journal, s.Name)
		if err != nil {
			return evidence.Period{}, err
		}
		if !at.IsZero() && at.Before(period.From) {
			period.From = quarterOf(at).From
		}
	}
	return period, nil
}

// lastAnswer is when a source was last asked without a failure; when that never happened, the time it was asked first.
func lastAnswer(ctx context.Context, journal evidence.Journal, source string) (time.Time, error) {
	var at time.Time
	for e, err := range collectionsOf(ctx, journal, source) {
		if err != nil {
			return time.Time{}, err
		}
		at = e.Time
		if answered(e) && !missed(e) {
			break
		}
	}
	return at, nil
}
