package filestore

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"

	"auditpack/evidence/storetest"
)

// BenchmarkPut stores a 64 MiB segment; BenchmarkHash and BenchmarkCompress are its floor.
func BenchmarkPut(b *testing.B) {
	data := segment(b)
	s, err := Create(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		d, _, err := s.Put(b.Context(), bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		os.Remove(s.blobPath(d)) // else the next one would find it
	}
}

func BenchmarkHash(b *testing.B) {
	data := segment(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sha256.Sum256(data)
	}
}

func BenchmarkCompress(b *testing.B) {
	data := segment(b)
	enc, err := zstd.NewWriter(io.Discard, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		enc.Reset(io.Discard)
		enc.Write(data)
		enc.Close()
	}
}

// segment is a log of 64 MiB. AUDITPACK_BENCH_LOG may name a real one to repeat.
func segment(b *testing.B) []byte {
	b.Helper()
	const size = 64 << 20
	name := os.Getenv("AUDITPACK_BENCH_LOG")
	if name == "" {
		return storetest.Bytes(size, 1)
	}
	log, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	return bytes.Repeat(log, size/len(log)+1)[:size]
}
