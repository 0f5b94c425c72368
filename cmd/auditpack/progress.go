package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"auditpack/collectors"
)

// plainEvery is how often a source that is at work gets a line where the output is no terminal.
const plainEvery = 5 * time.Second

// reporter shows how far sources are, and is stopped once.
type reporter interface {
	collectors.Reporter
	Stop()
}

// newReporter returns bars on a terminal, plain lines elsewhere, and silence when that was asked for.
func newReporter(w io.Writer, sources []collectors.Source, silent bool) reporter {
	if silent {
		return noReporter{}
	}
	if isTerminal(w) {
		return newBars(w, sources)
	}
	return &plainLines{w: w, now: time.Now, last: map[string]time.Time{}, started: map[string]time.Time{}}
}

type noReporter struct{}

func (noReporter) Progress(string, collectors.Progress) {}
func (noReporter) Done(collectors.Result)               {}
func (noReporter) Stop()                                {}

// plainLines writes a line for a source at most every plainEvery, and one when it is done.
type plainLines struct {
	mu      sync.Mutex
	w       io.Writer
	now     func() time.Time
	last    map[string]time.Time
	started map[string]time.Time
}

func (p *plainLines) Progress(source string, at collectors.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if _, ok := p.started[source]; !ok {
		p.started[source], p.last[source] = now, now
	}
	if now.Sub(p.last[source]) < plainEvery {
		return
	}
	p.last[source] = now
	fmt.Fprintf(p.w, "auditpack: %s: %s\n", source, describe(at, now.Sub(p.started[source])))
}

func (p *plainLines) Done(r collectors.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "auditpack: %s: %s, %s, %d items in %s\n", r.Source, resultWord(r), formatBytes(r.Bytes), r.Items, r.Took.Round(time.Millisecond))
}

func (p *plainLines) Stop() {}

// describe says how far, how fast, and how long it will take where a total is known.
func describe(at collectors.Progress, elapsed time.Duration) string {
	done, total, format := at.Items, at.TotalItems, func(n int64) string { return fmt.Sprintf("%d items", n) }
	if at.Bytes > 0 {
		done, total, format = at.Bytes, at.TotalBytes, formatBytes
	}
	text := at.Step + ": " + format(done)
	if total > 0 {
		text += " of " + format(total)
	}
	if seconds := elapsed.Seconds(); seconds > 0 && done > 0 {
		text += ", " + format(int64(float64(done)/seconds)) + "/s"
		if total > done {
			text += fmt.Sprintf(", %s left", time.Duration(float64(elapsed)/float64(done)*float64(total-done)).Round(time.Second))
		}
	}
	return text
}

// bars draws a line for each source, with rate and time left.
type bars struct {
	w        progress.Writer
	trackers map[string]*progress.Tracker
	done     chan struct{}
}

func newBars(w io.Writer, sources []collectors.Source) *bars {
	pw := progress.NewWriter()
	pw.SetOutputWriter(w)
	pw.SetAutoStop(false)
	pw.SetUpdateFrequency(100 * time.Millisecond)
	pw.SetTrackerLength(20)
	pw.SetMessageLength(36)
	pw.SetTrackerPosition(progress.PositionRight)
	pw.SetStyle(progress.StyleBlocks)
	pw.Style().Options.PercentFormat = "%3.0f%%"
	pw.Style().Visibility.ETA = true
	pw.Style().Visibility.Speed = true
	pw.Style().Visibility.Value = true
	b := &bars{w: pw, trackers: map[string]*progress.Tracker{}, done: make(chan struct{})}
	for i, s := range sources {
		t := &progress.Tracker{Message: s.Name, Index: uint64(i), AutoStopDisabled: true}
		b.trackers[s.Name] = t
		pw.AppendTracker(t)
	}
	go func() {
		defer close(b.done)
		pw.Render()
	}()
	return b
}

func (b *bars) Progress(source string, at collectors.Progress) {
	t := b.trackers[source]
	if t == nil {
		return
	}
	t.UpdateMessage(source + ": " + at.Step)
	if at.Bytes > 0 {
		t.Units = progress.UnitsBytes
		t.UpdateTotal(at.TotalBytes)
		t.SetValue(at.Bytes)
		return
	}
	t.UpdateTotal(at.TotalItems)
	t.SetValue(at.Items)
}

func (b *bars) Done(r collectors.Result) {
	t := b.trackers[r.Source]
	t.UpdateMessage(r.Source + ": " + resultWord(r))
	if r.Failed() {
		t.MarkAsErrored()
		return
	}
	t.MarkAsDone()
}

func (b *bars) Stop() {
	b.w.Stop()
	<-b.done
}

func resultWord(r collectors.Result) string {
	if r.Failed() {
		return "failed"
	}
	return "collected"
}

// formatBytes writes n with a decimal unit, as disks and networks count.
func formatBytes(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, units := float64(n)/unit, "kMGTPE"
	i := 0
	for v >= unit && i < len(units)-1 {
		v /= unit
		i++
	}
	return fmt.Sprintf("%.1f %cB", v, units[i])
}
