package main

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence"
)

// past is what was known at some time: the journal's entries until then, and the files of the workspace as the last of them that
// recorded those has them. What the program itself brings, catalogue and SQL, is today's.
type past struct {
	until  time.Time
	known  known
	inputs []workspace.Input
	files  fs.FS // the inputs
}

// maxInputBytes bounds a file of the workspace that is read from the store.
const maxInputBytes = 64 << 20

// openJudging opens the session that is judged by: with --as-known-on that of what was known then.
func openJudging(c *cli.Context) (*session, error) {
	s, err := openSession(c, false)
	if err != nil || c.String("as-known-on") == "" {
		return s, err
	}
	until, err := workspace.ParseTime(c.String("as-known-on"))
	if err != nil {
		return nil, usagef("--as-known-on: %v", err)
	}
	if until.After(now()) {
		return nil, usagef("--as-known-on: %s has not come yet: what is known then can still change", until.Format(time.RFC3339))
	}
	p := &past{until: until}
	if p.known, err = readJournal(c.Context, s.store, s.store, until); err != nil {
		return nil, err
	}
	if p.inputs, err = s.inputsOf(c.Context, p.known); err != nil {
		return nil, fmt.Errorf("--as-known-on %s: %w", c.String("as-known-on"), err)
	}
	if p.files, err = workspace.FilesOf(p.inputs); err != nil {
		return nil, err
	}
	w, err := s.Recorded(p.inputs)
	if err != nil {
		return nil, err
	}
	return &session{Workspace: w, store: s.store, shown: s.shown, past: p}, nil
}

// judgedBy are the files of the workspace that verdicts depend on.
func (s *session) judgedBy() ([]workspace.Input, error) {
	if s.past != nil {
		return s.past.inputs, nil
	}
	return s.Inputs()
}

// inputsOf reads the files of the workspace as the last entry of k that recorded them has them.
func (s *session) inputsOf(ctx context.Context, k known) ([]workspace.Input, error) {
	var last evidence.Entry
	for _, e := range slices.Backward(k.entries) {
		if e.Source == workspace.InputsSource {
			last = e
			break
		}
	}
	if last.Number == 0 {
		return nil, fmt.Errorf("nothing was recorded by then: the first entry of the journal with files of the workspace is later")
	}
	var inputs []workspace.Input
	for _, r := range k.records {
		if r.Entry != last.Number || r.Record.Kind != workspace.KindInput {
			continue
		}
		for _, p := range r.Record.Content {
			b, err := evidence.ReadAll(ctx, s.store, p.Digest, maxInputBytes)
			if err != nil {
				return nil, fmt.Errorf("read %q as recorded in journal entry %d: %w", p.Name, last.Number, err)
			}
			inputs = append(inputs, workspace.Input{Name: p.Name, Bytes: b, Digest: p.Digest})
		}
	}
	if len(inputs) == 0 {
		return nil, fmt.Errorf("the files of the workspace as recorded in journal entry %d are gone under a retention rule", last.Number)
	}
	return inputs, nil
}

// noteKnown says what is judged, and what of it cannot be read any more.
func noteKnown(c *cli.Context, p *past) {
	n := int64(len(p.known.entries))
	note(c, "judged is what was known at %s: entries 1 to %d of %d in the journal, and the files of the workspace as they were recorded then; the catalogue and the program are today's",
		p.until.Format(time.RFC3339Nano), n, p.known.total)
	if p.known.gone > 0 {
		note(c, "%s of them went since under a retention rule: what they showed is judged as missing", count(p.known.gone, "record"))
	}
}
