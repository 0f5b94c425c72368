package boundary

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"auditpack/collectors"
	"auditpack/evidence"
)

// toldPart is a part of its own for one scope of which something is missing. As the last outcome of each part counts, it is told to
// be ok, once, by the collection that finds that this is over.
type toldPart struct {
	Part  string        `json:"part"`
	Kind  evidence.Kind `json:"kind"`
	Scope string        `json:"scope"` // id
}

// missing tells the part and keeps in mind that it was told.
func (next *apiCursor) missing(t toldPart, err error, out collectors.Sink) {
	out.Outcome(collectors.OutcomeOf(t.Part, t.Kind, 0, err))
	if !slices.Contains(next.Told, t) {
		next.Told = append(slices.Clone(next.Told), t)
	}
}

// over tells those of the parts that were told and that over accepts to be ok, and why.
func (next *apiCursor) over(out collectors.Sink, why string, over func(toldPart) bool) {
	var left []toldPart
	for _, t := range next.Told {
		if over(t) {
			out.Outcome(evidence.PartOutcome{Part: t.Part, Kind: t.Kind, Outcome: evidence.OutcomeOK, Detail: why})
			continue
		}
		left = append(left, t)
	}
	next.Told = left
}

// startOver returns the cursor of a source that speaks of another address or scope than the last collection did.
func (c *collector) startOver(of string, last apiCursor, out collectors.Sink) apiCursor {
	last.over(out, "the source is configured for another address or scope now", func(toldPart) bool { return true })
	return apiCursor{Of: of}
}

// compareScopes tells which scopes the last collection saw and this one did not, and notes in next those that are there.
func (r *run) compareScopes(ctx context.Context, scopes listing, next *apiCursor) {
	ids := make([]string, 0, len(scopes.items))
	for _, scope := range scopes.items {
		ids = append(ids, scope.ID)
	}
	slices.Sort(ids)
	listed := func(id string) bool {
		_, found := slices.BinarySearch(ids, id)
		return found
	}
	next.over(r.out, "listed again", func(t toldPart) bool { return t.Part == scopePart(t.Scope) && listed(t.Scope) })
	for _, t := range next.Told {
		if t.Part == scopePart(t.Scope) && r.deleted(ctx, t.Scope) {
			next.over(r.out, "deleted: Boundary has no such scope", func(other toldPart) bool { return other.Scope == t.Scope })
		}
	}
	for _, id := range next.Scopes {
		if !listed(id) {
			next.missing(toldPart{scopePart(id), kindScopes, id}, fmt.Errorf("scope %s was listed by the collection before and is not any more: it was deleted, or the token may no longer see it", id), r.out)
		}
	}
	next.Scopes = ids
}

func scopePart(id string) string { return "scope " + id }

// deleted says whether Boundary answers that there is no such scope. One that the token may not see is refused.
func (r *run) deleted(ctx context.Context, scope string) bool {
	_, err := r.resource(ctx, scopesRequest.path()+"/"+url.PathEscape(scope))
	return statusOf(err) == http.StatusNotFound && !errors.Is(err, errTokenInvalid)
}

// compareLists tells, for each scope, which of the recursive lists left it out. What was listed in it proves that it was not,
// even where the output_fields of a grant hide what the token may do there. A list that failed or was refused as a whole says
// so itself.
func (r *run) compareLists(scopes []item, seen map[string]listing, next *apiCursor) {
	lists := []listRequest{sessionsRequest, targetsRequest}
	for _, b := range branches {
		if !b.readsOnly {
			lists = append(lists, b.listRequest)
		}
	}
	for _, l := range lists {
		got, complete := seen[l.name]
		if !complete {
			continue
		}
		within := map[string]bool{}
		for _, it := range got.items {
			within[it.Scope.ID] = true
			within[it.ScopeID] = true
		}
		for _, scope := range scopes {
			part := toldPart{l.name + " of " + scope.ID, l.kind, scope.ID}
			kind := scopeType(scope.ID)
			if !slices.Contains(l.lives, kind) || within[scope.ID] || scope.mayList(l.name) {
				next.over(r.out, "no longer left out", func(t toldPart) bool { return t == part })
				continue
			}
			if kind == scopeGlobal {
				kind = "scope"
			}
			next.missing(part, &collectors.DeniedError{
				Permission: fmt.Sprintf("a role with the grant %s that reaches %s %s", l.grant(), kind, scope.ID),
				Cause:      fmt.Errorf("%s %q is left out of the list of %s", kind, scope.Name, l.name),
			}, r.out)
		}
	}
}
