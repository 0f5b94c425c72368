package main

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"auditpack/evidence"
	"auditpack/evidence/filestore"
)

// newer runs "newer STORE KIND OLD NEW": the newest record of a kind is committed once more as a later version of the program would, with
// the first OLD of its bytes replaced by NEW.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: newer STORE KIND OLD NEW")
	}
	ctx := context.Background()
	store, err := filestore.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	var last evidence.Entry
	var found []byte
	for e, err := range store.Entries(ctx, 1) {
		ts.Check(err)
		for _, d := range e.Records {
			blob, err := store.Get(ctx, d)
			ts.Check(err)
			b, err := io.ReadAll(blob)
			ts.Check(err)
			ts.Check(blob.Close())
			r, err := evidence.DecodeRecord(b)
			ts.Check(err)
			if string(r.Kind) == args[1] {
				last, found = e, b
			}
		}
	}
	changed := bytes.Replace(found, []byte(args[2]), []byte(args[3]), 1)
	if bytes.Equal(changed, found) {
		ts.Fatalf("no record of kind %s has %q", args[1], args[2])
	}
	d, err := evidence.PutBytes(ctx, store, changed)
	ts.Check(err)
	_, err = store.Append(ctx, evidence.Entry{
		Type: last.Type, Time: time.Now(), Actor: last.Actor, Source: last.Source, SourcePrevious: last.Number, Period: last.Period,
		Records: []evidence.Digest{d}, Cursor: last.Cursor,
		Parts: []evidence.PartOutcome{{Part: "all", Kind: evidence.Kind(args[1]), Outcome: evidence.OutcomeOK}},
	})
	ts.Check(err)
}
