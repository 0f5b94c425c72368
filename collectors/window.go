package collectors

import (
	"time"

	"auditpack/evidence"
)

// Window is something that a source forgets: what was not collected while the source kept it can never be had again.
type Window struct {
	What string        // in the plural, as part of a sentence: "terminated sessions"
	Kind evidence.Kind // of the evidence that holds it: a collection had it when all parts of this kind that it asked for were answered

	// Keeps is how long the source keeps it by its documentation; 0 when that is not for the source to say, and Why says for whom.
	Keeps time.Duration
	Why   string // where the time comes from, or who decides about it
}
