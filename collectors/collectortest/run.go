package collectortest

import (
	"context"
	"errors"
	"flag"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

var update = flag.Bool("update", false, "rewrite the golden files of the collector suite")

// endsSoon is how long a collector may go on after its context ended. It never waits for so long: a machine under load does.
const endsSoon = 10 * time.Second

// sourceName is the name under which the suite configures the collector.
const sourceName = "source-under-test"

// Run checks that typ keeps the promises of a collector, on each archive that glob names; no archive is an error. Archives run
// in parallel. With -update it writes what came as the new golden instead of comparing.
func Run(t *testing.T, typ collectors.Type, glob string) {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("archives %q: got %d files (%v), want at least one", glob, len(files), err)
	}
	t.Run("type", func(t *testing.T) { checkType(t, typ) })
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runArchive(t, typ, file)
		})
	}
}

func checkType(t *testing.T, typ collectors.Type) {
	if typ.Name == "" || typ.Version == "" || typ.Doc == "" || typ.New == nil {
		t.Errorf("type lacks name, version, doc or New: %+v", typ)
	}
	if strings.Contains(typ.Doc, "\n") {
		t.Errorf("doc: got %q, want one line", typ.Doc)
	}
	if len(typ.Kinds) == 0 {
		t.Error("type names no kinds")
	}
	for _, k := range typ.Kinds {
		if err := k.Validate(); err != nil {
			t.Error(err)
		}
	}
	if c := reflect.TypeOf(typ.Config); c == nil || c.Kind() != reflect.Struct {
		t.Errorf("config: got %v, want a zero value of a struct", c)
	}
}

func runArchive(t *testing.T, typ collectors.Type, file string) {
	a := readArchive(t, file)
	t.Run("unknown key is refused", func(t *testing.T) {
		_, err := typ.New(decoder(a.config+"\nzz_unknown_key: 1\n"), a.env(t))
		if err == nil || !strings.Contains(err.Error(), "zz_unknown_key") {
			t.Errorf("got error %v, want one that names zz_unknown_key", err)
		}
	})
	c, err := typ.New(decoder(a.config), a.env(t))
	if err != nil {
		a.checkGolden(t, golden{Error: err.Error()})
		a.checkCanaries(t, "error", err.Error())
		return
	}
	store := memstore.New()
	first := a.collect(t, typ, c, store, store)
	checkEntry(t, typ, store, first)
	a.checkNoSecrets(t, store, first)
	a.checkGolden(t, a.goldenOf(t, store, first))

	t.Run("again brings nothing new", func(t *testing.T) {
		a.checkAgain(t, typ, store, first)
	})
	t.Run("rules take what they name", func(t *testing.T) {
		a.checkRedaction(t, typ, store, first)
	})
	t.Run("ends soon after its context", func(t *testing.T) {
		a.checkCancelled(t, typ)
	})
	t.Run("evidence that cannot be stored is a failure", func(t *testing.T) {
		a.checkFullDisk(t, typ, first)
	})
}

// collect asks the source once and commits the entry.
func (a *archive) collect(t *testing.T, typ collectors.Type, c collectors.Collector, s evidence.Store, j evidence.Journal) collectors.Result {
	t.Helper()
	return collectors.Run(t.Context(), []collectors.Source{{Name: sourceName, Type: typ, Collector: c}}, a.options(s, j))[0]
}

func (a *archive) options(s evidence.Store, j evidence.Journal) collectors.Options {
	return collectors.Options{
		Store: s, Journal: j, Period: a.period, Now: a.clock,
		Actor: evidence.Actor{Principal: "suite", Host: "suite.test", Tool: tool},
	}
}

// reopen makes a second collector of the same configuration: what the first one kept in memory must not matter.
func (a *archive) reopen(t *testing.T, typ collectors.Type) collectors.Collector {
	t.Helper()
	c, err := typ.New(decoder(a.config), a.env(t))
	if err != nil {
		t.Fatalf("open a second collector: %v", err)
	}
	return c
}

// checkEntry holds the entry of a collection against what every collection promises.
func checkEntry(t *testing.T, typ collectors.Type, store evidence.Store, res collectors.Result) {
	t.Helper()
	if res.Entry.Number == 0 {
		t.Fatalf("collection was not committed: %v", res.Err)
	}
	for _, d := range res.Entry.Records {
		if r := readRecord(t, store, d); !slices.Contains(typ.Kinds, r.Kind) {
			t.Errorf("record of kind %q: its type names %v", r.Kind, typ.Kinds)
		}
	}
	if res.Err == nil && len(res.Entry.Parts) == 0 {
		t.Error("collection has no part: each part asked has an outcome")
	}
	for _, p := range res.Entry.Parts {
		if !slices.Contains(typ.Kinds, p.Kind) {
			t.Errorf("part %q of kind %q: its type names %v", p.Part, p.Kind, typ.Kinds)
		}
		if p.Part == "" || p.Outcome == "" {
			t.Errorf("part without name or outcome: %+v", p)
		}
		if bad := p.Outcome == evidence.OutcomeFailed || p.Outcome == evidence.OutcomeDenied; bad && p.Detail == "" {
			t.Errorf("part %q is %s and does not say why", p.Part, p.Outcome)
		}
	}
}

// checkAgain collects a second time: with the same source, the same clock and a new collector nothing may come that is not
// there yet.
func (a *archive) checkAgain(t *testing.T, typ collectors.Type, store *memstore.Store, first collectors.Result) {
	second := a.collect(t, typ, a.reopen(t, typ), store, store)
	checkEntry(t, typ, store, second)
	for _, d := range second.Entry.Records {
		if !slices.Contains(first.Entry.Records, d) {
			r := readRecord(t, store, d)
			t.Errorf("second collection added a record of kind %q with part %q", r.Kind, r.Content[0].Name)
		}
	}
}

// checkCancelled asks with a context that is over, which must end soon and must not look like a source without evidence.
func (a *archive) checkCancelled(t *testing.T, typ collectors.Type) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	store := memstore.New()
	done := make(chan collectors.Result, 1)
	c := a.reopen(t, typ)
	go func() {
		done <- collectors.Run(ctx, []collectors.Source{{Name: sourceName, Type: typ, Collector: c}}, a.options(store, store))[0]
	}()
	select {
	case res := <-done:
		for _, p := range res.Entry.Parts {
			if res.Err == nil && p.Outcome == evidence.OutcomeOK && p.Items > 0 && len(res.Entry.Records) == 0 {
				t.Errorf("part %q is ok after its context ended, and there is no record", p.Part)
			}
		}
	case <-time.After(endsSoon):
		t.Fatalf("collector goes on %s after its context ended", endsSoon)
	}
}

// checkFullDisk collects into a store that keeps nothing. Where there was evidence, its absence must now be told.
func (a *archive) checkFullDisk(t *testing.T, typ collectors.Type, first collectors.Result) {
	if len(first.Entry.Records) == 0 {
		t.Skip("the source has no evidence")
	}
	journal := memstore.New()
	res := a.collect(t, typ, a.reopen(t, typ), fullStore{memstore.New()}, journal)
	if !res.Failed() {
		t.Errorf("collection into a full store: got parts %+v, want a failure", res.Entry.Parts)
	}
	if len(res.Entry.Records) > 0 {
		t.Errorf("collection into a full store: got %d records", len(res.Entry.Records))
	}
}

var errFull = errors.New("no space left on the suite's device")

// fullStore takes some bytes and then refuses.
type fullStore struct{ evidence.Store }

func (fullStore) Put(_ context.Context, r io.Reader) (evidence.Digest, int64, error) {
	n, err := io.CopyN(io.Discard, r, 16)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", n, err
	}
	return "", n, errFull
}
