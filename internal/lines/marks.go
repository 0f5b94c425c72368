package lines

import (
	"bytes"
	"encoding/binary"
)

// marks is what one pass over a line of JSON tells: marksOf makes them, in its own way for each kind of machine. A flag is set when it is
// not 0, so that gathering it takes no branch.
type marks struct {
	opening, closing uint64 // braces, counted
	joined           uint64 // flag: an opening brace right behind a closing one
	high             uint64 // flag: a byte that is not ASCII
	control          uint64 // flag: a byte below 0x20
	closed           uint64 // for addWide alone: 1 when the byte before what it is given was a closing brace
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
	spaces    = 0x20 * everyByte
)

// marksByWord is marksOf in Go alone.
func marksByWord(line []byte) marks {
	var m marks
	m.opening = uint64(bytes.Count(line, []byte{'{'}))
	m.closing = uint64(bytes.Count(line, []byte{'}'}))
	for at := 0; m.joined == 0; at++ {
		i := bytes.IndexByte(line[at:], '{')
		if i < 0 {
			break
		}
		if at += i; at > 0 && line[at-1] == '}' {
			m.joined = 1
		}
	}
	var high, control uint64
	b := line
	for ; len(b) >= 32; b = b[32:] {
		w0, w1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		w2, w3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
		high |= w0 | w1 | w2 | w3
		// The high bit of a byte of w-0x20.. is set where that byte is below 0x20, and in places where one below it borrowed,
		// which takes a byte below 0x20 too.
		control |= (w0-spaces)&^w0 | (w1-spaces)&^w1 | (w2-spaces)&^w2 | (w3-spaces)&^w3
	}
	for _, c := range b {
		high |= uint64(c)
		control |= (uint64(c) - 0x20) &^ uint64(c)
	}
	m.high, m.control = high&highBits, control&highBits
	return m
}
