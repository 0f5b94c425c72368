// Package storetest holds the suites that every evidence.Store and every evidence.Journal passes. A new store is tested by a
// call of each with a constructor.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
)

// Damager is the ability of a store to change kept bytes without telling anyone, as a failing disk would. A store under test that has
// none is not tested against it.
type Damager interface {
	// Damage lets the blob d hold b.
	Damage(d evidence.Digest, b []byte)
}

// Failer is the ability of a store whose disk can be told to fail. A store under test without a disk has none.
type Failer interface {
	// FailAt lets the n-th operation on the disk from now on (0: the next) and all after it fail with err; nil ends it.
	FailAt(n int, err error)
}

// Run tests a store. Open returns a new and empty one each time; where it is a Damager or a Failer, it is tested as one too.
func Run(t *testing.T, open func(t *testing.T) evidence.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, evidence.Store)
	}{
		{"what was put is got", putAndGet},
		{"the same bytes are one blob", sameBytes},
		{"the same bytes at once are one blob", sameBytesAtOnce},
		{"different bytes at once", differentBytesAtOnce},
		{"a blob that is not there", notThere},
		{"a digest that is none", malformedDigest},
		{"a reader that fails in the middle stores nothing", failingReader},
		{"a reader that is cut short stores nothing", cutShort},
		{"an empty blob", emptyBlob},
		{"bytes of another digest", otherBytes},
		{"a full disk", fullDisk},
		{"a cancelled context stores nothing", cancelledPut},
		{"a context cancelled in the middle of a put", cancelledInTheMiddle},
		{"a context cancelled while reading", cancelledGet},
		{"a second close", secondClose},
		{"a reader closed early", closedEarly},
		{"walk is in order", walkInOrder},
		{"walk stops at an error", walkStops},
		{"walk with a cancelled context", walkCancelled},
		{"read all has a limit", readAllLimit},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Bytes returns n bytes that compress about as well as a log, the same for the same seed.
func Bytes(n int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	words := strings.Fields("request response auth token policies path data operation update read hmac-sha256 client_id mount_type remote_address")
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[random.IntN(len(words))])
		b.WriteByte(byte(' ' + random.IntN(64)))
	}
	return b.Bytes()[:n]
}

func putAndGet(t *testing.T, s evidence.Store) {
	for _, size := range []int{0, 1, 100, 4096, 512<<10 - 1, 512 << 10, 512<<10 + 1, 5 << 20} {
		want := Bytes(size, uint64(size))
		d, n, err := s.Put(t.Context(), inPieces(want))
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if d != evidence.DigestOf(want) || n != int64(size) {
			t.Errorf("%d bytes: Put gives %s, %d; want %s", size, d, n, evidence.DigestOf(want))
		}
		if got := get(t, s, d); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: Get gives %d other bytes", size, len(got))
		}
	}
}

// inPieces gives b in pieces of odd sizes, as a network would.
func inPieces(b []byte) io.Reader { return &pieces{b: b} }

type pieces struct {
	b    []byte
	next int
}

func (p *pieces) Read(buf []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	p.next = p.next*7%65521 + 3
	n := copy(buf, p.b[:min(p.next, len(p.b))])
	p.b = p.b[n:]
	return n, nil
}

func sameBytes(t *testing.T, s evidence.Store) {
	first, second := put(t, s, []byte("twice")), put(t, s, []byte("twice"))
	if first != second {
		t.Errorf("got %s and %s", first, second)
	}
	checkBlobs(t, s, first)
}

func sameBytesAtOnce(t *testing.T, s evidence.Store) {
	b := Bytes(1<<20, 7)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := s.Put(t.Context(), bytes.NewReader(b)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	checkBlobs(t, s, evidence.DigestOf(b))
	if got := get(t, s, evidence.DigestOf(b)); !bytes.Equal(got, b) {
		t.Error("Get gives other bytes")
	}
}

func differentBytesAtOnce(t *testing.T, s evidence.Store) {
	var (
		wg   sync.WaitGroup
		want []evidence.Digest
	)
	for i := range 16 {
		b := Bytes(i*100_000, uint64(i))
		want = append(want, evidence.DigestOf(b))
		wg.Go(func() {
			if _, _, err := s.Put(t.Context(), bytes.NewReader(b)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(want)
	checkBlobs(t, s, want...)
	for _, d := range want {
		get(t, s, d)
	}
}

func notThere(t *testing.T, s evidence.Store) {
	if _, err := s.Get(t.Context(), evidence.DigestOf([]byte("never put"))); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func malformedDigest(t *testing.T, s evidence.Store) {
	put(t, s, []byte("a"))
	for _, d := range []evidence.Digest{"", "sha256:", "sha256:../../../store", "sha256:" + evidence.Digest(strings.Repeat("G", 64))} {
		if _, err := s.Get(t.Context(), d); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("%q: got %v, want ErrNotFound", d, err)
		}
	}
}

var errSource = errors.New("the source broke off")

func failingReader(t *testing.T, s evidence.Store) {
	for _, size := range []int{0, 10, 3 << 20} {
		r := io.MultiReader(bytes.NewReader(Bytes(size, 1)), failing{errSource})
		if d, n, err := s.Put(t.Context(), r); !errors.Is(err, errSource) || d != "" || n != 0 {
			t.Errorf("after %d bytes: got %q, %d, %v; want only the reader's error", size, d, n, err)
		}
	}
	checkBlobs(t, s)
}

// cutShort gives what a transport gives whose other end went away: some bytes, and that more were announced. However the error
// comes, with bytes or after them, at the edge of a buffer or elsewhere, what was read must not pass for the whole.
func cutShort(t *testing.T, s evidence.Store) {
	for _, size := range []int{0, 1, 100, 512<<10 - 1, 512 << 10, 512<<10 + 1, 1 << 20, 3 << 20} {
		for name, r := range map[string]io.Reader{
			"after the bytes": io.MultiReader(bytes.NewReader(Bytes(size, 1)), failing{io.ErrUnexpectedEOF}),
			"with the bytes":  &once{b: Bytes(size, 1), err: io.ErrUnexpectedEOF},
		} {
			if d, n, err := s.Put(t.Context(), r); !errors.Is(err, io.ErrUnexpectedEOF) || d != "" || n != 0 {
				t.Errorf("%d bytes, error %s: got %q, %d, %v; want io.ErrUnexpectedEOF alone", size, name, d, n, err)
			}
		}
	}
	checkBlobs(t, s)
}

// once gives err together with its last bytes, and io.EOF from then on.
type once struct {
	b   []byte
	err error
}

func (o *once) Read(p []byte) (int, error) {
	n := copy(p, o.b)
	o.b = o.b[n:]
	if len(o.b) > 0 {
		return n, nil
	}
	err := o.err
	o.err = io.EOF
	return n, err
}

func emptyBlob(t *testing.T, s evidence.Store) {
	const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if d, n, err := s.Put(t.Context(), strings.NewReader("")); d != empty || n != 0 || err != nil {
				t.Errorf("got %s, %d, %v; want %s", d, n, err, empty)
			}
		})
	}
	wg.Wait()
	checkBlobs(t, s, empty)
	if got := get(t, s, empty); len(got) != 0 {
		t.Errorf("Get gives %d bytes", len(got))
	}
}

func otherBytes(t *testing.T, s evidence.Store) {
	damager, ok := s.(Damager)
	if !ok {
		t.Skip("the store cannot be damaged from here")
	}
	large := Bytes(3<<20, 5)
	for _, c := range []struct {
		name       string
		kept, then []byte
	}{
		{"one letter", []byte("as received"), []byte("as Received")},
		{"cut", large, large[:len(large)-1]},
		{"longer", large, append(large[:len(large):len(large)], 'x')},
		{"nothing", []byte("something"), nil},
		{"something", nil, []byte("something")},
		{"one bit", large, append([]byte{large[0] ^ 1}, large[1:]...)},
	} {
		d := put(t, s, c.kept)
		damager.Damage(d, c.then)
		r, err := s.Get(t.Context(), d)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		_, err = io.Copy(io.Discard, r)
		var corrupt *evidence.CorruptError
		if !errors.Is(err, evidence.ErrCorrupt) || !errors.As(err, &corrupt) || corrupt.Want != d {
			t.Errorf("%s: got %v, want ErrCorrupt of %s", c.name, err, d)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := evidence.ReadAll(t.Context(), s, d, 1<<30); !errors.Is(err, evidence.ErrCorrupt) {
			t.Errorf("%s: ReadAll: got %v, want ErrCorrupt", c.name, err)
		}
	}
}

// fullDisk lets the disk be full at each operation of a Put in turn: the Put fails or the blob is there, what was there before stays, and
// with room again all goes on.
func fullDisk(t *testing.T, s evidence.Store) {
	failer, ok := s.(Failer)
	if !ok {
		t.Skip("the store has no disk that can be full")
	}
	before := put(t, s, []byte("before"))
	const most = 20 // operations of one Put, and some more
	failed := 0
	for n := range most {
		for _, b := range [][]byte{Bytes(100, uint64(n)), Bytes(1<<20, uint64(n))} {
			failer.FailAt(n, syscall.ENOSPC)
			d, size, err := s.Put(t.Context(), bytes.NewReader(b))
			failer.FailAt(0, nil)
			switch {
			case err == nil:
				if !bytes.Equal(get(t, s, d), b) {
					t.Errorf("full at operation %d: acknowledged, and other bytes are there", n)
				}
			case !errors.Is(err, syscall.ENOSPC) || d != "" || size != 0:
				t.Errorf("full at operation %d: got %q, %d, %v; want no space left alone", n, d, size, err)
			default:
				failed++
			}
			if put(t, s, b) != evidence.DigestOf(b) || !bytes.Equal(get(t, s, evidence.DigestOf(b)), b) {
				t.Errorf("with room again after operation %d: other bytes", n)
			}
			get(t, s, before)
		}
	}
	if failed == 0 || failed == 2*most {
		t.Errorf("%d of %d puts failed: want some, and not all", failed, 2*most)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func cancelledPut(t *testing.T, s evidence.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Put(ctx, strings.NewReader("late")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	checkBlobs(t, s)
}

func cancelledInTheMiddle(t *testing.T, s evidence.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := io.MultiReader(bytes.NewReader(Bytes(2<<20, 1)), calling{cancel}, bytes.NewReader(Bytes(2<<20, 2)))
	if _, _, err := s.Put(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	checkBlobs(t, s)
}

// calling is an empty reader that calls fn when it is read.
type calling struct{ fn func() }

func (c calling) Read([]byte) (int, error) {
	c.fn()
	return 0, io.EOF
}

func cancelledGet(t *testing.T, s evidence.Store) {
	d := put(t, s, Bytes(4<<20, 3))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Get(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("reading on: got %v, want context.Canceled", err)
	}
	if _, err := s.Get(ctx, d); !errors.Is(err, context.Canceled) {
		t.Errorf("opening: got %v, want context.Canceled", err)
	}
}

func secondClose(t *testing.T, s evidence.Store) {
	r, err := s.Get(t.Context(), put(t, s, []byte("a")))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func closedEarly(t *testing.T, s evidence.Store) {
	want := Bytes(3<<20, 9)
	d := put(t, s, want)
	for range 3 {
		r, err := s.Get(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if !bytes.Equal(get(t, s, d), want) {
		t.Error("Get gives other bytes")
	}
}

func walkInOrder(t *testing.T, s evidence.Store) {
	var want []evidence.Digest
	for i := range 50 {
		want = append(want, put(t, s, []byte{byte(i)}))
	}
	slices.Sort(want)
	checkBlobs(t, s, want...)
}

func walkStops(t *testing.T, s evidence.Store) {
	put(t, s, []byte("a"))
	put(t, s, []byte("b"))
	calls := 0
	err := s.Walk(t.Context(), func(evidence.Digest, int64) error {
		calls++
		return errSource
	})
	if !errors.Is(err, errSource) || calls != 1 {
		t.Errorf("got %v after %d calls, want the function's error after 1", err, calls)
	}
}

func walkCancelled(t *testing.T, s evidence.Store) {
	put(t, s, []byte("a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Walk(ctx, func(evidence.Digest, int64) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func readAllLimit(t *testing.T, s evidence.Store) {
	d := put(t, s, []byte("12345"))
	if b, err := evidence.ReadAll(t.Context(), s, d, 5); err != nil || string(b) != "12345" {
		t.Errorf("at the limit: got %q, %v", b, err)
	}
	if _, err := evidence.ReadAll(t.Context(), s, d, 4); err == nil {
		t.Error("over the limit: got no error")
	}
}

func put(t *testing.T, s evidence.Store, b []byte) evidence.Digest {
	t.Helper()
	d, err := evidence.PutBytes(t.Context(), s, b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func get(t *testing.T, s evidence.Store, d evidence.Digest) []byte {
	t.Helper()
	r, err := s.Get(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func checkBlobs(t *testing.T, s evidence.Store, want ...evidence.Digest) {
	t.Helper()
	var got []evidence.Digest
	if err := s.Walk(t.Context(), func(d evidence.Digest, _ int64) error { got = append(got, d); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blobs (-want +got):\n%s", diff)
	}
}
