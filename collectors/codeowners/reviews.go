package codeowners

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

const (
	// checkpointEvery is after how many changes what came is committed: a killed collection loses no more requests than these took.
	checkpointEvery = 50

	// maxNamedFailures is how many changes are named one by one when asking about them failed; the rest are counted.
	maxNamedFailures = 20

	// mostPullCommits is how many commits of a pull request the API lists.
	//
	// Source: GitHub REST API documentation, "List commits on a pull request", as of 2026-11.
	mostPullCommits = 250
)

// reviewKinds are asked for change by change, in this order.
var reviewKinds = []struct {
	kind      evidence.Kind
	procedure string
}{
	{kindCommitChecks, "GET /repos/OWNER/REPO/commits/SHA, all pages of files, of each change"},
	{kindCommitPulls, "GET /repos/OWNER/REPO/commits/SHA/pulls, all pages, of each change"},
	{kindPulls, "GET /repos/OWNER/REPO/pulls/NUMBER of each merged pull request into the branch that a change belongs to"},
	{kindPullCommits, "GET /repos/OWNER/REPO/pulls/NUMBER/commits, all pages, of each such pull request"},
	{kindReviews, "GET /repos/OWNER/REPO/pulls/NUMBER/reviews, all pages, of each such pull request"},
}

const ofChanges = "; changes are commits of the branch that landed in the period and touch a protected path or add an external integration"

// reviews asks about changes and the pull requests that they belong to.
type reviews struct {
	*reading
	ledgers map[evidence.Kind]*ledger
	items   map[evidence.Kind]int64
	failed  map[evidence.Kind][]failure
	pulls   map[int64]bool // asked about, and whether all came
}

// failure is one thing that could not be had.
type failure struct {
	of  string // "pull request 7", or a commit
	err error
}

// askReviews asks about every change that earlier collections did not ask about completely. done names those that need not be asked
// about again; the names of further ones are added to it.
func (r *reading) askReviews(ctx context.Context, changes []string, done map[string]bool) error {
	v := &reviews{reading: r, ledgers: map[evidence.Kind]*ledger{}, items: map[evidence.Kind]int64{}, failed: map[evidence.Kind][]failure{}, pulls: map[int64]bool{}}
	for _, k := range reviewKinds {
		v.ledgers[k.kind] = &ledger{kind: k.kind, procedure: k.procedure + ofChanges}
	}
	asked, stopped := 0, error(nil)
	for i, sha := range changes {
		if done[sha] {
			continue
		}
		r.out.Progress(collectors.Progress{Step: "reviews", Items: int64(i), TotalItems: int64(len(changes))})
		whole, err := v.change(ctx, sha)
		if whole {
			done[sha] = true
		}
		if stopped = err; stopped != nil {
			break
		}
		if asked++; asked%checkpointEvery == 0 {
			if stopped = v.checkpoint(ctx); stopped != nil {
				break
			}
		}
	}
	// What came stays evidence, also when the collection was interrupted.
	if err := v.flush(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	v.outcomes(asked, len(changes), stopped)
	return errors.Join(stopped, v.saveCursor())
}

// checkpoint commits what came so far, where the sink can.
func (v *reviews) checkpoint(ctx context.Context) error {
	if err := v.flush(ctx); err != nil {
		return err
	}
	if err := v.saveCursor(); err != nil {
		return err
	}
	if c, ok := v.out.(collectors.Checkpointer); ok {
		return c.Checkpoint(ctx)
	}
	return nil
}

func (v *reviews) flush(ctx context.Context) error {
	for _, k := range reviewKinds {
		if err := v.overPeriod(ctx, v.ledgers[k.kind]); err != nil {
			return err
		}
	}
	return nil
}

// take books what asking brought. A list that could not be read to its end is not kept: it would say that what is on its later pages
// does not exist. It returns whether all came, and an error only when the collection ends.
func (v *reviews) take(ctx context.Context, kind evidence.Kind, of, permission string, items int, pages []page, err error) (bool, error) {
	if fatal(ctx, err) {
		return false, err
	}
	if err != nil {
		v.failed[kind] = append(v.failed[kind], failure{of, v.session.refused(permission, err)})
		return false, nil
	}
	v.ledgers[kind].add(items, pages...)
	v.items[kind] += int64(items)
	return true, nil
}

// change asks about one commit. Each list is asked for whatever became of the others.
//
// Source: GitHub REST API documentation, "Get a commit" and "List pull requests associated with a commit", as of 2026-11.
func (v *reviews) change(ctx context.Context, sha string) (whole bool, err error) {
	path := v.session.repo("/commits/" + sha)
	got, err := v.session.list(ctx, v.out, query{kind: kindCommitChecks, path: path, field: "files"})
	whole, err = v.take(ctx, kindCommitChecks, sha, readContents, min(len(got.pages), 1), got.pages, err)
	if err != nil {
		return false, err
	}
	got, err = v.session.list(ctx, v.out, query{kind: kindCommitPulls, path: path + "/pulls"})
	listed, err := v.take(ctx, kindCommitPulls, sha, readPulls, len(got.items), got.pages, err)
	if err != nil {
		return false, err
	}
	whole = whole && listed
	if !listed {
		f := v.failed[kindCommitPulls][len(v.failed[kindCommitPulls])-1]
		for _, kind := range []evidence.Kind{kindPulls, kindPullCommits, kindReviews} {
			v.failed[kind] = append(v.failed[kind], failure{sha, fmt.Errorf("not asked, for want of the commit's pull requests: %w", f.err)})
		}
	}
	for _, item := range got.items {
		var pull struct {
			Number   int64      `json:"number"`
			MergedAt *time.Time `json:"merged_at"`
			Base     struct {
				Ref string `json:"ref"`
			} `json:"base"`
		}
		if err := decode(item, &pull); err != nil {
			v.failed[kindCommitPulls] = append(v.failed[kindCommitPulls], failure{sha, err})
			whole = false
			continue
		}
		if pull.MergedAt == nil || pull.Base.Ref != v.branchName {
			continue
		}
		came, known := v.pulls[pull.Number]
		if !known {
			if came, err = v.pull(ctx, pull.Number); err != nil {
				return false, err
			}
			v.pulls[pull.Number] = came
		}
		whole = whole && came
	}
	return whole, nil
}

// pull asks about one pull request. Lists of pull requests lack who merged it; the single one has that.
//
// Source: GitHub REST API documentation, "Get a pull request", "List commits on a pull request", "List reviews for a pull request",
// as of 2026-11.
func (v *reviews) pull(ctx context.Context, number int64) (whole bool, err error) {
	of := fmt.Sprintf("pull request %d", number)
	path := v.session.repo(fmt.Sprintf("/pulls/%d", number))
	p, body, err := v.session.one(ctx, v.out, kindPulls, path, nil)
	var pages []page
	if err == nil {
		pages = []page{p}
	}
	var pull struct {
		Commits *int64 `json:"commits"`
	}
	if err == nil {
		err = decode(body, &pull)
	}
	whole, err = v.take(ctx, kindPulls, of, readPulls, len(pages), pages, err)
	if err != nil {
		return false, err
	}
	got, err := v.session.list(ctx, v.out, query{kind: kindPullCommits, path: path + "/commits"})
	if err == nil && pull.Commits != nil {
		err = v.expect(got.items, min(*pull.Commits, mostPullCommits), *pull.Commits > mostPullCommits, of)
	}
	listed, err := v.take(ctx, kindPullCommits, of, readPulls, len(got.items), got.pages, err)
	if err != nil {
		return false, err
	}
	got, err = v.session.list(ctx, v.out, query{kind: kindReviews, path: path + "/reviews"})
	reviewed, err := v.take(ctx, kindReviews, of, readPulls, len(got.items), got.pages, err)
	return whole && listed && reviewed, err
}

// expect holds the commits of a pull request against how many it says it has.
func (v *reviews) expect(items []json.RawMessage, want int64, capped bool, of string) error {
	l := v.ledgers[kindPullCommits]
	if l.expected == nil {
		l.expected = new(int64)
	}
	*l.expected += want
	if capped {
		l.notes = append(l.notes, fmt.Sprintf("%s has more commits than the %d that the API lists", of, mostPullCommits))
	}
	if got := int64(len(items)); got < want {
		return fmt.Errorf("%w: got %d commits, server states %d", errMoved, got, want)
	}
	return nil
}

// outcomes tells how asking for each kind went, and names changes that failed.
func (v *reviews) outcomes(asked, changes int, stopped error) {
	for _, k := range reviewKinds {
		failed, items := v.failed[k.kind], v.items[k.kind]
		o := collectors.OutcomeOf(partOf(k.kind), k.kind, items, nil)
		switch {
		case stopped != nil:
			o = collectors.OutcomeOf(o.Part, k.kind, items, fmt.Errorf("not all asked: %w", stopped))
		case len(failed) > 0:
			o = collectors.OutcomeOf(o.Part, k.kind, items, fmt.Errorf("%d lists could not be read, the first of %s: %w", len(failed), failed[0].of, failed[0].err))
		case asked == 0 && changes > 0:
			o.Detail = fmt.Sprintf("nothing new to ask: earlier collections asked about all %d changes", changes)
		}
		v.told[k.kind] = true
		v.out.Outcome(o)
		for i, f := range failed {
			if i == maxNamedFailures {
				break
			}
			v.outcome(o.Part+" of "+f.of, k.kind, 0, f.err)
		}
	}
}
