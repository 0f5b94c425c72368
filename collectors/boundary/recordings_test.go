package boundary

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
	"auditpack/internal/strictyaml"
)

// recordedContent stands in files of recordings, and must come out of none.
const recordedContent = "canary: what somebody typed"

// bsr is a whole recording in the layout that the documentation gives: one connection, one channel.
func bsr(id string) map[string]string {
	root := map[string]string{
		"bsrKey.pub": "public", "wrappedBsrKey": "wrapped", "wrappedPrivKey": "wrapped too", "pubKeyBsrSignature.sign": "signature", "pubKeySelfSignature.sign": "signature too",
		"session-meta.json": `{"User":"canary: name of a person"}`, "session-recording.meta": "id: " + id + "\nprotocol: BSSH\nconnection: cr_1.connection\n", "session-recording-summary.json": `{"ConnectionCount":1}`,
	}
	connection := map[string]string{
		"connection-recording.meta": "id: cr_1\nrequests: outbound\nrequests: inbound\nchannel: chr_1.channel\n", "connection-recording-summary.json": "{}",
		"requests-inbound.data": recordedContent, "requests-outbound.data": recordedContent,
	}
	channel := map[string]string{
		"channel-recording.meta": "id: chr_1\nchannelType: session\n", "channel-recording-summary.json": "{}", "messages-inbound.data": recordedContent, "messages-outbound.data": recordedContent,
	}
	files := map[string]string{}
	for folder, own := range map[string]map[string]string{"": root, "cr_1.connection/": connection, "cr_1.connection/chr_1.channel/": channel} {
		var sums []string
		for name, content := range own {
			sum := sha256.Sum256([]byte(content))
			separator := "  "
			if strings.HasSuffix(name, ".data") {
				separator = " *" // as Boundary writes binary files
			}
			sums = append(sums, hex.EncodeToString(sum[:])+separator+name+"\n")
			files[id+".bsr/"+folder+name] = content
		}
		slices.Sort(sums)
		files[id+".bsr/"+folder+"SHA256SUM"] = strings.Join(sums, "")
		files[id+".bsr/"+folder+"SHA256SUM.sig"] = "signature of " + folder
	}
	return files
}

// strictly decodes a source's section as auditpack.yaml does.
func strictly(config string) func(any) error {
	return func(v any) error { return strictyaml.Decode("auditpack.yaml", []byte(config), v) }
}

// bucket is a collector of recordings' files alone.
type bucket struct {
	t     *testing.T
	tree  fstest.MapFS
	store *memstore.Store
	now   time.Time
	more  string
}

func newBucket(t *testing.T, recordings ...map[string]string) *bucket {
	b := &bucket{t: t, tree: fstest.MapFS{}, store: memstore.New(), now: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)}
	for _, r := range recordings {
		for name, content := range r {
			b.tree[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o400, ModTime: b.now.Add(-time.Hour)}
		}
	}
	return b
}

func (b *bucket) collectFrom(ctx context.Context, tree fs.FS) collectors.Result {
	b.t.Helper()
	c, err := open(strictly("recordings: bucket\n"+b.more), collectors.Env{
		Name: "boundary", Open: func(string) fs.FS { return tree }, Now: func() time.Time { return b.now }, Getenv: func(string) string { return "" },
	})
	if err != nil {
		b.t.Fatal(err)
	}
	res := collectors.Run(ctx, []collectors.Source{{Name: "boundary", Type: Type, Collector: c}}, collectors.Options{
		Store: b.store, Journal: b.store, Now: func() time.Time { return b.now }, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "auditpack test"},
	})[0]
	if err := b.store.Walk(b.t.Context(), func(d evidence.Digest, _ int64) error {
		body, err := evidence.ReadAll(b.t.Context(), b.store, d, 64<<20)
		if strings.Contains(string(body), "canary") {
			b.t.Errorf("blob %s holds what was recorded", d)
		}
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	return res
}

func (b *bucket) collect() collectors.Result { return b.collectFrom(b.t.Context(), b.tree) }

// rows are the facts of the newest inventory that query asks for.
func (b *bucket) rows(query string) []string {
	return factstest.Rows(b.t, factstest.Project(b.t, b.store, b.store), query)
}

func TestRecordingFiles(t *testing.T) {
	b := newBucket(t, bsr("sr_1"), bsr("sr_2"), map[string]string{"readme.txt": "no recording", "lost.txt.bsr/x": "y"})
	b.tree["sr_file.bsr"] = &fstest.MapFile{Data: []byte("a file, not a folder")}
	res := b.collect()
	if diff := cmp.Diff([]string{"recording files: ok 45"}, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"lost.txt | not-listed | 1", "sr_1 | checksums | 6", "sr_1 | matches | 16", "sr_2 | checksums | 6", "sr_2 | matches | 16"},
		b.rows("select recording_id, state, count(*) from boundary_recording_file group by all order by all")); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"cr_1.connection/requests-inbound.data | cr_1.connection/ | requests-inbound.data | 27 | 2026-10-01T05:00:00Z | true | 2026-10-01T06:00:00Z",
	}, b.rows(`select path, directory, file, size_bytes, modified_at, sha256 = stated_sha256, "at" from boundary_recording_file where recording_id = 'sr_2' and file = 'requests-inbound.data'`)); diff != "" {
		t.Errorf("a file (-want +got):\n%s", diff)
	}
}

// Whatever may be wrong with a recording shows in the state of one of its files.
func TestRecordingFilesThatAreWrong(t *testing.T) {
	const channel = "sr_1.bsr/cr_1.connection/chr_1.channel/"
	for name, tt := range map[string]struct {
		change func(*bucket)
		want   []string // what is not as it should be
	}{
		"a byte of the content": {func(b *bucket) { b.tree[channel+"messages-inbound.data"].Data[0] ^= 1 }, []string{"differs cr_1.connection/chr_1.channel/messages-inbound.data"}},
		"a file is gone":        {func(b *bucket) { delete(b.tree, "sr_1.bsr/session-meta.json") }, []string{"missing session-meta.json"}},
		"a file is added":       {func(b *bucket) { b.tree["sr_1.bsr/extra"] = &fstest.MapFile{Data: []byte("x")} }, []string{"not-listed extra"}},
		"a channel is gone": {func(b *bucket) {
			for name := range b.tree {
				if strings.HasPrefix(name, channel) {
					delete(b.tree, name)
				}
			}
		}, []string{"no-folder cr_1.connection/chr_1.channel/"}},
		"checksums are gone": {func(b *bucket) { delete(b.tree, channel+"SHA256SUM") }, []string{
			"not-listed cr_1.connection/chr_1.channel/channel-recording-summary.json", "not-listed cr_1.connection/chr_1.channel/channel-recording.meta",
			"not-listed cr_1.connection/chr_1.channel/messages-inbound.data", "not-listed cr_1.connection/chr_1.channel/messages-outbound.data",
		}},
		"checksums of no form": {func(b *bucket) {
			b.tree[channel+"SHA256SUM"].Data = []byte("SHA256 (messages-inbound.data) = ab\n\x00")
		}, []string{
			"not-listed cr_1.connection/chr_1.channel/channel-recording-summary.json", "not-listed cr_1.connection/chr_1.channel/channel-recording.meta",
			"not-listed cr_1.connection/chr_1.channel/messages-inbound.data", "not-listed cr_1.connection/chr_1.channel/messages-outbound.data",
		}},
		"a worker's journal is none of it": {func(b *bucket) { b.tree["sr_1.bsr/.journal"] = &fstest.MapFile{Data: []byte("CREATED SHA256SUM\n")} }, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, bsr("sr_1"))
			tt.change(b)
			if res := b.collect(); res.Failed() {
				t.Errorf("outcomes: %v", outcomes(res))
			}
			if diff := cmp.Diff(tt.want, b.rows("select state || ' ' || path from boundary_recording_file where state not in ('matches', 'checksums') order by all")); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be read is a line of the inventory and fails the part; the rest is there, and the next collection does not read all again.
func TestRecordingFilesThatCannotBeRead(t *testing.T) {
	b := newBucket(t, bsr("sr_1"))
	b.tree["sr_1.bsr/link"] = &fstest.MapFile{Data: []byte("/etc/passwd"), Mode: fs.ModeSymlink}
	b.tree["sr_1.bsr/cr_1.connection/SHA256SUM"].Data = []byte("\xff\xfe")
	b.tree["sr_1.bsr/cr_1.connection/chr_1.channel/SHA256SUM"].Data = make([]byte, maxChecksumBytes+1)
	tree := brokenFS{b.tree, "sr_1.bsr/session-meta.json"}
	want := []string{"recording files: failed 19 read recordings in \"bucket\": 4 files or folders could not be read, the first of them: " +
		"sr_1.bsr/cr_1.connection/SHA256SUM: it is no text; sr_1.bsr/cr_1.connection/chr_1.channel/SHA256SUM: it has 1048577 bytes, more than 1048576; " +
		"sr_1.bsr/link: it is no regular file; sr_1.bsr/session-meta.json: input/output error"}
	if diff := cmp.Diff(want, outcomes(b.collectFrom(t.Context(), tree))); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"cr_1.connection/SHA256SUM | - | it is no text", "cr_1.connection/chr_1.channel/SHA256SUM | - | it has 1048577 bytes, more than 1048576", "link | - | it is no regular file",
		"session-meta.json | - | input/output error",
	}, b.rows("select path, size_bytes, error from boundary_recording_file where state = 'unread' order by all")); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if got := b.rows("select count(*), count(size_bytes), count(*) filter (state = 'matches') from boundary_recording_file where state in ('unread', 'matches')"); !slices.Equal(got, []string{"11 | 7 | 7"}) {
		t.Errorf("facts: got %v", got)
	}
	b.now = b.now.Add(15 * time.Minute)
	if res := b.collectFrom(t.Context(), tree); len(res.Entry.Parts) > 0 {
		t.Errorf("a quarter of an hour later: %v", outcomes(res))
	}
}

// An inventory is taken once in recordings_every; a folder that is not there is asked for again.
func TestRecordingFilesAreReadSeldom(t *testing.T) {
	b := newBucket(t, bsr("sr_1"))
	if got := outcomes(b.collectFrom(t.Context(), brokenFS{b.tree, "."})); len(got) != 1 || !strings.HasPrefix(got[0], `recording files: failed 0 read recordings in "bucket": input/output error`) {
		t.Errorf("without the folder: %v", got)
	}
	asked := func(after time.Duration, want int) {
		t.Helper()
		b.now = b.now.Add(after)
		if res := b.collect(); len(res.Entry.Parts) != want {
			t.Errorf("%s later: %v, want %d parts", after, outcomes(res), want)
		}
	}
	asked(0, 1)
	asked(24*time.Hour-time.Second, 0)
	asked(time.Second, 1)
	b.more = "recordings_every: 0s\n"
	asked(0, 1)
}

// A recording that did not change is the same bytes in the next inventory; one that was added changes its own part and the list alone.
func TestRecordingFilesAgain(t *testing.T) {
	b := newBucket(t, bsr("sr_1"))
	digests := func() map[string]evidence.Digest {
		body, err := evidence.ReadAll(t.Context(), b.store, b.collect().Entry.Records[0], 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.DecodeRecord(body)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]evidence.Digest{}
		for _, p := range r.Content {
			all[p.Name] = p.Digest
		}
		return all
	}
	before := digests()
	for name, content := range bsr("sr_2") {
		b.tree[name] = &fstest.MapFile{Data: []byte(content), ModTime: b.now}
	}
	b.now = b.now.Add(24 * time.Hour)
	after := digests()
	if len(before) != 2 || len(after) != 3 || before["sr_1.bsr.ndjson"] != after["sr_1.bsr.ndjson"] || before["recordings.json"] == after["recordings.json"] {
		t.Errorf("got %v, then %v", before, after)
	}
}

// An empty bucket is an inventory: what the API says is there is then missing.
func TestNoRecordings(t *testing.T) {
	b := newBucket(t, map[string]string{"readme.txt": "x"})
	res := b.collect()
	if diff := cmp.Diff([]string{`recording files: none 0 "bucket" has no folder whose name ends in .bsr: is the bucket mounted, and its prefix part of the path?`}, outcomes(res)); diff != "" || res.Records != 1 {
		t.Errorf("%d records, outcomes (-want +got):\n%s", res.Records, diff)
	}
	if got := b.rows("select count(*) from boundary_recording_file"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("facts: %v", got)
	}
}

// An inventory that was interrupted is no inventory.
func TestRecordingFilesInterrupted(t *testing.T) {
	b := newBucket(t, bsr("sr_1"), bsr("sr_2"))
	ctx, cancel := context.WithCancel(t.Context())
	res := b.collectFrom(ctx, watchedFS{b.tree, "sr_2.bsr/bsrKey.pub", cancel})
	if res.Records != 0 || !res.Failed() {
		t.Errorf("%d records, outcomes %v", res.Records, outcomes(res))
	}
}

// The bytes of a recording are hashed in pieces: memory does not grow with them.
func TestLargeRecording(t *testing.T) {
	const size = 64 << 20
	b := newBucket(t, bsr("sr_1"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.collectFrom(t.Context(), zerosFS{b.tree, "sr_1.bsr/cr_1.connection/requests-inbound.data", size})
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > size/8 {
		t.Errorf("allocated %d bytes for a file of %d", grown, size)
	}
	if got := b.rows("select size_bytes from boundary_recording_file where state = 'differs'"); !slices.Equal(got, []string{"67108864"}) {
		t.Errorf("facts: %v", got)
	}
}

func TestConfigOfRecordings(t *testing.T) {
	for config, want := range map[string]string{
		"recordings: bucket\n":                          "",
		"recordings: bucket\nrecordings_every: daily\n": `recordings_every "daily": want a duration`,
		"recordings: bucket\nrecordings_every: -1h\n":   `recordings_every "-1h": want a duration`,
	} {
		_, err := open(strictly(config), collectors.Env{Getenv: func(string) string { return "" }})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got error %v, want %q", config, err, want)
		}
	}
}

// brokenFS fails where one file or folder is opened.
type brokenFS struct {
	fs.FS
	broken string
}

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == b.broken {
		return nil, &fs.PathError{Op: "open", Path: path.Join("/mnt", name), Err: errors.New("input/output error")}
	}
	return b.FS.Open(name)
}

// watchedFS calls back when one file is opened.
type watchedFS struct {
	fs.FS
	watched string
	opened  func()
}

func (w watchedFS) Open(name string) (fs.File, error) {
	if name == w.watched {
		w.opened()
	}
	return w.FS.Open(name)
}

// zerosFS gives so many zeros for the content of one file.
type zerosFS struct {
	fs.FS
	name string
	size int64
}

func (z zerosFS) Open(name string) (fs.File, error) {
	f, err := z.FS.Open(name)
	if name == z.name && err == nil {
		return zeros{f, io.LimitReader(zero{}, z.size)}, nil
	}
	return f, err
}

type zeros struct {
	fs.File
	content io.Reader
}

func (z zeros) Read(p []byte) (int, error) { return z.content.Read(p) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
