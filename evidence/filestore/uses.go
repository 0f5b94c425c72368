package filestore

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"auditpack/evidence"
)

// addUses tells of each blob that something is wrong with what rests on it: records that can be read, and bundles whose manifests were
// kept. Where nothing is wrong it reads nothing.
func (c *checker) addUses(ctx context.Context, listed []listedRecord) {
	uses := map[evidence.Digest][]Use{}
	for _, f := range c.faults {
		if f.Digest != "" {
			uses[f.Digest] = nil
		}
	}
	if len(uses) == 0 {
		return
	}
	note := func(d evidence.Digest, u Use) {
		if _, wanted := uses[d]; wanted && !slices.Contains(uses[d], u) {
			uses[d] = append(uses[d], u)
		}
	}
	for _, l := range listed {
		use := Use{Entry: l.entry, Source: l.source, Record: l.digest}
		note(l.digest, use)
		b, err := evidence.ReadAll(ctx, c.store, l.digest, maxRecordBytes)
		if err != nil {
			continue // a fault of its own
		}
		r, err := evidence.DecodeRecord(b)
		if err != nil {
			continue
		}
		for _, p := range r.Content {
			note(p.Digest, use)
		}
		for _, d := range r.DerivedFrom {
			note(d, use)
		}
	}
	for _, e := range c.exports {
		for _, manifest := range e.Subjects {
			b, err := evidence.ReadAll(ctx, c.store, manifest, maxRecordBytes)
			if err != nil {
				continue // of before manifests were kept, or a fault of its own
			}
			for d := range uses {
				if bytes.Contains(b, []byte(d.Hex())) {
					note(d, Use{Entry: e.Number, Bundle: e.Note})
				}
			}
		}
	}
	for i, f := range c.faults {
		c.faults[i].Uses = uses[f.Digest]
		slices.SortStableFunc(c.faults[i].Uses, func(a, b Use) int { return cmp.Compare(a.Entry, b.Entry) })
	}
}
