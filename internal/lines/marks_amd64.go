package lines

import (
	"bytes"

	"golang.org/x/sys/cpu"
)

// hasWide says that this machine has the instructions of addWide.
var hasWide = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

// wideBytes is how many bytes addWide takes at once.
const wideBytes = 32

// blanks are bytes that leave no mark.
var blanks = [wideBytes]byte(bytes.Repeat([]byte{' '}, wideBytes))

// marksOf looks at all bytes of line.
func marksOf(line []byte) marks {
	if !hasWide {
		return marksByWord(line)
	}
	var m marks
	whole := len(line) &^ (wideBytes - 1)
	if whole > 0 {
		addWide(&m, &line[0], whole)
	}
	if rest := line[whole:]; len(rest) > 0 {
		last := blanks
		copy(last[:], rest)
		addWide(&m, &last[0], wideBytes)
	}
	return m
}

// addWide has m take the n bytes at b into account, which are a multiple of wideBytes and not 0.
//
//go:noescape
func addWide(m *marks, b *byte, n int)
