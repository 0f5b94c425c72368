package lines

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// marksByByte is what marks mean.
func marksByByte(line []byte) marks {
	var m marks
	for i, c := range line {
		switch {
		case c == '{':
			m.opening++
			if i > 0 && line[i-1] == '}' {
				m.joined = 1
			}
		case c == '}':
			m.closing++
		case c < 0x20:
			m.control = 1
		case c >= 0x80:
			m.high = 1
		}
	}
	return m
}

func TestMarks(t *testing.T) {
	flag := func(m marks) marks {
		m.joined, m.high, m.control, m.closed = min(m.joined, 1), min(m.high, 1), min(m.control, 1), 0
		return m
	}
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		line := make([]byte, n)
		for range 200 {
			odd := random.IntN(2*n+1) + 1
			for i := range line {
				line[i] = ' ' + byte(random.IntN(0x60))
				if random.IntN(odd) == 0 {
					line[i] = []byte{'{', '}', 0x1f, 0, 0x80, 0xff}[random.IntN(6)]
				}
			}
			if i := random.IntN(n + 1); i > 1 {
				copy(line[i-2:], "}{")
			}
			want := marksByByte(line)
			if got := flag(marksOf(line)); got != want {
				t.Fatalf("%q: got %+v, want %+v", line, got, want)
			}
			if got := flag(marksByWord(line)); got != want {
				t.Fatalf("by word: %q: got %+v, want %+v", line, got, want)
			}
		}
	}
}

func BenchmarkMarks(b *testing.B) {
	line := bytes.Repeat([]byte(`{"auth":{"client_token":"hmac-sha256:0123456789abcdef"},"type":"request"} `), 20)
	for name, marks := range map[string]func([]byte) marks{"as the machine can": marksOf, "by word": marksByWord} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				marks(line)
			}
		})
	}
}
