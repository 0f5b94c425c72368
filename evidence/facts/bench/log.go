package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"regexp"
)

//go:embed testdata/audit-1000.log
var sample []byte

var uuidPattern = regexp.MustCompile(`"id":"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"`)

// writeLog writes the sample again and again, each time with other request ids (a request and its response keep one), until the log
// has size bytes, and long lines in even distances. It returns the size that it came to.
func writeLog(path string, size int64, longLines int) (written int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, fmt.Errorf("write log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	at := uuidPattern.FindAllIndex(sample, -1)
	block := bytes.Clone(sample)
	long := longLine(16<<20 - 1000)
	seed := maphash.MakeSeed()
	for round, longWritten := uint64(0), 0; written < size; round++ {
		if longWritten < longLines && written >= size*int64(longWritten)/int64(longLines) {
			n, err := w.Write(long)
			if err != nil {
				return 0, fmt.Errorf("write log: %w", err)
			}
			written += int64(n)
			longWritten++
		}
		for _, span := range at {
			freshID(block[span[0]+6:span[1]-1], sample[span[0]+6:span[1]-1], seed, round)
		}
		n, err := w.Write(block)
		if err != nil {
			return 0, fmt.Errorf("write log: %w", err)
		}
		written += int64(n)
	}
	// A log that still waits for the disk would be written out by the first sync of what is measured.
	return written, errors.Join(w.Flush(), f.Sync())
}

// freshID writes an id that only the old one and the round decide.
func freshID(id, old []byte, seed maphash.Seed, round uint64) {
	x := rand.New(rand.NewPCG(maphash.Bytes(seed, old), round))
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], x.Uint64())
	binary.LittleEndian.PutUint64(b[8:], x.Uint64())
	digits := hex.AppendEncode(make([]byte, 0, 32), b[:])
	for i := range id {
		if id[i] != '-' {
			id[i], digits = digits[0], digits[1:]
		}
	}
}

// longLine is an entry whose answer has a list of some size bytes.
func longLine(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"type":"response","time":"2026-07-01T00:00:00Z","request":{"id":"00000000-0000-0000-0000-000000000001","operation":"list","path":"secret/metadata/"},"response":{"data":{"keys":[`)
	x := rand.New(rand.NewPCG(1, 2))
	for b.Len() < size {
		fmt.Fprintf(&b, `"hmac-sha256:%016x%016x%016x%016x",`, x.Uint64(), x.Uint64(), x.Uint64(), x.Uint64())
	}
	b.WriteString(`"end"]}}}` + "\n")
	return b.Bytes()
}
