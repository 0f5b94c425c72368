package collectors

import (
	"bytes"
	"context"
	"fmt"

	"auditpack/evidence"
	"auditpack/internal/jsonlines"
)

// PutRows stores rows as JSON lines, canonical and in their order, for a derived record of that kind. No rows are an empty part: it says
// that there were none.
func PutRows[T any](ctx context.Context, out Sink, kind evidence.Kind, name string, rows []T) (evidence.Part, error) {
	b, err := jsonlines.Encode(rows)
	if err != nil {
		return evidence.Part{}, fmt.Errorf("encode %q: %w", name, err)
	}
	return out.Put(ctx, kind, name, "application/x-ndjson", bytes.NewReader(b))
}

// RowsOutcome is the outcome of a part whose rows were computed from what was asked for under the same name: ok, or none without
// rows. It counts no items, they are counted once, where they were asked for.
func RowsOutcome(part string, kind evidence.Kind, rows int) evidence.PartOutcome {
	o := evidence.PartOutcome{Part: part, Kind: kind, Outcome: evidence.OutcomeOK}
	if rows == 0 {
		o.Outcome = evidence.OutcomeNone
	}
	return o
}
