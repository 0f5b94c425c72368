package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/reports/assessment/sampling"
)

// fixPopulation commits the root of a test's population to the journal, unless it is there already, and prints it.
func (j *judgement) fixPopulation(c *cli.Context, res assessment.TestResult) error {
	s := j.session
	statement := sampling.NewStatement(j.input(), res)
	fixed, err := s.fixedPopulation(c.Context, statement)
	if err != nil {
		return fmt.Errorf("fix population of %s: %w", res.ID, err)
	}
	if fixed == nil {
		if fixed, err = s.recordPopulation(c.Context, statement); err != nil {
			return fmt.Errorf("fix population of %s: %w", res.ID, err)
		}
	}
	if c.Bool("json") {
		return outputOf(c).object(struct {
			sampling.Fixed
			Population sampling.Statement `json:"population"`
		}{*fixed, statement})
	}
	fmt.Fprintf(c.App.Writer, "%s: population %d, root %s\nfixed in journal entry %d at %s, record %s\n",
		res.ID, res.Population, res.PopulationRoot, fixed.Entry, fixed.Time.Format(time.RFC3339), fixed.Record)
	note(c, "hand your auditor the root, or a checkpoint of now (auditpack journal checkpoint), and ask for a nonce; then: auditpack sample %s --size N --nonce HEX", res.ID)
	return nil
}

// recordPopulation keeps the statement as a derived record. It names the journal's size instead of the records that it was had from:
// those may go under their retention rules, and the statement holds nothing of theirs.
func (s *session) recordPopulation(ctx context.Context, statement sampling.Statement) (*sampling.Fixed, error) {
	release, err := s.store.Writing(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	b, err := statement.Encode()
	if err != nil {
		return nil, err
	}
	content, err := evidence.PutBytes(ctx, s.store, b)
	if err != nil {
		return nil, err
	}
	at, who := now(), actor()
	record := evidence.Record{
		Kind: sampling.KindPopulation, Source: evidence.Source{Name: "sampling", Type: "sampling"}, Period: statement.Period,
		Collected: evidence.Collected{At: at, Principal: who.Principal, Host: who.Host, Tool: who.Tool, Collector: "sampling/1"},
		Procedure: fmt.Sprintf("Run the population of test %s over the first %d entries of the journal and hash its rows in order (RFC 6962).", statement.Test, statement.KnownEntries),
		Content:   []evidence.Part{{Name: string(statement.Test) + ".json", MediaType: "application/json", Digest: content, SizeBytes: int64(len(b))}},
		Stated:    evidence.Stated{ItemsSeen: &statement.Rows},
	}
	if record.Period == nil {
		record.At = &statement.AsOf
	}
	encoded, digest, err := record.Encode()
	if err != nil {
		return nil, err
	}
	if _, err := evidence.PutBytes(ctx, s.store, encoded); err != nil {
		return nil, err
	}
	e, err := s.store.Append(ctx, evidence.Entry{
		Type: evidence.EntryDerived, Time: at, Actor: who, Records: []evidence.Digest{digest},
		Note: fmt.Sprintf("population of %s fixed: %d rows, root %s", statement.Test, statement.Rows, statement.Root),
	})
	if err != nil {
		return nil, err
	}
	return &sampling.Fixed{Entry: e.Number, Time: e.Time, Record: digest}, nil
}

// fixedPopulation finds the first entry of the journal that fixed a population; nil when none did.
func (s *session) fixedPopulation(ctx context.Context, statement sampling.Statement) (*sampling.Fixed, error) {
	for e, err := range s.store.Entries(ctx, 1) {
		if err != nil {
			return nil, err
		}
		if e.Type != evidence.EntryDerived {
			continue
		}
		for _, d := range e.Records {
			r, err := readRecord(ctx, s.store, d)
			if err != nil {
				return nil, fmt.Errorf("journal entry %d: record %s: %w", e.Number, d, err)
			}
			if r.Kind != sampling.KindPopulation {
				continue
			}
			b, err := evidence.ReadAll(ctx, s.store, r.Content[0].Digest, maxRecordBytes)
			if err != nil {
				return nil, fmt.Errorf("journal entry %d: %w", e.Number, err)
			}
			known, err := sampling.DecodeStatement(b)
			if err != nil {
				return nil, fmt.Errorf("journal entry %d: %w", e.Number, err)
			}
			if known.Same(statement) {
				return &sampling.Fixed{Entry: e.Number, Time: e.Time, Record: d}, nil
			}
		}
	}
	return nil, nil
}
