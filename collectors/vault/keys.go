package vault

import (
	"context"
	"fmt"
)

// transitType is the type of the engines whose keys are asked for: when each version was made, and what may be done with the key. The
// answers hold public keys, and never a key that encrypts or signs; export/ and backup/, which do, are not asked for.
//
// Source: Vault API, "Transit secrets engine", "List keys" and "Read key".
const transitType = "transit"

// keysStep asks for the keys of each transit engine; each has an outcome of its own. keysPart has one when the mounts are not known, or
// none of them is such an engine.
func (a area) keysStep(mounts *[]mount, listErr *error) step {
	return step{keysPart, KindTransitKeys, func(ctx context.Context) {
		if *listErr != nil {
			a.outcome(ctx, keysPart, KindTransitKeys, 0, fmt.Errorf("which mounts there are is not known: %w", *listErr))
			return
		}
		asked := 0
		for _, m := range *mounts {
			if m.kind == transitType {
				a.collection(ctx, KindTransitKeys, m, collection{list: "keys", noun: "key"})
				asked++
			}
		}
		if asked == 0 {
			a.outcome(ctx, keysPart, KindTransitKeys, 0, ctx.Err())
		}
	}}
}
