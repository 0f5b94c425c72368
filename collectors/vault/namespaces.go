package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"auditpack/evidence"
)

const namespacesPath = "sys/namespaces"

// maxNamespaces bounds how many namespaces are asked: far above what a server is said to bear well.
const maxNamespaces = 10_000

// namespaces keeps the lists of all namespaces below a, and returns them in the order of their paths. Vault Community does not
// offer them.
//
// Source: Vault API, "List namespaces" (Enterprise): data.keys ends in slashes, and key_info has id, path and custom metadata;
// only the namespaces directly below the one that is asked in are listed.
func (a area) namespaces(ctx context.Context) ([]area, error) {
	var found []area
	var parts []evidence.Part
	var failures []error
	unasked := 0 // namespaces, of a server that is gone
	at := a.api.now().UTC()
	for queue := []area{a}; len(queue) > 0 && ctx.Err() == nil && a.gone() == nil; queue = queue[1:] {
		in := queue[0]
		body, answered, names, err := in.keys(ctx, namespacesPath, "list")
		if err != nil && in.namespace == a.namespace {
			a.outcome(ctx, namespacesPath, KindNamespaces, 0, err)
			return nil, err
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("below %q: %w", in.namespace, err))
			a.suspect(ctx, err)
			if a.gone() != nil {
				unasked = len(queue) - 1
			}
			continue
		}
		if body == nil {
			continue
		}
		part, err := a.put(ctx, KindNamespaces, in.name(namespacesPath), body)
		if err != nil {
			a.outcome(ctx, namespacesPath, KindNamespaces, 0, err)
			return nil, err
		}
		parts, at = append(parts, part), answered
		for _, name := range names {
			below := area{a.live, strings.Trim(in.namespace+"/"+strings.Trim(name, "/"), "/")}
			if len(found) == maxNamespaces {
				failures = append(failures, fmt.Errorf("there are more than %d namespaces: those from %q on are not asked", maxNamespaces, below.namespace))
				queue = queue[:1]
				break
			}
			found, queue = append(found, below), append(queue, below)
		}
	}
	slices.SortFunc(found, func(x, y area) int { return strings.Compare(x.namespace, y.namespace) })
	n := int64(len(found))
	if len(parts) > 0 {
		rec := a.record(KindNamespaces, at, a.request(namespacesPath+"?list=true", "the namespaces below this one, then the same in each of them"), parts)
		rec.Stated.ItemsSeen = &n
		if _, err := a.out.Add(ctx, rec); err != nil {
			a.outcome(ctx, namespacesPath, KindNamespaces, 0, err)
			return nil, err
		}
	}
	err := errors.Join(firstOf(failures), ctx.Err())
	if unasked > 0 {
		err = errors.Join(err, fmt.Errorf("what is below %d more was not asked: %w", unasked, a.gone()))
	}
	a.outcome(ctx, namespacesPath, KindNamespaces, n, err)
	return found, err
}

// namespacesStep asks for the namespaces below a and for all that is in each.
func (a area) namespacesStep() step {
	return step{namespacesPath, KindNamespaces, func(ctx context.Context) {
		below, _ := a.namespaces(ctx) // its outcome is told
		for _, in := range below {
			in.run(ctx, in.steps())
		}
	}}
}
