package collectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"auditpack/collectors"
	"auditpack/evidence"
)

// notes is the smallest collector that uses every part of the suite: it keeps one file and one answer, and goes on by a cursor.
var notes = collectors.Type{
	Name: "notes", Version: "1", Doc: "A file and an answer.", Kinds: []evidence.Kind{"notes.file/1", "notes.answer/1"},
	Config: notesConfig{}, New: openNotes,
}

type notesConfig struct {
	File    string `yaml:"file"`
	Address string `yaml:"address"`
}

type notesCollector struct {
	notesConfig
	env collectors.Env
}

func openNotes(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	c := &notesCollector{env: env}
	if err := decode(&c.notesConfig); err != nil {
		return nil, err
	}
	if c.File == "" {
		return nil, errors.New("file is not set")
	}
	return c, nil
}

func (c *notesCollector) Collect(ctx context.Context, p evidence.Period, out collectors.Sink) error {
	var done bool
	if _, err := out.Cursor(&done); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !done {
		f, err := c.env.Open(".").Open(c.File)
		if err == nil {
			defer f.Close()
			err = c.add(ctx, p, out, "notes.file/1", f)
		}
		out.Outcome(collectors.OutcomeOf(c.File, "notes.file/1", 1, err))
		if err == nil {
			if err := out.SetCursor(true); err != nil {
				return err
			}
		}
	} else {
		out.Outcome(collectors.OutcomeOf(c.File, "notes.file/1", 0, nil))
	}
	if c.Address == "" {
		return nil
	}
	out.Outcome(collectors.OutcomeOf("answer", "notes.answer/1", 1, c.ask(ctx, p, out)))
	return nil
}

func (c *notesCollector) ask(ctx context.Context, p evidence.Period, out collectors.Sink) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Address+"/answer?b=2&a=1", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", c.env.Getenv("NOTES_TOKEN"))
		resp, err := c.env.HTTP().Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if errors.Is(err, io.ErrUnexpectedEOF) || resp.StatusCode == http.StatusTooManyRequests {
			continue
		}
		if err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("get answer: got status %d (%v)", resp.StatusCode, err)
		}
		return c.add(ctx, p, out, "notes.answer/1", bytes.NewReader(body))
	}
}

func (c *notesCollector) add(ctx context.Context, p evidence.Period, out collectors.Sink, k evidence.Kind, r io.Reader) error {
	part, err := out.Put(ctx, "notes.file/1", "content", "text/plain", r)
	if err != nil {
		return err
	}
	rec := evidence.Record{Kind: k, Period: &p, Procedure: "Read it.", Content: []evidence.Part{part}}
	rec.Source.System = c.env.Path(c.File)
	_, err = out.Add(ctx, rec)
	return err
}

func TestRun(t *testing.T) { Run(t, notes, "testdata/*.txtar") }

func TestSplitCommit(t *testing.T) {
	for _, tt := range []struct {
		in, path, file string
		number         int
	}{
		{"repo/2/a/b.txt", "repo", "a/b.txt", 2},
		{"a/b/10/COMMIT", "a/b", "COMMIT", 10},
		{"repo/x.txt", "", "", 0},
		{"1/x.txt", "", "", 0},
		{"repo/1", "", "", 0},
	} {
		path, number, file := splitCommit(tt.in)
		if path != tt.path || number != tt.number || file != tt.file {
			t.Errorf("%q: got %q, %d, %q, want %q, %d, %q", tt.in, path, number, file, tt.path, tt.number, tt.file)
		}
	}
}
