package terraformtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ping is what go-tfe asks first. The documentation of Terraform Enterprise has it as a health check that needs no token; its
// headers say which application and version answers.
func (s *Server) ping(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("TFP-API-Version", "2.6")
	w.Header().Set("TFP-AppName", "HCP Terraform")
	w.Header().Set("X-RateLimit-Limit", s.limit)
	w.WriteHeader(http.StatusNoContent)
}

// account: "Account", show details: the user whose token is shown. A team's token is that of a service account.
func (s *Server) account(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r) {
		return
	}
	id, name := "user-AudItReaDer00001", "audit-reader"
	if s.data.Account != "" {
		id, name = s.user(s.data.Account), s.data.Account
	}
	s.answer(w, object{"data": object{"id": id, "type": "users",
		"attributes": object{"username": name, "is-service-account": s.data.Account == "", "auth-method": "tfc"}}})
}

// entitlements: "Organizations", show the entitlement set: which features the plan includes. A feature that it lacks answers 404.
func (s *Server) entitlements(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r) || !s.organization(w, r) {
		return
	}
	attributes := object{}
	for name, yes := range s.data.Entitlements {
		attributes[name] = yes
	}
	s.answer(w, object{"data": object{"id": "org-AcmeAcmeAcme0001", "type": "entitlement-sets", "attributes": attributes}})
}

func (s *Server) organization(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("organization") != s.data.Organization {
		refuse(w, http.StatusNotFound, "")
		return false
	}
	return true
}

// workspaces: "Workspaces", list workspaces of an organization: paged, by name.
func (s *Server) workspaces(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "search[name]", "search[tags]", "include", "sort") || !includes(w, r, "organization", "current_run", "effective_tag_bindings", "project", "locked_by", "readme", "outputs") || !s.organization(w, r) {
		return
	}
	sorted := slices.SortedFunc(slices.Values(s.data.Workspaces), func(a, b Workspace) int { return strings.Compare(a.Name, b.Name) })
	var all []object
	for _, ws := range sorted {
		all = append(all, s.workspace(ws))
	}
	s.page(w, r, all)
}

func (s *Server) workspace(ws Workspace) object {
	tags := ws.Tags
	if tags == nil {
		tags = []string{}
	}
	return object{
		"id": ws.ID, "type": "workspaces",
		"attributes": object{
			"name": ws.Name, "auto-apply": ws.AutoApply, "created-at": iso(ws.Created), "description": nil, "environment": "default",
			"execution-mode": cmp.Or(ws.ExecutionMode, "remote"), "file-triggers-enabled": true, "global-remote-state": false,
			"locked": false, "operations": true, "source": "tfe-ui", "speculative-enabled": true, "tag-names": tags,
			"terraform-version": ws.TerraformVersion, "updated-at": iso(ws.Created), "working-directory": "",
			"permissions": object{"can-read-run": true, "can-queue-run": false, "can-update": false},
		},
		"relationships": object{"organization": ref("organizations", s.data.Organization), "project": ref("projects", ws.Project)},
		"links":         object{"self": "/api/v2/organizations/" + s.data.Organization + "/workspaces/" + ws.Name},
	}
}

// operations are the kinds of runs that "Runs", section Run Operations, lists.
var operations = []string{"plan_only", "plan_and_apply", "save_plan", "refresh_only", "destroy", "empty_apply", "action_only"}

// runs: "Runs", list runs in a workspace: paged, newest first. filter[operation] names the kinds that are wanted. Without it
// plan-only runs are left out (seen by users of the API, not documented).
func (s *Server) runs(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "filter[operation]", "filter[status]", "filter[source]", "filter[timeframe]", "search[user]", "search[commit]", "search[basic]", "include") {
		return
	}
	id := r.PathValue("workspace")
	i := slices.IndexFunc(s.data.Workspaces, func(ws Workspace) bool { return ws.ID == id })
	if i < 0 || s.data.Workspaces[i].Hidden {
		refuse(w, http.StatusNotFound, "")
		return
	}
	wanted := slices.DeleteFunc(slices.Clone(operations), func(o string) bool { return o == "plan_only" })
	if filter := r.URL.Query().Get("filter[operation]"); filter != "" {
		wanted = strings.Split(filter, ",")
	}
	for _, o := range wanted {
		if !slices.Contains(operations, o) {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("unknown operation %q", o))
			return
		}
	}
	mine := slices.SortedFunc(slices.Values(s.data.Runs), func(a, b Run) int {
		return cmp.Or(b.Created.Compare(a.Created), strings.Compare(b.ID, a.ID))
	})
	var all []object
	for _, run := range mine {
		if run.Workspace == id && slices.Contains(wanted, cmp.Or(run.Operation, "plan_and_apply")) {
			all = append(all, s.run(run))
		}
	}
	s.page(w, r, all)
}

func (s *Server) run(run Run) object {
	operation := cmp.Or(run.Operation, "plan_and_apply")
	var checks, stages []string
	for _, c := range run.Checks {
		checks = append(checks, c.ID)
	}
	for _, st := range run.Stages {
		stages = append(stages, st.ID)
	}
	events := []string{createdEvent(run)}
	for _, e := range run.Events {
		events = append(events, e.ID)
	}
	suffix := strings.TrimPrefix(run.ID, "run-")
	relationships := object{
		"workspace": ref("workspaces", run.Workspace), "plan": ref("plans", "plan-"+suffix), "apply": ref("applies", "apply-"+suffix),
		"configuration-version": ref("configuration-versions", "cv-"+suffix), "policy-checks": refs("policy-checks", checks),
		"task-stages": refs("task-stages", stages), "run-events": refs("run-events", events), "comments": refs("comments", s.comments(run)),
	}
	if run.By != "" {
		relationships["created-by"] = ref("users", s.user(run.By))
	}
	if run.Confirmed != "" {
		relationships["confirmed-by"] = ref("users", s.user(run.Confirmed))
	}
	if len(run.TFPolicies) > 0 {
		relationships["tf-policy-evaluations"] = refs("tf-policy-evaluations", run.TFPolicies)
	}
	return object{
		"id": run.ID, "type": "runs",
		"attributes": object{
			"actions":     object{"is-cancelable": false, "is-confirmable": run.Status == "policy_checked" || run.Status == "planned", "is-discardable": false, "is-force-cancelable": false},
			"canceled-at": nil, "created-at": iso(run.Created), "has-changes": operation != "refresh_only", "auto-apply": run.AutoApply,
			"allow-empty-apply": operation == "empty_apply", "is-destroy": operation == "destroy", "message": run.Message,
			"plan-only": operation == "plan_only", "refresh": true, "refresh-only": operation == "refresh_only" || operation == "action_only",
			"save-plan": operation == "save_plan", "replace-addrs": nil, "target-addrs": nil, "variables": []any{},
			"source": cmp.Or(run.Source, "tfe-ui"), "status": run.Status, "status-timestamps": stamps(run.At), "trigger-reason": "manual",
			"permissions": object{"can-apply": false, "can-cancel": false, "can-comment": false, "can-discard": false, "can-override-policy-check": false},
		},
		"relationships": relationships,
		"links":         object{"self": "/api/v2/runs/" + run.ID},
	}
}

func (s *Server) user(name string) string {
	for _, u := range s.data.Users {
		if u.Name == name {
			return u.ID
		}
	}
	return ""
}

// find returns the run that a path names, unless its workspace may not be seen.
func (s *Server) find(w http.ResponseWriter, what, id string) (Run, bool) {
	i, ok := s.owners[what+"/"+id]
	if !ok || slices.ContainsFunc(s.data.Workspaces, func(ws Workspace) bool { return ws.ID == s.data.Runs[i].Workspace && ws.Hidden }) {
		refuse(w, http.StatusNotFound, "")
		return Run{}, false
	}
	return s.data.Runs[i], true
}

// owners maps the runs, checks, stages and evaluations of d to the index of their run.
func owners(d Dataset) map[string]int {
	all := map[string]int{}
	for i, run := range d.Runs {
		all["run/"+run.ID] = i
		for _, c := range run.Checks {
			all["check/"+c.ID] = i
		}
		for _, st := range run.Stages {
			all["stage/"+st.ID] = i
			for _, e := range st.Evaluations {
				all["evaluation/"+e.ID] = i
			}
		}
	}
	return all
}

// entitled answers 404 for what the plan does not include, as the overview of the API says.
func (s *Server) entitled(w http.ResponseWriter, features ...string) bool {
	for _, f := range features {
		if s.data.Entitlements[f] {
			return true
		}
	}
	refuse(w, http.StatusNotFound, "")
	return false
}

// policyChecks: "Policy checks", list policy checks: the checks of a run, all of them and without meta unless a page is asked
// for. result.sentinel is the engine's own, whose form may change.
func (s *Server) policyChecks(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "include") || !s.entitled(w, "policy-enforcement") {
		return
	}
	run, ok := s.find(w, "run", r.PathValue("run"))
	if !ok {
		return
	}
	var all []object
	for _, c := range run.Checks {
		all = append(all, check(run, c))
	}
	if r.URL.Query().Has("page[number]") || r.URL.Query().Has("page[size]") {
		s.page(w, r, all)
		return
	}
	s.answer(w, object{"data": nonNil(all)})
}

func check(run Run, c Check) object {
	return object{
		"id": c.ID, "type": "policy-checks",
		"attributes": object{
			"result": result(c), "scope": cmp.Or(c.Scope, "organization"), "status": c.Status, "status-timestamps": stamps(c.At),
			"actions": object{"is-overridable": c.Status == "soft_failed"}, "permissions": object{"can-override": false},
		},
		"relationships": object{"run": ref("runs", run.ID)},
		"links":         object{"output": "/api/v2/policy-checks/" + c.ID + "/output"},
	}
}

// result counts what the policies came to. A check that was canceled has none.
func result(c Check) any {
	if len(c.Sets) == 0 {
		return nil
	}
	counts := map[string]int{}
	data := object{}
	for _, set := range c.Sets {
		policies, whole, override := []object{}, true, false
		for _, p := range set.Policies {
			kind := "passed"
			if p.Failed {
				kind = map[string]string{"advisory": "advisory-failed", "soft-mandatory": "soft-failed", "hard-mandatory": "hard-failed"}[p.Level]
				whole = whole && p.Level == "advisory"
				override = override || p.Level == "soft-mandatory"
			}
			counts[kind]++
			policies = append(policies, object{
				"allowed-failure": p.Failed && p.Level == "advisory", "error": nil, "policy": set.Name + "/" + p.Name, "result": !p.Failed,
				"trace": object{"description": "", "error": nil, "print": p.Print, "result": !p.Failed, "rules": object{"main": object{"value": !p.Failed}}},
			})
		}
		data[set.Name] = object{"can-override": override, "error": nil, "policies": policies, "result": whole}
	}
	mandatory := counts["soft-failed"] + counts["hard-failed"]
	res := object{
		"result": mandatory == 0, "passed": counts["passed"], "total-failed": mandatory + counts["advisory-failed"], "hard-failed": counts["hard-failed"],
		"soft-failed": counts["soft-failed"], "advisory-failed": counts["advisory-failed"], "duration-ms": 0, "sentinel": nil,
	}
	if !c.Opaque {
		res["sentinel"] = object{"schema-version": 1, "data": data}
	}
	return res
}

// taskStages: "Run task stages and results", list the run task stages in a run: paged; each stage lists its task results and its
// policy evaluations.
func (s *Server) taskStages(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "include") || !s.entitled(w, "run-tasks", "policy-enforcement") {
		return
	}
	run, ok := s.find(w, "run", r.PathValue("run"))
	if !ok {
		return
	}
	var all []object
	for _, st := range run.Stages {
		var evaluations []string
		for _, e := range st.Evaluations {
			evaluations = append(evaluations, e.ID)
		}
		all = append(all, object{
			"id": st.ID, "type": "task-stages",
			"attributes": object{
				"status": st.Status, "stage": cmp.Or(st.Stage, "post_plan"), "status-timestamps": stamps(st.At), "created-at": iso(st.Created), "updated-at": iso(st.Created),
				"permissions": object{"can-override-policy": false, "can-override-tasks": false, "can-override": false},
				"actions":     object{"is-overridable": st.Status == "awaiting_override"},
			},
			"relationships": object{"run": ref("runs", run.ID), "task-results": refs("task-results", st.TaskResults), "policy-evaluations": refs("policy-evaluations", evaluations)},
			"links":         object{"self": "/api/v2/task-stages/" + st.ID},
		})
	}
	s.page(w, r, all)
}

// policyEvaluations: "Policy evaluations", list policy evaluations in the task stage: paged; the stage is the evaluation's
// policy-attachable.
func (s *Server) policyEvaluations(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]", "include") || !s.entitled(w, "policy-enforcement") {
		return
	}
	run, ok := s.find(w, "stage", r.PathValue("stage"))
	if !ok {
		return
	}
	stage := run.Stages[slices.IndexFunc(run.Stages, func(st Stage) bool { return st.ID == r.PathValue("stage") })]
	var all []object
	for _, e := range stage.Evaluations {
		all = append(all, object{
			"id": e.ID, "type": "policy-evaluations",
			"attributes": object{
				"status": e.Status, "policy-kind": cmp.Or(e.Kind, "opa"), "policy-tool-version": "0.44.0", "result-count": resultCount(e.Sets),
				"status-timestamps": stamps(e.At), "created-at": iso(e.Created), "updated-at": iso(e.Created),
			},
			"relationships": object{
				"policy-attachable":   ref("task-stages", stage.ID),
				"policy-set-outcomes": object{"links": object{"related": "/api/v2/policy-evaluations/" + e.ID + "/policy-set-outcomes"}},
			},
			"links": object{"self": "/api/v2/policy-evaluations/" + e.ID},
		})
	}
	s.page(w, r, all)
}

func resultCount(sets []OutcomeSet) object {
	counts := map[string]int{}
	for _, set := range sets {
		for _, o := range set.Outcomes {
			switch o.Status {
			case "failed":
				counts[o.Level+"-failed"]++
			default:
				counts[o.Status]++
			}
		}
	}
	return object{"advisory-failed": counts["advisory-failed"], "mandatory-failed": counts["mandatory-failed"], "passed": counts["passed"], "errored": counts["errored"]}
}

// policySetOutcomes: "Policy evaluations", list policy outcomes: paged, one for each policy set; its outcomes are written with
// underscores, its counts with hyphens. An errored outcome has no enforcement level.
func (s *Server) policySetOutcomes(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "page[number]", "page[size]") || !s.entitled(w, "policy-enforcement") {
		return
	}
	run, ok := s.find(w, "evaluation", r.PathValue("evaluation"))
	if !ok {
		return
	}
	var evaluation Evaluation
	for _, st := range run.Stages {
		for _, e := range st.Evaluations {
			if e.ID == r.PathValue("evaluation") {
				evaluation = e
			}
		}
	}
	var all []object
	for _, set := range evaluation.Sets {
		outcomes := []object{}
		for _, o := range set.Outcomes {
			outcome := object{"enforcement_level": o.Level, "query": "data.terraform.policies." + strings.ReplaceAll(o.Policy, "-", "_") + ".deny", "status": o.Status, "policy_name": o.Policy, "description": ""}
			if o.Status == "errored" {
				delete(outcome, "enforcement_level")
			}
			outcomes = append(outcomes, outcome)
		}
		all = append(all, object{
			"id": set.ID, "type": "policy-set-outcomes",
			"attributes": object{
				"outcomes": outcomes, "error": set.Error, "overridable": set.Overridable, "policy-set-name": set.Name, "policy-set-description": nil,
				"result-count": resultCount([]OutcomeSet{set}), "policy-tool-version": "0.44.0",
			},
			"relationships": object{"policy-evaluation": ref("policy-evaluations", evaluation.ID)},
		})
	}
	s.page(w, r, all)
}

// runEvents: not in the documentation; go-tfe has it as an unpaged list with include=actor,comment. "Comments" has the form of
// a comment and that it belongs to an event. The system's own events have no actor.
func (s *Server) runEvents(w http.ResponseWriter, r *http.Request) {
	if !parameters(w, r, "include") {
		return
	}
	var include []string
	if v := r.URL.Query().Get("include"); v != "" {
		include = strings.Split(v, ",")
	}
	for _, i := range include {
		if i != "actor" && i != "comment" {
			refuse(w, http.StatusBadRequest, "Invalid include parameter")
			return
		}
	}
	run, ok := s.find(w, "run", r.PathValue("run"))
	if !ok {
		return
	}
	created := Event{ID: createdEvent(run), Action: "created", At: run.Created, Actor: run.By}
	list, included, seen := []object{}, []object{}, map[string]bool{}
	for _, e := range append([]Event{created}, run.Events...) {
		list = append(list, s.event(run, e))
		if id := s.user(e.Actor); id != "" && !seen[id] && slices.Contains(include, "actor") {
			seen[id] = true
			included = append(included, object{"id": id, "type": "users", "attributes": object{"username": e.Actor, "is-service-account": false, "avatar-url": ""}})
		}
		if e.Comment != "" && slices.Contains(include, "comment") {
			included = append(included, object{"id": commentOf(e), "type": "comments", "attributes": object{"body": e.Comment}, "relationships": object{"run-event": ref("run-events", e.ID)}})
		}
	}
	document := object{"data": list}
	if len(include) > 0 {
		document["included"] = included
	}
	s.answer(w, document)
}

func (s *Server) event(run Run, e Event) object {
	typ, id := "runs", run.ID
	if t, i, ok := strings.Cut(e.Target, "/"); ok {
		typ, id = t, i
	}
	relationships := object{"run": ref("runs", run.ID), "target": ref(typ, id), "actor": object{"data": nil}, "comment": object{"data": nil}}
	if e.Actor != "" {
		relationships["actor"] = ref("users", s.user(e.Actor))
	}
	if e.Comment != "" {
		relationships["comment"] = ref("comments", commentOf(e))
	}
	return object{"id": e.ID, "type": "run-events", "attributes": object{"action": e.Action, "created-at": iso(e.At), "description": nil},
		"relationships": relationships, "links": object{"self": "/api/v2/run-events/" + e.ID}}
}

func (s *Server) comments(run Run) (ids []string) {
	for _, e := range run.Events {
		if e.Comment != "" {
			ids = append(ids, commentOf(e))
		}
	}
	return ids
}

func createdEvent(run Run) string { return "re-" + strings.TrimPrefix(run.ID, "run-") + "-created" }

func commentOf(e Event) string { return "wsc-" + strings.TrimPrefix(e.ID, "re-") }
