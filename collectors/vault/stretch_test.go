package vault

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"auditpack/evidence"
)

func TestLineEnds(t *testing.T) {
	line := func(n int) string { return strings.Repeat("x", n-1) + "\n" }
	text := line(10) + line(10) + line(200_000) + line(5) + line(5)
	for _, tt := range []struct {
		from, limit, size int64
		want              []int64
	}{
		{0, 20, 20, nil},
		{0, 20, 10, []int64{10}},
		{0, 20, 9, []int64{10}},
		{0, 20, 11, nil}, // the line goes on to the limit
		{0, 200_030, 15, []int64{20, 200_020, 200_025}},
		{0, 200_030, 100_000, []int64{200_020}},
		{10, 200_030, 100_005, []int64{200_020}},
		{0, 300_000, 200_020, []int64{200_020}}, // the file is shorter than it was
		{20, 150_000, 60, nil},                  // a line without an end
		{0, 0, 10, nil},
	} {
		got, err := lineEnds(strings.NewReader(text), tt.from, tt.limit, tt.size)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%d to %d by %d: got %v, %v, want %v", tt.from, tt.limit, tt.size, got, err, tt.want)
		}
	}
}

// Segments are read side by side: what stands behind a secret is not stored, however early it was read.
func TestNothingBehindASecretIsStored(t *testing.T) {
	for range 20 {
		r := newRig(t, t.TempDir(), "audit.log")
		r.size = 100 << 10
		secret := strings.Replace(entryLine(500), "hmac-sha256:", "hvs.", 1) + "\n"
		r.write("audit.log", entryLines(0, 500)+secret+entryLines(501, 1000))
		got := outcomes(r.collect())["audit.log"]
		if !strings.Contains(got, "failed") || !strings.Contains(got, "line 501: a token or password") {
			t.Errorf("got %q, want that line 501 has a token", got)
		}
		all, _ := r.collected()
		if n := len(all); n == 0 || n > 500 || strings.Join(all, "\n")+"\n" != entryLines(0, n) {
			t.Errorf("collected %d lines, want those of whole segments before line 501", n)
		}
		err := r.store.Walk(t.Context(), func(d evidence.Digest, _ int64) error {
			if text := r.blob(d); strings.Contains(text, "hvs.") || strings.Contains(text, `"id":"00000750"`) {
				t.Errorf("blob %s holds what stands behind the secret", d)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// turning is a file that from its n-th reading on is another.
type turning struct {
	file
	other io.ReaderAt
	left  atomic.Int64 // readings
}

func (f *turning) ReadAt(p []byte, from int64) (int, error) {
	if f.left.Add(-1) < 0 {
		return f.other.ReadAt(p, from)
	}
	return f.file.ReadAt(p, from)
}

// collectTurning collects text, which turns into other after n readings, and returns what was stored.
func collectTurning(t *testing.T, text, other string, n int) string {
	t.Helper()
	r := newRig(t, t.TempDir(), "audit.log")
	r.size = 100 << 10
	r.write("audit.log", text)
	r.open = func(path string) (file, error) {
		f, err := os.Open(path)
		turning := &turning{file: f, other: strings.NewReader(other)}
		turning.left.Store(int64(n))
		return turning, err
	}
	if res := r.collect(); res.Failed() {
		t.Errorf("after %d readings: got %v, want what is left", n, outcomes(res))
	}
	all, _ := r.collected()
	return strings.Join(append(all, ""), "\n")
}

func TestFileIsCutWhileItIsRead(t *testing.T) {
	text := entryLines(0, 1000)
	for _, size := range []int{0, 1000, 150 << 10, 200 << 10, len(text) - 1} {
		for n := range 60 {
			got := collectTurning(t, text, text[:size], n)
			if !strings.HasPrefix(text, got) || len(got) < strings.LastIndexByte(text[:size], '\n')+1 {
				t.Errorf("cut to %d bytes after %d readings: got %d bytes, or others", size, n, len(got))
			}
		}
	}
}

// Where parts meet, there is no line end any more: nothing behind is taken for what follows.
func TestFileIsWrittenAnewWhileItIsRead(t *testing.T) {
	text, other := entryLines(0, 1000), entryLines(5000, 6000)
	for n := range 60 {
		got := collectTurning(t, text, other, n)
		old := 0
		for old < len(got) && got[old] == text[old] {
			old++
		}
		old = strings.LastIndexByte(got[:old], '\n') + 1 // read before
		if rest := got[old:]; !strings.HasPrefix(other[old:], rest) && !strings.HasPrefix(other[strings.IndexByte(other[old:], '\n')+1+old:], rest) {
			t.Errorf("after %d readings: what was read of the new file is not what follows", n)
		}
	}
}

// A collection that was interrupted says so, however much of the file was read.
func TestInterruptedWhileItIsRead(t *testing.T) {
	for range 20 {
		r := newRig(t, t.TempDir(), "audit.log")
		r.size = 100 << 10
		r.write("audit.log", entryLines(0, 1000))
		ctx, cancel := context.WithCancel(t.Context())
		r.ctx = ctx
		r.open = func(path string) (file, error) {
			f, err := os.Open(path)
			return &interrupting{file: f, cancel: cancel}, err
		}
		if res := r.collect(); !errors.Is(res.Err, context.Canceled) {
			t.Errorf("got %v, want %v", res.Err, context.Canceled)
		}
		r.ctx = t.Context()
		r.open = func(path string) (file, error) { return os.Open(path) }
		r.collect()
		r.wantLines(entryLines(0, 1000))
	}
}

// interrupting cancels in the middle of a collection.
type interrupting struct {
	file
	cancel context.CancelFunc
}

func (f *interrupting) ReadAt(p []byte, from int64) (int, error) {
	if len(p) > windowBytes && from > 400<<10 {
		f.cancel()
	}
	return f.file.ReadAt(p, from)
}
