package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"auditpack/evidence"
	"auditpack/evidence/filestore"
)

// benchFsck reads a store of segments of 64 MB. The floor decompresses and hashes the same files, as many at once as there are cores.
func benchFsck(ctx context.Context, o options, out io.Writer) error {
	s, err := filestore.Create(o.path("segments"))
	if err != nil {
		return err
	}
	const segment = 64e6
	for n := range uint64(max(o.sizeMB*1e6/segment, 1)) {
		if _, _, err := s.Put(ctx, io.LimitReader(newLines(n), segment)); err != nil {
			return err
		}
	}
	return race{
		name: fmt.Sprintf("fsck of %d MB", o.sizeMB), target: 1.15,
		floor: func() error { return hashAll(ctx, s.Dir()) },
		ours: func() error {
			faults, err := filestore.Fsck(ctx, s, nil)
			if err == nil && len(faults) > 0 {
				err = fmt.Errorf("got %d faults", len(faults))
			}
			return err
		},
	}.run(o.rounds, out)
}

// hashAll decompresses and hashes every blob below dir.
func hashAll(ctx context.Context, dir string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	pool := sync.Pool{New: func() any {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			panic(err) // the options are constants
		}
		return dec
	}}
	err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".zst") {
			return err
		}
		group.Go(func() error {
			f, err := os.Open(path)
			if err != nil || ctx.Err() != nil {
				return err
			}
			defer f.Close()
			dec := pool.Get().(*zstd.Decoder)
			defer pool.Put(dec)
			if err := dec.Reset(f); err != nil {
				return err
			}
			_, err = io.Copy(sha256.New(), dec)
			return err
		})
		return nil
	})
	if groupErr := group.Wait(); err == nil {
		err = groupErr
	}
	return err
}

// newLines gives text that packs about as well as a log.
func newLines(seed uint64) io.Reader {
	return &lines{random: rand.New(rand.NewPCG(seed, 1))}
}

type lines struct {
	random *rand.Rand
	rest   []byte
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		var b bytes.Buffer
		for range 100 {
			fmt.Fprintf(&b, `{"time":"2026-07-01T00:00:%02d.%09dZ","type":"request","auth":{"client_token":"hmac-sha256:%016x%016x","display_name":"token","policies":["default","app-%d"]},"request":{"id":"%016x","operation":"read","path":"secret/data/app-%d","remote_address":"10.0.%d.%d"}}`+"\n",
				l.random.IntN(60), l.random.IntN(1e9), l.random.Uint64(), l.random.Uint64(), l.random.IntN(20), l.random.Uint64(), l.random.IntN(500), l.random.IntN(4), l.random.IntN(256))
		}
		l.rest = b.Bytes()
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// smallBytes is the size of a small blob: an answer of an API.
const smallBytes = 2000

// writers put small blobs at once, as collectors that ask for several things at once do.
const writers = 8

// benchSmall stores small blobs. The floor writes them as plain files, durable one by one as a store must: temporary name, sync, rename,
// sync of the folder.
func benchSmall(ctx context.Context, o options, out io.Writer) error {
	// All turns' files stay until the end: what a file system has to do after files were removed, it would do in somebody's turn.
	turn := 0
	dir := func() string {
		turn++
		return o.path(fmt.Sprintf("small-%d", turn))
	}
	return race{
		name: fmt.Sprintf("%d blobs of %d bytes", o.blobs, smallBytes), target: 1.3,
		floor: func() error { return writePlain(ctx, dir(), o.blobs) },
		ours: func() error {
			s, err := filestore.Create(dir())
			if err != nil {
				return err
			}
			return each(ctx, o.blobs, func(b []byte) error {
				_, err := evidence.PutBytes(ctx, s, b)
				return err
			})
		},
	}.run(o.rounds, out)
}

func writePlain(ctx context.Context, dir string, n int) error {
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("%02x", i)), 0o700); err != nil {
			return err
		}
	}
	return each(ctx, n, func(b []byte) error {
		name := evidence.DigestOf(b).Hex()
		folder := filepath.Join(dir, name[:2])
		f, err := os.CreateTemp(dir, "put-*")
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Write(b); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		if err := os.Rename(f.Name(), filepath.Join(folder, name)); err != nil {
			return err
		}
		d, err := os.Open(folder)
		if err != nil {
			return err
		}
		defer d.Close()
		return d.Sync()
	})
}

// each gives n different small blobs to do, from several goroutines.
func each(ctx context.Context, n int, do func([]byte) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for w := range writers {
		group.Go(func() error {
			text := newLines(uint64(w))
			b := make([]byte, smallBytes)
			for range n / writers {
				if err := ctx.Err(); err != nil {
					return err
				}
				if _, err := io.ReadFull(text, b); err != nil {
					return err
				}
				if err := do(b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// benchAppend commits a collection to a journal that has many entries. The floor is the same with ten.
func benchAppend(ctx context.Context, o options, out io.Writer) error {
	few, err := o.journal(ctx, "few", 10)
	if err != nil {
		return err
	}
	many, err := o.journal(ctx, "many", o.entries)
	if err != nil {
		return err
	}
	return race{
		name: fmt.Sprintf("20 collections after %d others", o.entries), target: 1.2,
		floor: func() error { return collect(ctx, few) },
		ours:  func() error { return collect(ctx, many) },
	}.run(2*o.rounds+1, out)
}

func (o options) journal(ctx context.Context, name string, entries int64) (dir string, err error) {
	s, err := filestore.Create(o.path(name))
	if err != nil {
		return "", err
	}
	for range entries {
		if err := commit(ctx, s); err != nil {
			return "", err
		}
	}
	return s.Dir(), nil
}

// collect opens the store anew for each collection, as each run of the program does.
func collect(ctx context.Context, dir string) error {
	for range 20 {
		s, err := filestore.Open(dir)
		if err != nil {
			return err
		}
		if err := commit(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func commit(ctx context.Context, s *filestore.Store) error {
	last, err := s.Last(ctx, "vault")
	if err != nil {
		return err
	}
	d, err := evidence.PutBytes(ctx, s, fmt.Appendf(nil, "record after entry %d", last.Number))
	if err != nil {
		return err
	}
	_, err = s.Append(ctx, evidence.Entry{
		Type: evidence.EntryCollection, Time: time.Now().UTC(), Source: "vault", SourcePrevious: last.Number, Records: []evidence.Digest{d},
		Actor: evidence.Actor{Principal: "bench", Host: "bench", Tool: "auditpack bench"},
	})
	return err
}
