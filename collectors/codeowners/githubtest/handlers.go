package githubtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// user: "Get the authenticated user": the owner of the token; an app's installation token has none and gets 403.
func (s *Server) user(w http.ResponseWriter, r *http.Request) {
	if s.data.Login == "" {
		refuse(w, http.StatusForbidden, "Resource not accessible by integration")
		return
	}
	answer(w, r, Object{"login": s.data.Login, "id": 1, "type": "User"})
}

// repository routes what lies below a repository.
func (s *Server) repository(w http.ResponseWriter, r *http.Request, byID string, rest []string) {
	path := strings.Join(rest, "/")
	switch {
	case path == "":
		// "Get a repository": full_name, default_branch, visibility and more.
		answer(w, r, Object{"id": repositoryID, "full_name": s.data.Repository, "default_branch": s.data.Default, "visibility": "private", "archived": false})
	case len(rest) == 2 && rest[0] == "branches":
		s.branch(w, r, rest[1])
	case len(rest) == 3 && rest[0] == "branches" && rest[2] == "protection":
		s.protection(w, r, rest[1])
	case len(rest) == 3 && rest[0] == "rules" && rest[1] == "branches":
		s.branchRules(w, r, byID, rest[2])
	case path == "rulesets":
		s.rulesets(w, r, byID)
	case len(rest) == 2 && rest[0] == "rulesets":
		s.ruleset(w, r, rest[1])
	case path == "activity":
		s.activity(w, r, byID)
	case len(rest) == 2 && rest[0] == "commits":
		s.commit(w, r, byID, rest[1])
	case len(rest) == 3 && rest[0] == "commits" && rest[2] == "pulls":
		s.commitPulls(w, r, byID, rest[1])
	case len(rest) >= 2 && rest[0] == "pulls":
		s.pull(w, r, byID, rest[1:])
	default:
		notFound(w)
	}
}

// branch: "Get a branch": name, commit, protected. Wildcards are not allowed; a slash in the name is escaped.
func (s *Server) branch(w http.ResponseWriter, r *http.Request, name string) {
	b, ok := s.data.Branches[name]
	if !ok {
		refuse(w, http.StatusNotFound, "Branch not found")
		return
	}
	out := maps.Clone(b)
	out["name"] = name
	answer(w, r, out)
}

// protection: "Get branch protection": needs Administration (read). Without it 404 Not Found, or 403 for fine-grained tokens; a
// branch without protection is 404 with the message "Branch not protected".
func (s *Server) protection(w http.ResponseWriter, r *http.Request, name string) {
	switch {
	case !s.data.Admin:
		notFound(w)
	case name != s.data.Default || s.data.Protection == nil:
		refuse(w, http.StatusNotFound, "Branch not protected")
	default:
		answer(w, r, s.data.Protection)
	}
}

// branchRules: "Get rules for a branch": all active rules that apply, whatever the level of their ruleset; those of rulesets in
// evaluation or disabled are left out. Metadata (read) is enough. A list of pages.
func (s *Server) branchRules(w http.ResponseWriter, r *http.Request, byID, name string) {
	var rules []Object
	if name == s.data.Default {
		rules = s.data.Rules
	}
	list(w, r, byID+"/rules/branches/"+name, rules)
}

// rulesets: "Get all repository rulesets": without rules, conditions and bypass actors; includes_parents (true unless given) adds
// those of the organization.
func (s *Server) rulesets(w http.ResponseWriter, r *http.Request, byID string) {
	short := make([]Object, 0, len(s.data.Rulesets))
	for _, full := range s.data.Rulesets {
		one := maps.Clone(full)
		delete(one, "rules")
		delete(one, "conditions")
		delete(one, "bypass_actors")
		short = append(short, one)
	}
	list(w, r, byID+"/rulesets", short, "includes_parents", "targets")
}

// ruleset: "Get a repository ruleset": bypass_actors is only there if whoever asks has write access to the ruleset.
func (s *Server) ruleset(w http.ResponseWriter, r *http.Request, id string) {
	for _, full := range s.data.Rulesets {
		if fmt.Sprint(full["id"]) != id {
			continue
		}
		one := maps.Clone(full)
		if !s.data.Admin {
			delete(one, "bypass_actors")
		}
		answer(w, r, one, "includes_parents")
		return
	}
	notFound(w)
}

// activity: "List repository activities": direction (desc unless given), per_page, before, after (cursors), ref, actor, time_period,
// activity_type. Pages are linked by cursors: there is no page parameter and no last.
func (s *Server) activity(w http.ResponseWriter, r *http.Request, byID string) {
	if unknown(w, r, "direction", "per_page", "before", "after", "ref", "actor", "time_period", "activity_type") {
		return
	}
	q := r.URL.Query()
	perPage := number(r, "per_page", 30)
	if perPage < 1 || perPage > 100 || q.Get("direction") != "desc" && q.Get("direction") != "" {
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed")
		return
	}
	items := []Object{}
	for _, a := range s.data.Activity {
		if ref := q.Get("ref"); ref == "" || ref == a["ref"] {
			items = append(items, a)
		}
	}
	from := 0
	if cursor := q.Get("after"); cursor != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(cursor, "cursor-"))
		if err != nil || n < 0 || n > len(items) {
			refuse(w, http.StatusUnprocessableEntity, "unknown cursor")
			return
		}
		from = n
	}
	to := min(from+perPage, len(items))
	if to < len(items) {
		q.Set("after", fmt.Sprintf("cursor-%d", to))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s/activity?%s>; rel="next"`, base(r), byID, q.Encode()))
	}
	json.NewEncoder(w).Encode(items[from:to])
}

// commit: "Get a commit": with files, 300 on the first page unless per_page says otherwise, up to 3000 over all pages; a renamed
// file has previous_filename. verification holds GitHub's own check of the signature. author and committer are null where no account
// belongs to the mail address. A hash that the repository lacks is 422.
func (s *Server) commit(w http.ResponseWriter, r *http.Request, byID, sha string) {
	c, ok := s.data.Commits[sha]
	if !ok {
		refuse(w, http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
		return
	}
	if unknown(w, r, "per_page", "page") {
		return
	}
	files, _ := c["files"].([]any)
	perPage, page := number(r, "per_page", 300), number(r, "page", 1)
	if perPage < 1 || perPage > 300 || page < 1 {
		refuse(w, http.StatusBadRequest, "per_page is at most 300")
		return
	}
	from := min((page-1)*perPage, len(files))
	to := min(from+perPage, len(files))
	if to < len(files) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(page+1))
		next := q.Encode()
		q.Set("page", strconv.Itoa((len(files)+perPage-1)/perPage))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s/commits/%s?%s>; rel="next", <%s%s/commits/%s?%s>; rel="last"`, base(r), byID, sha, next, base(r), byID, sha, q.Encode()))
	}
	out := maps.Clone(c)
	out["sha"] = sha
	out["files"] = append([]any{}, files[from:to]...)
	json.NewEncoder(w).Encode(out)
}

// commitPulls: "List pull requests associated with a commit": for a commit of the default branch the merged pull request that
// brought it, otherwise merged and open ones that have it. It says nothing of the commit that was asked about.
func (s *Server) commitPulls(w http.ResponseWriter, r *http.Request, byID, sha string) {
	if _, ok := s.data.Commits[sha]; !ok {
		refuse(w, http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
		return
	}
	var pulls []Object
	for _, n := range s.data.Merged[sha] {
		pulls = append(pulls, s.shortPull(n))
	}
	list(w, r, byID+"/commits/"+sha+"/pulls", pulls)
}

// shortPull is a pull request as lists have it: without merged, merged_by, and counts.
func (s *Server) shortPull(n int) Object {
	one := s.fullPull(n)
	for _, key := range []string{"merged", "merged_by", "commits", "changed_files", "review_comments", "comments", "additions", "deletions"} {
		delete(one, key)
	}
	return one
}

func (s *Server) fullPull(n int) Object {
	p := s.data.Pulls[n]
	one := maps.Clone(p.Pull)
	one["number"] = n
	one["url"] = "https://api.github.com/repos/" + s.data.Repository + "/pulls/" + strconv.Itoa(n)
	one["merged"] = one["merged_at"] != nil
	if _, stated := one["commits"]; !stated {
		one["commits"] = len(p.Commits)
	}
	return one
}

// pull: "Get a pull request": with merged, merged_by and counts. "List commits on a pull request": at most 250. "List reviews for a
// pull request": in the order of time; user is null for an account that was deleted; submitted_at is not there for a pending one;
// each names its pull request in pull_request_url.
func (s *Server) pull(w http.ResponseWriter, r *http.Request, byID string, rest []string) {
	n, err := strconv.Atoi(rest[0])
	p, ok := s.data.Pulls[n]
	if err != nil || !ok {
		notFound(w)
		return
	}
	switch {
	case len(rest) == 1:
		answer(w, r, s.fullPull(n))
	case len(rest) == 2 && rest[1] == "commits":
		list(w, r, fmt.Sprintf("%s/pulls/%d/commits", byID, n), p.Commits[:min(len(p.Commits), 250)])
	case len(rest) == 2 && rest[1] == "reviews":
		reviews := make([]Object, 0, len(p.Reviews))
		for _, v := range p.Reviews {
			one := maps.Clone(v)
			one["pull_request_url"] = "https://api.github.com/repos/" + s.data.Repository + "/pulls/" + strconv.Itoa(n)
			reviews = append(reviews, one)
		}
		list(w, r, fmt.Sprintf("%s/pulls/%d/reviews", byID, n), reviews)
	default:
		notFound(w)
	}
}

// teamMembers: "List team members": members of teams below are among them; needs Members (read) of the organization; a team that
// the token may not see is 404. Its pages may be linked by the ids of organization and team.
func (s *Server) teamMembers(w http.ResponseWriter, r *http.Request, team string) {
	names := s.teamNames()
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, team) })
	if !s.data.ReadOrg || i < 0 {
		notFound(w)
		return
	}
	list(w, r, fmt.Sprintf("/organizations/%d/team/%d/members", organizationID, teamID+i), s.data.Teams[names[i]], "role")
}

func (s *Server) teamNames() []string { return slices.Sorted(maps.Keys(s.data.Teams)) }
