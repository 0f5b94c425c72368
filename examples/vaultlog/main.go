// Command vaultlog makes the Vault audit logs of the example company. It takes real entries, recorded from a Vault 1.21.1
// (logs/vault/recorded.ndjson), and spreads copies of them over the third quarter of 2026: each copy keeps every byte but its
// time and its request id. Then it plants the faults that the demo must find. The same program gives the same logs.
//
//	go run ./examples/vaultlog -out examples/acme/logs/vault
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "examples/acme/logs/vault", "folder with recorded.ndjson, where the logs go")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "vaultlog:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	recorded, err := os.ReadFile(filepath.Join(dir, "recorded.ndjson"))
	if err != nil {
		return err
	}
	files, err := Generate(recorded)
	if err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The quarter, and the days on which the log was rotated.
var (
	quarterStart = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	quarterEnd   = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	rotations    = []time.Time{
		time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC),
	}
)

// What is planted, and when.
var (
	rootUse       = time.Date(2026, 8, 12, 2, 17, 4, 0, time.UTC)  // someone writes a policy with a root token
	gapStart      = time.Date(2026, 9, 5, 6, 0, 0, 0, time.UTC)    // 14 hours without an entry
	gapEnd        = time.Date(2026, 9, 5, 20, 0, 0, 0, time.UTC)   //
	lostResponse  = time.Date(2026, 8, 20, 11, 30, 0, 0, time.UTC) // a request whose response is not there
	diskFull      = time.Date(2026, 9, 14, 15, 3, 0, 0, time.UTC)  // an entry cut short, the next one on the same line
	interval      = 47 * time.Minute                               // between two requests, on average
	seed          = [2]uint64{2026, 3}                             // any; fixed so that the logs are
	adminDisplay  = `"display_name":"token"`                       // the recorded root-token entries
	cutAfterBytes = 211                                            // how much of the cut entry reached the disk
)

// pair is a recorded request and its response, as lines without their ends.
type pair struct {
	id             string
	requestTime    string
	responseTime   string
	request, reply []byte
}

// Generate returns the log files by name.
func Generate(recorded []byte) (map[string][]byte, error) {
	usual, root, err := readPairs(recorded)
	if err != nil {
		return nil, err
	}
	g := &generator{rng: rand.New(rand.NewPCG(seed[0], seed[1])), parts: make([]bytes.Buffer, len(rotations)+1)}
	planted := []struct {
		at time.Time
		do func(time.Time)
	}{
		{rootUse, func(t time.Time) { g.write(t, root, true) }},
		{lostResponse, func(t time.Time) { g.write(t, usual[8], false) }},
		{diskFull, func(t time.Time) { g.cut(t, usual[5], usual[11]) }},
	}
	for t := quarterStart.Add(3 * time.Minute); t.Before(quarterEnd); t = t.Add(g.step()) {
		for len(planted) > 0 && !planted[0].at.After(t) {
			planted[0].do(planted[0].at)
			planted = planted[1:]
		}
		if !t.Before(gapStart) && t.Before(gapEnd) {
			t = gapEnd
		}
		g.write(t, usual[g.rng.IntN(len(usual))], true)
	}
	return g.files()
}

func readPairs(recorded []byte) (usual []pair, root pair, err error) {
	type head struct {
		Time    string `json:"time"`
		Request struct {
			ID string `json:"id"`
		} `json:"request"`
	}
	lines := bytes.Split(bytes.TrimSpace(recorded), []byte("\n"))
	if len(lines)%2 != 0 {
		return nil, pair{}, fmt.Errorf("recorded.ndjson has %d lines: want requests and responses in turn", len(lines))
	}
	for i := 0; i < len(lines); i += 2 {
		var a, b head
		if err := json.Unmarshal(lines[i], &a); err != nil {
			return nil, pair{}, fmt.Errorf("recorded.ndjson, line %d: %w", i+1, err)
		}
		if err := json.Unmarshal(lines[i+1], &b); err != nil {
			return nil, pair{}, fmt.Errorf("recorded.ndjson, line %d: %w", i+2, err)
		}
		if a.Request.ID != b.Request.ID {
			return nil, pair{}, fmt.Errorf("recorded.ndjson, line %d: its response does not follow", i+1)
		}
		p := pair{a.Request.ID, a.Time, b.Time, lines[i], lines[i+1]}
		if bytes.Contains(lines[i+1], []byte(adminDisplay)) {
			root = p
			continue
		}
		usual = append(usual, p)
	}
	if root.id == "" || len(usual) < 12 {
		return nil, pair{}, fmt.Errorf("recorded.ndjson: want a root-token request and at least 12 others")
	}
	return usual, root, nil
}

// generator writes entries to the log that was current at their time.
type generator struct {
	rng   *rand.Rand
	parts []bytes.Buffer
}

func (g *generator) step() time.Duration {
	return interval/2 + time.Duration(g.rng.Int64N(int64(interval)))
}

func (g *generator) part(t time.Time) *bytes.Buffer {
	i := 0
	for i < len(rotations) && !t.Before(rotations[i]) {
		i++
	}
	return &g.parts[i]
}

// stamped returns p's lines with time t and a request id of their own.
func (g *generator) stamped(t time.Time, p pair) (request, reply []byte) {
	id := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", g.rng.Uint32(), g.rng.Uint32N(1<<16), g.rng.Uint32N(1<<16), g.rng.Uint32N(1<<16), g.rng.Uint64N(1<<48))
	at := t.Add(time.Duration(g.rng.Int64N(int64(time.Second))))
	restamp := func(line []byte, old string, t time.Time) []byte {
		s := strings.ReplaceAll(string(line), p.id, id)
		return []byte(strings.Replace(s, `"time":"`+old+`"`, `"time":"`+t.Format(time.RFC3339Nano)+`"`, 1))
	}
	return restamp(p.request, p.requestTime, at), restamp(p.reply, p.responseTime, at.Add(time.Duration(1+g.rng.Int64N(5_000_000))))
}

func (g *generator) write(t time.Time, p pair, withReply bool) {
	request, reply := g.stamped(t, p)
	w := g.part(t)
	w.Write(append(request, '\n'))
	if withReply {
		w.Write(append(reply, '\n'))
	}
}

// cut writes the response of a so far that the disk was full, and b right behind it, as Vault does when there is room again.
func (g *generator) cut(t time.Time, a, b pair) {
	request, reply := g.stamped(t, a)
	w := g.part(t)
	w.Write(append(request, '\n'))
	w.Write(reply[:cutAfterBytes])
	request, reply = g.stamped(t.Add(4*time.Minute), b)
	w.Write(append(request, '\n'))
	w.Write(append(reply, '\n'))
}

// files names the parts as logrotate does, the oldest with the highest number, all but the newest compressed.
func (g *generator) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	newest := len(g.parts) - 1
	for i := range g.parts {
		if i == newest {
			files["audit.log"] = slices.Clone(g.parts[i].Bytes())
			continue
		}
		var z bytes.Buffer
		w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(g.parts[i].Bytes()); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		files[fmt.Sprintf("audit.log.%d.gz", newest-i)] = z.Bytes()
	}
	return files, nil
}
