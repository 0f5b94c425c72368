package codeowners

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// The kinds of evidence that come from GitHub: answers of its REST API as received.
const (
	kindRepository   evidence.Kind = "github.repository/1"
	kindBranch       evidence.Kind = "github.branch/1"
	kindBranchRules  evidence.Kind = "github.branch-rules/1"
	kindRulesets     evidence.Kind = "github.rulesets/1"
	kindProtection   evidence.Kind = "github.branch-protection/1"
	kindActivity     evidence.Kind = "github.activity/1"
	kindCommitChecks evidence.Kind = "github.commits/1"
	kindCommitPulls  evidence.Kind = "github.commit-pulls/1"
	kindPulls        evidence.Kind = "github.pulls/1"
	kindPullCommits  evidence.Kind = "github.pull-commits/1"
	kindReviews      evidence.Kind = "github.reviews/1"
	kindTeamMembers  evidence.Kind = "github.team-members/1"
)

// serverParts are all that a server is asked for, with the names of their parts.
var serverParts = []struct {
	kind evidence.Kind
	part string
}{
	{kindRepository, "repository"},
	{kindBranch, "branch"},
	{kindBranchRules, "branch rules"},
	{kindRulesets, "rulesets"},
	{kindProtection, "branch protection"},
	{kindActivity, "activity of the branch"},
	{kindCommitChecks, "commits"},
	{kindCommitPulls, "pull requests of commits"},
	{kindPulls, "pull requests"},
	{kindPullCommits, "commits of pull requests"},
	{kindReviews, "reviews"},
	{kindTeamMembers, "team members"},
}

func partOf(kind evidence.Kind) string {
	for _, p := range serverParts {
		if p.kind == kind {
			return p.part
		}
	}
	return string(kind)
}

// Permissions, in the words of GitHub's fine-grained tokens.
const (
	readMetadata       = "repository permission Metadata: read"
	readContents       = "repository permission Contents: read"
	readPulls          = "repository permission Pull requests: read"
	readAdministration = "repository permission Administration: read"
	readBypassActors   = "write access to the ruleset (repository permission Administration: write), without which GitHub leaves bypass actors out"
	readMembers        = "organization permission Members: read (scope read:org of a classic token)"
)

// noServer says of everything that only a server knows that there is none to ask.
func noServer(out collectors.Sink) {
	for _, p := range serverParts {
		out.Outcome(collectors.OutcomeOf(p.part, p.kind, 0, fmt.Errorf("%w: no github section is configured, and git does not keep it", collectors.ErrNotOffered)))
	}
}

// unasked says of everything that no outcome is known of why not.
func (r *reading) unasked(err error) {
	for _, p := range serverParts {
		if !r.told[p.kind] {
			r.outcome(p.part, p.kind, 0, err)
		}
	}
}

// outcome notes how asking for a part went; errors that end everything come back.
func (r *reading) outcome(part string, kind evidence.Kind, items int64, err error) {
	r.told[kind] = true
	r.out.Outcome(collectors.OutcomeOf(part, kind, items, err))
}

// fatal says whether an error ends the collection.
func fatal(ctx context.Context, err error) bool {
	var store *storeError
	return ctx.Err() != nil || errors.As(err, &store)
}

// snapshot adds a record of what is so now.
func (r *reading) snapshot(ctx context.Context, l *ledger) error {
	if len(l.parts) == 0 {
		return nil
	}
	record := l.record(r.session)
	at := r.now
	record.At = &at
	return r.addRecord(ctx, record)
}

// overPeriod adds a record of what belongs to the period.
func (r *reading) overPeriod(ctx context.Context, l *ledger) error {
	if len(l.parts) == 0 {
		return nil
	}
	record := l.record(r.session)
	p := r.period
	record.Period = &p
	return r.addRecord(ctx, record)
}

func (r *reading) addRecord(ctx context.Context, record evidence.Record) error {
	if _, err := r.out.Add(ctx, record); err != nil {
		return &storeError{fmt.Errorf("add record of %s: %w", record.Kind, err)}
	}
	return nil
}

// askRepository learns which branch is meant, and where it ends on the server.
func (r *reading) askRepository(ctx context.Context) error {
	p, body, err := r.session.one(ctx, r.out, kindRepository, r.session.repo(""), nil)
	if fatal(ctx, err) {
		return err
	}
	var repository struct {
		DefaultBranch string `json:"default_branch"`
	}
	if err == nil {
		l := &ledger{kind: kindRepository, procedure: "GET /repos/OWNER/REPO"}
		l.add(1, p)
		if err := r.snapshot(ctx, l); err != nil {
			return err
		}
		err = decode(body, &repository)
	}
	err = r.session.refused(readMetadata, err)
	r.outcome(partOf(kindRepository), kindRepository, count(err), err)
	if err != nil && r.session.stopped == nil {
		r.session.stopped = fmt.Errorf("not asked, for want of the repository: %w", err)
	}
	if r.branchName == "" {
		r.branchName = repository.DefaultBranch
	}
	if r.branchName == "" {
		return nil
	}
	return r.askBranch(ctx)
}

func (r *reading) askBranch(ctx context.Context) error {
	p, body, err := r.session.one(ctx, r.out, kindBranch, r.branchPath(), nil)
	if fatal(ctx, err) {
		return err
	}
	var branch struct {
		Commit struct {
			SHA string `json:"sha"`
		} `json:"commit"`
		Protected *bool `json:"protected"`
	}
	if err == nil {
		l := &ledger{kind: kindBranch, procedure: "GET /repos/OWNER/REPO/branches/BRANCH"}
		l.add(1, p)
		if err := r.snapshot(ctx, l); err != nil {
			return err
		}
		if err = decode(body, &branch); err == nil {
			r.serverTip, r.classic = branch.Commit.SHA, branch.Protected
		}
	}
	err = r.session.refused(readContents, err)
	r.outcome(partOf(kindBranch), kindBranch, count(err), err)
	return nil
}

func (r *reading) branchPath() string {
	return r.session.repo("/branches/" + url.PathEscape(r.branchName))
}

// count is one item where there was no error.
func count(err error) int64 {
	if err != nil {
		return 0
	}
	return 1
}

func decode(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// askSettings asks for the rules of the branch as they are now. Each part is asked for whatever became of the others.
func (r *reading) askSettings(ctx context.Context) error {
	for _, ask := range []func(context.Context) error{r.askBranchRules, r.askRulesets, r.askProtection} {
		if err := ask(ctx); err != nil {
			return err
		}
	}
	return nil
}

// askBranchRules asks for the active rules of all rulesets that apply.
//
// Source: GitHub REST API documentation, "Get rules for a branch", as of 2026-11.
func (r *reading) askBranchRules(ctx context.Context) error {
	got, err := r.session.list(ctx, r.out, query{kind: kindBranchRules, path: r.session.repo("/rules/branches/" + url.PathEscape(r.branchName))})
	if fatal(ctx, err) {
		return err
	}
	l := &ledger{kind: kindBranchRules, procedure: "GET /repos/OWNER/REPO/rules/branches/BRANCH, all pages: the active rules of all rulesets that apply to the branch"}
	l.add(len(got.items), got.pages...)
	if err := r.snapshot(ctx, l); err != nil {
		return err
	}
	r.outcome(partOf(kindBranchRules), kindBranchRules, int64(len(got.items)), r.newer("rulesets", readMetadata, err))
	return nil
}

// newer reads 404 of something that older servers lack, in a repository that could be read.
func (r *reading) newer(what, permission string, err error) error {
	var api *apiError
	if errors.As(err, &api) && api.status == http.StatusNotFound {
		return fmt.Errorf("%w: this server knows no %s: %w", collectors.ErrNotOffered, what, err)
	}
	return r.session.refused(permission, err)
}

// askRulesets asks for each ruleset with its bypass actors.
//
// Source: GitHub REST API documentation, "Get all repository rulesets" and "Get a repository ruleset", as of 2026-11.
func (r *reading) askRulesets(ctx context.Context) error {
	parents := url.Values{"includes_parents": {"true"}}
	got, err := r.session.list(ctx, r.out, query{kind: kindRulesets, path: r.session.repo("/rulesets"), values: parents})
	if fatal(ctx, err) {
		return err
	}
	l := &ledger{kind: kindRulesets, procedure: "GET /repos/OWNER/REPO/rulesets?includes_parents=true, all pages, and GET /repos/OWNER/REPO/rulesets/ID of each"}
	l.add(0, got.pages...)
	errs := []error{r.newer("rulesets", readMetadata, err)}
	var silent []string
	for _, item := range got.items {
		var ruleset struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		}
		if err := decode(item, &ruleset); err != nil {
			errs = append(errs, err)
			continue
		}
		p, body, err := r.session.one(ctx, r.out, kindRulesets, r.session.repo(fmt.Sprintf("/rulesets/%d", ruleset.ID)), parents)
		if fatal(ctx, err) {
			return err
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("ruleset %d: %w", ruleset.ID, r.session.refused(readMetadata, err)))
			continue
		}
		l.add(1, p)
		var detail map[string]json.RawMessage
		if decode(body, &detail) == nil && detail["bypass_actors"] == nil {
			silent = append(silent, ruleset.Name)
		}
	}
	items := l.items
	if err := r.snapshot(ctx, l); err != nil {
		return err
	}
	r.outcome(partOf(kindRulesets), kindRulesets, items, errors.Join(errs...))
	if len(silent) > 0 {
		err := &collectors.DeniedError{Permission: readBypassActors, Cause: fmt.Errorf("not told of rulesets %s", strings.Join(silent, ", "))}
		r.outcome("bypass actors of rulesets", kindRulesets, 0, err)
	}
	return nil
}

// askProtection asks for the older branch protection. That there is none is an answer, and kept.
//
// Source: GitHub REST API documentation, "Get branch protection", as of 2026-11.
func (r *reading) askProtection(ctx context.Context) error {
	p, _, err := r.session.one(ctx, r.out, kindProtection, r.branchPath()+"/protection", nil)
	if fatal(ctx, err) {
		return err
	}
	var api *apiError
	none := errors.As(err, &api) && api.status == http.StatusNotFound &&
		(api.message == "Branch not protected" || r.classic != nil && !*r.classic)
	if none {
		if p, err = r.session.put(ctx, r.out, kindProtection, answer{name: r.branchPath() + "/protection", body: api.answer.body}); err != nil {
			return err
		}
	}
	err = r.session.refused(readAdministration, err)
	l := &ledger{kind: kindProtection, procedure: "GET /repos/OWNER/REPO/branches/BRANCH/protection; status 404 says that the branch has no such protection"}
	if err == nil {
		l.add(1, p)
		if none {
			l.items = 0
		}
	}
	items := l.items
	if err := r.snapshot(ctx, l); err != nil {
		return err
	}
	r.outcome(partOf(kindProtection), kindProtection, items, err)
	return nil
}

// askActivity asks what was pushed to the branch, newest first, back to the start of the period.
//
// Source: GitHub REST API documentation, "List repository activities", as of 2026-11.
func (r *reading) askActivity(ctx context.Context) ([]push, error) {
	var pushes []push
	var unreadable error
	got, err := r.session.list(ctx, r.out, query{
		kind: kindActivity, path: r.session.repo("/activity"), values: url.Values{"ref": {"refs/heads/" + r.branchName}, "direction": {"desc"}},
		enough: func(items []json.RawMessage) bool {
			older := len(items) > 0
			for _, item := range items {
				var a struct {
					Before    string    `json:"before"`
					After     string    `json:"after"`
					Timestamp time.Time `json:"timestamp"`
				}
				if err := decode(item, &a); err != nil {
					unreadable = err
					continue
				}
				pushes = append(pushes, push{before: a.Before, after: a.After, at: a.Timestamp.UTC()})
				older = older && a.Timestamp.Before(r.period.From)
			}
			return older
		},
	})
	if fatal(ctx, err) {
		return nil, err
	}
	l := &ledger{kind: kindActivity, procedure: "GET /repos/OWNER/REPO/activity?ref=refs/heads/BRANCH, newest first, until a page holds only what was before the period"}
	l.add(len(got.items), got.pages...)
	if err := r.overPeriod(ctx, l); err != nil {
		return nil, err
	}
	r.outcome(partOf(kindActivity), kindActivity, int64(len(got.items)), errors.Join(r.newer("activity", readContents, err), unreadable))
	return pushes, nil
}

// askTeams asks who is in the teams that own something. Membership is of now: GitHub does not keep what it was.
//
// Source: GitHub REST API documentation, "List team members", as of 2026-11.
func (r *reading) askTeams(ctx context.Context, owners map[string]bool) error {
	l := &ledger{kind: kindTeamMembers, procedure: "GET /orgs/ORG/teams/TEAM/members of each team that owns a path, all pages; members of teams below it are among them"}
	var teams []string
	for owner := range owners {
		if name, ok := strings.CutPrefix(owner, "@"); ok && strings.Count(name, "/") == 1 && !slices.Contains(teams, strings.ToLower(name)) {
			teams = append(teams, strings.ToLower(name))
		}
	}
	slices.Sort(teams)
	var items int64
	for _, team := range teams {
		org, slug, _ := strings.Cut(team, "/")
		got, err := r.session.list(ctx, r.out, query{kind: kindTeamMembers, path: "/orgs/" + url.PathEscape(org) + "/teams/" + url.PathEscape(slug) + "/members"})
		if fatal(ctx, err) {
			return err
		}
		if err != nil {
			r.outcome("members of @"+team, kindTeamMembers, 0, r.session.refused(readMembers, err))
			continue // a list that is not whole proves nobody absent, and is not kept as one
		}
		l.add(len(got.items), got.pages...)
		items += int64(len(got.items))
	}
	if err := r.snapshot(ctx, l); err != nil {
		return err
	}
	if !r.told[kindTeamMembers] || items > 0 {
		r.outcome(partOf(kindTeamMembers), kindTeamMembers, items, nil)
	}
	return nil
}
